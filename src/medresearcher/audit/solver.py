"""The second solver: which entities answer the query of a certificate.

Written from the meaning of a certificate alone; the solver that makes the questions is not used.
Each variable starts with the nodes that meet its conditions; joins narrow these until nothing
changes; a backtracking search then binds the variables one by one. A `Choice` is tried from its
best measure on, so that the search stops at the first measure that has a solution.
"""

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import groupby

from medresearcher.audit.facts import Edge, Facts, counted
from medresearcher.graph.onset import ONSET_RANK
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Choice, Count, Query

Domains = dict[str, set[str] | frozenset[str]]
Bound = Mapping[str, str]
Measured = tuple[Fraction, dict[str, str]]

_CACHED = 4_096
_NONE: frozenset[str] = frozenset()


class Solver:
    """Answers of queries over one graph."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._stating = lru_cache(_CACHED)(self._having)
        self._sharing = lru_cache(_CACHED)(self._with_share)
        self._counting = lru_cache(_CACHED)(self._with_count)

    def answers(self, query: Query, *, without: int | None = None, limit: int = 0) -> set[str]:
        """All entities that answer, or `limit` of them; condition `without` is left out."""
        found: set[str] = set()
        for domains in self._kept(query, without):
            for one in sorted(domains.get(query.answer, self._all(query, query.answer)) - found):
                if self._solvable(query, self._narrowed(query, {**domains, query.answer: {one}})):
                    found.add(one)
                    if limit and len(found) == limit:
                        return found
        return found

    def holds(self, query: Query, bound: Bound, *, without: int | None = None) -> bool:
        """Whether a solution binds these variables so; condition `without` is left out."""
        return any(
            self._solvable(query, self._narrowed(query, self._bind(query, domains, bound)))
            for domains in self._kept(query, without, bound)
        )

    def meets(self, node: str, condition: Atom | Count, kind: EntityType) -> bool:
        """Whether a node meets a condition that is not a choice."""
        return node in self.meeting(condition, kind)

    def meeting(self, condition: Atom | Count, kind: EntityType) -> frozenset[str]:
        """All nodes of a type that meet a condition."""
        if isinstance(condition, Count):
            span = (condition.low, condition.high)
            return self._counting(kind, condition.predicate, condition.forward, span)
        if condition.share is not None:
            return self._sharing(kind, condition.predicate, condition.object, condition.share)
        sense = (condition.closure, condition.negated)
        return self._stating(kind, condition.predicate, condition.object, sense)

    def measured(self, choice: Choice, bound: Bound) -> Fraction | None:
        """What a choice measures in a solution; `None` if it has no measure there."""
        subject = bound[choice.subject]
        if choice.measure == "onset":
            terms = self._facts.neighbours(subject, Predicate.HAS_ONSET, forward=True)
            ranks = [ONSET_RANK[one] for one in terms if one in ONSET_RANK]
            return Fraction(min(ranks)) if ranks else None
        if choice.predicate is None:
            return None
        if choice.measure == "edges":
            found = self._facts.neighbours(subject, choice.predicate, forward=choice.forward)
            return Fraction(len(found))
        row = self.largest(Edge(bound[choice.of or ""], choice.predicate, subject))
        return Fraction(*row) if row else None

    def largest(self, edge: Edge) -> tuple[int, int] | None:
        """(n, m) of the row `n/m` with the largest m, then n, that states the edge."""
        rows = (counted(row.frequency) for row in self._facts.rows(edge))
        return max((row for row in rows if row), key=lambda row: (row[1], row[0]), default=None)

    def below(self, node: str) -> set[str]:
        """A node and everything below it."""
        return self._reached(node, forward=False)

    def above(self, node: str) -> set[str]:
        """A node and everything above it."""
        return self._reached(node, forward=True)

    def _reached(self, node: str, *, forward: bool) -> set[str]:
        reached, rest = {node}, [node]
        while rest:
            step = self._facts.neighbours(rest.pop(), Predicate.SUBCLASS_OF, forward=forward)
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
        edges = self._facts.denied if negated else self._facts.into
        subjects = (edges[predicate].get(one, _NONE) for one in objects)
        return frozenset(self._facts.of_type[kind] & set[str]().union(*subjects))

    def _with_share(
        self, kind: EntityType, predicate: Predicate, obj: str, span: tuple[float, float]
    ) -> frozenset[str]:
        rows = self._facts.shares.get((predicate, obj), [])
        found = {node for node, value in rows if span[0] <= value <= span[1]}
        return frozenset(self._facts.of_type[kind] & found)

    def _with_count(
        self, kind: EntityType, predicate: Predicate, forward: bool, span: tuple[int, int]
    ) -> frozenset[str]:
        nodes = self._facts.of_type[kind]
        lists = (self._facts.out if forward else self._facts.into)[predicate]
        found = {node for node, others in lists.items() if span[0] <= len(others) <= span[1]}
        none = {node for node in nodes if node not in lists} if span[0] <= 0 <= span[1] else _NONE
        return frozenset(nodes & (found | none))

    def _all(self, query: Query, variable: str) -> set[str]:
        return self._facts.of_type[query.variables[variable]]

    def _bind(self, query: Query, domains: Domains, bound: Bound) -> Domains | None:
        """The domains with these variables bound; `None` if a domain does not hold its node."""
        if any(node not in domains.get(one, self._all(query, one)) for one, node in bound.items()):
            return None
        return {**domains, **{name: frozenset([node]) for name, node in bound.items()}}

    def _kept(self, query: Query, without: int | None, bound: Bound | None = None) -> list[Domains]:
        """Domains that together hold the solutions which count; without a choice, one set.

        A choice looks at all solutions, whatever is `bound` afterwards.
        """
        kept = [one for place, one in enumerate(query.conditions) if place != without]
        domains: Domains = {}
        for one in kept:
            if not isinstance(one, Choice):
                found = self.meeting(one, query.variables[one.subject])
                domains[one.subject] = domains.get(one.subject, found) & found
        choices = [one for one in kept if isinstance(one, Choice)]
        if not choices:
            narrowed = self._narrowed(query, self._bind(query, domains, bound or {}))
            return [narrowed] if narrowed is not None else []
        start = self._narrowed(query, domains)
        return self._chosen(query, choices[0], start) if start is not None else []

    def _chosen(self, query: Query, choice: Choice, domains: Domains) -> list[Domains]:
        """The domains of each solution's measured variables, for the best measure there is."""
        ranked = sorted(
            self._measures(query, choice, domains),
            key=lambda one: one[0],
            reverse=choice.extreme == "most",
        )
        for _, level in groupby(ranked, key=lambda one: one[0]):
            options = (
                self._narrowed(query, self._bind(query, domains, bound)) for _, bound in level
            )
            found = [one for one in options if one is not None and self._solvable(query, one)]
            if found:
                return found
        return []

    def _measures(self, query: Query, choice: Choice, domains: Domains) -> Iterator[Measured]:
        """Each binding of the measured variables that has a measure."""
        subjects = domains.get(choice.subject, self._all(query, choice.subject))
        for binding in self._bindings(query, choice, domains, subjects):
            value = self.measured(choice, binding)
            if value is not None:
                yield value, binding

    def _bindings(
        self, query: Query, choice: Choice, domains: Domains, subjects: Collection[str]
    ) -> Iterator[dict[str, str]]:
        if choice.measure != "share" or choice.of is None or choice.predicate is None:
            yield from ({choice.subject: one} for one in subjects)
            return
        for of in domains.get(choice.of, self._all(query, choice.of)):
            near = self._facts.neighbours(of, choice.predicate, forward=True)
            yield from ({choice.of: of, choice.subject: one} for one in near & set(subjects))

    def _narrowed(self, query: Query, domains: Domains | None) -> Domains | None:
        """Domains from which no join can take more; `None` when one is empty."""
        if domains is None or not all(domains.values()):
            return None
        domains = dict(domains)
        changed = True
        while changed:
            changed = False
            for join in query.joins:
                for forward in (True, False):
                    changed |= self._narrow(query, join, domains, forward=forward)
                if not all(domains.get(one, True) for one in (join.subject, join.object)):
                    return None
        return domains

    def _narrow(self, query: Query, join: Atom, domains: Domains, *, forward: bool) -> bool:
        """Keep what a join's other end supports; whether that took anything away."""
        near, far = (join.subject, join.object) if forward else (join.object, join.subject)
        source, target = domains.get(near), domains.get(far)
        if source is None:
            return False
        if target is None:
            reached = self._image(source, join, forward=forward)
            domains[far] = reached & self._all(query, far)
            return True
        lists = (self._facts.into if forward else self._facts.out)[join.predicate]
        if len(source) < len(target):
            kept = self._image(source, join, forward=forward, within=target)
        else:
            kept = {one for one in target if not source.isdisjoint(lists.get(one, _NONE))}
        domains[far] = kept
        return len(kept) < len(target)

    def _image(
        self,
        nodes: Collection[str],
        join: Atom,
        *,
        forward: bool,
        within: Collection[str] | None = None,
    ) -> set[str]:
        lists = (self._facts.out if forward else self._facts.into)[join.predicate]
        steps = (lists.get(one, _NONE) for one in nodes)
        if within is None:
            return set[str]().union(*steps)
        inside = frozenset(within)
        return set[str]().union(*(inside & step for step in steps))

    def _solvable(self, query: Query, domains: Domains | None) -> bool:
        """Whether some binding within the domains meets all joins, no node used twice."""
        return domains is not None and self._search(query, domains, {})

    def _search(self, query: Query, domains: Domains, bound: dict[str, str]) -> bool:
        options: list[tuple[str, Collection[str]]] = []
        for name, kind in query.variables.items():
            if name in bound:
                continue
            taken = {node for one, node in bound.items() if query.variables[one] is kind}
            options.append((name, self._options(query, domains, bound, name) - taken))
        if not options:
            return True
        name, candidates = min(options, key=lambda one: len(one[1]))
        return any(self._search(query, domains, {**bound, name: one}) for one in candidates)

    def _options(
        self, query: Query, domains: Domains, bound: Bound, name: str
    ) -> set[str] | frozenset[str]:
        """What a variable can still be, given those that its joins have bound."""
        found = domains.get(name, self._all(query, name))
        for join in query.joins:
            if join.subject == name and join.object in bound:
                found = found & self._facts.into[join.predicate].get(bound[join.object], _NONE)
            elif join.object == name and join.subject in bound:
                found = found & self._facts.out[join.predicate].get(bound[join.subject], _NONE)
        return found
