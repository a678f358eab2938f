"""A small graph with drugs, targets, pathways and a rare disease of which only Orphanet knows."""

from pathlib import Path

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import (
    Entity,
    EntityType,
    Mapping,
    MatchKind,
    Predicate,
    Prevalence,
    Statement,
)

_KINDS = EntityType
GOUT, RARE, DRUG, GENE = "MONDO:0005393", "ORPHA:99", "DRUGBANK:DB00437", "HGNC:12805"
PATHWAY, CLASS, RASH = "REACT:R-HSA-74259", "CHEBI:35841", "HP:0000988"
ENTITIES = [
    Entity(GOUT, _KINDS.DISEASE, "gout", "mondo"),
    Entity("MONDO:0000001", _KINDS.DISEASE, "arthritis", "mondo"),
    Entity(
        RARE,
        _KINDS.DISEASE,
        "Rare gout",
        "orphanet",
        definition="A rare form of gout. " * 12,
        designations=("gard_rare",),
    ),
    Entity(DRUG, _KINDS.DRUG, "Allopurinol", "drug_names", equivalents=("MESH:D000493",)),
    Entity(GENE, _KINDS.GENE, "XDH", "hgnc"),
    Entity(PATHWAY, _KINDS.PATHWAY, "Purine catabolism", "reactome"),
    Entity(CLASS, _KINDS.DRUG_CLASS, "uricosuric drug", "drugcentral"),
    Entity(RASH, _KINDS.PHENOTYPE, "Skin rash", "hpo"),
]


def row(subject: str, predicate: Predicate, obj: str, source: str, **more: object) -> Statement:
    values = {"record": subject, "row": 2, **more}
    return Statement(subject, predicate, obj, source, **values)


STATEMENTS = [
    row(DRUG, Predicate.TREATS, GOUT, "pharmacotherapydb", qualifier="disease_modifying"),
    row(DRUG, Predicate.TREATS, "MONDO:0000001", "pharmacotherapydb", negated=True),
    row(
        DRUG, Predicate.AFFECTS, GENE, "drugcentral", qualifier="inhibitor", reference="PMID:7",
        record="DB00437",
    ),
    row(DRUG, Predicate.HAS_ROLE, CLASS, "drugcentral"),
    row(DRUG, Predicate.HAS_SIDE_EFFECT, RASH, "sider"),
    row(GENE, Predicate.PARTICIPATES_IN, PATHWAY, "reactome"),
    row(GENE, Predicate.CAUSES, RARE, "orphanet", record=RARE, qualifier="susceptibility"),
    row(RARE, Predicate.HAS_PHENOTYPE, RASH, "orphanet", reference="PMID:1", frequency="1/30"),
    row(RARE, Predicate.HAS_PHENOTYPE, RASH, "hpo", reference="PMID:2", frequency="HP:0040281"),
]  # fmt: skip
PREVALENCES = [
    Prevalence(
        RARE, "point_prevalence", "<1 / 1 000 000", 0.0, 1e-6, "Worldwide", "orphanet", RARE, 4,
        ("PMID:5",),
    ),
]  # fmt: skip
MATCHES = [
    Mapping(RARE, GOUT, MatchKind.BROAD, "orphanet"),
    Mapping(RARE, "ICD10:M10", MatchKind.BROAD, "orphanet"),
]


def build(folder: Path) -> Graph:
    """The graph, written to and read from `folder`."""
    return Graph.build(folder, ENTITIES, STATEMENTS, PREVALENCES, MATCHES)
