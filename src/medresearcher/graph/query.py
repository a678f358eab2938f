"""Conjunctive queries over the whole graph: who answers, exactly.

Every variable first gets the set of nodes that its own conditions allow; sets are then reduced
along the joins until nothing changes; what is left is checked by backtracking, so that
variables of one type are distinct. The result is complete: an entity that is not returned
does not answer the query.
"""

from collections import defaultdict
from functools import lru_cache
from itertools import islice

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Predicate
from medresearcher.records.question import Atom, Query

Domains = dict[str, frozenset[int]]


class Solver:
    """Answers queries over one graph; keeps the sets of frequent conditions."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._satisfying = lru_cache(maxsize=20_000)(self._find_satisfying)

    def answers(self, query: Query, limit: int | None = None) -> list[str]:
        """Ids that answer the query, sorted; at most `limit` of them if it is given."""
        domains = self._domains(query)
        joins = [one for one in query.atoms if _is_join(one, query)]
        if not self._reduce(query, domains, joins):
            return []
        order = _order(query, joins)
        found = (
            self.graph.curie(candidate)
            for candidate in sorted(domains[query.answer])
            if self._extends({query.answer: candidate}, order[1:], domains, joins, query)
        )
        return list(islice(found, limit))

    def satisfying(self, atom: Atom) -> frozenset[int]:
        """Codes of the subjects for which a condition with a constant object holds."""
        return self._satisfying(atom.predicate, self.graph.code(atom.object), atom.closure)

    def _find_satisfying(self, predicate: Predicate, obj: int, closure: bool) -> frozenset[int]:
        objects = self.graph.below(obj) if closure else {obj}
        return self.graph.reached(objects, predicate, forward=False)

    def _domains(self, query: Query) -> Domains:
        """The nodes that each variable's own conditions allow; no entry where there are none."""
        domains: Domains = {}
        for atom in query.atoms:
            if not _is_join(atom, query):
                allowed = domains.get(atom.subject, self._all_of(query, atom.subject))
                domains[atom.subject] = allowed & self.satisfying(atom)
        if not domains:
            domains[query.answer] = self._all_of(query, query.answer)
        return domains

    def _all_of(self, query: Query, name: str) -> frozenset[int]:
        return self.graph.codes_of(query.variables[name])

    def _reduce(self, query: Query, domains: Domains, joins: list[Atom]) -> bool:
        """Spread the sets along the joins and shrink them to a fixed point.

        Returns whether all are non-empty. The joins connect all variables, so that each has a
        set afterwards.
        """
        changed = True
        while changed:
            changed = False
            for atom in joins:
                for start, end, forward in _directions(atom, domains):
                    before = domains.get(end, self._all_of(query, end))
                    kept = before & self.graph.reached(
                        domains[start], atom.predicate, forward=forward
                    )
                    changed |= end not in domains or len(kept) < len(before)
                    domains[end] = kept
        return all(domains.values())

    def _extends(
        self,
        bound: dict[str, int],
        rest: list[str],
        domains: Domains,
        joins: list[Atom],
        query: Query,
    ) -> bool:
        """Whether the bound variables can be completed to a full solution."""
        if not rest:
            return True
        name = rest[0]
        kind = query.variables[name]
        taken = {code for other, code in bound.items() if query.variables[other] == kind}
        for code in self._candidates(name, bound, domains, joins):
            if code not in taken and self._extends(
                {**bound, name: code}, rest[1:], domains, joins, query
            ):
                return True
        return False

    def _candidates(
        self, name: str, bound: dict[str, int], domains: Domains, joins: list[Atom]
    ) -> list[int]:
        allowed = domains[name]
        for atom in joins:
            if atom.subject in bound and atom.object == name:
                near = self.graph.neighbours(bound[atom.subject], atom.predicate, forward=True)
            elif atom.object in bound and atom.subject == name:
                near = self.graph.neighbours(bound[atom.object], atom.predicate, forward=False)
            else:
                continue
            allowed = allowed & set(near)
        return sorted(allowed)


def _is_join(atom: Atom, query: Query) -> bool:
    return atom.object in query.variables


def _directions(atom: Atom, domains: Domains) -> list[tuple[str, str, bool]]:
    """The ways along a join that start at a variable with a set, smaller sets first."""
    ways = [(atom.subject, atom.object, True), (atom.object, atom.subject, False)]
    known = [way for way in ways if way[0] in domains]
    return sorted(known, key=lambda way: len(domains[way[0]]))


def _order(query: Query, joins: list[Atom]) -> list[str]:
    """The variables in breadth-first order from the answer, so that each has a bound neighbour."""
    near: dict[str, list[str]] = defaultdict(list)
    for atom in joins:
        near[atom.subject].append(atom.object)
        near[atom.object].append(atom.subject)
    order = [query.answer]
    for name in order:
        order.extend(other for other in near[name] if other not in order)
    return order + [name for name in query.variables if name not in order]
