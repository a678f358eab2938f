"""Checks of a reworded English question that need no model: its words against its certificate.

Every clue stands in it under a name of the graph, with its numbers and denied where it is absent;
no other number, no hidden name, and nothing else that the graph has a name for.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from medresearcher.graph.mentions import Mention
from medresearcher.graph.store import Graph
from medresearcher.questions.leaks import leaks, stands_in
from medresearcher.questions.readback import Names, Reason
from medresearcher.questions.wording import number
from medresearcher.records.question import Atom, Clue, Count, Question

Detect = Callable[[str], Sequence[Mention]]

_LONGEST = 3.0
_CURIE = re.compile(r"\b(?:HP|MONDO|HGNC|OMIM|Orphanet|ORPHA|DRUGBANK|PMID):\d|Entity_", re.I)
_UNREADABLE = re.compile(r"[_|<>{}]")
_DIGITS = re.compile(r"(?<!\w)(?<![A-Za-z]-)\d+(?:\.\d+)?(?!\w)")
_IN_WORDS = {number(value): value for value in range(13)}
_WORD = re.compile(r"[A-Za-z]+")
# Said of anything ("one of these", "two genes") without counting.
_COMMON = frozenset({0, 1, 2})
_DENIAL = re.compile(
    r"\b(?:no|not|none|never|neither|nor|without|lack|lacks|lacking|absent|absence|free of|denies|"
    r"spared?|missing|excluded|n't)\b|n't\b",
    re.I,
)
# A denial this close before a name denies it: "without any seizures", "no signs of ataxia".
_BEFORE = re.compile(
    r"\b(?:no|not|never|nor|without|lacks?|lacking|absence of|free of|denies)"
    r"(?: (?:any|an?|the|signs? of|evidence of|history of|show|have|showing|having))*\s*$",
    re.I,
)
_SENTENCE = re.compile(r"[^.?!;]+")
# Running text has articles where a name has none: "agenesis of the corpus callosum".
_ARTICLE = r"(?:(?:an?|the)\s+)?"


def clue_names(graph: Graph, clue: Clue) -> tuple[str, ...]:
    """The names under which the constant of a clue may be said: those that nothing else has."""
    if not clue.name or clue.object is None:
        return ()
    entity = graph.entity(clue.object)
    own = (
        name
        for name in (entity.name, *entity.aliases)
        if graph.holders(name) == {clue.object} and not _UNREADABLE.search(name)
    )
    return tuple(dict.fromkeys((clue.name, *own)))


def folded(names: Iterable[Sequence[str]]) -> Names:
    """The names of each clue in small letters."""
    return [frozenset(name.casefold() for name in some) for some in names]


@dataclass(frozen=True)
class Wordcheck:
    """Checks rewordings of questions over one graph; `detect` finds what a text mentions."""

    graph: Graph
    detect: Detect

    def problem(self, question: Question, text: str) -> Reason | None:
        """The first reason to reject a text as the new words of a question."""
        spans = [places(self.names(clue), text) for clue in question.clues]
        if _is_malformed(question, text):
            return Reason.MALFORMED
        if self.leaks(question, text):
            return Reason.NAME_LEAKED
        for clue, found in zip(question.clues, spans, strict=True):
            if clue.name and not found:
                return Reason.CLUE_MISSING
        problem = _numbers(question.clues, text, [one for some in spans for one in some])
        if problem:
            return problem
        if any(_misdenied(*pair, text) for pair in zip(question.clues, spans, strict=True)):
            return Reason.NEGATION_CHANGED
        return Reason.ENTITY_ADDED if any(self._added(question, text, spans)) else None

    def names(self, clue: Clue) -> tuple[str, ...]:
        """The names under which a clue may be said."""
        return clue_names(self.graph, clue)

    def leaks(self, question: Question, text: str) -> bool:
        """Whether a hidden entity is named, by a name or by an id of any source."""
        ids = (one for some in question.certificate.equivalents.values() for one in some)
        hidden = leaks(text, question.entities)
        return bool(hidden) or any(stands_in(one, text) for one in ids)

    def _added(
        self, question: Question, text: str, spans: Sequence[Sequence[tuple[int, int]]]
    ) -> Iterator[Mention]:
        """Mentions of what neither a clue nor the text so far mentions."""
        known = {clue.object for clue in question.clues}
        known |= {node for one in self.detect(question.question) for node in one.nodes}
        said = [span for some in spans for span in some]
        for one in self.detect(text):
            inside = any(start <= one.start and one.end <= end for start, end in said)
            if not inside and known.isdisjoint(one.nodes):
                yield one


def places(names: Iterable[str], text: str) -> list[tuple[int, int]]:
    """Where any of the names stands as whole words, in one or several; the longest first."""
    found: set[tuple[int, int]] = set()
    for name in names:
        words = rf"\s+{_ARTICLE}".join(map(re.escape, name.split()))
        found |= {
            match.span() for match in re.finditer(rf"(?<!\w){words}(?:e?s)?(?!\w)", text, re.I)
        }
    return sorted(found, key=lambda span: (span[0] - span[1], span))


def _is_malformed(question: Question, text: str) -> bool:
    longest = _LONGEST * len(question.question)
    return (
        not text
        or len(text) > longest
        or "\n\n" in text
        or _CURIE.search(text) is not None
        or text[-1] not in ".?!"
    )


def _numbers(clues: Sequence[Clue], text: str, named: Sequence[tuple[int, int]]) -> Reason | None:
    """Whether the numbers of the clues stand in the text, each as often, and no others do."""
    wanted = Counter(value for clue in clues for value in numbers_of(clue))
    blank = text
    for start, end in named:
        blank = f"{blank[:start]}{' ' * (end - start)}{blank[end:]}"
    found = Counter(numbers_in(blank))
    if wanted - found:
        return Reason.NUMBER_CHANGED
    digits = {float(one) for one in _DIGITS.findall(blank)}
    added = {one for one in found if one not in wanted and (one in digits or one not in _COMMON)}
    return Reason.NUMBER_ADDED if added else None


def numbers_of(clue: Clue) -> tuple[float, ...]:
    """The numbers that the words of a clue must have."""
    condition = clue.condition
    if isinstance(condition, Count):
        return tuple(map(float, sorted({condition.low, condition.high})))
    if isinstance(condition, Atom) and condition.share:
        return tuple(round(100 * one, 1) for one in condition.share)
    return ()


def numbers_in(text: str) -> Iterator[float]:
    """The numbers of a text, in digits or in words."""
    yield from map(float, _DIGITS.findall(text))
    for word in _WORD.findall(text.casefold()):
        if word in _IN_WORDS:
            yield float(_IN_WORDS[word])


def _misdenied(clue: Clue, spans: Sequence[tuple[int, int]], text: str) -> bool:
    """Whether an absent sign is nowhere denied, or one that is there is denied."""
    if not clue.name:
        return False
    absent = isinstance(clue.condition, Atom) and clue.condition.negated
    if absent:
        return not any(_DENIAL.search(_around(text, *span)) for span in spans)
    return all(_BEFORE.search(text[:start]) for start, _ in spans)


def _around(text: str, start: int, end: int) -> str:
    """The sentence around a span, without the span."""
    for sentence in _SENTENCE.finditer(text):
        if sentence.start() <= start < sentence.end():
            return text[sentence.start() : start] + text[end : max(end, sentence.end())]
    return ""
