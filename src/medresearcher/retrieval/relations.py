"""The relations of an entity in plain words, and the facts that the graph holds for each.

A fact is one edge with its claims: the source rows that state it, grouped by what they say beyond
the edge (frequency, sex, kind of relation). An edge that some sources state and others deny keeps
the references of the other side in `against`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Literal

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate, Statement

RelationName = Literal[
    "causal_genes",
    "causes",
    "inheritance",
    "onset",
    "course",
    "phenotypes",
    "absent_phenotypes",
    "gene_groups",
    "genes",
    "diseases",
    "pathways",
    "treatments",
    "not_treated_by",
    "treats",
    "does_not_treat",
    "targets",
    "drugs",
    "side_effects",
    "side_effect_of",
    "drug_classes",
    "parents",
    "children",
]

# HPO's frequency classes in words, with the middle of their range.
_CLASSES = {
    "HP:0040280": ("always (100%)", 1.0),
    "HP:0040281": ("very frequent (80-99%)", 0.895),
    "HP:0040282": ("frequent (30-79%)", 0.545),
    "HP:0040283": ("occasional (5-29%)", 0.17),
    "HP:0040284": ("very rare (1-4%)", 0.025),
    "HP:0040285": ("excluded (0%)", 0.0),
}


@dataclass(frozen=True, slots=True)
class Relation:
    """Which edges a relation follows from each type of entity; `forward`: it is the subject."""

    predicates: Mapping[EntityType, Predicate]
    forward: bool
    absent: bool = False


_HPO_TYPES = (
    EntityType.PHENOTYPE,
    EntityType.INHERITANCE,
    EntityType.ONSET,
    EntityType.MODIFIER,
    EntityType.FREQUENCY,
)
_HIERARCHY: Mapping[EntityType, Predicate] = dict.fromkeys(
    (EntityType.DISEASE, *_HPO_TYPES), Predicate.SUBCLASS_OF
)
# What a drug may treat or cause: a disease, or a sign.
_TREATED: Mapping[EntityType, Predicate] = dict.fromkeys(
    (EntityType.DISEASE, EntityType.PHENOTYPE), Predicate.TREATS
)
_SUFFERED: Mapping[EntityType, Predicate] = dict.fromkeys(
    (EntityType.DISEASE, EntityType.PHENOTYPE), Predicate.HAS_SIDE_EFFECT
)


def _of(kind: EntityType, predicate: Predicate) -> Mapping[EntityType, Predicate]:
    return {kind: predicate}


RELATIONS: Mapping[RelationName, Relation] = {
    "causal_genes": Relation(_of(EntityType.DISEASE, Predicate.CAUSES), forward=False),
    "causes": Relation(_of(EntityType.GENE, Predicate.CAUSES), forward=True),
    "inheritance": Relation(_of(EntityType.DISEASE, Predicate.HAS_INHERITANCE), forward=True),
    "onset": Relation(_of(EntityType.DISEASE, Predicate.HAS_ONSET), forward=True),
    "course": Relation(_of(EntityType.DISEASE, Predicate.HAS_MODIFIER), forward=True),
    "phenotypes": Relation(_of(EntityType.DISEASE, Predicate.HAS_PHENOTYPE), forward=True),
    "absent_phenotypes": Relation(
        _of(EntityType.DISEASE, Predicate.HAS_PHENOTYPE), forward=True, absent=True
    ),
    "gene_groups": Relation(_of(EntityType.GENE, Predicate.MEMBER_OF), forward=True),
    "genes": Relation(
        {
            EntityType.GENE_GROUP: Predicate.MEMBER_OF,
            EntityType.PATHWAY: Predicate.PARTICIPATES_IN,
        },
        forward=False,
    ),
    "diseases": Relation(
        {
            EntityType.PHENOTYPE: Predicate.HAS_PHENOTYPE,
            EntityType.INHERITANCE: Predicate.HAS_INHERITANCE,
            EntityType.ONSET: Predicate.HAS_ONSET,
            EntityType.MODIFIER: Predicate.HAS_MODIFIER,
        },
        forward=False,
    ),
    "pathways": Relation(_of(EntityType.GENE, Predicate.PARTICIPATES_IN), forward=True),
    "treatments": Relation(_TREATED, forward=False),
    "not_treated_by": Relation(_TREATED, forward=False, absent=True),
    "treats": Relation(_of(EntityType.DRUG, Predicate.TREATS), forward=True),
    "does_not_treat": Relation(_of(EntityType.DRUG, Predicate.TREATS), forward=True, absent=True),
    "targets": Relation(_of(EntityType.DRUG, Predicate.AFFECTS), forward=True),
    "drugs": Relation(
        {EntityType.GENE: Predicate.AFFECTS, EntityType.DRUG_CLASS: Predicate.HAS_ROLE},
        forward=False,
    ),
    "side_effects": Relation(_of(EntityType.DRUG, Predicate.HAS_SIDE_EFFECT), forward=True),
    "side_effect_of": Relation(_SUFFERED, forward=False),
    "drug_classes": Relation(_of(EntityType.DRUG, Predicate.HAS_ROLE), forward=True),
    "parents": Relation(_HIERARCHY, forward=True),
    "children": Relation(_HIERARCHY, forward=False),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What some rows say beyond the edge, in words (may be empty), and what they cite."""

    said: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One edge seen from one end: the entity at the other end and the claims about the edge.

    `share` is the highest stated frequency (0 to 1), `None` if none is stated. `absent` tells
    whether the claims deny the edge; `against` cites those that say the opposite. `sources` are
    all sources that speak of the edge, sorted.
    """

    id: str
    name: str
    claims: tuple[Claim, ...]
    sources: tuple[str, ...] = ()
    share: float | None = None
    absent: bool = False
    against: tuple[str, ...] = ()


def relations_of(kind: EntityType) -> list[RelationName]:
    """The relations that an entity of this type can have."""
    return [name for name, relation in RELATIONS.items() if kind in relation.predicates]


def neighbours(graph: Graph, curie: str, name: RelationName) -> list[str]:
    """Node ids at the other end of a relation; `KeyError` if it does not apply to the type."""
    relation = RELATIONS[name]
    predicate = relation.predicates[graph.type(curie)]
    if relation.absent:
        follow = graph.negated if relation.forward else graph.negated_in
    else:
        follow = graph.objects if relation.forward else graph.subjects
    return follow(curie, predicate)


def facts(
    graph: Graph, curie: str, name: RelationName, start: int = 0, stop: int | None = None
) -> list[Fact]:
    """Facts `start` to `stop` of a relation: phenotypes by frequency and name, else by name."""
    nodes = neighbours(graph, curie, name)
    if name == "phenotypes":
        found = [fact(graph, curie, name, node) for node in nodes]
        return sorted(found, key=_by_frequency)[start:stop]
    nodes.sort(key=lambda node: (graph.name(node).casefold(), node))
    return [fact(graph, curie, name, node) for node in nodes[start:stop]]


def fact(graph: Graph, curie: str, name: RelationName, other: str) -> Fact:
    """The fact that joins `curie` to its neighbour `other`."""
    relation = RELATIONS[name]
    rows = rows_of(graph, curie, name, other)
    mine = [row for row in rows if row.negated == relation.absent]
    shares = [share for row in mine if (share := frequency_share(row.frequency)) is not None]
    return Fact(
        id=other,
        name=" ".join(graph.name(other).split()),
        claims=claims_of(mine),
        sources=tuple(sorted({row.source for row in rows})),
        share=max(shares, default=None),
        absent=relation.absent,
        against=_references([row for row in rows if row.negated != relation.absent]),
    )


def rows_of(graph: Graph, curie: str, name: RelationName, other: str) -> list[Statement]:
    """Every source row about the edge of a relation to `other`, those that deny it included."""
    relation = RELATIONS[name]
    predicate = relation.predicates[graph.type(curie)]
    subject, obj = (curie, other) if relation.forward else (other, curie)
    return graph.statements(subject, predicate, obj)


def frequency_words(frequency: str) -> str:
    """A frequency for people: `HP:0040282` becomes `frequent (30-79%)`, the rest stays."""
    return _CLASSES[frequency][0] if frequency in _CLASSES else frequency


@cache
def frequency_share(frequency: str) -> float | None:
    """A frequency as a share from 0 to 1; the middle of a class; `None` if it is not stated."""
    if frequency in _CLASSES:
        return _CLASSES[frequency][1]
    try:
        if frequency.endswith("%"):
            return float(frequency[:-1]) / 100
        return float(Fraction(frequency))
    except (ValueError, ZeroDivisionError):
        return None


def claim_words(claims: Sequence[Claim], limit: int = 3) -> str:
    """Claims on one line: `16/21 [PMID:1, PMID:2]; frequent (30-79%) [ORPHA:558]`.

    At most `limit` references are named per claim; `+2 more` counts the others.
    """
    return "; ".join(_words(claim, limit) for claim in claims)


def _words(claim: Claim, limit: int) -> str:
    cited = list(claim.references[:limit])
    if len(claim.references) > limit:
        cited.append(f"+{len(claim.references) - limit} more")
    return f"{claim.said} [{', '.join(cited)}]".strip()


def claims_of(rows: Sequence[Statement]) -> tuple[Claim, ...]:
    """Rows grouped by what they say, the highest frequency first."""
    groups: dict[str, list[Statement]] = {}
    for row in sorted(rows, key=lambda row: -(frequency_share(row.frequency) or 0.0)):
        sex = f"{row.sex}s" if row.sex else ""
        parts = (frequency_words(row.frequency), sex, row.qualifier.replace("_", " "))
        said = ", ".join(part for part in parts if part)
        groups.setdefault(said, []).append(row)
    return tuple(Claim(said, _references(group)) for said, group in groups.items())


def _references(rows: Sequence[Statement]) -> tuple[str, ...]:
    """What the rows cite; a row that cites nothing is itself the reference."""
    return tuple(dict.fromkeys(row.reference or _itself(row) for row in rows))


def _itself(row: Statement) -> str:
    if row.record in (row.subject, row.object):
        return row.source
    return f"{row.source} {row.record}"


def _by_frequency(one: Fact) -> tuple[float, str, str]:
    return 1.0 if one.share is None else -one.share, one.name.casefold(), one.id
