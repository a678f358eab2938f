"""Where statements about one entity disagree. Nothing is settled: both sides stay, and are shown.

`asserted_and_negated`: rows state an edge and rows deny it (a sign seen in no patient counts as
denied). `different_frequency`: two rows of different sources or references, about the same sex,
give frequencies whose intervals do not meet. `different_inheritance`: two records of sources have
no mode of inheritance in common. `different_onset`: the spans of age of two records do not meet.
Intervals that only touch do not disagree.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, groupby
from math import sqrt
from typing import TypeVar

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate, Statement

Interval = tuple[float, float]
T = TypeVar("T")

# HPO's frequency classes; the gaps between their whole percents (29-30%) are closed.
CLASSES: dict[str, Interval] = {
    "HP:0040280": (1.0, 1.0),
    "HP:0040281": (0.80, 1.0),
    "HP:0040282": (0.30, 0.80),
    "HP:0040283": (0.05, 0.30),
    "HP:0040284": (0.01, 0.05),
    "HP:0040285": (0.0, 0.0),
}
# HPO's onsets in years, as the terms define them. Others (puerperal, …) are not an age.
_AGES: dict[str, Interval] = {
    "HP:0030674": (-0.75, 0.0),
    "HP:0003577": (0.0, 0.0),
    "HP:0003623": (0.0, 28 / 365),
    "HP:0410280": (28 / 365, 16.0),
    "HP:0003593": (28 / 365, 1.0),
    "HP:0011463": (1.0, 5.0),
    "HP:0003621": (5.0, 16.0),
    "HP:0003581": (16.0, 120.0),
    "HP:0011462": (16.0, 40.0),
    "HP:0025708": (16.0, 19.0),
    "HP:0025709": (19.0, 25.0),
    "HP:0025710": (25.0, 40.0),
    "HP:0003596": (40.0, 60.0),
    "HP:0003584": (60.0, 120.0),
}
# The terms that only group modes of inheritance: what is directly below one is a mode, …
_MODE_GROUPS = frozenset({"HP:0000005", "HP:0034345"})
# … except these: a qualifier or a sporadic case may go with any mode.
_NO_MODE = frozenset({"HP:0034335", "HP:0003745"})
_Z = 1.959964

_COMPARED: dict[EntityType, tuple[Predicate, ...]] = {
    EntityType.DISEASE: (
        Predicate.HAS_PHENOTYPE,
        Predicate.HAS_INHERITANCE,
        Predicate.HAS_ONSET,
        Predicate.HAS_MODIFIER,
    ),
    EntityType.GENE: (Predicate.CAUSES,),
    EntityType.DRUG: (Predicate.TREATS, Predicate.AFFECTS, Predicate.HAS_SIDE_EFFECT),
}


class ConflictKind(StrEnum):
    """How statements disagree."""

    ASSERTED_AND_NEGATED = "asserted_and_negated"
    DIFFERENT_FREQUENCY = "different_frequency"
    DIFFERENT_INHERITANCE = "different_inheritance"
    DIFFERENT_ONSET = "different_onset"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Statements about `subject` that disagree, sorted; `objects` are what they name."""

    kind: ConflictKind
    subject: str
    predicate: Predicate
    objects: tuple[str, ...]
    statements: tuple[Statement, ...]


def conflicts(graph: Graph, node: str) -> list[Conflict]:
    """Where the statements with `node` as their subject disagree, by kind and object."""
    found: list[Conflict] = []
    for predicate in _COMPARED.get(graph.type(node), ()):
        rows = graph.statements_of(node, predicate)
        for _, edge in groupby(rows, key=lambda row: row.object):
            found += _of_edge(list(edge))
        asserted = [row for row in rows if not row.negated]
        if predicate is Predicate.HAS_INHERITANCE:
            disjoint = _disjoint(asserted, lambda some: _modes(graph, some), _share_none)
            found += _conflict(ConflictKind.DIFFERENT_INHERITANCE, disjoint)
        elif predicate is Predicate.HAS_ONSET:
            disjoint = _disjoint(asserted, lambda some: _span(graph, some), _apart)
            found += _conflict(ConflictKind.DIFFERENT_ONSET, disjoint)
    return sorted(found, key=lambda one: (one.kind, one.predicate, one.objects))


def conflict_counts(graph: Graph) -> dict[str, int]:
    """How many conflicts of each kind the whole graph has."""
    nodes = (node for kind in _COMPARED for node in graph.ids(kind))
    counts = Counter(one.kind for node in nodes for one in conflicts(graph, node))
    return {str(kind): counts[kind] for kind in ConflictKind}


def frequency_interval(frequency: str) -> Interval | None:
    """The share of patients that a frequency means, as an interval; `None` if it states none.

    The bounds of a class; Wilson's 95% interval (1927) of a count; a percentage as it is rounded.
    """
    if frequency in CLASSES:
        return CLASSES[frequency]
    if frequency.endswith("%"):
        number = frequency[:-1]
        half = 0.5 / 10 ** len(number.partition(".")[2])
        return (float(number) - half) / 100, (float(number) + half) / 100
    seen, slash, total = frequency.partition("/")
    if not slash or int(seen) > int(total) or int(total) == 0:
        return None
    return _wilson(int(seen), int(total))


def _wilson(seen: int, total: int) -> Interval:
    share, square = seen / total, _Z * _Z
    middle = share + square / (2 * total)
    spread = _Z * sqrt(share * (1 - share) / total + square / (4 * total * total))
    low = (middle - spread) / (1 + square / total) if seen else 0.0
    high = (middle + spread) / (1 + square / total) if seen < total else 1.0
    return low, high


def _of_edge(rows: Sequence[Statement]) -> Iterator[Conflict]:
    """The conflicts between the rows of one edge."""
    if len({row.negated for row in rows}) == 2:
        yield from _conflict(ConflictKind.ASSERTED_AND_NEGATED, rows)
    said = [
        (row, interval)
        for row in rows
        if not row.negated and (interval := frequency_interval(row.frequency))
    ]
    if said and max(low for _, (low, _) in said) > min(high for _, (_, high) in said):
        apart = {
            row
            for (one, first), (other, second) in combinations(said, 2)
            if _apart(first, second) and _comparable(one, other)
            for row in (one, other)
        }
        yield from _conflict(ConflictKind.DIFFERENT_FREQUENCY, apart)


def _comparable(one: Statement, other: Statement) -> bool:
    """Whether two rows speak of the same patients' sex, and not out of the same publication."""
    return one.sex == other.sex and (one.source, one.reference) != (other.source, other.reference)


def _apart(one: Interval, other: Interval) -> bool:
    return one[0] > other[1] or other[0] > one[1]


def _share_none(one: frozenset[str], other: frozenset[str]) -> bool:
    return one.isdisjoint(other)


def _disjoint(
    rows: Sequence[Statement],
    meaning: Callable[[Sequence[Statement]], T | None],
    disagree: Callable[[T, T], bool],
) -> set[Statement]:
    """The rows of those records of sources whose meanings disagree with that of another."""
    records: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    for row in rows:
        records[row.source, row.record].append(row)
    meant = [(some, what) for some in records.values() if (what := meaning(some))]
    return {
        row
        for (one, first), (other, second) in combinations(meant, 2)
        if disagree(first, second)
        for row in (*one, *other)
    }


def _modes(graph: Graph, rows: Sequence[Statement]) -> frozenset[str] | None:
    """The modes of inheritance that rows state, at the general level; `None` if they state none."""
    return frozenset(mode for row in rows for mode in _mode(graph, row.object)) or None


def _mode(graph: Graph, term: str) -> Iterator[str]:
    parents = graph.objects(term, Predicate.SUBCLASS_OF)
    if term not in _NO_MODE and not _MODE_GROUPS.isdisjoint(parents):
        yield term
    for parent in parents:
        if parent not in _MODE_GROUPS:
            yield from _mode(graph, parent)


def _span(graph: Graph, rows: Sequence[Statement]) -> Interval | None:
    """From the lowest to the highest age at onset that rows state; `None` if they state none."""
    ages = [age for row in rows if (age := _age(graph, row.object))]
    return (min(low for low, _ in ages), max(high for _, high in ages)) if ages else None


def _age(graph: Graph, term: str) -> Interval | None:
    """The age that an onset means: its own, or that of the nearest class above it."""
    if term in _AGES:
        return _AGES[term]
    above = (_age(graph, parent) for parent in graph.objects(term, Predicate.SUBCLASS_OF))
    return next(filter(None, above), None)


def _conflict(kind: ConflictKind, rows: Sequence[Statement] | set[Statement]) -> list[Conflict]:
    """The rows as one conflict; none if there are no rows."""
    if not rows:
        return []
    ordered = tuple(sorted(rows))
    objects = tuple(sorted({row.object for row in ordered}))
    return [Conflict(kind, ordered[0].subject, ordered[0].predicate, objects, ordered)]
