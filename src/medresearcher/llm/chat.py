"""What a language model is here: messages and tools in, one assistant message out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from medresearcher.records.trajectory import Message, Usage


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a model: the assistant's message, and the tokens it took."""

    message: Message
    usage: Usage


class ChatModel(Protocol):
    """A chat model with tools. Calls from several threads are safe."""

    @property
    def name(self) -> str:
        """The name of the model, as it stands in trajectories."""
        ...

    def complete(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], seed: int
    ) -> Reply:
        """The next assistant message; `tools` are OpenAI function schemas.

        Raises `ModelError` if the model cannot answer.
        """
        ...
