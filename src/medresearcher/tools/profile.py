"""All that the knowledge base holds about one entity, as one object: what `show` prints.

The facts of every relation with the source rows that state or deny them, rarity and why,
prevalence, matches that are no identity, disagreements between sources, and what texts mention
the entity together with.
"""

from collections.abc import Sequence
from typing import Protocol

from medresearcher.graph.conflicts import Conflict, ConflictKind, conflicts
from medresearcher.graph.rarity import Frequencies, rarity
from medresearcher.graph.store import Graph
from medresearcher.records.base import Frozen
from medresearcher.records.knowledge import (
    EntityType,
    MatchKind,
    Mined,
    Predicate,
    Prevalence,
    Statement,
)
from medresearcher.records.question import Rarity
from medresearcher.retrieval.relations import (
    RELATIONS,
    RelationName,
    facts,
    neighbours,
    relations_of,
    rows_of,
)
from medresearcher.sources.registry import licence_of

MENTIONS = 10


class Literature(Frequencies, Protocol):
    """A corpus in which mentions were counted, with the sentences that hold two of them."""

    def mined(self, node: str, limit: int | None = None) -> Sequence[Mined]:
        """Relations with a node at either end that were read out of texts."""
        ...


class Named(Frozen):
    """A node with its name; `name` is `None` for an id that no source describes."""

    id: str
    name: str | None


class Row(Frozen):
    """One source row, as a `Statement` has it; what it does not state is `None`."""

    source: str
    licence: str
    record: str
    row: int
    negated: bool
    reference: str | None
    frequency: str | None
    onset: str | None
    sex: str | None
    qualifier: str | None


class FactProfile(Named):
    """The entity at the other end of an edge, and every row about the edge.

    `absent`: the relation is one of denied edges. `disputed`: rows state the edge and others deny
    it. `share` is the highest stated frequency.
    """

    absent: bool
    disputed: bool
    share: float | None
    evidence: tuple[Row, ...]


class ConflictProfile(Frozen):
    """One disagreement of sources about the entity."""

    kind: ConflictKind
    predicate: Predicate
    objects: tuple[Named, ...]
    evidence: tuple[Row, ...]


class MatchProfile(Named):
    """Something the entity matches without being it: the other is narrower, broader, or `exact`."""

    kind: MatchKind
    source: str


class PrevalenceProfile(Frozen):
    """One source row on how frequent the disease is."""

    measure: str
    label: str
    low: float | None
    high: float | None
    area: str
    source: str
    record: str
    row: int
    references: tuple[str, ...]
    validated: bool


class MentionProfile(Named):
    """The entity that a text mentions together with this one, and the words that do."""

    predicate: Predicate
    reference: str
    span: str
    method: str


class CorpusProfile(Frozen):
    """How often a mined corpus mentions the entity; `None` if it has no name to look for."""

    citations: int
    mentions: int | None


class EntityProfile(Frozen):
    """The entity itself."""

    id: str
    type: EntityType
    name: str
    source: str
    aliases: tuple[str, ...]
    definition: str
    equivalents: tuple[str, ...]
    designations: tuple[str, ...]


class Profile(Frozen):
    """All about one entity."""

    entity: EntityProfile
    rarity: Rarity | None
    facts: dict[RelationName, tuple[FactProfile, ...]]
    conflicts: tuple[ConflictProfile, ...]
    matches: tuple[MatchProfile, ...]
    prevalence: tuple[PrevalenceProfile, ...]
    corpus: CorpusProfile | None
    mentions: tuple[MentionProfile, ...]


def profile(
    graph: Graph,
    curie: str,
    limit: int,
    literature: Literature | None = None,
    *,
    relations: Sequence[RelationName] | None = None,
) -> Profile:
    """All about a node, or the facts of `relations` only; `KeyError` if there is no such node.

    `limit` is that of the rarity rule on publications.
    """
    entity = graph.entity(curie)
    wanted = relations_of(entity.type) if relations is None else relations
    held: list[RelationName] = [name for name in wanted if neighbours(graph, curie, name)]
    disease = entity.type is EntityType.DISEASE
    return Profile(
        entity=EntityProfile.model_validate(
            {name: getattr(entity, name) for name in EntityProfile.model_fields}
        ),
        rarity=rarity(graph, curie, limit, literature) if disease else None,
        facts={name: _facts(graph, curie, name) for name in held},
        conflicts=tuple(_conflict(graph, one) for one in conflicts(graph, curie)),
        matches=tuple(
            MatchProfile(
                id=one.object, name=_name(graph, one.object), kind=one.kind, source=one.source
            )
            for one in graph.matches(curie)
        ),
        prevalence=tuple(_prevalence(one) for one in graph.prevalences(curie)),
        corpus=_corpus(literature, curie) if literature else None,
        mentions=tuple(_mention(graph, curie, one) for one in literature.mined(curie, MENTIONS))
        if literature
        else (),
    )


def _facts(graph: Graph, curie: str, name: RelationName) -> tuple[FactProfile, ...]:
    return tuple(
        FactProfile(
            id=one.id,
            name=one.name,
            absent=RELATIONS[name].absent,
            disputed=bool(one.against),
            share=one.share,
            evidence=tuple(map(_row, rows_of(graph, curie, name, one.id))),
        )
        for one in facts(graph, curie, name)
    )


def _row(row: Statement) -> Row:
    return Row(
        source=row.source,
        licence=licence_of(row.source),
        record=row.record,
        row=row.row,
        negated=row.negated,
        reference=row.reference or None,
        frequency=row.frequency or None,
        onset=row.onset or None,
        sex=row.sex or None,
        qualifier=row.qualifier or None,
    )


def _conflict(graph: Graph, one: Conflict) -> ConflictProfile:
    return ConflictProfile(
        kind=one.kind,
        predicate=one.predicate,
        objects=tuple(named(graph, obj) for obj in one.objects),
        evidence=tuple(map(_row, one.statements)),
    )


def _prevalence(one: Prevalence) -> PrevalenceProfile:
    values = one._asdict()
    del values["subject"]
    return PrevalenceProfile.model_validate(values)


def _corpus(literature: Literature, curie: str) -> CorpusProfile:
    mentions = literature.frequency(curie) if literature.knows(curie) else None
    return CorpusProfile(citations=literature.citations, mentions=mentions)


def _mention(graph: Graph, curie: str, one: Mined) -> MentionProfile:
    other = one.object if one.subject == curie else one.subject
    return MentionProfile(
        id=other,
        name=_name(graph, other),
        predicate=one.predicate,
        reference=one.reference,
        span=one.span,
        method=one.method,
    )


def named(graph: Graph, curie: str) -> Named:
    """A node with its name."""
    return Named(id=curie, name=_name(graph, curie))


def _name(graph: Graph, curie: str) -> str | None:
    return graph.name(curie) if curie in graph else None
