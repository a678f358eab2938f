"""The second solver: which entities answer the query of a certificate.

Written from the meaning of a certificate alone; the solver that makes the questions is not used.
Each variable starts with the nodes that meet its conditions; joins narrow these until nothing
changes; a backtracking search then binds the variables one by one. A `Choice` is tried from its
best measure on, and the first measure that has a solution is kept.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from medresearcher.audit.conditions import Conditions, Ratio
from medresearcher.audit.facts import Domain, Facts, Neighbours
from medresearcher.records.knowledge import EntityType
from medresearcher.records.question import Atom, Choice, Condition, Count, Query

Domains = dict[str, Domain]
Bound = Mapping[str, str]

_NONE: frozenset[str] = frozenset()


class Solver:
    """Solves queries over one graph."""

    def __init__(self, facts: Facts) -> None:
        self.conditions = Conditions(facts)

    def solutions(self, query: Query, *, without: int | None = None) -> "Solutions":
        """The solutions of a query; condition number `without` is left out."""
        kept = [one for place, one in enumerate(query.conditions) if place != without]
        return Solutions(self.conditions, query, kept)

    def answers(self, query: Query, *, without: int | None = None) -> set[str]:
        """All entities that answer; condition number `without` is left out."""
        return self.solutions(query, without=without).answers()

    def meeting(self, condition: Atom | Count, kind: EntityType) -> frozenset[str]:
        """All nodes of a type that meet a condition."""
        return self.conditions.meeting(condition, kind)


class _Step(NamedTuple):
    """A join followed from one of its ends: neighbours from `near` on, and back from `far`."""

    near: str
    far: str
    ahead: Neighbours
    back: Neighbours


class Solutions:
    """The solutions of one query under some of its conditions."""

    def __init__(self, conditions: Conditions, query: Query, kept: Sequence[Condition]) -> None:
        self._conditions = conditions
        self._query = query
        self._kept = kept
        self._steps = list(_steps(query, conditions.facts))

    def answers(self, limit: int = 0) -> set[str]:
        """All bindings of the answer's variable, or `limit` of them."""
        found: set[str] = set()
        name = self._query.answer
        for start in self._starts:
            domains = self._narrowed(start)
            if domains is None:
                continue
            for one in sorted(self._domain(domains, name) - found):
                if self._solvable(self._bound(domains, {name: one})):
                    found.add(one)
                    if limit and len(found) == limit:
                        return found
        return found

    def holds(self, bound: Bound) -> bool:
        """Whether a solution binds these variables so."""
        return any(self._solvable(self._bound(start, bound)) for start in self._starts)

    @cached_property
    def _starts(self) -> list[Domains]:
        """Domains that together hold the solutions which count; without a choice, one set."""
        domains: Domains = {}
        for one in self._kept:
            if not isinstance(one, Choice):
                found = self._conditions.meeting(one, self._query.variables[one.subject])
                domains[one.subject] = domains.get(one.subject, found) & found
        choice = next((one for one in self._kept if isinstance(one, Choice)), None)
        if choice is None:
            return [domains]
        narrowed = self._narrowed(domains)
        return self._chosen(choice, narrowed) if narrowed is not None else []

    def _chosen(self, choice: Choice, domains: Domains) -> list[Domains]:
        """Domains with the measured variables bound, for all that have the best measure.

        At least one of them has a solution.
        """
        levels: dict[Ratio, list[dict[str, str]]] = defaultdict(list)
        for value, bound in self._measured(choice, domains):
            levels[value].append(bound)
        for value in sorted(levels, key=_number, reverse=choice.extreme == "most"):
            starts = [self._bound(domains, bound) for bound in levels[value]]
            if any(map(self._solvable, starts)):
                return [one for one in starts if one is not None]
        return []

    def _measured(self, choice: Choice, domains: Domains) -> Iterator[tuple[Ratio, dict[str, str]]]:
        """Each binding of the measured variables that has a measure, with it."""
        subjects = self._domain(domains, choice.subject)
        if choice.measure != "share" or choice.of is None or choice.predicate is None:
            for subject in subjects:
                value = self._conditions.measured(choice, subject)
                if value is not None:
                    yield value, {choice.subject: subject}
            return
        for of in self._domain(domains, choice.of):
            near = self._conditions.facts.neighbours(of, choice.predicate, forward=True)
            for subject in near & subjects:
                value = self._conditions.measured(choice, subject, of)
                if value is not None:
                    yield value, {choice.of: of, choice.subject: subject}

    def _domain(self, domains: Domains, name: str) -> Domain:
        """What a variable can be: all nodes of its type, unless something narrowed it."""
        found = domains.get(name)
        return (
            self._conditions.facts.of_type[self._query.variables[name]] if found is None else found
        )

    def _bound(self, domains: Domains, bound: Bound) -> Domains | None:
        """The domains with these variables bound; `None` if a domain does not hold its node."""
        if any(node not in self._domain(domains, one) for one, node in bound.items()):
            return None
        return {**domains, **{name: frozenset([node]) for name, node in bound.items()}}

    def _narrowed(self, domains: Domains | None) -> Domains | None:
        """Domains from which no join can take more; `None` when one is empty.

        The smallest domain goes first, so that large ones are cut before they are spread.
        """
        if domains is None or not all(domains.values()):
            return None
        domains = dict(domains)
        pending = set(range(len(self._steps)))
        while sized := [
            (len(domains[self._steps[place].near]), place)
            for place in pending
            if self._steps[place].near in domains
        ]:
            place = min(sized)[1]
            pending.remove(place)
            step = self._steps[place]
            kept = self._supported(step, domains)
            if not kept:
                return None
            if step.far not in domains or len(kept) < len(domains[step.far]):
                domains[step.far] = kept
                pending |= {
                    other
                    for other, one in enumerate(self._steps)
                    if one.near == step.far and other != place ^ 1  # not the way back
                }
        return domains

    def _supported(self, step: _Step, domains: Domains) -> Domain:
        """What is left of the far end of a step, given its near end."""
        source, target = domains[step.near], domains.get(step.far)
        if target is None:
            reached = set[str]().union(*(step.ahead.get(one, _NONE) for one in source))
            return reached & self._domain(domains, step.far)
        if len(source) < len(target):
            return set[str]().union(*(target & step.ahead.get(one, _NONE) for one in source))
        return {one for one in target if not source.isdisjoint(step.back.get(one, _NONE))}

    def _solvable(self, domains: Domains | None) -> bool:
        """Whether some binding within the domains meets all joins, no node used twice."""
        narrowed = self._narrowed(domains)
        return narrowed is not None and self._search(narrowed, {})

    def _search(self, domains: Domains, bound: dict[str, str]) -> bool:
        free = [name for name in self._query.variables if name not in bound]
        if not free:
            return True
        options = {name: self._options(domains, bound, name) for name in free}
        name = min(options, key=lambda one: len(options[one]))
        return any(self._search(domains, {**bound, name: one}) for one in options[name])

    def _options(self, domains: Domains, bound: Bound, name: str) -> Domain:
        """What a variable can still be, given those that are bound."""
        found = self._domain(domains, name)
        for step in self._steps:
            if step.far == name and step.near in bound:
                found = found & step.ahead.get(bound[step.near], _NONE)
        kinds = self._query.variables
        taken = {node for other, node in bound.items() if kinds[other] is kinds[name]}
        return found - taken if taken else found


def _steps(query: Query, facts: Facts) -> Iterator[_Step]:
    """Each join from both of its ends, one after the other."""
    for join in query.joins:
        out, into = facts.out[join.predicate], facts.into[join.predicate]
        yield _Step(join.subject, join.object, out, into)
        yield _Step(join.object, join.subject, into, out)


def _number(ratio: Ratio) -> Fraction:
    return Fraction(ratio.over, ratio.under)
