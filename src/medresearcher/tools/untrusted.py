"""Text from outside, as data: between two marks that it cannot close, trimmed with a notice.

Whatever such a text asks for, it stays between the marks, and the system prompt says that tools
return material and never instructions. Characters that a person does not see (controls, reversed
writing, invisible ones) are taken out, for instructions hide in them.
"""

import re

from medresearcher.tools.facts import one_line
from medresearcher.tools.tool import printable

# With its marks and a head it stays within what a tool may return.
MOST = 14_000

_MARK = re.compile(r"[<＜﹤‹](?=\W*untrusted)", re.IGNORECASE)  # noqa: RUF001 - their look-alikes
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e01ef]"
)


def as_data(source: str, text: str, most: int = MOST) -> str:
    """`text` between marks that name its source, at most `most` characters of it."""
    clean, removed = visible(text)
    body, cut = clean.strip()[:most], len(clean.strip()) - most
    notices = [f"… {cut} more characters were left out"] if cut > 0 else []
    if removed:
        notices.append(f"… {removed} control or invisible characters were taken out")
    body = _MARK.sub("(", body)
    named = _MARK.sub("(", one_line(visible(source)[0])).replace('"', "'")[:300]
    return "\n".join([f'<untrusted source="{named}">', body, "</untrusted>", *notices])


def visible(text: str) -> tuple[str, int]:
    """`text` without control and invisible characters, and how many there were."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    clean = _INVISIBLE.sub("", printable(lines))
    return clean, len(lines) - len(clean)
