"""The clues that can be said of a hidden entity, each a condition with its words and evidence.

A clue names something that the entity has or is stated to lack, reports a share of patients, or
counts: no constant is needed then. What does not read well in a sentence gives no clue.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from medresearcher.graph.chains import is_hub
from medresearcher.graph.evidence import evidence_of
from medresearcher.graph.measures import share_of
from medresearcher.graph.query import Solver
from medresearcher.questions.leaks import stands_in
from medresearcher.questions.wording import Wording, number
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Choice, Clue, Count

# A sign is a usable clue if this many diseases show it: not one alone, and not nearly all.
MIN_SHARED, MAX_SHARED = 4, 600
_MIN_PATIENTS = 5
# What may be counted of an entity, and from how many to how many.
_COUNTED: Mapping[EntityType, tuple[Predicate, bool, int, int]] = {
    EntityType.GENE: (Predicate.CAUSES, True, 2, 6),
    EntityType.DISEASE: (Predicate.CAUSES, False, 2, 6),
    EntityType.GENE_GROUP: (Predicate.MEMBER_OF, False, 3, 12),
    EntityType.PHENOTYPE: (Predicate.HAS_PHENOTYPE, False, 3, 12),
}
_EDGES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Clues:
    """Gives the clues of the entities of one pattern; `masks` are their variables.

    `hidden` are the names of the entities.
    """

    solver: Solver
    wording: Wording
    masks: Mapping[str, str]
    hidden: Collection[str]
    rng: Random

    def signs(self, disease: str) -> Iterator[Clue]:
        """Signs of a disease, in random order, no two on one branch of HPO."""
        graph = self.solver.graph
        objects = graph.objects(disease, Predicate.HAS_PHENOTYPE)
        taken: list[int] = []
        for obj in self.rng.sample(objects, len(objects)):
            code = graph.code(obj)
            if any(code in graph.below(one) or one in graph.below(code) for one in taken):
                continue
            atom = self._atom(disease, Predicate.HAS_PHENOTYPE, obj, closure=True)
            clue = self.sign(disease, atom) if self.is_shared(atom) else None
            if clue:
                taken.append(code)
                yield clue

    def sign(self, disease: str, atom: Atom, witness: str | None = None) -> Clue | None:
        """A clue that a disease has a sign, or (`witness`) something more specific."""
        shown = witness or atom.object
        clue = self._clue(disease, atom, shown, self._said(atom))
        if clue is None or witness is None:
            return clue
        return clue.model_copy(update={"witness": witness})

    def is_shared(self, atom: Atom) -> bool:
        """Whether neither too few nor too many diseases show a sign."""
        shared = len(self.solver.satisfying(atom, EntityType.DISEASE))
        return MIN_SHARED <= shared <= MAX_SHARED

    def context(self, disease: str) -> list[Clue]:
        """Inheritance and onset, where the sources name one only."""
        found: list[Clue] = []
        for predicate in (Predicate.HAS_INHERITANCE, Predicate.HAS_ONSET):
            objects = self.solver.graph.objects(disease, predicate)
            if len(objects) == 1 and objects[0] not in self.masks:
                atom = self._atom(disease, predicate, objects[0])
                clue = self._clue(disease, atom, objects[0], self._words(atom))
                found += [clue] if clue else []
        self.rng.shuffle(found)
        return found

    def lacks(self, disease: str) -> Iterator[Clue]:
        """Signs that a source states to be absent in a disease."""
        graph = self.solver.graph
        objects = graph.negated(disease, Predicate.HAS_PHENOTYPE)
        present = {graph.code(one) for one in graph.objects(disease, Predicate.HAS_PHENOTYPE)}
        for obj in self.rng.sample(objects, len(objects)):
            if present.isdisjoint(graph.below(graph.code(obj))):
                atom = self._atom(disease, Predicate.HAS_PHENOTYPE, obj, closure=True, negated=True)
                clue = self._clue(disease, atom, obj, self._said(atom))
                if clue:
                    yield clue

    def shares(self, disease: str) -> Iterator[Clue]:
        """Signs with the share of patients that a source counted, to the nearest tenths."""
        graph = self.solver.graph
        for sign in self.signs(disease):
            obj = str(sign.object)
            for row in graph.statements(disease, Predicate.HAS_PHENOTYPE, obj):
                share = share_of(row.frequency)
                if share is None or row.negated or not _many(row.frequency):
                    continue
                low, high = _tenths(share)
                atom = self._atom(disease, Predicate.HAS_PHENOTYPE, obj, share=(low, high))
                text = f"{sign.text} in {_percent(low, high)} of the patients counted"
                clue = self._clue(disease, atom, obj, text)
                if clue:
                    yield clue
                break

    def families(self, gene: str) -> Iterator[Clue]:
        """The gene families that list a gene."""
        graph = self.solver.graph
        for family in graph.objects(gene, Predicate.MEMBER_OF):
            if family not in self.masks and not is_hub(graph, family):
                atom = self._atom(gene, Predicate.MEMBER_OF, family)
                clue = self._clue(gene, atom, family, self._words(atom))
                if clue:
                    yield clue

    def counts(self, node: str) -> Iterator[Clue]:
        """How many of something an entity has, said without naming any."""
        graph = self.solver.graph
        if graph.type(node) not in _COUNTED:
            return
        predicate, forward, least, most = _COUNTED[graph.type(node)]
        edges = graph.objects(node, predicate) if forward else graph.subjects(node, predicate)
        if not least <= len(edges) <= most:
            return
        ends = ((node, end) if forward else (end, node) for end in edges)
        condition = Count(
            subject=self.masks[node],
            predicate=predicate,
            forward=forward,
            low=len(edges),
            high=len(edges),
        )
        yield Clue(
            mask=self.masks[node],
            condition=condition,
            text=f"exactly {number(len(edges))}",
            evidence=tuple(evidence_of(graph, one, predicate, other)[0] for one, other in ends),
        )

    def choices(self, node: str, before: str) -> Iterator[Clue]:
        """What may set an answer apart from all others that fit; `before` is what it hangs on."""
        kind = self.solver.graph.type(node)
        if kind is EntityType.DISEASE:
            yield from self._by_onset(node)
        elif kind is EntityType.GENE:
            yield from self._by_edges(node, Predicate.CAUSES)
        elif kind is EntityType.PHENOTYPE:
            yield from self._by_share(node, before)

    def _by_onset(self, disease: str) -> Iterator[Clue]:
        graph = self.solver.graph
        if self.solver.measures.onset(graph.code(disease)) is None:
            return
        rows = tuple(
            row
            for onset in graph.objects(disease, Predicate.HAS_ONSET)
            for row in evidence_of(graph, disease, Predicate.HAS_ONSET, onset)
        )
        mask = self.masks[disease]
        for extreme, text in _ONSETS:
            condition = Choice(subject=mask, measure="onset", extreme=extreme)
            yield Clue(mask=mask, condition=condition, text=text, evidence=rows)

    def _by_edges(self, gene: str, predicate: Predicate) -> Iterator[Clue]:
        graph, mask = self.solver.graph, self.masks[gene]
        ends = graph.objects(gene, predicate)
        if not 2 <= len(ends) <= _EDGES_SHOWN:
            return
        rows = tuple(evidence_of(graph, gene, predicate, end)[0] for end in ends)
        condition = Choice(
            subject=mask, measure="edges", extreme="most", predicate=predicate, forward=True
        )
        yield Clue(mask=mask, condition=condition, text="the most", evidence=rows)

    def _by_share(self, sign: str, disease: str) -> Iterator[Clue]:
        graph, mask = self.solver.graph, self.masks[sign]
        predicate = Predicate.HAS_PHENOTYPE
        if self.solver.measures.share(graph.code(disease), predicate, graph.code(sign)) is None:
            return
        condition = Choice(
            subject=mask,
            measure="share",
            extreme="most",
            predicate=predicate,
            of=self.masks[disease],
        )
        rows = evidence_of(graph, disease, predicate, sign)
        yield Clue(mask=mask, condition=condition, text="most often", evidence=rows)

    # Making clues.

    def _atom(
        self,
        node: str,
        predicate: Predicate,
        obj: str,
        *,
        closure: bool = False,
        negated: bool = False,
        share: tuple[float, float] | None = None,
    ) -> Atom:
        return Atom(
            subject=self.masks[node],
            predicate=predicate,
            object=obj,
            closure=closure,
            negated=negated,
            share=share,
        )

    def _words(self, atom: Atom) -> str | None:
        return self.wording.clue(atom.predicate, atom.object)

    def _said(self, atom: Atom) -> str | None:
        """The words for a sign as it stands in a list."""
        words = self._words(atom)
        return self.wording.sign(words) if words else None

    def _clue(self, node: str, atom: Atom, witness: str, text: str | None) -> Clue | None:
        """A clue on rows about `witness`; `None` without words or rows, or if it gives away."""
        rows = evidence_of(self.solver.graph, node, atom.predicate, witness, negated=atom.negated)
        name = self._words(atom)
        if text is None or name is None or not rows:
            return None
        if self._gives_away(text) or self._gives_away(name):
            return None
        return Clue(
            mask=self.masks[node],
            condition=atom,
            text=text,
            name=name,
            evidence=rows,
        )

    def _gives_away(self, text: str) -> bool:
        """Whether a hidden name stands in a text, or a text in a hidden name."""
        return any(stands_in(name, text) or stands_in(text, name) for name in self.hidden)


_ONSETS: tuple[tuple[Literal["least", "most"], str], ...] = (
    ("least", "the earliest onset"),
    ("most", "the latest onset"),
)


def _many(frequency: str) -> bool:
    """Whether a counted row is about enough patients to speak of a share."""
    _, _, patients = frequency.partition("/")
    return patients.isdigit() and int(patients) >= _MIN_PATIENTS


def _tenths(share: float) -> tuple[float, float]:
    """The tenths that enclose a share."""
    low = min(int(share * 10), 9)
    return low / 10, (low + 1) / 10


def _percent(low: float, high: float) -> str:
    return f"{low:.0%} to {high:.0%}"
