"""A small invented world, large enough for questions: 40 diseases, 30 genes, 8 families."""

import tempfile
from pathlib import Path
from random import Random

from medresearcher.graph.store import Graph
from medresearcher.questions.synthesize import Synthesizer
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement
from medresearcher.settings import SynthesisSettings

HEART, BRAIN, ROOT = "HP:0001626", "HP:0000707", "HP:0000118"
SIGNS = (
    "Ataxia", "Seizure", "Wide nose", "Full cheeks", "Short neck", "Apnea", "Migraine", "Tremor",
    "Raynaud phenomenon", "EEG with burst suppression", "Syncope", "Heart block", "Palpitations",
    "Cataract", "Scoliosis", "Prominent forehead", "Long face", "Back pain", "Alopecia", "Fever",
    "Recurrent infections", "Delayed puberty", "Tall stature", "Thin skin",
)  # fmt: skip
_WORDS = "amber basalt cedar delta ember fjord garnet hazel indigo juniper"
_KINDS = "dysplasia dystrophy atrophy sclerosis"
_INHERITANCE = ("Autosomal dominant inheritance", "Autosomal recessive inheritance")
_ONSET = ("Infantile onset", "Adult onset")


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
    onset = {f"HP:20{n:05}": name for n, name in enumerate(_ONSET)}
    genes = {f"HGNC:{n}": f"GEN{n}" for n in range(1, 31)}
    families = {
        f"HGNC.FAMILY:{n}": f"{w.capitalize()} subunits"
        for n, w in enumerate(_WORDS.split()[:8], 1)
    }
    organs = {ROOT: "Phenotypic abnormality", HEART: "Abnormality of heart", BRAIN: "Brain"}
    kinds = (
        (EntityType.DISEASE, "mondo", diseases),
        (EntityType.PHENOTYPE, "hpo", {**organs, **signs}),
        (EntityType.INHERITANCE, "hpo", inheritance),
        (EntityType.ONSET, "hpo", onset),
        (EntityType.GENE, "hgnc", genes),
        (EntityType.GENE_GROUP, "hgnc", families),
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
    for row, disease in enumerate(diseases, 100):
        cited = f"PMID:{row}"
        chosen = rng.sample(sorted(signs), 10)
        statements += [_hpo(disease, Predicate.HAS_PHENOTYPE, one, row, cited) for one in chosen]
        for predicate, names in (
            (Predicate.HAS_INHERITANCE, inheritance),
            (Predicate.HAS_ONSET, onset),
        ):
            statements.append(_hpo(disease, predicate, rng.choice(sorted(names)), row, cited))
        for gene in rng.sample(sorted(genes), rng.choice((1, 1, 2))):
            statements.append(_hpo(gene, Predicate.CAUSES, disease, row))
    for row, gene in enumerate(genes, 1):
        for family in rng.sample(sorted(families), rng.choice((1, 1, 2))):
            statements.append(Statement(gene, Predicate.MEMBER_OF, family, "hgnc", gene, row))
    return entities, statements


def _hpo(subject: str, predicate: Predicate, obj: str, row: int, reference: str = "") -> Statement:
    return Statement(subject, predicate, obj, "hpo", f"OMIM:{row}", row, reference)


def small_graph(folder: Path) -> Graph:
    return Graph.build(folder, *small_world())


def ids(seed: int) -> list[str]:
    """The ids of all questions that the small world gives under a seed."""
    with tempfile.TemporaryDirectory() as folder:
        graph = small_graph(Path(folder))
        return [one.id for one in Synthesizer(graph, SynthesisSettings(), seed).draw()]
