"""Composes a certified question around a rare disease: a chain, clues, and their proof.

Clues are added until the answer is unique over the whole graph, then every clue that is not
needed is taken out again. The rare disease keeps at least two signs, each shared with
other diseases, so that no single clue gives it away.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

from medresearcher.graph.chains import Step, chains, is_hub
from medresearcher.graph.evidence import evidence_of
from medresearcher.graph.query import Solver
from medresearcher.graph.store import Graph
from medresearcher.questions.certify import certify, is_unique, query_of, without
from medresearcher.questions.leaks import stands_in
from medresearcher.questions.wording import Wording
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Answer, Atom, Certificate, Clue, Hop, Masked

_CHAINS_TRIED = 4
_SIGNS = 4
_MIN_SIGNS = 2
_LATER_CLUES = 3
# A sign is a usable clue if this many diseases show it: not one alone, and not nearly all.
_MIN_SHARED, _MAX_SHARED = 4, 120


@dataclass(frozen=True, slots=True)
class Draft:
    """A question before it has words."""

    entities: tuple[Masked, ...]
    chain: tuple[Step, ...]
    hops: tuple[Hop, ...]
    clues: tuple[Clue, ...]
    certificate: Certificate
    answer: Answer


class Composer:
    """Composes drafts over one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.solver = Solver(graph)
        self.wording = Wording(graph)

    def compose(self, anchor: str, hops: int, rng: Random) -> Draft | None:
        """A draft of `hops` hops that starts at `anchor`; `None` if the graph gives none."""
        for chain in islice(chains(self.graph, anchor, hops, rng), _CHAINS_TRIED):
            draft = self._draft(chain, rng)
            if draft:
                return draft
        return None

    def _draft(self, chain: Sequence[Step], rng: Random) -> Draft | None:
        nodes = [chain[0].start, *(step.end for step in chain)]
        masks = {node: f"Entity_{chr(ord('A') + place)}" for place, node in enumerate(nodes)}
        types = {node: self.graph.type(node) for node in nodes}
        clues = self._clues(chain, masks, types, rng)
        if clues is None:
            return None
        query = query_of(masks, types, chain, clues)
        certificate = certify(self.solver, query, nodes[-1], len(clues), nodes)
        return Draft(
            entities=tuple(self._masked(node, mask) for node, mask in masks.items()),
            chain=tuple(chain),
            hops=tuple(self._hop(step, masks) for step in chain),
            clues=clues,
            certificate=certificate,
            answer=self._answer(nodes[-1]),
        )

    def _clues(
        self,
        chain: Sequence[Step],
        masks: Mapping[str, str],
        types: dict[str, EntityType],
        rng: Random,
    ) -> tuple[Clue, ...] | None:
        """A set of clues that makes the answer unique, each of them needed; `None` if none does."""
        nodes = list(masks)
        hidden = [name for node in nodes for name in self._names(node)]
        signs = list(islice(self._signs(nodes[0], masks, hidden, rng), _SIGNS))
        if len(signs) < _MIN_SIGNS:
            return None
        more = [
            *self._context(nodes[0], masks, rng),
            *(
                clue
                for node in reversed(nodes[1:])
                for clue in self._later(node, masks, hidden, rng)
            ),
        ]
        chosen = list(signs)
        while True:
            query = query_of(dict(masks), types, chain, chosen)
            if is_unique(self.solver, query, nodes[-1]):
                return self._needed(chain, masks, types, chosen, rng)
            if not more:
                return None
            chosen.append(more.pop(0))

    def _needed(
        self,
        chain: Sequence[Step],
        masks: Mapping[str, str],
        types: dict[str, EntityType],
        clues: list[Clue],
        rng: Random,
    ) -> tuple[Clue, ...] | None:
        """The clues without those that the proof does not need."""
        nodes = list(masks)
        for clue in rng.sample(clues, len(clues)):
            query = query_of(dict(masks), types, chain, clues)
            place = clues.index(clue)
            if is_unique(self.solver, without(query, place, len(clues)), nodes[-1]):
                clues = [other for other in clues if other is not clue]
        signs = [one for one in clues if _is_sign(one) and one.mask == masks[nodes[0]]]
        order = {mask: place for place, mask in enumerate(masks.values())}
        clues.sort(key=lambda one: order[one.mask])
        return tuple(clues) if len(signs) >= _MIN_SIGNS else None

    def _signs(
        self, disease: str, masks: Mapping[str, str], hidden: list[str], rng: Random
    ) -> Iterator[Clue]:
        """Signs of a disease as clues, in random order, no two on one branch of HPO."""
        objects = self.graph.objects(disease, Predicate.HAS_PHENOTYPE)
        taken: list[int] = []
        for obj in rng.sample(objects, len(objects)):
            code = self.graph.code(obj)
            if any(code in self.graph.below(one) or one in self.graph.below(code) for one in taken):
                continue
            atom = Atom(subject="", predicate=Predicate.HAS_PHENOTYPE, object=obj, closure=True)
            if not _MIN_SHARED <= len(self.solver.satisfying(atom)) <= _MAX_SHARED:
                continue
            clue = self._clue(disease, Predicate.HAS_PHENOTYPE, obj, masks)
            if clue and not any(_overlap(clue.text, name) for name in hidden):
                taken.append(code)
                yield clue

    def _context(self, disease: str, masks: Mapping[str, str], rng: Random) -> list[Clue]:
        """Inheritance and onset as clues, where the sources name one only."""
        found: list[Clue] = []
        for predicate in (Predicate.HAS_INHERITANCE, Predicate.HAS_ONSET):
            objects = self.graph.objects(disease, predicate)
            if len(objects) == 1:
                clue = self._clue(disease, predicate, objects[0], masks)
                found += [clue] if clue else []
        rng.shuffle(found)
        return found

    def _later(
        self, node: str, masks: Mapping[str, str], hidden: list[str], rng: Random
    ) -> list[Clue]:
        """Clues on an entity further down the chain."""
        kind = self.graph.type(node)
        if kind is EntityType.DISEASE:
            signs = islice(self._signs(node, masks, hidden, rng), _LATER_CLUES)
            return [*self._context(node, masks, rng), *signs]
        if kind is EntityType.GENE:
            families = self.graph.objects(node, Predicate.MEMBER_OF)
            found = (
                self._clue(node, Predicate.MEMBER_OF, family, masks)
                for family in families
                if family not in masks and not is_hub(self.graph, family)
            )
            return [clue for clue in found if clue][:1]
        return []

    def _clue(
        self, node: str, predicate: Predicate, obj: str, masks: Mapping[str, str]
    ) -> Clue | None:
        text = self.wording.clue(predicate, obj)
        evidence = evidence_of(self.graph, node, predicate, obj)
        if text is None or not evidence:
            return None
        return Clue(mask=masks[node], predicate=predicate, object=obj, text=text, evidence=evidence)

    def _hop(self, step: Step, masks: Mapping[str, str]) -> Hop:
        return Hop(
            subject=step.subject,
            predicate=step.predicate,
            object=step.object,
            start=masks[step.start],
            end=masks[step.end],
            evidence=evidence_of(self.graph, step.subject, step.predicate, step.object),
        )

    def _masked(self, node: str, mask: str) -> Masked:
        entity = self.graph.entity(node)
        return Masked(
            mask=mask, id=node, type=entity.type, name=entity.name, aliases=entity.aliases
        )

    def _answer(self, node: str) -> Answer:
        """The answer with the names that no other node of the graph shares."""
        entity = self.graph.entity(node)
        own = tuple(name for name in entity.aliases if self.graph.holders(name) == {node})
        return Answer(id=node, name=entity.name, aliases=own)

    def _names(self, node: str) -> tuple[str, ...]:
        entity = self.graph.entity(node)
        return (entity.name, *entity.aliases)


def _is_sign(clue: Clue) -> bool:
    return clue.predicate is Predicate.HAS_PHENOTYPE


def _overlap(text: str, name: str) -> bool:
    return stands_in(name, text) or stands_in(text, name)
