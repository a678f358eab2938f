"""A small graph for tests: Marfan syndrome and its neighbours, with every kind of fact."""

from pathlib import Path

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement

MARFAN = "MONDO:0007947"
FBN1 = "HGNC:3603"
SEIZURE = "HP:0001250"
CLASS = "MONDO:0000001"
GROUP = "HGNC.FAMILY:1888"

_KINDS = EntityType
ENTITIES = [
    Entity(
        MARFAN,
        _KINDS.DISEASE,
        "Marfan syndrome",
        "mondo",
        ("MFS", "Marfan's syndrome"),
        "A disorder of the connective tissue.",
        ("OMIM:154700", "ORPHA:558"),
    ),
    Entity("MONDO:0000002", _KINDS.DISEASE, "acromicric dysplasia", "mondo"),
    Entity("MONDO:0000003", _KINDS.DISEASE, "bare disease", "mondo"),
    Entity(CLASS, _KINDS.DISEASE, "connective tissue disease", "mondo"),
    Entity("MONDO:0000009", _KINDS.DISEASE, "MFS", "mondo"),
    Entity("MONDO:0000010", _KINDS.DISEASE, "twin name", "mondo"),
    Entity("HP:0000010", _KINDS.PHENOTYPE, "Twin name", "hpo"),
    Entity(FBN1, _KINDS.GENE, "FBN1", "hgnc", ("fibrillin 1",), "fibrillin 1; gene at 15q21.1"),
    Entity(GROUP, _KINDS.GENE_GROUP, "Fibrillins", "hgnc"),
    Entity(SEIZURE, _KINDS.PHENOTYPE, "Seizure", "hpo", definition="An event."),
    Entity("HP:0001166", _KINDS.PHENOTYPE, "Arachnodactyly", "hpo"),
    Entity("HP:0001083", _KINDS.PHENOTYPE, "Ectopia lentis", "hpo"),
    Entity("HP:0000098", _KINDS.PHENOTYPE, "Tall stature", "hpo"),
    Entity("HP:0000256", _KINDS.PHENOTYPE, "Macrocephaly", "hpo"),
    Entity("HP:0000006", _KINDS.INHERITANCE, "Autosomal dominant inheritance", "hpo"),
    Entity("HP:0003577", _KINDS.ONSET, "Congenital onset", "hpo"),
    Entity("HP:0003676", _KINDS.MODIFIER, "Progressive", "hpo"),
]
MANY = [Entity(f"HP:01{n:05}", _KINDS.PHENOTYPE, f"Finding {n:03}", "hpo") for n in range(45)]


def _row(
    subject: str,
    predicate: Predicate,
    obj: str,
    reference: str = "",
    frequency: str = "",
    *,
    negated: bool = False,
    sex: str = "",
) -> Statement:
    record = "OMIM:154700" if subject == MARFAN else subject
    return Statement(
        subject, predicate, obj, "hpo", record, 1, reference, negated, frequency, "", sex
    )


_HAS = Predicate.HAS_PHENOTYPE
STATEMENTS = [
    _row(MARFAN, _HAS, SEIZURE, "PMID:31772430", "16/21"),
    _row(MARFAN, _HAS, "HP:0001166", "ORPHA:558", "HP:0040282"),
    *(_row(MARFAN, _HAS, "HP:0001166", f"PMID:{n}", "9/10") for n in range(1, 6)),
    _row(MARFAN, _HAS, "HP:0001083", "PMID:7"),
    _row(MARFAN, _HAS, "HP:0001083", "PMID:8", negated=True),
    _row(MARFAN, _HAS, "HP:0000098", "PMID:7", "45%", sex="male"),
    _row(MARFAN, _HAS, "HP:0000256", "PMID:9", negated=True),
    _row(MARFAN, Predicate.HAS_INHERITANCE, "HP:0000006", "PMID:17502658"),
    _row(MARFAN, Predicate.HAS_ONSET, "HP:0003577"),
    _row(MARFAN, Predicate.HAS_MODIFIER, "HP:0003676", "PMID:7"),
    Statement(MARFAN, Predicate.SUBCLASS_OF, CLASS, "mondo", MARFAN, 3),
    Statement(FBN1, Predicate.CAUSES, MARFAN, "hpo", "OMIM:154700", 4),
    Statement(FBN1, Predicate.CAUSES, "MONDO:0000002", "uniprot", "OMIM:1", 5, "PMID:5"),
    Statement(FBN1, Predicate.MEMBER_OF, GROUP, "hgnc", FBN1, 6),
    *(_row("MONDO:0000002", _HAS, one.id, "PMID:6") for one in MANY),
]


def build(folder: Path) -> Graph:
    """The graph, written to and read from `folder`."""
    return Graph.build(folder, [*ENTITIES, *MANY], STATEMENTS)
