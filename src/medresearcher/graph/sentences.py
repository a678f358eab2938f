"""Where the sentences of a text begin and end, by rule; nothing is trained.

A line ends a sentence. Within a line a sentence ends at `.`, `!` or `?` (and the brackets or
quotes that close it) before white space and what may begin a sentence, unless the point belongs to
an abbreviation ("e.g.", "et al.", "S. aureus"). Pure: only offsets into the given text come back.
"""

import re
from typing import NamedTuple

_END = re.compile(r"[.!?][)\]\"'\u2019\u201d]*\s+(?=[A-Z0-9(\[\"'\u2018\u201c\u0391-\u03a9])|\n+")
_ABBREVIATIONS = (
    "al approx ca cf dr e.g eg etc fig figs i.e ie max min mr mrs ms no nos prof ref resp sp spp "
    "ssp st subsp var viz vol vs"
)
_ABBREVIATION = re.compile(
    rf"(?<![\w.])(?:{'|'.join(map(re.escape, _ABBREVIATIONS.split()))}|[A-Za-z])$", re.IGNORECASE
)
# A letter and a point go on ("S. aureus", "J. Smith"), but for a letter that ends a name.
_LETTERED = re.compile(
    r"\b(?:class|factor|grade|group|hepatitis|stage|type|vitamin) [A-Z]$", re.IGNORECASE
)
_BEFORE = 12


class Sentence(NamedTuple):
    """A sentence stands at `text[start:end]`, without the white space around it."""

    start: int
    end: int


def sentences(text: str) -> list[Sentence]:
    """The sentences of a text, in order; every character but white space is in exactly one."""
    found: list[Sentence] = []
    start = 0
    for mark in _END.finditer(text):
        if "\n" not in mark[0] and _goes_on(text, mark.start()):
            continue
        _add(text, start, mark.end(), found)
        start = mark.end()
    _add(text, start, len(text), found)
    return found


def _add(text: str, start: int, end: int, found: list[Sentence]) -> None:
    inner = text[start:end]
    left = len(inner) - len(inner.lstrip())
    right = len(inner.rstrip())
    if left < right:
        found.append(Sentence(start + left, start + right))


def _goes_on(text: str, point: int) -> bool:
    """Whether the point at `text[point]` ends an abbreviation and no sentence."""
    before = text, max(0, point - _BEFORE), point
    return (
        text[point] == "."
        and _ABBREVIATION.search(*before) is not None
        and _LETTERED.search(*before) is None
    )
