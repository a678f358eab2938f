"""A small handmade world with one chain of every shape, and questions about it.

The ladder: D1 -G1- D2 -G2- D3 -G5; G2 -F3- G6; G1 -F1- G3 -D4- G7; G3 -F2- G4. Around it stand
decoys that share some of the signs, and a crowd of diseases with two common signs and no gene.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

from medresearcher.graph.chains import Step
from medresearcher.graph.evidence import evidence_of
from medresearcher.graph.query import Solver
from medresearcher.graph.store import Graph
from medresearcher.questions.certify import is_unique, query_of
from medresearcher.questions.grammar import Teller
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement
from medresearcher.records.question import Certificate, Clue, Masked, Question

HAS, CAUSES, MEMBER = Predicate.HAS_PHENOTYPE, Predicate.CAUSES, Predicate.MEMBER_OF
INHERITED, ONSET = Predicate.HAS_INHERITANCE, Predicate.HAS_ONSET
CROWD = 60

SIGNS = (
    "Wide nose", "Short neck", "Long face", "Tremor", "Ataxia", "Cataract", "Alopecia", "Scoliosis",
    "Fever", "Apnea",
)  # fmt: skip
_DISEASES = {
    # name: (signs by number, genes that cause it)
    "amber dysplasia": ("0 1 2", "1"),
    "basalt dysplasia": ("0 1", "9"),
    "cedar dysplasia": ("0 2", "9"),
    "delta dysplasia": ("1 2", "9"),
    "ember dystrophy": ("3", "1 2"),
    "fjord dystrophy": ("4", "1"),
    "indigo sclerosis": ("7", "2 5"),
    "juniper sclerosis": ("4", "2"),
    "garnet atrophy": ("5 6", "3 7"),
    "hazel atrophy": ("5", "10"),
}
_FAMILIES = {"Opal subunits": "1 3 10", "Quartz subunits": "3 4", "Ruby subunits": "2 6"}


def _curies(prefix: str, names: Sequence[str], width: int = 7) -> dict[str, str]:
    return {name: f"{prefix}:{number:0{width}}" for number, name in enumerate(names, 1)}


NAMES = {
    **_curies("MONDO", [*_DISEASES, *(f"crowded disease {n}" for n in range(CROWD))]),
    **_curies("HP", SIGNS),
    **_curies("HGNC", [f"GEN{n}" for n in range(1, 11)], 1),
    **_curies("HGNC.FAMILY", list(_FAMILIES), 1),
    "Autosomal recessive inheritance": "HP:9000001",
    "Infantile onset": "HP:9000002",
}
_KINDS = {
    "MONDO": EntityType.DISEASE,
    "HP": EntityType.PHENOTYPE,
    "HGNC": EntityType.GENE,
    "HGNC.FAMILY": EntityType.GENE_GROUP,
}
_SPECIAL = {"HP:9000001": EntityType.INHERITANCE, "HP:9000002": EntityType.ONSET}

# What a question says of an entity, if the entity is on its chain.
_CLUES = {
    "amber dysplasia": (
        *((HAS, sign, sign.lower()) for sign in SIGNS[:3]),
        (INHERITED, "Autosomal recessive inheritance", "autosomal recessive"),
        (ONSET, "Infantile onset", "infantile onset"),
    ),
    "ember dystrophy": ((HAS, "Tremor", "tremor"),),
    "indigo sclerosis": ((HAS, "Scoliosis", "scoliosis"),),
    "garnet atrophy": ((HAS, "Cataract", "cataract"), (HAS, "Alopecia", "alopecia")),
    "GEN3": ((MEMBER, "Quartz subunits", "Quartz subunits"),),
}

_UP = "amber dysplasia/GEN1/ember dystrophy"
_OUT = "amber dysplasia/GEN1/Opal subunits"
CHAINS = (
    _UP,
    _OUT,
    f"{_UP}/GEN2",
    f"{_OUT}/GEN3",
    f"{_UP}/GEN2/indigo sclerosis",
    f"{_UP}/GEN2/Ruby subunits",
    f"{_OUT}/GEN3/garnet atrophy",
    f"{_OUT}/GEN3/Quartz subunits",
    f"{_UP}/GEN2/indigo sclerosis/GEN5",
    f"{_UP}/GEN2/Ruby subunits/GEN6",
    f"{_OUT}/GEN3/garnet atrophy/GEN7",
    f"{_OUT}/GEN3/Quartz subunits/GEN4",
)


def ladder() -> tuple[list[Entity], list[Statement]]:
    """Entities and statements of the world."""
    entities = [
        Entity(curie, _SPECIAL.get(curie) or _KINDS[curie.partition(":")[0]], name, "mondo")
        for name, curie in NAMES.items()
    ]
    edges: list[tuple[str, Predicate, str]] = []
    for name, (signs, genes) in _DISEASES.items():
        edges += [(name, HAS, SIGNS[int(n)]) for n in signs.split()]
        edges += [(f"GEN{n}", CAUSES, name) for n in genes.split()]
    for family, genes in _FAMILIES.items():
        edges += [(f"GEN{n}", MEMBER, family) for n in genes.split()]
    for number in range(CROWD):
        edges += [(f"crowded disease {number}", HAS, sign) for sign in ("Fever", "Apnea")]
    edges += [
        ("amber dysplasia", INHERITED, "Autosomal recessive inheritance"),
        ("amber dysplasia", ONSET, "Infantile onset"),
    ]
    statements = [
        Statement(NAMES[one], predicate, NAMES[other], "hpo", "OMIM:1", row, f"PMID:{row}")
        for row, (one, predicate, other) in enumerate(edges, 1)
    ]
    return entities, statements


def ladder_graph(folder: Path) -> Graph:
    return Graph.build(folder, *ladder())


def question_of(graph: Graph, chain: str, seed: int = 0) -> Question:
    """The question about a chain, names joined by `/`; its answer is unique."""
    names = chain.split("/")
    nodes = [NAMES[name] for name in names]
    masks = {node: f"Entity_{chr(ord('A') + place)}" for place, node in enumerate(nodes)}
    entities = [_masked(graph, node, mask) for node, mask in masks.items()]
    steps = [_step(graph, start, end) for start, end in pairwise(nodes)]
    clues = [
        Clue(
            mask=masks[NAMES[name]],
            predicate=predicate,
            object=NAMES[other],
            text=text,
            evidence=evidence_of(graph, NAMES[name], predicate, NAMES[other]),
        )
        for name in names
        for predicate, other, text in _CLUES.get(name, ())
        if other not in names
    ]
    query = query_of(masks, {node: graph.type(node) for node in nodes}, steps, clues)
    assert is_unique(Solver(graph), query, nodes[-1]), chain
    return Question.create(
        question=Teller(entities, steps, clues, Random(seed)).tell(),
        answer={"id": nodes[-1], "name": names[-1], "aliases": ()},
        specialty="cardiology",
        entities=entities,
        hops=[
            {
                "subject": step.subject,
                "predicate": step.predicate,
                "object": step.object,
                "start": masks[step.start],
                "end": masks[step.end],
                "evidence": evidence_of(graph, step.subject, step.predicate, step.object),
            }
            for step in steps
        ],
        clues=clues,
        certificate=Certificate(
            query=query, answer=nodes[-1], dropped=(), equivalents={}, graph=graph.digest
        ),
        rarity={"rule": "cited_publications", "value": 1, "limit": 5},
    )


def _masked(graph: Graph, node: str, mask: str) -> Masked:
    return Masked(mask=mask, id=node, type=graph.type(node), name=graph.name(node), aliases=())


def _step(graph: Graph, start: str, end: str) -> Step:
    for predicate in (CAUSES, MEMBER):
        if end in graph.objects(start, predicate):
            return Step(start, predicate, end, forward=True)
        if end in graph.subjects(start, predicate):
            return Step(start, predicate, end, forward=False)
    raise AssertionError(f"no edge joins {start} and {end}")
