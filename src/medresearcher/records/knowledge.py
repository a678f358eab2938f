"""What the sources yield and the knowledge base holds: entities, statements, mappings, documents.

Identifiers are CURIEs (`MONDO:0007947`, `HP:0001166`, `HGNC:3603`, `OMIM:154700`, `PMID:1`).
A `Statement` is one row of one source; statements with the same subject, predicate and object
form an edge and are never melted together, so disagreeing sources stay visible.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from medresearcher.records.base import Frozen


class EntityType(StrEnum):
    """Kinds of node in the graph."""

    DISEASE = "disease"
    GENE = "gene"
    PHENOTYPE = "phenotype"
    INHERITANCE = "inheritance"
    ONSET = "onset"
    FREQUENCY = "frequency"
    MODIFIER = "modifier"
    GENE_GROUP = "gene_group"


class Predicate(StrEnum):
    """Relations, with their Biolink names where Biolink has one."""

    HAS_PHENOTYPE = "has_phenotype"
    HAS_INHERITANCE = "has_mode_of_inheritance"
    HAS_ONSET = "has_onset"
    HAS_MODIFIER = "has_modifier"
    CAUSES = "gene_associated_with_condition"
    MEMBER_OF = "member_of"
    SUBCLASS_OF = "subclass_of"


class MatchKind(StrEnum):
    """How two identifiers of one mapping relate."""

    EXACT = "exact"
    NARROW = "narrow"
    BROAD = "broad"


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing that a source names. `equivalents` are other CURIEs of the same thing."""

    id: str
    type: EntityType
    name: str
    source: str
    aliases: tuple[str, ...] = ()
    definition: str = ""
    equivalents: tuple[str, ...] = ()


class Statement(NamedTuple):
    """One row of one source.

    `record` is the source's own id of the annotated thing (`OMIM:154700`), `reference` the
    publication or database entry that the source cites (`PMID:…`, empty if none), `row` the
    1-based line of the row in the source's file. `frequency` is kept as written: `16/21`,
    `HP:0040282`, `45%` or empty.
    """

    subject: str
    predicate: Predicate
    object: str
    source: str
    record: str
    row: int
    reference: str = ""
    negated: bool = False
    frequency: str = ""
    onset: str = ""
    sex: str = ""


class Mapping(NamedTuple):
    """`subject` (the preferred id) and `object` name the same, a narrower or a broader thing."""

    subject: str
    object: str
    kind: MatchKind
    source: str


@dataclass(frozen=True, slots=True)
class Document:
    """One text that can be searched and read. `entities` are CURIEs that the text is about."""

    id: str
    type: str
    title: str
    text: str
    source: str
    year: int | None = None
    url: str = ""
    journal: str = ""
    entities: tuple[str, ...] = ()


Item = Entity | Statement | Mapping | Document


class Evidence(Frozen):
    """Where a statement comes from, so that anyone can look it up.

    `record`, `row` and `reference` are those of the `Statement`; `span` is the supporting text
    where the source has one.
    """

    source: str
    licence: str
    record: str
    row: int
    reference: str | None = None
    frequency: str | None = None
    span: str | None = None
