"""Small random graphs, and random queries over them that often have a solution."""

from pathlib import Path
from random import Random

from medresearcher.graph.onset import ONSET_RANK
from medresearcher.graph.tables import write_tables
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement
from medresearcher.records.question import Atom, Choice, Condition, Count, Query

D, G, P = EntityType.DISEASE, EntityType.GENE, EntityType.PHENOTYPE
ONSET, F = EntityType.ONSET, EntityType.GENE_GROUP
_SIZES = {D: 9, G: 6, P: 8, F: 3}
_PREFIX = {D: "MONDO", G: "HGNC", P: "HP", F: "FAMILY"}
_RELATIONS = (
    (D, Predicate.HAS_PHENOTYPE, P, 0.3),
    (G, Predicate.CAUSES, D, 0.3),
    (G, Predicate.MEMBER_OF, F, 0.4),
    (D, Predicate.HAS_ONSET, ONSET, 0.3),
    (D, Predicate.SUBCLASS_OF, D, 0.06),
)
_ONSETS = ("HP:0003577", "HP:0003593", "HP:0003621", "HP:0410280", "HP:0003581", "HP:0011462")
_FREQUENCIES = ("1/2", "2/4", "3/4", "1/3", "5/5", "1/10", "45%", "33.3%", "HP:0040282", "", "2/0")
_SHARES = ((0.0, 0.3), (0.25, 0.5), (0.333, 0.45), (0.5, 1.0), (0.1, 0.1), (0.0, 1.0))


class World:
    """A random graph in a folder, and what it was made of."""

    def __init__(self, folder: Path, rng: Random) -> None:
        self.rng = rng
        self.ids = {kind: [f"{_PREFIX[kind]}:{n}" for n in range(size)] for kind, size in
                    _SIZES.items()} | {ONSET: list(_ONSETS)}  # fmt: skip
        self.entities = [
            Entity(one, kind, f"{kind} {one}", "hpo", (f"alias of {one}",), "", (f"X:{one}",))
            for kind, ids in self.ids.items()
            for one in ids
        ]
        self.statements = [*self._ontology(), *self._rows()]
        write_tables(folder, self.entities, self.statements)
        self.folder = folder

    def _ontology(self) -> list[Statement]:
        signs = self.ids[P]
        return [
            self._row(child, Predicate.SUBCLASS_OF, parent)
            for place, child in enumerate(signs)
            for parent in signs[:place]
            if self.rng.random() < 1.2 / place
        ]

    def _rows(self) -> list[Statement]:
        return [
            self._row(subject, predicate, obj, negated=self.rng.random() < 0.2)
            for start, predicate, end, density in _RELATIONS
            for subject in self.ids[start]
            for obj in self.ids[end]
            if subject != obj and self.rng.random() < density
            for _ in range(self.rng.choice((1, 1, 2)))
        ]

    def _row(
        self, subject: str, predicate: Predicate, obj: str, *, negated: bool = False
    ) -> Statement:
        frequency = self.rng.choice(_FREQUENCIES) if predicate is Predicate.HAS_PHENOTYPE else ""
        return Statement(
            subject, predicate, obj, "hpo", subject, self.rng.randrange(10_000), "PMID:1",
            negated, frequency,
        )  # fmt: skip

    def query(self) -> Query:
        """A path, tree or cycle through true edges, with conditions that mostly hold."""
        return self.solved_query()[0]

    def solved_query(self) -> tuple[Query, dict[str, str]]:
        """The same with the nodes of the edges, by mask; they need not meet the conditions."""
        rng = self.rng
        edges = sorted(
            {(one.subject, one.predicate, one.object) for one in self.statements if not one.negated}
        )
        kinds = {one: kind for kind, ids in self.ids.items() for one in ids}
        first = rng.choice(edges)[0]
        masks = {first: "Entity_A"}
        joins: dict[tuple[str, str, str], None] = {}
        for _ in range(rng.randrange(6)):
            near = [one for one in edges if {one[0], one[2]} & set(masks) and one not in joins]
            if not near:
                break
            closing = [one for one in near if {one[0], one[2]} <= set(masks)]
            edge = rng.choice(closing or near)
            joins[edge] = None
            for one in (edge[0], edge[2]):
                masks.setdefault(one, f"Entity_{chr(ord('A') + len(masks))}")
        conditions = [self._condition(masks, kinds) for _ in range(rng.randrange(1, 4))]
        if rng.random() < 0.4:
            conditions.insert(rng.randrange(len(conditions) + 1), self._choice(masks, kinds))
        query = Query(
            variables={mask: kinds[one] for one, mask in masks.items()},
            joins=tuple(
                Atom(subject=masks[s], predicate=Predicate(p), object=masks[o]) for s, p, o in joins
            ),
            conditions=tuple(conditions),
            answer=rng.choice(sorted(masks.values())),
        )
        return query, {mask: one for one, mask in masks.items()}

    def _condition(self, masks: dict[str, str], kinds: dict[str, EntityType]) -> Condition:
        rng = self.rng
        node = rng.choice(sorted(masks))
        rows = [one for one in self.statements if one.subject == node] or self.statements
        row = rng.choice(rows)
        if rng.random() < 0.25:
            forward = rng.random() < 0.5
            low = rng.randrange(3)
            if rng.random() < 0.7:
                low = len(self._others(node, row.predicate, forward=forward))
            return Count(
                subject=masks[node],
                predicate=row.predicate,
                forward=forward,
                low=low,
                high=low + rng.choice((0, 0, 1, 2)),
            )
        share = rng.choice(_SHARES) if row.frequency and rng.random() < 0.8 else None
        negated = share is None and row.negated != (rng.random() < 0.05)
        obj = row.object if rng.random() < 0.9 else rng.choice(self.ids[P])
        return Atom(
            subject=masks[node],
            predicate=row.predicate,
            object=obj,
            closure=share is None and rng.random() < 0.6,
            negated=negated,
            share=share,
        )

    def _others(self, node: str, predicate: Predicate, *, forward: bool) -> set[str]:
        return {
            one.object if forward else one.subject
            for one in self.statements
            if (one.predicate, one.negated) == (predicate, False)
            and (one.subject if forward else one.object) == node
        }

    def _choice(self, masks: dict[str, str], kinds: dict[str, EntityType]) -> Choice:
        rng = self.rng
        extreme = rng.choice(("least", "most"))
        signs = [one for one in masks if kinds[one] is P]
        diseases = [one for one in masks if kinds[one] is D]
        if signs and diseases and rng.random() < 0.45:
            return Choice(
                subject=masks[rng.choice(signs)],
                measure="share",
                extreme=extreme,
                predicate=Predicate.HAS_PHENOTYPE,
                of=masks[rng.choice(diseases)],
            )
        if diseases and rng.random() < 0.6:
            return Choice(subject=masks[rng.choice(diseases)], measure="onset", extreme=extreme)
        return Choice(
            subject=masks[rng.choice(sorted(masks))],
            measure="edges",
            extreme=extreme,
            predicate=rng.choice([one[1] for one in _RELATIONS]),
            forward=rng.random() < 0.5,
        )


assert set(_ONSETS) & set(ONSET_RANK), "some onsets must have a rank"
