"""Mentions of diseases, phenotypes, genes and drugs in a text, by dictionary: nothing is trained.

Names of the graph and their variants (`medresearcher.graph.dictionary`) are searched for with
Aho-Corasick in the normalised text; whole words only, leftmost and longest. Short forms that the
text defines stand for their long form, and for nothing else; vague ones count only where the text
also names the thing in full. Genes and drugs are what the conditions leave over: looking for them
too changes no other mention. A detector is immutable, so threads may share it; equal texts give
equal mentions, and `text[start:end]` is always the mention.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from medresearcher.graph.abbreviations import Definition, definitions
from medresearcher.graph.dictionary import Dictionary, Entry, normalise
from medresearcher.records.knowledge import EntityType

_RUN = re.compile(r"\s\s")
_BREAK = re.compile(r"[.;:!?]\s")
_CONDITIONS = (EntityType.DISEASE, EntityType.PHENOTYPE)
# What does not stand in the name of a gene or drug: "protein(s)" is not protein S.
_OUTSIDE = re.compile(r"[()\[\]/:;?!'\u2019\n]")
# A short form in brackets within a name: "glucose-6-phosphate dehydrogenase (G6PD) deficiency".
_INSERT = re.compile(r"\([^()\s]{2,12}\)(?=[\s-][A-Za-z])")
_BEFORE, _AFTER = 90, 60
_LETTER = re.compile(r"[A-Za-z0-9]")
_BRACKET = re.compile(r" \(([A-Z][A-Z0-9-]{1,7})\)")
# What may stand before a mention that shares its last words: "breast and", "breast/".
_LINK = re.compile(r"(?<![A-Za-z])([A-Za-z][A-Za-z-]*?)(?:(?:,? and/or|,? and|,? or|,) |/|-)$")
_LINKED = 40
_LINKS = ("/", "-", ", ", " and ", " or ", "/or ")
_MODIFIERS = (
    r"(?:autosomal[ -](?:dominant|recessive)|[Xx][ -]linked(?: (?:dominant|recessive))?|"
    r"non-?syndromic|sporadic|familial|hereditary|inherited|classical|classic)"
)
_MODIFIED = re.compile(rf"(?<![\w-])(?:{_MODIFIERS} )+$", re.IGNORECASE)
_MODIFYING = 60
# How every such modifier ends: a cheap test before the search.
_MODIFIES = tuple(
    f"{word} "
    for word in (
        "classic",
        "classical",
        "dominant",
        "familial",
        "hereditary",
        "inherited",
        "linked",
        "recessive",
        "sporadic",
        "syndromic",
    )
)
_LONGEST_MODIFIER = max(map(len, _MODIFIES))
_HEAD = re.compile(r" (?:diseases?|disorders?|syndromes?|tumou?rs?|symptoms)\b")


class Mention(NamedTuple):
    """`text` stands at `[start:end]`, in characters. `nodes`: what it names, sorted; mostly one."""

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

        keys = sorted(dictionary)
        self._dictionary = dictionary
        self._entries = [dictionary[key] for key in keys]
        self._spaced = [" " in key for key in keys]
        self._automaton = AhoCorasick([f" {key} " for key in keys])

    def detect(self, text: str) -> list[Mention]:
        """All mentions, in the order of the text; none overlaps another."""
        matches = self._matches(text) if not _RUN.search(text) else self._squeezed(text)
        brackets = "(" in text
        for insert in _INSERT.finditer(text) if brackets else ():
            start = insert.start()
            start -= start > 0 and text[start - 1].isspace()
            matches.extend(self._around(text, start, insert.end()))
        if not matches:
            return []
        defined = definitions(text) if brackets else []
        conditions = [one for one in matches if one.entry.type in _CONDITIONS]
        found = _resolved(text, _longest(conditions), defined) if conditions else []
        found = _extended(text, self._coordinated(text, found))
        if len(conditions) < len(matches):
            found = _beside(found, _molecules(text, matches, defined))
        return [
            Mention(one.start, one.end, text[one.start : one.end], one.entry.nodes, one.entry.type)
            for one in found
        ]

    def _matches(self, text: str) -> list[_Match]:
        """Every entry at word boundaries whose case fits; matches may overlap."""
        found: list[_Match] = []
        haystack = f" {normalise(text)} "
        for number, start, end in self._automaton.find_matches_as_indexes(
            haystack, overlapping=True
        ):
            entry = self._entries[number]
            end -= 2  # the blank before the text, and the one after the match
            fits = not entry.forms or text[start:end] in entry.forms
            if fits and not (self._spaced[number] and _BREAK.search(text, start, end)):
                found.append(_Match(start, end, entry))
        return found

    def _squeezed(self, text: str) -> list[_Match]:
        """As `_matches`, for a text with runs of white space, each read as one blank."""
        kept = [
            index
            for index, letter in enumerate(text)
            if not (letter.isspace() and index and text[index - 1].isspace())
        ]
        return [
            _Match(kept[one.start], kept[one.end - 1] + 1, one.entry)
            for one in self._matches("".join(text[index] for index in kept))
        ]

    def _around(self, text: str, start: int, end: int) -> Iterator[_Match]:
        """Matches over a bracket at `[start:end]`, which is read as if it were not there."""
        first = max(0, start - _BEFORE)
        while first and text[first - 1].isalnum():
            first -= 1
        last = end + _AFTER
        while last < len(text) and text[last - 1].isalnum():
            last += 1
        cut = start - first
        for one in self._matches(text[first:start] + text[end:last]):
            if one.start < cut < one.end:
                yield _Match(one.start + first, one.end + first + end - start, one.entry)

    def _coordinated(self, text: str, matches: Sequence[_Match]) -> list[_Match]:
        """Each match with what is coordinated before it: "breast and ovarian cancer"."""
        kept: list[_Match] = []
        for one in matches:
            whole: _Match | None = one
            while whole:
                one = whole
                whole = self._joined(text, one, kept[-1].end if kept else 0)
            kept.append(one)
        return kept

    def _joined(self, text: str, one: _Match, floor: int) -> _Match | None:
        """The match with the word before "and" if that word makes an entry with its other words."""
        if not text.endswith(_LINKS, floor, one.start):
            return None
        rest = text[one.start : one.end].replace("-", " ").partition(" ")[2]
        link = _LINK.search(text, max(floor, one.start - _LINKED), one.start) if rest else None
        if link is None:
            return None
        other = self._dictionary.get(normalise(f"{link[1]} {rest}"))
        if other is None or other.forms or other.type not in _CONDITIONS:
            return None
        nodes = tuple(sorted({*one.entry.nodes, *other.nodes}))
        return _Match(link.start(), one.end, one.entry._replace(nodes=nodes))


def _longest(matches: Iterable[_Match]) -> list[_Match]:
    """The leftmost matches, the longest of those that begin together, none overlapping."""
    kept: list[_Match] = []
    end = 0
    for one in sorted(matches, key=lambda match: (match.start, -match.end)):
        if one.start >= end:
            kept.append(one)
            end = one.end
    return kept


def _molecules(text: str, matches: Sequence[_Match], defined: Sequence[Definition]) -> list[_Match]:
    """The genes and drugs among the matches, by the same rules for short forms."""
    molecules = [
        one
        for one in matches
        if one.entry.type not in _CONDITIONS and not _OUTSIDE.search(text, one.start, one.end)
    ]
    return _resolved(text, _longest(molecules), defined)


def _beside(found: list[_Match], more: list[_Match]) -> list[_Match]:
    """All of `found`, and of `more` what overlaps none of it."""
    taken = bytearray(max(one.end for one in (*found, *more)) if found or more else 0)
    for one in found:
        taken[one.start : one.end] = b"\1" * (one.end - one.start)
    free = [one for one in more if not any(taken[one.start : one.end])]
    return sorted([*found, *free], key=lambda one: one.start)


def _resolved(text: str, matches: list[_Match], defined: Sequence[Definition]) -> list[_Match]:
    """Short forms as the text defines them; vague ones only if the text names them in full."""
    meanings = _meanings(text, matches, defined) if "(" in text else {}
    full = {node for one in matches if not one.entry.forms for node in one.entry.nodes}
    kept: list[_Match] = []
    for one in matches:
        if text[one.start : one.end] in meanings:
            continue
        if one.entry.vague:
            nodes = tuple(node for node in one.entry.nodes if node in full)
            if nodes:
                kept.append(one._replace(entry=one.entry._replace(nodes=nodes)))
        else:
            kept.append(one)
    known = {short: entry for short, entry in meanings.items() if entry}
    return _longest([*kept, *_short_forms(text, known)]) if known else kept


def _meanings(
    text: str, matches: Sequence[_Match], defined: Sequence[Definition]
) -> dict[str, Entry | None]:
    """What each short form that the text defines stands for; `None` for no entry."""
    meanings: dict[str, Entry | None] = {}
    ends = {one.end: one for one in matches}
    for short, start, end in defined:
        long = ends.get(end)
        fits = long is not None and long.start <= start + len(short)
        entry = long.entry if long and fits else meanings.get(short)
        meanings[short] = entry
        meanings.setdefault(f"{short}s", entry)
    for one in matches:
        short = _initials(text, one)
        if short and not meanings.get(short):
            meanings[short] = one.entry
    return meanings


def _initials(text: str, one: _Match) -> str | None:
    """The bracket after a mention if it has the initials of its words, in any order."""
    bracket = _BRACKET.match(text, one.end)
    if bracket is None:
        return None
    name = text[one.start : one.end].upper()
    letters = {letter for letter in bracket[1] if letter.isalpha()}
    fits = letters <= set(name) and all(word[:1] in letters for word in re.split(r"[\s-]", name))
    return bracket[1] if fits else None


def _short_forms(text: str, meanings: dict[str, Entry]) -> Iterator[_Match]:
    """Every short form that is no part of a longer word; they may overlap."""
    for short, entry in meanings.items():
        start = text.find(short)
        while start >= 0:
            end = start + len(short)
            if not (_LETTER.match(text, end) or (start and _LETTER.match(text, start - 1))):
                yield _Match(start, end, entry)
            start = text.find(short, start + 1)


def _extended(text: str, matches: Sequence[_Match]) -> list[_Match]:
    """Mentions with the modifiers before and the general head after them."""
    kept: list[_Match] = []
    for one in matches:
        floor = kept[-1].end if kept else 0
        start, end = one.start, one.end
        if text[max(floor, start - _LONGEST_MODIFIER) : start].lower().endswith(_MODIFIES) and (
            before := _MODIFIED.search(text, max(floor, start - _MODIFYING), start)
        ):
            start = before.start()
        if after := _HEAD.match(text, end):
            end = after.end()
        if kept and floor == start - 1 and text[floor] == " ":
            start = kept.pop().start  # "cholestatic hepatitis", where both are entries
        kept.append(_Match(start, end, one.entry))
    return _longest(kept)
