"""Passages: spans of a document that a citation can point to.

The id of a passage is that of its document and the characters, `PMID:1@120-360`; the text of a
document never changes within one knowledge base, so the id is stable and can be checked.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from medresearcher.records.knowledge import Document

MAX_CHARACTERS = 240

# A passage starts at the beginning of a line or a sentence.
_START = re.compile(r"\A|\n+|(?<=[.;!?])\s+")
_ID = re.compile(r"(.+)@(\d+)-(\d+)")


@dataclass(frozen=True, slots=True)
class Passage:
    """`text[start:end]` of a document, in characters; `weight` of the query terms in it."""

    document: str
    start: int
    end: int
    weight: float = 0.0

    @property
    def id(self) -> str:
        """The document and the span."""
        return f"{self.document}@{self.start}-{self.end}"


def parse_passage(passage_id: str) -> Passage | None:
    """The passage that an id names, `None` if it is no id of a passage."""
    found = _ID.fullmatch(passage_id.strip())
    return Passage(found[1], int(found[2]), int(found[3])) if found else None


def passages(
    document: Document, weights: Mapping[str, float], analyze: Callable[[str], list[str]]
) -> list[Passage]:
    """All passages with their weights: the distinct query terms in each, by `weights`."""
    found: list[Passage] = []
    for start in starts(document.text):
        end = end_of(document.text, start)
        weight = sum(weights.get(term, 0.0) for term in set(analyze(document.text[start:end])))
        found.append(Passage(document.id, start, end, weight))
    return found


def best(found: list[Passage], limit: int) -> list[Passage]:
    """The heaviest `limit` passages that do not overlap, in the order of the text."""
    chosen: list[Passage] = []
    for one in sorted(found, key=lambda one: (-round(one.weight, 9), one.start)):
        if len(chosen) == limit:
            break
        if all(one.end <= other.start or other.end <= one.start for other in chosen):
            chosen.append(one)
    return sorted(chosen, key=lambda one: one.start)


def starts(text: str) -> list[int]:
    """Where passages may start; inside a line or sentence of excessive length too."""
    found = [match.end() for match in _START.finditer(text)]
    inner: list[int] = []
    for start, end in zip(found, [*found[1:], len(text)], strict=True):
        for near in range(start + MAX_CHARACTERS, end, MAX_CHARACTERS):
            blank = text.rfind(" ", start, near)
            inner.append(blank + 1 if blank > start else near)
    return sorted({*found, *inner})


def end_of(text: str, start: int) -> int:
    """Where the passage from `start` ends: between words, at most `MAX_CHARACTERS` on."""
    if len(text) - start <= MAX_CHARACTERS:
        return max(start, len(text.rstrip()))
    cut = max(text.rfind(blank, start, start + MAX_CHARACTERS + 1) for blank in " \n\t")
    end = cut if cut > start else start + MAX_CHARACTERS
    return start + len(text[start:end].rstrip())
