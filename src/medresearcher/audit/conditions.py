"""What conditions mean over a graph: which nodes meet one, and what a choice measures."""

from functools import lru_cache
from math import gcd
from typing import NamedTuple

from medresearcher.audit.facts import Domain, Facts
from medresearcher.graph.onset import ONSET_RANK
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Choice, Count

_CACHED = 4_096
_NONE: frozenset[str] = frozenset()


class Ratio(NamedTuple):
    """A rational number in lowest terms, so that equal numbers are equal tuples."""

    over: int
    under: int


class Conditions:
    """The conditions over one graph; what nodes meet them is kept for the next time."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._stating = lru_cache(_CACHED)(self._having)
        self._sharing = lru_cache(_CACHED)(self._with_share)
        self._counting = lru_cache(_CACHED)(self._with_count)

    def meeting(self, condition: Atom | Count, kind: EntityType) -> frozenset[str]:
        """All nodes of a type that meet a condition."""
        if isinstance(condition, Count):
            span = (condition.low, condition.high)
            return self._counting(kind, condition.predicate, condition.forward, span)
        if condition.share is not None:
            return self._sharing(kind, condition.predicate, condition.object, condition.share)
        sense = (condition.closure, condition.negated)
        return self._stating(kind, condition.predicate, condition.object, sense)

    def measured(self, choice: Choice, subject: str, of: str = "") -> Ratio | None:
        """What a choice measures of its subject (and of `of`); `None` if it has no measure."""
        if choice.measure == "onset":
            terms = self.facts.neighbours(subject, Predicate.HAS_ONSET, forward=True)
            rank = min((ONSET_RANK[one] for one in terms if one in ONSET_RANK), default=None)
            return None if rank is None else Ratio(rank, 1)
        if choice.predicate is None:
            return None
        if choice.measure == "edges":
            found = self.facts.neighbours(subject, choice.predicate, forward=choice.forward)
            return Ratio(len(found), 1)
        row = self.facts.largest.get((choice.predicate, subject), {}).get(of)
        if row is None:
            return None
        common = gcd(*row)
        return Ratio(row[0] // common, row[1] // common)

    def below(self, node: str) -> set[str]:
        """A node and everything below it."""
        return self._reached(node, forward=False)

    def above(self, node: str) -> set[str]:
        """A node and everything above it."""
        return self._reached(node, forward=True)

    def _reached(self, node: str, *, forward: bool) -> set[str]:
        reached, rest = {node}, [node]
        while rest:
            step = self.facts.neighbours(rest.pop(), Predicate.SUBCLASS_OF, forward=forward)
            rest += step - reached
            reached |= step
        return reached

    def _having(
        self, kind: EntityType, predicate: Predicate, obj: str, sense: tuple[bool, bool]
    ) -> frozenset[str]:
        """Nodes with an edge to a node, (closure) or below it; (negated) that lack it."""
        closure, negated = sense
        objects = {obj}
        if closure:
            objects = self.above(obj) if negated else self.below(obj)
        edges = self.facts.denied if negated else self.facts.into
        subjects = (edges[predicate].get(one, _NONE) for one in objects)
        return frozenset(self.facts.of_type[kind] & set[str]().union(*subjects))

    def _with_share(
        self, kind: EntityType, predicate: Predicate, obj: str, span: tuple[float, float]
    ) -> frozenset[str]:
        rows = self.facts.shares.get((predicate, obj), [])
        found = {node for node, value in rows if span[0] <= value <= span[1]}
        return frozenset(self.facts.of_type[kind] & found)

    def _with_count(
        self, kind: EntityType, predicate: Predicate, forward: bool, span: tuple[int, int]
    ) -> frozenset[str]:
        nodes: Domain = self.facts.of_type[kind]
        lists = (self.facts.out if forward else self.facts.into)[predicate]
        found = {node for node, others in lists.items() if span[0] <= len(others) <= span[1]}
        none = {node for node in nodes if node not in lists} if span[0] <= 0 <= span[1] else _NONE
        return frozenset(nodes & (found | none))
