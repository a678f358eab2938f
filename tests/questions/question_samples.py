"""A small invented world, large enough for questions of every kind.

80 diseases with signs, counts of patients, absences and onsets; 50 genes, 8 families, 8 pathways
and 10 drugs.
"""

import tempfile
from pathlib import Path
from random import Random
from typing import Any

from medresearcher.graph.store import Graph
from medresearcher.questions.synthesize import write_questions
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement
from medresearcher.records.question import Question
from medresearcher.runs import read_records
from medresearcher.settings import SynthesisSettings

HEART, BRAIN, ROOT = "HP:0001626", "HP:0000707", "HP:0000118"
SIGNS = (
    "Ataxia", "Seizure", "Wide nose", "Full cheeks", "Short neck", "Apnea", "Migraine", "Tremor",
    "Raynaud phenomenon", "EEG with burst suppression", "Syncope", "Heart block", "Palpitations",
    "Cataract", "Scoliosis", "Prominent forehead", "Long face", "Back pain", "Alopecia", "Fever",
    "Recurrent infections", "Delayed puberty", "Tall stature", "Thin skin", "Hearing loss",
    "Cleft palate", "Ptosis", "Nystagmus", "Hernia", "Clubfoot", "Anemia", "Jaundice", "Myopia",
    "Deep philtrum", "Split hand", "Narrow chest",
)  # fmt: skip
_WORDS = "amber basalt cedar delta ember fjord garnet hazel indigo juniper"
_KINDS = "dysplasia dystrophy atrophy sclerosis agenesis fibrosis lysis malacia"
_INHERITANCE = ("Autosomal dominant inheritance", "Autosomal recessive inheritance")
_ONSET = {"HP:0003593": "Infantile onset", "HP:0003581": "Adult onset"}
# Broader terms than the signs, by number.
GROUPS = {
    "Movement disorder": (1, 8),
    "Unusual face": (3, 4, 16, 17),
    "Heart rhythm problem": (11, 12, 13),
}


def small_world() -> tuple[list[Entity], list[Statement]]:
    """Entities and statements; the same on every call."""
    rng = Random(11)
    diseases = {
        f"MONDO:{n:07}": f"{word} {kind}"
        for n, (word, kind) in enumerate(
            ((word, kind) for kind in _KINDS.split() for word in _WORDS.split()), 1
        )
    }
    signs = {f"HP:{n:07}": name for n, name in enumerate(SIGNS, 1)}
    inheritance = {f"HP:10{n:05}": name for n, name in enumerate(_INHERITANCE)}
    groups = {f"HP:30{n:05}": name for n, name in enumerate(GROUPS)}
    genes = {f"HGNC:{n}": f"GEN{n}" for n in range(1, 51)}
    families = {
        f"HGNC.FAMILY:{n}": f"{w.capitalize()} subunits"
        for n, w in enumerate(_WORDS.split()[:8], 1)
    }
    pathways = {
        f"REACT:{n}": f"{w.capitalize()} signalling" for n, w in enumerate(_WORDS.split()[:8])
    }
    drugs = {f"DRUG:{n}": f"{word}mab" for n, word in enumerate(_WORDS.split())}
    organs = {ROOT: "Phenotypic abnormality", HEART: "Abnormality of heart", BRAIN: "Brain"}
    kinds = (
        (EntityType.DISEASE, "mondo", diseases),
        (EntityType.PHENOTYPE, "hpo", {**organs, **groups, **signs}),
        (EntityType.INHERITANCE, "hpo", inheritance),
        (EntityType.ONSET, "hpo", _ONSET),
        (EntityType.GENE, "hgnc", genes),
        (EntityType.GENE_GROUP, "hgnc", families),
        (EntityType.PATHWAY, "reactome", pathways),
        (EntityType.DRUG, "drugcentral", drugs),
    )
    entities = [
        Entity(
            curie,
            kind,
            name,
            source,
            (f"{name} alias",),
            f"This is the {name.lower()}, not Raynaud.",
        )
        for kind, source, names in kinds
        for curie, name in names.items()
    ]
    statements = [
        _hpo(curie, Predicate.SUBCLASS_OF, HEART if place % 2 else BRAIN, place)
        for place, curie in enumerate(signs, 1)
    ]
    statements += [
        _hpo(f"HP:{n:07}", Predicate.SUBCLASS_OF, group, n)
        for group, numbers in zip(groups, GROUPS.values(), strict=True)
        for n in numbers
    ]
    for row, disease in enumerate(diseases, 100):
        statements += _about_disease(rng, disease, row, sorted(signs))
        for predicate, names in (
            (Predicate.HAS_INHERITANCE, inheritance),
            (Predicate.HAS_ONSET, _ONSET),
        ):
            one = rng.choice(sorted(names))
            statements.append(_hpo(disease, predicate, one, row, f"PMID:{row}"))
        for gene in rng.sample(sorted(genes), rng.choice((1, 1, 2))):
            statements.append(_hpo(gene, Predicate.CAUSES, disease, row))
    for row, gene in enumerate(genes, 1):
        for family in rng.sample(sorted(families), rng.choice((1, 1, 2))):
            statements.append(Statement(gene, Predicate.MEMBER_OF, family, "hgnc", gene, row))
        one = rng.choice(sorted(pathways))
        statements.append(Statement(gene, Predicate.PARTICIPATES_IN, one, "reactome", gene, row))
    for row, drug in enumerate(drugs, 1):
        for predicate, ends in ((Predicate.TREATS, diseases), (Predicate.AFFECTS, genes)):
            for end in rng.sample(sorted(ends), 2):
                statements.append(Statement(drug, predicate, end, "drugcentral", drug, row))
    return entities, statements


def _about_disease(rng: Random, disease: str, row: int, signs: list[str]) -> list[Statement]:
    """Ten signs, some with a count of patients or a class of frequency, and two absences.

    One disease in sixteen is well studied: each of its signs cites a publication of its own.
    """
    chosen = rng.sample(signs, 12)
    said = []
    for place, sign in enumerate(chosen[:10]):
        cited = f"PMID:{row}{place}" if row % 16 == 0 else f"PMID:{row}"
        patients = rng.randint(3, 30)
        frequency = rng.choice(("", "HP:0040282", f"{rng.randint(1, patients)}/{patients}", "40%"))
        one = _hpo(disease, Predicate.HAS_PHENOTYPE, sign, row, cited)
        said.append(one._replace(frequency=frequency))
    absent = [_hpo(disease, Predicate.HAS_PHENOTYPE, sign, row) for sign in chosen[10:]]
    return said + [one._replace(negated=True) for one in absent]


def _hpo(subject: str, predicate: Predicate, obj: str, row: int, reference: str = "") -> Statement:
    return Statement(subject, predicate, obj, "hpo", f"OMIM:{row}", row, reference)


def small_graph(folder: Path) -> Graph:
    return Graph.build(folder, *small_world())


def draw(graph: Graph, seed: int, count: int, **settings: Any) -> list[Question]:
    """The first questions that a graph gives under a seed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "questions.jsonl"
        write_questions(graph, file, SynthesisSettings(**settings), count=count, seed=seed)
        return list(read_records(file, Question))


def ids(seed: int, count: int) -> list[str]:
    """The ids of the first questions of the small world under a seed."""
    with tempfile.TemporaryDirectory() as folder:
        return [one.id for one in draw(small_graph(Path(folder)), seed, count)]
