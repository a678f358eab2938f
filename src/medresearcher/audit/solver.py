"""The second solver: which entities answer the query of a certificate.

Written from the meaning of a certificate alone; the solver that makes the questions is not used.
Each variable starts with the nodes that meet its conditions; joins narrow these until nothing
changes; a backtracking search then binds the variables one by one. A `Choice` is tried from its
best measure on, so that the search stops at the first measure that has a solution.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import groupby

from medresearcher.audit.facts import Edge, Facts, counted
from medresearcher.graph.onset import ONSET_RANK
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Choice, Count, Query

Domain = set[str] | frozenset[str]
Domains = dict[str, Domain]
Bound = Mapping[str, str]
Measured = tuple[Fraction, dict[str, str]]
Step = tuple[int, bool]  # the place of a join, and whether it is followed forward

_CACHED = 4_096
_NONE: frozenset[str] = frozenset()


class Solver:
    """Answers of queries over one graph."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._stating = lru_cache(_CACHED)(self._having)
        self._sharing = lru_cache(_CACHED)(self._with_share)
        self.largest = lru_cache(_CACHED)(self._largest)
        self._counting = lru_cache(_CACHED)(self._with_count)

    def answers(self, query: Query, *, without: int | None = None, limit: int = 0) -> set[str]:
        """All entities that answer, or `limit` of them; condition `without` is left out."""
        found: set[str] = set()
        for start in self._kept(query, without):
            domains = self._narrowed(query, start)
            if domains is None:
                continue
            for one in sorted(domains.get(query.answer, self._all(query, query.answer)) - found):
                if self._solvable(query, self._bind(query, domains, {query.answer: one})):
                    found.add(one)
                    if limit and len(found) == limit:
                        return found
        return found

    def holds(self, query: Query, bound: Bound, *, without: int | None = None) -> bool:
        """Whether a solution binds these variables so; condition `without` is left out."""
        return any(
            self._solvable(query, self._bind(query, domains, bound))
            for domains in self._kept(query, without)
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

    def _largest(self, edge: Edge) -> tuple[int, int] | None:
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

    def _kept(self, query: Query, without: int | None) -> list[Domains]:
        """Domains that together hold the solutions which count; without a choice, one set."""
        kept = [one for place, one in enumerate(query.conditions) if place != without]
        domains: Domains = {}
        for one in kept:
            if not isinstance(one, Choice):
                found = self.meeting(one, query.variables[one.subject])
                domains[one.subject] = domains.get(one.subject, found) & found
        choices = [one for one in kept if isinstance(one, Choice)]
        if not choices:
            return [domains]
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
            options = (self._bind(query, domains, bound) for _, bound in level)
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
        self, query: Query, choice: Choice, domains: Domains, subjects: Domain
    ) -> Iterator[dict[str, str]]:
        if choice.measure != "share" or choice.of is None or choice.predicate is None:
            yield from ({choice.subject: one} for one in subjects)
            return
        for of in domains.get(choice.of, self._all(query, choice.of)):
            near = self._facts.neighbours(of, choice.predicate, forward=True)
            yield from ({choice.of: of, choice.subject: one} for one in near & subjects)

    def _narrowed(self, query: Query, domains: Domains | None) -> Domains | None:
        """Domains from which no join can take more; `None` when one is empty.

        The smallest domain goes first, so that large ones are cut before they are spread.
        """
        if domains is None or not all(domains.values()):
            return None
        domains = dict(domains)
        pending = {
            (place, forward) for place in range(len(query.joins)) for forward in (True, False)
        }
        while step := self._smallest(query, domains, pending):
            pending.remove(step)
            place, forward = step
            far = _ends(query.joins[place], forward=forward)[1]
            target = domains.get(far)
            kept = self._supported(query, query.joins[place], domains, forward=forward)
            if not kept:
                return None
            if target is None or len(kept) < len(target):
                domains[far] = kept
                pending |= _from(query, far) - {(place, not forward)}
        return domains

    def _smallest(self, query: Query, domains: Domains, pending: set[Step]) -> Step | None:
        """The pending step from the smallest domain; `None` if there is none to go from."""
        sized = (
            (len(domains[near]), step)
            for step in pending
            if (near := _ends(query.joins[step[0]], forward=step[1])[0]) in domains
        )
        return min(sized, default=(0, None))[1]

    def _supported(self, query: Query, join: Atom, domains: Domains, *, forward: bool) -> Domain:
        """What is left of the far end of a join, given its near end."""
        near, far = _ends(join, forward=forward)
        source, target = domains[near], domains.get(far)
        ahead, back = self._facts.out[join.predicate], self._facts.into[join.predicate]
        if not forward:
            ahead, back = back, ahead
        if target is None:
            steps = (ahead.get(one, _NONE) for one in source)
            return set[str]().union(*steps) & self._all(query, far)
        if len(source) < len(target):
            return set[str]().union(*(target & ahead.get(one, _NONE) for one in source))
        return {one for one in target if not source.isdisjoint(back.get(one, _NONE))}

    def _solvable(self, query: Query, domains: Domains | None) -> bool:
        """Whether some binding within the domains meets all joins, no node used twice."""
        narrowed = self._narrowed(query, domains)
        return narrowed is not None and self._search(query, narrowed, {})

    def _search(self, query: Query, domains: Domains, bound: dict[str, str]) -> bool:
        options: list[tuple[str, Domain]] = []
        for name, kind in query.variables.items():
            if name in bound:
                continue
            taken = {node for one, node in bound.items() if query.variables[one] is kind}
            options.append((name, self._options(query, domains, bound, name) - taken))
        if not options:
            return True
        name, candidates = min(options, key=lambda one: len(one[1]))
        return any(self._search(query, domains, {**bound, name: one}) for one in candidates)

    def _options(self, query: Query, domains: Domains, bound: Bound, name: str) -> Domain:
        """What a variable can still be, given those that its joins have bound."""
        found = domains.get(name, self._all(query, name))
        for join in query.joins:
            if join.subject == name and join.object in bound:
                found = found & self._facts.into[join.predicate].get(bound[join.object], _NONE)
            elif join.object == name and join.subject in bound:
                found = found & self._facts.out[join.predicate].get(bound[join.subject], _NONE)
        return found


def _ends(join: Atom, *, forward: bool) -> tuple[str, str]:
    """The near and the far end of a join that is followed `forward` or back."""
    return (join.subject, join.object) if forward else (join.object, join.subject)


def _from(query: Query, variable: str) -> set[Step]:
    """The steps that start at a variable."""
    return {
        (place, forward)
        for place, join in enumerate(query.joins)
        for forward in (True, False)
        if _ends(join, forward=forward)[0] == variable
    }
