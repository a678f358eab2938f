"""Mentions of diseases and phenotypes in a text, found with a dictionary: nothing is trained.

Names of the graph and their variants (`medresearcher.graph.dictionary`) are searched for with
Aho-Corasick in the normalised text; whole words only, leftmost and longest. Short forms that the
text defines stand for their long form, and for nothing else. A detector is immutable, so threads
may share it; equal texts give equal mentions, and `text[start:end]` is always the mention.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from medresearcher.graph.abbreviations import definitions
from medresearcher.graph.dictionary import Dictionary, Entry, normalise
from medresearcher.records.knowledge import EntityType

_RUN = re.compile(r"\s{2,}")


class Mention(NamedTuple):
    """`text` stands at `[start:end]` (characters). `nodes`: what it may name, sorted, mostly one."""

    start: int
    end: int
    text: str
    nodes: tuple[str, ...]
    type: EntityType


class _Match(NamedTuple):
    start: int
    end: int
    entry: Entry


class Detector:
    """Finds the entries of a dictionary in texts."""

    def __init__(self, dictionary: Dictionary) -> None:
        from ahocorasick_rs import AhoCorasick

        self._entries = [dictionary[key] for key in sorted(dictionary)]
        self._automaton = AhoCorasick([f" {key} " for key in sorted(dictionary)])

    def detect(self, text: str) -> list[Mention]:
        """All mentions, in the order of the text; none overlaps another."""
        run = _RUN.search(text)
        matches = self._spread(text) if run else self._matches(text)
        matches = _resolved(text, _longest(matches))
        return [
            Mention(one.start, one.end, text[one.start : one.end], one.entry.nodes, one.entry.type)
            for one in matches
        ]

    def _matches(self, text: str) -> list[_Match]:
        """Every entry at word boundaries whose case fits; matches may overlap."""
        haystack = f" {normalise(text)} "
        entries = self._entries
        found: list[_Match] = []
        for number, start, end in self._automaton.find_matches_as_indexes(
            haystack, overlapping=True
        ):
            entry = entries[number]
            end -= 2  # the blank before the text, and the one after the match
            if not entry.forms or text[start:end] in entry.forms:
                found.append(_Match(start, end, entry))
        return found

    def _spread(self, text: str) -> list[_Match]:
        """As `_matches`, for a text with runs of white space, each read as one blank."""
        kept: list[int] = []
        for index, letter in enumerate(text):
            if not (letter.isspace() and index and text[index - 1].isspace()):
                kept.append(index)
        squeezed = "".join(text[index] for index in kept)
        return [
            _Match(kept[one.start], kept[one.end - 1] + 1, one.entry)
            for one in self._matches(squeezed)
        ]


def _longest(matches: Iterable[_Match]) -> list[_Match]:
    """The leftmost matches, the longest of those that begin together, none overlapping."""
    kept: list[_Match] = []
    end = 0
    for one in sorted(matches, key=lambda match: (match.start, -match.end)):
        if one.start >= end:
            kept.append(one)
            end = one.end
    return kept


def _resolved(text: str, matches: list[_Match]) -> list[_Match]:
    """Short forms as the text defines them; undefined ones only where they mean one thing."""
    meanings: dict[str, Entry | None] = {}
    if "(" in text:
        ends = {one.end: one for one in matches}
        for short, start, end in definitions(text):
            long = ends.get(end)
            fits = long is not None and long.start <= start + len(short)
            meanings[short] = (long.entry if long and fits else None) or meanings.get(short)
    kept = [
        one
        for one in matches
        if text[one.start : one.end] not in meanings
        and (not one.entry.ambiguous or not one.entry.forms)
    ]
    if any(meanings.values()):
        kept.extend(_short_forms(text, {k: v for k, v in meanings.items() if v}))
        kept = _longest(kept)
    return kept


def _short_forms(text: str, meanings: dict[str, Entry]) -> list[_Match]:
    shorts = "|".join(re.escape(short) for short in sorted(meanings, key=len, reverse=True))
    pattern = re.compile(rf"(?<![A-Za-z0-9])({shorts})(?![A-Za-z0-9])")
    return [
        _Match(found.start(), found.end(), meanings[found[1]]) for found in pattern.finditer(text)
    ]
