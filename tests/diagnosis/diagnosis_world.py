"""A small world: ten diseases with counts, classes, denials and citations."""

from pathlib import Path

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement

ROOT = "HP:0000118"
# term: (name, parent)
TERMS = {
    "HP:0000002": ("Abnormal eye", ROOT),
    "HP:0000003": ("Abnormal lens", "HP:0000002"),
    "HP:0000004": ("Cataract", "HP:0000003"),
    "HP:0000005": ("Ectopia lentis", "HP:0000003"),
    "HP:0000006": ("Abnormal limb", ROOT),
    "HP:0000007": ("Long fingers", "HP:0000006"),
    "HP:0000008": ("Arachnodactyly", "HP:0000007"),
    "HP:0000009": ("Abnormal heart", ROOT),
    "HP:0000010": ("Aortic aneurysm", "HP:0000009"),
    "HP:0000011": ("Seizure", ROOT),
    "HP:0000012": ("Focal seizure", "HP:0000011"),
}
# disease: rows (term, frequency, reference, negated)
ROWS = {
    1: [
        ("HP:0000005", "8/10", "PMID:1", False),
        ("HP:0000008", "9/10", "PMID:1", False),
        ("HP:0000010", "7/10", "PMID:1", False),
        ("HP:0000012", "0/10", "PMID:1", True),
    ],
    2: [("HP:0000005", "HP:0040281", "OMIM:2", False)],
    3: [("HP:0000004", "HP:0040282", "OMIM:3", False), ("HP:0000011", "", "OMIM:3", False)],
    4: [("HP:0000010", "5%", "PMID:4", False), ("HP:0000007", "2/4", "PMID:4", False)],
    5: [("HP:0000012", "3/3", "PMID:5", False)],
    6: [("HP:0000011", "1/9", "PMID:5", False)],
    7: [("HP:0000006", "", "OMIM:7", False)],
    8: [("HP:0000009", "HP:0040283", "OMIM:8", False)],
    9: [("HP:0000002", "4/5", "PMID:9", False)],
    10: [("HP:0000004", "1/1", "PMID:10", False), ("HP:0000012", "1/1", "PMID:10", False)],
}


def disease(number: int) -> str:
    """The node of a disease."""
    return f"MONDO:{number:07d}"


def build(folder: Path) -> Graph:
    """The graph of the small world."""
    entities = [Entity(ROOT, EntityType.PHENOTYPE, "Phenotypic abnormality", "hpo")]
    statements: list[Statement] = []
    for line, (term, (name, parent)) in enumerate(TERMS.items(), 1):
        former = ("HP:0009999",) if term == "HP:0000008" else ()
        entities.append(Entity(term, EntityType.PHENOTYPE, name, "hpo", equivalents=former))
        statements.append(Statement(term, Predicate.SUBCLASS_OF, parent, "hpo", term, line))
    entities.append(Entity("HP:0003577", EntityType.ONSET, "Congenital onset", "hpo"))
    entities.append(Entity("HP:0003581", EntityType.ONSET, "Adult onset", "hpo"))
    entities.append(Entity("HGNC:1", EntityType.GENE, "GENE1", "hgnc"))
    for number, rows in ROWS.items():
        node, record = disease(number), f"OMIM:{number}"
        entities.append(
            Entity(node, EntityType.DISEASE, f"Disease {number}", "hpo", equivalents=(record,))
        )
        for line, (term, frequency, reference, negated) in enumerate(rows, 100 * number):
            statements.append(
                Statement(
                    node,
                    Predicate.HAS_PHENOTYPE,
                    term,
                    "hpo",
                    record,
                    line,
                    reference,
                    negated,
                    frequency,
                )
            )
        onset = "HP:0003581" if number == 2 else "HP:0003577"
        statements.append(Statement(node, Predicate.HAS_ONSET, onset, "hpo", record, number))
    statements.append(Statement("HGNC:1", Predicate.CAUSES, disease(1), "hpo", "OMIM:1", 1))
    return Graph.build(folder, entities, statements)
