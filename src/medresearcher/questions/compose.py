"""Composes a certified question around a rare disease: a pattern, clues, and their proof.

It begins with more clues than needed. As long as the answer stays unique over the whole graph,
signs are replaced by broader terms and clues are left out; every step is proven again. The rare
disease keeps two signs, each shared with other diseases, so that no single clue gives it away.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, islice, zip_longest
from random import Random

from medresearcher.graph.evidence import evidence_of
from medresearcher.graph.query import Solver
from medresearcher.graph.store import Graph
from medresearcher.questions.certify import (
    certify,
    is_unique,
    query_of,
    without,
    without_branch,
)
from medresearcher.questions.clues import Clues
from medresearcher.questions.languages import English, Language
from medresearcher.questions.patterns import Pattern, Step, ending_in, patterns
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Answer, Atom, Certificate, Clue, Hop, Masked, Query
from medresearcher.settings import Controls

_TRIED = 6
_SIGNS = 8
_MIN_SIGNS = 2
_LATER = 2
_MORE, _OTHERS = 2, 8
# So many diseases show the two signs that a question opens with: it cannot be looked up at once,
# and it can be researched.
_FEW, _MANY = 3, 12
_UNCHAINED = frozenset({EntityType.PHENOTYPE, EntityType.INHERITANCE, EntityType.ONSET})


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted of a question: its shape, number of hops, and the type of its answer."""

    shape: str
    hops: int
    answer: EntityType


@dataclass(frozen=True, slots=True)
class Draft:
    """A question before it has words."""

    pattern: Pattern
    entities: tuple[Masked, ...]
    hops: tuple[Hop, ...]
    clues: tuple[Clue, ...]
    certificate: Certificate
    answer: Answer


class Composer:
    """Composes drafts over one graph."""

    def __init__(self, graph: Graph, controls: Controls, language: Language | None = None) -> None:
        self.graph = graph
        self.controls = controls
        self.solver = Solver(graph)
        self.language = language or English(graph)

    def compose(self, anchor: str, plan: Plan, rng: Random) -> Draft | None:
        """A draft that starts at `anchor` and is as planned; `None` if the graph gives none."""
        for pattern in islice(self._patterns(anchor, plan, rng), _TRIED):
            draft = _Work(self, pattern, rng).draft()
            if draft:
                return draft
        return None

    def _patterns(self, anchor: str, plan: Plan, rng: Random) -> Iterator[Pattern]:
        if plan.answer not in _UNCHAINED:
            for pattern in patterns(self.graph, anchor, plan.shape, plan.hops, rng):
                if self.graph.type(pattern.answer) is plan.answer:
                    yield pattern
            return
        for pattern in patterns(self.graph, anchor, "chain", plan.hops - 1, rng):
            yield from islice(ending_in(self.graph, pattern, plan.answer, rng), _LATER)


class _Work:
    """The work on one pattern."""

    def __init__(self, composer: Composer, pattern: Pattern, rng: Random) -> None:
        self.graph, self.solver = composer.graph, composer.solver
        self.controls = composer.controls
        self.language = composer.language
        self.pattern = pattern
        self.rng = rng
        self.masks = {
            node: f"Entity_{chr(ord('A') + place)}" for place, node in enumerate(pattern.nodes)
        }
        self.types = {node: self.graph.type(node) for node in pattern.nodes}
        hidden = [name for node in pattern.nodes for name in self._names(node)]
        self.clues = Clues(self.solver, composer.language.wording, self.masks, hidden, rng)

    def draft(self) -> Draft | None:
        """The proven draft; `None` if no set of clues makes the answer unique."""
        chosen = self._chosen()
        if chosen is None or not self._is_balanced(chosen):
            return None
        if self.pattern.branch and not self._needs_branch(chosen):
            return None
        nodes = self.pattern.nodes
        certificate = certify(
            self.solver, self._query(chosen), self.pattern.answer, nodes, self.pattern.branch
        )
        return Draft(
            pattern=self.pattern,
            entities=tuple(self._masked(node, mask) for node, mask in self.masks.items()),
            hops=tuple(self._hop(step) for step in self.pattern.steps),
            clues=tuple(chosen),
            certificate=certificate,
            answer=self._answer(),
        )

    # Choosing clues.

    def _chosen(self) -> list[Clue] | None:
        """Clues that make the answer unique, as broad as can be, each of them needed."""
        anchor = self.pattern.nodes[0]
        signs = list(islice(self.clues.signs(anchor), _SIGNS))
        opening = self._opening(signs)
        if opening is None:
            return None
        more = [one for one in signs if one not in opening][:_MORE]
        clues = self._true_together([*opening, *self._others(), *more])
        if not self._is_unique(clues):
            return None
        clues = self._without_excess(clues, opening)
        return clues if clues and self._are_needed(clues) else None

    def _opening(self, signs: list[Clue]) -> list[Clue] | None:
        """Two signs that a few diseases share, so that they alone do not give the first away."""
        return next((list(pair) for pair in combinations(signs, 2) if self._opens(pair)), None)

    def _opens(self, signs: Sequence[Clue]) -> bool:
        """Whether a few diseases show all the signs."""
        fitting = [self.solver.satisfying(_atom(one), EntityType.DISEASE) for one in signs]
        return _FEW <= len(frozenset.intersection(*fitting)) <= _MANY

    def _others(self) -> list[Clue]:
        """Clues on the other entities, in turn; with `scatter` off, on the first one instead."""
        anchor, *rest = self.pattern.nodes
        if not self.controls.scatter:
            return [*self.clues.context(anchor), *islice(self._of(self.pattern.answer), _MORE)]
        said = [islice(self._of(node), _MORE) for node in reversed(rest)]
        rows = zip_longest(*said)
        spread = (clue for row in rows for clue in row if clue is not None)
        return [*islice(spread, _OTHERS), *self.clues.context(anchor)]

    def _true_together(self, clues: Sequence[Clue]) -> list[Clue]:
        """The clues but for repetitions, and for choices that leave the answer out."""
        kept: list[Clue] = []
        for clue in clues:
            if self._fits(kept, clue):
                kept.append(clue)
        return kept

    def _without_excess(self, clues: list[Clue], opening: Sequence[Clue]) -> list[Clue]:
        """Clues made broader, then left out, as long as the answer stays unique."""
        places = list(range(len(clues)))
        fixed = set(range(len(opening)))
        for _ in range(self.controls.obfuscation):
            for place in self.rng.sample(places, len(places)):
                clues[place] = self._broadened(clues, place, opening=place in fixed)
        anchor = self.masks[self.pattern.nodes[0]]
        order = sorted(
            self.rng.sample(places, len(places)), key=lambda one: clues[one].mask != anchor
        )
        left = set(places)
        for place in order:
            rest = left - {place}
            if place not in fixed and self._is_unique([clues[one] for one in sorted(rest)]):
                left = rest
        rank = {mask: number for number, mask in enumerate(self.masks.values())}
        return sorted((clues[one] for one in sorted(left)), key=lambda one: rank[one.mask])

    def _broadened(self, clues: Sequence[Clue], place: int, *, opening: bool) -> Clue:
        """A clue with a broader term that keeps the answer unique; else the clue itself."""
        for broader in self._broader(clues[place]):
            changed = [*clues[:place], broader, *clues[place + 1 :]]
            if opening and not self._opens(changed[:_MIN_SIGNS]):
                continue
            if self._is_unique(changed):
                return broader
        return clues[place]

    def _are_needed(self, clues: Sequence[Clue]) -> bool:
        query, answer = self._query(clues), self.pattern.answer
        return not any(
            is_unique(self.solver, without(query, place), answer) for place in range(len(clues))
        )

    def _of(self, node: str) -> Iterator[Clue]:
        """What can be said of an entity other than the first, in an order drawn from `rng`."""
        kinds: list[Iterable[Clue]] = [self.clues.counts(node)]
        if node == self.pattern.answer:
            before = next(one.start for one in self.pattern.steps if one.end == node)
            kinds.append(self.clues.choices(node, before))
        if not self.controls.withhold:
            kinds.clear()
        if self.types[node] is EntityType.DISEASE:
            kinds += [
                islice(self.clues.lacks(node), 1),
                islice(self.clues.shares(node), 1),
                self.clues.context(node),
                islice(self.clues.signs(node), _LATER),
            ]
        elif self.types[node] is EntityType.GENE:
            kinds.append(islice(self.clues.families(node), 1))
        self.rng.shuffle(kinds)
        return chain.from_iterable(kinds)

    def _fits(self, chosen: list[Clue], clue: Clue) -> bool:
        """Whether a clue can be added: not a second choice, nothing said twice, still true."""
        if any(_same_thing(one, clue) for one in chosen):
            return False
        if clue.condition.kind != "choice":
            return True
        if any(one.condition.kind == "choice" for one in chosen):
            return False
        return self.pattern.answer in self.solver.answers(self._query([*chosen, clue]))

    def _needs_branch(self, clues: Sequence[Clue]) -> bool:
        """Whether the answer is not unique without the branch or the closing of the cycle."""
        query = without_branch(self._query(clues), self.pattern.branch)
        return not is_unique(self.solver, query, self.pattern.answer)

    def _is_balanced(self, clues: Sequence[Clue]) -> bool:
        """With `scatter`: whether no entity has more than half of the clues."""
        if not self.controls.scatter:
            return True
        most = max(sum(one.mask == mask for one in clues) for mask in self.masks.values())
        return 2 * most <= len(clues)

    def _broader(self, clue: Clue) -> Iterator[Clue]:
        atom = clue.condition
        if not isinstance(atom, Atom) or not _is_sign(clue):
            return
        node = next(node for node, mask in self.masks.items() if mask == clue.mask)
        parents = self.graph.objects(atom.object, Predicate.SUBCLASS_OF)
        for parent in self.rng.sample(parents, len(parents)):
            wider = atom.model_copy(update={"object": parent})
            if self.clues.is_shared(wider):
                found = self.clues.sign(node, wider, clue.witness or atom.object)
                if found:
                    yield found.model_copy(update={"level": clue.level + 1})

    # Proofs.

    def _query(self, clues: Sequence[Clue]) -> Query:
        return query_of(self.pattern, self.masks, self.types, clues)

    def _is_unique(self, clues: Sequence[Clue]) -> bool:
        return is_unique(self.solver, self._query(clues), self.pattern.answer)

    # Records.

    def _hop(self, step: Step) -> Hop:
        return Hop(
            subject=step.subject,
            predicate=step.predicate,
            object=step.object,
            start=self.masks[step.start],
            end=self.masks[step.end],
            evidence=evidence_of(self.graph, step.subject, step.predicate, step.object),
        )

    def _masked(self, node: str, mask: str) -> Masked:
        entity = self.graph.entity(node)
        return Masked(
            mask=mask, id=node, type=entity.type, name=entity.name, aliases=entity.aliases
        )

    def _answer(self) -> Answer:
        """The answer with the names that no other node of the graph shares."""
        node = self.pattern.answer
        entity = self.graph.entity(node)
        own = tuple(name for name in entity.aliases if self.graph.holders(name) == {node})
        return Answer(id=node, name=entity.name, aliases=(*own, *self.language.names(node)))

    def _names(self, node: str) -> tuple[str, ...]:
        entity = self.graph.entity(node)
        return (entity.name, *entity.aliases, *self.language.names(node))


def _atom(clue: Clue) -> Atom:
    if not isinstance(clue.condition, Atom):
        raise TypeError(f"{clue.condition!r} is no atom")
    return clue.condition


def _is_sign(clue: Clue) -> bool:
    atom = clue.condition
    return (
        isinstance(atom, Atom)
        and atom.predicate is Predicate.HAS_PHENOTYPE
        and not atom.negated
        and atom.share is None
    )


def _same_thing(one: Clue, other: Clue) -> bool:
    """Whether two clues are about one fact of one entity."""
    return (one.mask, one.predicate, one.object) == (other.mask, other.predicate, other.object)
