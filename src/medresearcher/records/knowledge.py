"""What the sources yield and the knowledge base holds: entities, statements, mappings, documents.

Identifiers are CURIEs (`MONDO:0007947`, `HP:0001166`, `HGNC:3603`, `OMIM:154700`, `PMID:1`).
A `Statement` is one row of one source; statements with the same subject, predicate and object
form an edge and are never melted together, so disagreeing sources stay visible. What is only
read out of texts is `Mined` and stays apart from what a source states.
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
    DRUG = "drug"
    DRUG_CLASS = "drug_class"
    PATHWAY = "pathway"


class Predicate(StrEnum):
    """Relations, with their Biolink names where Biolink has one."""

    HAS_PHENOTYPE = "has_phenotype"
    HAS_INHERITANCE = "has_mode_of_inheritance"
    HAS_ONSET = "has_onset"
    HAS_MODIFIER = "has_modifier"
    CAUSES = "gene_associated_with_condition"
    MEMBER_OF = "member_of"
    SUBCLASS_OF = "subclass_of"
    PARTICIPATES_IN = "participates_in"
    TREATS = "treats"
    AFFECTS = "affects"
    HAS_SIDE_EFFECT = "has_side_effect"
    HAS_ROLE = "has_chemical_role"
    OCCURS_TOGETHER = "occurs_together_in_literature_with"


class MatchKind(StrEnum):
    """How two identifiers of one mapping relate."""

    EXACT = "exact"
    NARROW = "narrow"
    BROAD = "broad"

    @property
    def reverse(self) -> "MatchKind":
        """The same relation seen from the other identifier."""
        turned = {MatchKind.NARROW: MatchKind.BROAD, MatchKind.BROAD: MatchKind.NARROW}
        return turned.get(self, self)


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing that a source names. `equivalents` are other CURIEs of the same thing.

    `designations` say which bodies list it as rare (`gard_rare`, `nord_rare`, …).
    """

    id: str
    type: EntityType
    name: str
    source: str
    aliases: tuple[str, ...] = ()
    definition: str = ""
    equivalents: tuple[str, ...] = ()
    designations: tuple[str, ...] = ()


class Statement(NamedTuple):
    """One row of one source.

    `record` is the source's own id of the annotated thing (`OMIM:154700`), `reference` the
    publication or database entry that the source cites (`PMID:…`, empty if none), `row` the
    1-based line of the row in the source's file. `frequency` is kept as written: `16/21`,
    `HP:0040282`, `45%` or empty. `qualifier` narrows the predicate in the source's sense: for a
    gene and a disease `causal`, `susceptibility`, …; for a drug and its target `inhibitor`, ….
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
    qualifier: str = ""


class Designation(NamedTuple):
    """A body lists `subject` as rare; `label` names the list, `row` is the line in its file."""

    subject: str
    label: str
    source: str
    row: int


class Translation(NamedTuple):
    """What `subject` is called in another language; `row` is the line in the file of the source."""

    subject: str
    language: str
    name: str
    source: str
    row: int


class Prevalence(NamedTuple):
    """How frequent a disease is: one row of one source.

    `measure` is `point_prevalence`, `birth_prevalence`, `lifetime_prevalence`, `annual_incidence`
    or `cases`. `low` and `high` bound the value (per person; for `cases` a number of families or
    patients), `None` where the source gives no bound; `label` is the class as the source writes it.
    """

    subject: str
    measure: str
    label: str
    low: float | None
    high: float | None
    area: str
    source: str
    record: str
    row: int
    references: tuple[str, ...] = ()
    validated: bool = False


class Mined(NamedTuple):
    """A relation read out of a text. `span` stands verbatim in the text that `reference` names.

    `method` is `co_mention` or `llm:<model>`; `subject` and `object` are nodes of the graph.
    """

    subject: str
    predicate: Predicate
    object: str
    reference: str
    span: str
    method: str


class Mapping(NamedTuple):
    """`subject` (the preferred id) and `object` name the same, a narrower or a broader thing."""

    subject: str
    object: str
    kind: MatchKind
    source: str


@dataclass(frozen=True, slots=True)
class Document:
    """One text that can be searched and read. `entities` are CURIEs that the text is about.

    `licence` is that of the text, empty if it is that of the source. `core`: its journal is one
    of MEDLINE's core clinical journals (citation subset AIM).
    """

    id: str
    type: str
    title: str
    text: str
    source: str
    year: int | None = None
    url: str = ""
    journal: str = ""
    entities: tuple[str, ...] = ()
    licence: str = ""
    core: bool = False


Item = Entity | Statement | Mapping | Document | Designation | Prevalence | Translation


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
