"""Conjunctive queries over the whole graph: who answers, exactly.

Every variable first gets the set of nodes that its own conditions allow; sets are then reduced
along the joins until nothing changes; what is left is checked by backtracking, so that
variables of one type are distinct. The result is complete: an entity that is not returned
does not answer the query.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from medresearcher.graph.measures import Measures
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType
from medresearcher.records.question import Atom, Choice, Count, Query

Domains = dict[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class _Problem:
    """A query whose variables have their sets."""

    types: Mapping[str, EntityType]
    joins: Sequence[Atom]
    domains: Domains


class Solver:
    """Answers queries over one graph; keeps the sets of frequent conditions."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.measures = Measures(graph)
        self._satisfying: dict[tuple[str, EntityType], frozenset[int]] = {}

    def answers(self, query: Query, limit: int | None = None) -> list[str]:
        """Ids that answer the query, sorted; at most `limit` of them if it is given."""
        problem = self._problem(query)
        if problem is None:
            return []
        choice = next((one for one in query.conditions if isinstance(one, Choice)), None)
        found = (
            self._bindings(query.answer, problem)
            if choice is None
            else self._chosen(choice, query.answer, problem)
        )
        return [self.graph.curie(code) for code in islice(found, limit)]

    def satisfying(self, condition: Atom | Count, kind: EntityType) -> frozenset[int]:
        """Codes of the nodes of one type for which a condition of their own holds."""
        key = condition.model_dump_json(exclude={"subject"}), kind
        if key not in self._satisfying:
            self._satisfying[key] = self._find_satisfying(condition, kind)
        return self._satisfying[key]

    def _find_satisfying(self, condition: Atom | Count, kind: EntityType) -> frozenset[int]:
        every = self.graph.codes_of(kind)
        if isinstance(condition, Count):
            degree = self.graph.degrees(condition.predicate, forward=condition.forward)
            return frozenset(
                code for code in every if condition.low <= degree[code] <= condition.high
            )
        obj = self.graph.code(condition.object)
        if condition.share is not None:
            return every & self.measures.with_share(condition.predicate, obj, condition.share)
        if condition.negated:
            objects = self.graph.above(obj) if condition.closure else {obj}
            return every & self.graph.lacking(objects, condition.predicate)
        objects = self.graph.below(obj) if condition.closure else {obj}
        return every & self.graph.reached(objects, condition.predicate, forward=False)

    # Sets of nodes.

    def _problem(self, query: Query) -> _Problem | None:
        """The query with a set per variable; `None` if one of them is empty."""
        domains: Domains = {}
        for one in query.conditions:
            if not isinstance(one, Choice):
                kind = query.variables[one.subject]
                allowed = self.satisfying(one, kind)
                domains[one.subject] = domains.get(one.subject, allowed) & allowed
        if not domains:
            domains[query.answer] = self.graph.codes_of(query.variables[query.answer])
        problem = _Problem(query.variables, query.joins, domains)
        return problem if self._reduce(problem) else None

    def _reduce(self, problem: _Problem) -> bool:
        """Spread the sets along the joins and shrink them to a fixed point.

        Returns whether all are non-empty. The joins connect all variables, so that each has a
        set afterwards.
        """
        domains = problem.domains
        changed = True
        while changed:
            changed = False
            for atom in problem.joins:
                for start, end, forward in _directions(atom, domains):
                    reached = self.graph.reached(domains[start], atom.predicate, forward=forward)
                    before = domains.get(end)
                    every = self.graph.codes_of(problem.types[end])
                    kept = (every if before is None else before) & reached
                    changed |= before is None or len(kept) < len(before)
                    domains[end] = kept
        return all(domains.values())

    # Solutions.

    def _bindings(self, name: str, problem: _Problem) -> Iterator[int]:
        """The codes that a variable takes in the solutions, in order."""
        order = _order(name, problem)
        for code in sorted(problem.domains[name]):
            if self._extends({name: code}, order[1:], problem):
                yield code

    def _chosen(self, choice: Choice, answer: str, problem: _Problem) -> Iterator[int]:
        """The codes of the answer in those solutions that have the extreme measure."""
        measured = sorted(self._measured(choice, problem), key=lambda pair: pair[0])
        if choice.extreme == "most":
            measured.sort(key=lambda pair: pair[0], reverse=True)
        for _, group in groupby(measured, key=lambda pair: pair[0]):
            found: set[int] = set()
            for _, bound in group:
                found.update(self._bindings_with(bound, answer, problem))
            if found:
                yield from sorted(found)
                return

    def _bindings_with(
        self, bound: Mapping[str, int], answer: str, problem: _Problem
    ) -> Iterator[int]:
        """The answer's codes in the solutions in which some variables are bound."""
        first = next(iter(bound))
        order = _order(first, problem)
        names = [*bound, *(name for name in order if name not in bound)]
        if answer in bound:
            if self._holds(bound, problem) and self._extends(
                dict(bound), names[len(bound) :], problem
            ):
                yield bound[answer]
            return
        for code in sorted(problem.domains[answer]):
            both = {**bound, answer: code}
            rest = [name for name in order if name not in both]
            if self._holds(both, problem) and self._extends(both, rest, problem):
                yield code

    def _measured(
        self, choice: Choice, problem: _Problem
    ) -> Iterator[tuple[float, dict[str, int]]]:
        """The measure of each binding of the variables that it is about, where there is one."""
        subjects = problem.domains[choice.subject]
        if choice.measure == "onset":
            for code in subjects:
                rank = self.measures.onset(code)
                if rank is not None:
                    yield rank, {choice.subject: code}
            return
        assert choice.predicate is not None
        if choice.measure == "edges":
            degrees = self.graph.degrees(choice.predicate, forward=choice.forward)
            yield from ((int(degrees[code]), {choice.subject: code}) for code in subjects)
            return
        assert choice.of is not None
        for other in problem.domains[choice.of]:
            for code, share in self.measures.shares(other, choice.predicate).items():
                if code in subjects:
                    yield share, {choice.subject: code, choice.of: other}

    def _holds(self, bound: Mapping[str, int], problem: _Problem) -> bool:
        """Whether the bound variables are distinct and fit the joins among them."""
        names = list(bound)
        for place, one in enumerate(names):
            for other in names[:place]:
                if problem.types[one] == problem.types[other] and bound[one] == bound[other]:
                    return False
        return all(
            bound[atom.object]
            in self.graph.neighbours(bound[atom.subject], atom.predicate, forward=True)
            for atom in problem.joins
            if atom.subject in bound and atom.object in bound
        )

    def _extends(self, bound: dict[str, int], rest: Sequence[str], problem: _Problem) -> bool:
        """Whether the bound variables can be completed to a full solution."""
        if not rest:
            return True
        name = rest[0]
        kind = problem.types[name]
        taken = {code for other, code in bound.items() if problem.types[other] == kind}
        return any(
            self._extends({**bound, name: code}, rest[1:], problem)
            for code in self._candidates(name, bound, problem)
            if code not in taken
        )

    def _candidates(self, name: str, bound: dict[str, int], problem: _Problem) -> list[int]:
        allowed: Iterable[int] = problem.domains[name]
        for atom in problem.joins:
            if atom.subject in bound and atom.object == name:
                near = self.graph.neighbours(bound[atom.subject], atom.predicate, forward=True)
            elif atom.object in bound and atom.subject == name:
                near = self.graph.neighbours(bound[atom.object], atom.predicate, forward=False)
            else:
                continue
            allowed = frozenset(allowed) & frozenset(near)
        return sorted(allowed)


def _directions(atom: Atom, domains: Domains) -> list[tuple[str, str, bool]]:
    """The ways along a join that start at a variable with a set, smaller sets first."""
    ways = [(atom.subject, atom.object, True), (atom.object, atom.subject, False)]
    known = [way for way in ways if way[0] in domains]
    return sorted(known, key=lambda way: len(domains[way[0]]))


def _order(first: str, problem: _Problem) -> list[str]:
    """The variables in breadth-first order from one, so that each has a bound neighbour."""
    near: dict[str, list[str]] = defaultdict(list)
    for atom in problem.joins:
        near[atom.subject].append(atom.object)
        near[atom.object].append(atom.subject)
    order = [first]
    for name in order:
        order.extend(other for other in near[name] if other not in order)
    return order + [name for name in problem.types if name not in order]
