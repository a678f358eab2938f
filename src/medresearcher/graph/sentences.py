"""Where the sentences of a text begin and end, by rule; nothing is trained.

A line ends a sentence. Within a line a sentence ends at `.`, `!` or `?` (and the brackets or
quotes that close it) before white space and what may begin a sentence, unless the point belongs to
an abbreviation ("e.g.", "et al.", "S. aureus"). Pure: only offsets into the given text come back.
"""

import re
from typing import NamedTuple

_END = re.compile(r"[.!?][)\]\"'\u2019\u201d]*(\s+)(?=[A-Z0-9(\[\"'\u2018\u201c\u0391-\u03a9])")
_ABBREVIATED = (
    "al approx ca cf dr e.g eg etc fig figs i.e ie max min mr mrs ms no nos prof ref resp sp spp "
    "ssp st subsp var viz vol vs"
)
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
# A letter and a point go on ("S. aureus", "J. Smith"), but for a letter that ends a name.
_LETTERED = ("class", "factor", "grade", "group", "hepatitis", "stage", "type", "vitamin")
_BEFORE = 12


class Sentence(NamedTuple):
    """A sentence stands at `text[start:end]`, without the white space around it."""

    start: int
    end: int


def sentences(text: str) -> list[Sentence]:
    """The sentences of a text, in order; every character but white space is in exactly one."""
    found: list[Sentence] = []
    line = 0
    while line < len(text):
        end = text.find("\n", line)
        end = len(text) if end < 0 else end
        _split(text, line, end, found)
        line = end + 1
    return found


def _split(text: str, start: int, end: int, found: list[Sentence]) -> None:
    """Add the sentences of the line at `text[start:end]`."""
    line = text[start:end]
    end = start + len(line.rstrip())
    start += len(line) - len(line.lstrip())
    for mark in _END.finditer(text, start, end):
        if not _goes_on(text, mark.start()):
            found.append(Sentence(start, mark.start(1)))
            start = mark.end()
    if start < end:
        found.append(Sentence(start, end))


def _goes_on(text: str, point: int) -> bool:
    """Whether the point at `text[point]` ends an abbreviation and no sentence."""
    if text[point] != ".":
        return False
    *before, word = text[max(0, point - _BEFORE) : point].rsplit(None, 1) or [""]
    word = word.lstrip("([").lower()
    if len(word) == 1 and word.isalpha():
        return not (before and before[0].lower().endswith(_LETTERED))
    return word in _ABBREVIATIONS
