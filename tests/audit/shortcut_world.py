"""Three diseases, a gene and a few documents, for figures that can be worked out by hand."""

from pathlib import Path

from medresearcher.audit.formats import Item
from medresearcher.graph.tables import write_tables
from medresearcher.records.knowledge import (
    Document,
    Entity,
    EntityType,
    Evidence,
    Predicate,
    Statement,
)
from medresearcher.records.question import (
    Answer,
    Atom,
    Certificate,
    Choice,
    Clue,
    Dropped,
    Hop,
    Masked,
    Query,
    Question,
    Rarity,
)
from medresearcher.retrieval.index import build_index

D, G, P = EntityType.DISEASE, EntityType.GENE, EntityType.PHENOTYPE
AMBER, BASALT, CEDAR, GENE = "MONDO:1", "MONDO:2", "MONDO:3", "HGNC:1"
ATAXIA, SEIZURE, FEVER, EARLY = "HP:1", "HP:2", "HP:3", "HP:0003577"

_NAMES = {
    AMBER: (D, "amber dysplasia"),
    BASALT: (D, "basalt atrophy"),
    CEDAR: (D, "cedar sclerosis"),
    GENE: (G, "GEN1"),
    ATAXIA: (P, "Ataxia"),
    SEIZURE: (P, "Seizure"),
    FEVER: (P, "Fever"),
    EARLY: (EntityType.ONSET, "Congenital onset"),
}
_EDGES = (
    (AMBER, Predicate.HAS_PHENOTYPE, ATAXIA),
    (AMBER, Predicate.HAS_PHENOTYPE, SEIZURE),
    (BASALT, Predicate.HAS_PHENOTYPE, ATAXIA),
    (BASALT, Predicate.HAS_PHENOTYPE, FEVER),
    (CEDAR, Predicate.HAS_PHENOTYPE, SEIZURE),
    (GENE, Predicate.CAUSES, AMBER),
    (GENE, Predicate.CAUSES, BASALT),
    (BASALT, Predicate.HAS_ONSET, EARLY),
)
_FAR = " ".join(["Nothing of note was seen that winter."] * 30)
KB_DOCUMENTS = (
    Document("1", "disease_page", "amber dysplasia: facts", "ataxia, seizure", "hpo",
             entities=(AMBER,)),
    Document("2", "disease_page", "basalt atrophy: facts", "ataxia, fever, zebra stripes", "hpo",
             entities=(BASALT,)),
    Document("3", "disease_page", "cedar: facts", "seizure", "hpo", entities=(CEDAR,)),
    Document("4", "article", "On walruses", "Basalt atrophy in walruses.", "pubmed"),
    Document("5", "article", "On narwhals", f"A narwhal in the ice.\n{_FAR}\nCedar sclerosis.",
             "pubmed"),
)  # fmt: skip


def write_kb(folder: Path) -> Path:
    """Graph and index of this world in a folder, as a knowledge base has them."""
    entities = [Entity(one, kind, name, "hpo") for one, (kind, name) in _NAMES.items()]
    rows = [Statement(*edge, "hpo", edge[0], line) for line, edge in enumerate(_EDGES)]
    write_tables(folder / "graph", entities, rows)
    build_index(folder / "index", KB_DOCUMENTS)
    return folder


def question(*more: Choice, text: str = "", answer: str = BASALT) -> Question:
    """From ataxia and seizure over the gene to another disease, one with fever."""
    signs = (("Entity_A", ATAXIA), ("Entity_A", SEIZURE), ("Entity_C", FEVER))
    conditions = [
        *(Atom(subject=mask, predicate=Predicate.HAS_PHENOTYPE, object=one) for mask, one in signs),
        *more,
    ]
    row = Evidence(source="hpo", licence="none", record=AMBER, row=1)
    bound = {"Entity_A": AMBER, "Entity_B": GENE, "Entity_C": answer}
    return Question.create(
        question=text or "Which disease with zebra stripes and fever shares the gene of another?",
        answer=Answer(id=answer, name=_NAMES[answer][1], aliases=()),
        specialty="none",
        shape="chain",
        entities=tuple(
            Masked(mask=mask, id=one, type=_NAMES[one][0], name=_NAMES[one][1], aliases=())
            for mask, one in bound.items()
        ),
        hops=tuple(
            Hop(subject=GENE, predicate=Predicate.CAUSES, object=bound[end], start=start, end=mask,
                evidence=(row,))
            for start, mask, end in (
                ("Entity_A", "Entity_B", "Entity_A"), ("Entity_B", "Entity_C", "Entity_C"))
        ),
        clues=tuple(
            Clue(mask=one.subject, condition=one, text=f"clue {number}", evidence=(row,))
            for number, one in enumerate(conditions)
        ),
        certificate=Certificate(
            query=Query(
                variables={"Entity_A": D, "Entity_B": G, "Entity_C": D},
                joins=tuple(
                    Atom(subject="Entity_B", predicate=Predicate.CAUSES, object=one)
                    for one in ("Entity_A", "Entity_C")
                ),
                conditions=tuple(conditions),
                answer="Entity_C",
            ),
            answer=answer,
            dropped=tuple(Dropped(clue=n, answers=(CEDAR,)) for n in range(len(conditions))),
            equivalents={},
            graph="none",
        ),
        rarity=Rarity(rule="cited_publications", value=1, limit=5),
    )  # fmt: skip


_RECORD = question()
ITEM = Item(_RECORD.id, "medresearcher", _RECORD.question, _RECORD.answer.name, record=_RECORD)
