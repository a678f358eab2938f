"""Composes a certified question around a rare disease: a pattern, clues, and their proof.

Clues are added until the answer is unique over the whole graph; then each one that the proof
does not need is taken out, and those that can be are made more general. Every step is proven
again. The rare disease keeps at least two signs, each shared with other diseases, so that no
single clue gives it away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from random import Random

from medresearcher.graph.evidence import evidence_of
from medresearcher.graph.query import Solver
from medresearcher.graph.store import Graph
from medresearcher.questions.certify import certify, is_unique, query_of, without
from medresearcher.questions.clues import Clues
from medresearcher.questions.patterns import Pattern, Step, ending_in, patterns
from medresearcher.questions.wording import Wording
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Answer, Atom, Certificate, Clue, Hop, Masked, Query
from medresearcher.settings import Controls

_TRIED = 6
_SIGNS = 4
_MIN_SIGNS = 2
_LATER = 3
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

    def __init__(self, graph: Graph, controls: Controls) -> None:
        self.graph = graph
        self.controls = controls
        self.solver = Solver(graph)
        self.wording = Wording(graph)

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
        self.pattern = pattern
        self.rng = rng
        self.masks = {
            node: f"Entity_{chr(ord('A') + place)}" for place, node in enumerate(pattern.nodes)
        }
        self.types = {node: self.graph.type(node) for node in pattern.nodes}
        hidden = [name for node in pattern.nodes for name in self._names(node)]
        self.clues = Clues(self.solver, composer.wording, self.masks, hidden, rng)

    def draft(self) -> Draft | None:
        """The proven draft; `None` if no set of clues makes the answer unique."""
        chosen = self._sufficient()
        chosen = chosen and self._needed(chosen)
        if chosen is None or not self._is_balanced(chosen):
            return None
        chosen = self._generalised(chosen)
        nodes = self.pattern.nodes
        certificate = certify(self.solver, self._query(chosen), self.pattern.answer, nodes)
        return Draft(
            pattern=self.pattern,
            entities=tuple(self._masked(node, mask) for node, mask in self.masks.items()),
            hops=tuple(self._hop(step) for step in self.pattern.steps),
            clues=tuple(chosen),
            certificate=certificate,
            answer=self._answer(),
        )

    # Choosing clues.

    def _sufficient(self) -> list[Clue] | None:
        """Clues that make the answer unique, taken in turn from what can be said."""
        anchor = self.pattern.nodes[0]
        signs = list(islice(self.clues.signs(anchor), _SIGNS))
        if len(signs) < _MIN_SIGNS:
            return None
        chosen = signs[:_MIN_SIGNS]
        for clue in (None, *self._candidates(anchor, signs[_MIN_SIGNS:])):
            if clue is not None:
                if not self._fits(chosen, clue):
                    continue
                chosen.append(clue)
            if self._is_unique(chosen):
                return chosen
        return None

    def _candidates(self, anchor: str, signs: list[Clue]) -> Iterator[Clue]:
        """Clues in the order in which they are tried."""
        others = [self._of(node) for node in reversed(self.pattern.nodes[1:])]
        spread = [clue for row in zip_longest(*others) for clue in row if clue is not None]
        more = [*self.clues.context(anchor), *signs]
        if self.controls.scatter:
            return chain(spread, more)
        return chain(signs, self.clues.context(anchor), chain.from_iterable(others))

    def _of(self, node: str) -> list[Clue]:
        """What can be said of an entity other than the first, what names nothing first."""
        said: list[Clue] = []
        unnamed = list(self.clues.counts(node))
        if node == self.pattern.answer:
            before = next(one.start for one in self.pattern.steps if one.end == node)
            unnamed += self.clues.choices(node, before)
        if self.types[node] is EntityType.DISEASE:
            said += [
                *islice(self.clues.lacks(node), 1),
                *islice(self.clues.shares(node), 1),
                *self.clues.context(node),
                *islice(self.clues.signs(node), _LATER),
            ]
        elif self.types[node] is EntityType.GENE:
            said += islice(self.clues.families(node), 1)
        self.rng.shuffle(said)
        if not self.controls.withhold:
            return [*said, *unnamed]
        return [*unnamed, *said]

    def _fits(self, chosen: list[Clue], clue: Clue) -> bool:
        """Whether a clue can be added: not a second choice, nothing said twice, still true."""
        if any(_same_thing(one, clue) for one in chosen):
            return False
        if clue.condition.kind != "choice":
            return True
        if any(one.condition.kind == "choice" for one in chosen):
            return False
        return self.pattern.answer in self.solver.answers(self._query([*chosen, clue]))

    def _needed(self, clues: list[Clue]) -> list[Clue] | None:
        """The clues without those that the proof does not need, by entity."""
        order = {mask: place for place, mask in enumerate(self.masks.values())}
        tried = self.rng.sample(clues, len(clues))
        if self.controls.scatter:
            tried.sort(key=lambda one: order[one.mask])
        for clue in tried:
            rest = [one for one in clues if one is not clue]
            if self._keeps_signs(rest) and self._is_unique(rest):
                clues = rest
        clues.sort(key=lambda one: order[one.mask])
        query = self._query(clues)
        for place in range(len(clues)):
            if is_unique(self.solver, without(query, place), self.pattern.answer):
                return None
        return clues

    def _keeps_signs(self, clues: Sequence[Clue]) -> bool:
        anchor = self.masks[self.pattern.nodes[0]]
        return sum(_is_sign(one) and one.mask == anchor for one in clues) >= _MIN_SIGNS

    def _is_balanced(self, clues: Sequence[Clue]) -> bool:
        """With `scatter`: whether no entity has more than half of the clues."""
        if not self.controls.scatter:
            return True
        most = max(sum(one.mask == mask for one in clues) for mask in self.masks.values())
        return 2 * most <= len(clues)

    def _generalised(self, clues: list[Clue]) -> list[Clue]:
        """Signs replaced by broader terms while the answer stays unique and the clues needed."""
        for _ in range(self.controls.obfuscation):
            for place, clue in enumerate(clues):
                for broader in self._broader(clue):
                    changed = [*clues[:place], broader, *clues[place + 1 :]]
                    if self._is_proven(changed):
                        clues = changed
                        break
        return clues

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

    def _is_proven(self, clues: Sequence[Clue]) -> bool:
        query = self._query(clues)
        answer = self.pattern.answer
        return is_unique(self.solver, query, answer) and not any(
            is_unique(self.solver, without(query, place), answer) for place in range(len(clues))
        )

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
        return Answer(id=node, name=entity.name, aliases=own)

    def _names(self, node: str) -> tuple[str, ...]:
        entity = self.graph.entity(node)
        return (entity.name, *entity.aliases)


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
