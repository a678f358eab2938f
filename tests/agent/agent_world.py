"""A small handmade world with a question of every shape and every kind of clue.

The ladder: D1 -G1- D2 -G2- D3 -G5; G2 -F3- G6; G1 -F1- G3 -D4- G7; G3 -F2- G4; G1 and G2 share a
family besides; D2 is treated with a drug. Around it stand decoys that share some of the signs,
and a crowd of diseases with two common signs and no gene.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

from medresearcher.graph.chains import Step
from medresearcher.graph.evidence import evidence_of
from medresearcher.graph.query import Solver
from medresearcher.graph.store import Graph
from medresearcher.questions.certify import is_unique, query_of
from medresearcher.questions.grammar import Teller
from medresearcher.questions.patterns import Pattern
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement
from medresearcher.records.question import (
    Atom,
    Certificate,
    Choice,
    Clue,
    Condition,
    Count,
    Masked,
    Question,
)

HAS, CAUSES, MEMBER = Predicate.HAS_PHENOTYPE, Predicate.CAUSES, Predicate.MEMBER_OF
INHERITED, ONSET = Predicate.HAS_INHERITANCE, Predicate.HAS_ONSET
TREATS, TAKES_PART = Predicate.TREATS, Predicate.PARTICIPATES_IN
CROWD = 70
GENES = 90  # of which one disease has more than are listed at once

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
    "kunzite atrophy": ("7", "3"),
    "moonstone disease": ("4", f"1 {' '.join(str(n) for n in range(11, GENES + 1))}"),
}
_FAMILIES = {
    "Opal subunits": "1 3 10",
    "Quartz subunits": "3 4",
    "Ruby subunits": "2 6",
    "Sapphire subunits": "1 2 8 9",
    "Jade subunits": "4 42",
}


def _curies(prefix: str, names: Sequence[str], width: int = 7) -> dict[str, str]:
    return {name: f"{prefix}:{number:0{width}}" for number, name in enumerate(names, 1)}


NAMES = {
    **_curies("MONDO", [*_DISEASES, *(f"crowded disease {n}" for n in range(CROWD))]),
    **_curies("HP", SIGNS),
    **_curies("HGNC", [f"GEN{n}" for n in range(1, GENES + 1)], 1),
    **_curies("HGNC.FAMILY", list(_FAMILIES), 1),
    "zirconab": "DRUG:1",
    "topazine": "DRUG:2",
    "Pearl signalling": "REACT:1",
    "Autosomal recessive inheritance": "HP:9000001",
    "Autosomal dominant inheritance": "HP:9000002",
    "Infantile onset": "HP:0003593",
    "Adult onset": "HP:0003581",
}
_KINDS = {
    "MONDO": EntityType.DISEASE,
    "HP": EntityType.PHENOTYPE,
    "HGNC": EntityType.GENE,
    "HGNC.FAMILY": EntityType.GENE_GROUP,
    "DRUG": EntityType.DRUG,
    "REACT": EntityType.PATHWAY,
}
_SPECIAL = {
    "Autosomal recessive inheritance": EntityType.INHERITANCE,
    "Autosomal dominant inheritance": EntityType.INHERITANCE,
    "Infantile onset": EntityType.ONSET,
    "Adult onset": EntityType.ONSET,
}
_FREQUENCIES = {
    ("garnet atrophy", "Cataract"): "7/10",
    ("garnet atrophy", "Alopecia"): "2/10",
    ("hazel atrophy", "Cataract"): "1/10",
}
_DENIED = (("ember dystrophy", "Fever"), ("basalt dysplasia", "Fever"))

# What a question says of an entity, if the entity is on its chain: (relation, object, words).
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
    "GEN42": ((MEMBER, "Jade subunits", "Jade subunits"),),
}


class Told(NamedTuple):
    """A condition on an entity other than that it has something, in words, and its rows."""

    entity: str
    condition: Condition
    text: str
    rows: tuple[tuple[str, Predicate, str], ...]
    name: str = ""


class Case(NamedTuple):
    """A chain, names joined by `/`; branches; what is asked for (default: the end); other clues.

    The usual clues on entities in `silent` are left out.
    """

    chain: str
    branches: tuple[str, ...] = ()
    asked: str = ""
    told: tuple[Told, ...] = ()
    silent: tuple[str, ...] = ()


def _count(
    entity: str, predicate: Predicate, ends: Sequence[str], words: str, *, forward: bool
) -> Told:
    condition = Count(
        subject="", predicate=predicate, forward=forward, low=len(ends), high=len(ends)
    )
    rows = [(entity, predicate, end) if forward else (end, predicate, entity) for end in ends]
    return Told(entity, condition, f"exactly {words}", tuple(rows))


_OPALS = _count("Opal subunits", MEMBER, ("GEN1", "GEN3", "GEN10"), "three", forward=False)
_RUBIES = _count("Ruby subunits", MEMBER, ("GEN2", "GEN6"), "two", forward=False)
_FEVERLESS = Told(
    "ember dystrophy",
    Atom(subject="", predicate=HAS, object=NAMES["Fever"], closure=True, negated=True),
    "fever",
    (("ember dystrophy", HAS, "Fever"),),
    "fever",
)
_OFTEN = Told(
    "garnet atrophy",
    Atom(subject="", predicate=HAS, object=NAMES["Cataract"], share=(0.7, 0.8)),
    "cataract in 70% to 80% of the patients counted",
    (("garnet atrophy", HAS, "Cataract"),),
    "cataract",
)
_FIRST = Told(
    "fjord dystrophy",
    Choice(subject="", measure="onset", extreme="least"),
    "the earliest onset",
    (("fjord dystrophy", ONSET, "Infantile onset"),),
)
_MOST = Told(
    "GEN3",
    Choice(subject="", measure="edges", extreme="most", predicate=CAUSES),
    "the most",
    (("GEN3", CAUSES, "garnet atrophy"), ("GEN3", CAUSES, "kunzite atrophy")),
)
_SEEN_MOST = Told(
    "Cataract",
    Choice(subject="", measure="share", extreme="most", predicate=HAS, of="garnet atrophy"),
    "most often",
    (("garnet atrophy", HAS, "Cataract"),),
)
_THREE = _count(
    "GEN2",
    CAUSES,
    ("ember dystrophy", "indigo sclerosis", "juniper sclerosis"),
    "three",
    forward=True,
)

_UP = "amber dysplasia/GEN1/ember dystrophy"
_OUT = "amber dysplasia/GEN1/Opal subunits"
CASES = {
    "disease": Case(_UP),
    "family": Case(_OUT, told=(_OPALS,)),
    "gene": Case(f"{_UP}/GEN2"),
    "gene of a family": Case(f"{_OUT}/GEN3"),
    "disease of two genes": Case(f"{_UP}/GEN2/indigo sclerosis"),
    "family of a second gene": Case(f"{_UP}/GEN2/Ruby subunits", told=(_RUBIES,)),
    "disease of a family": Case(f"{_OUT}/GEN3/garnet atrophy"),
    "second family": Case(f"{_OUT}/GEN3/Quartz subunits", told=(_OPALS,)),
    "gene of a third disease": Case(f"{_UP}/GEN2/indigo sclerosis/GEN5"),
    "gene of a second family": Case(f"{_UP}/GEN2/Ruby subunits/GEN6", told=(_RUBIES,)),
    "second gene of a disease": Case(f"{_OUT}/GEN3/garnet atrophy/GEN7"),
    "third gene of families": Case(f"{_OUT}/GEN3/Quartz subunits/GEN4", told=(_OPALS,)),
    "drug": Case(f"{_UP}/zirconab"),
    "pathway": Case(f"{_UP}/GEN2/Pearl signalling"),
    "inheritance": Case(f"{_UP}/Autosomal dominant inheritance"),
    "onset": Case(f"{_UP}/Adult onset"),
    "sign": Case(f"{_UP}/Tremor", silent=("ember dystrophy",), told=(_FEVERLESS,)),
    "fork": Case(
        _UP, ("ember dystrophy/GEN2",), "ember dystrophy", (_THREE,), ("ember dystrophy",)
    ),
    "fork of a gene": Case(f"{_UP}/GEN2", ("ember dystrophy/zirconab",), "GEN2"),
    "cycle": Case(f"{_UP}/GEN2", ("GEN1/Sapphire subunits/GEN2",), "GEN2"),
    "absence": Case(_UP, told=(_FEVERLESS,), silent=("ember dystrophy",)),
    "share": Case(f"{_OUT}/GEN3/garnet atrophy", told=(_OFTEN,), silent=("garnet atrophy", "GEN3")),
    "count": Case(f"{_UP}/GEN2", told=(_THREE,), silent=("ember dystrophy",)),
    "earliest": Case("amber dysplasia/GEN1/fjord dystrophy", told=(_FIRST,)),
    "most linked": Case(f"{_OUT}/GEN3", told=(_OPALS, _MOST), silent=("GEN3",)),
    "one of eighty genes": Case("amber dysplasia/GEN1/moonstone disease/GEN42"),
    "seen most often": Case(f"{_OUT}/GEN3/garnet atrophy/Cataract", told=(_SEEN_MOST,)),
}


def ladder() -> tuple[list[Entity], list[Statement]]:
    """Entities and statements of the world."""
    entities = [
        Entity(curie, _SPECIAL.get(name) or _KINDS[curie.partition(":")[0]], name, "mondo")
        for name, curie in NAMES.items()
    ]
    statements = [
        Statement(
            NAMES[one],
            predicate,
            NAMES[other],
            "hpo",
            "OMIM:1",
            row,
            f"PMID:{row}",
            frequency=_FREQUENCIES.get((one, other), ""),
        )
        for row, (one, predicate, other) in enumerate(_edges(), 1)
    ]
    statements += [
        Statement(NAMES[one], HAS, NAMES[other], "hpo", "OMIM:1", 900 + row, negated=True)
        for row, (one, other) in enumerate(_DENIED)
    ]
    return entities, statements


def _edges() -> Iterator[tuple[str, Predicate, str]]:
    for name, (signs, genes) in _DISEASES.items():
        yield from ((name, HAS, SIGNS[int(n)]) for n in signs.split())
        yield from ((f"GEN{n}", CAUSES, name) for n in genes.split())
    for family, genes in _FAMILIES.items():
        yield from ((f"GEN{n}", MEMBER, family) for n in genes.split())
    for number in range(CROWD):
        yield from ((f"crowded disease {number}", HAS, sign) for sign in ("Fever", "Apnea"))
    yield "amber dysplasia", INHERITED, "Autosomal recessive inheritance"
    yield "amber dysplasia", ONSET, "Infantile onset"
    yield "ember dystrophy", INHERITED, "Autosomal dominant inheritance"
    yield "ember dystrophy", ONSET, "Adult onset"
    yield "fjord dystrophy", ONSET, "Infantile onset"
    yield "zirconab", TREATS, "ember dystrophy"
    yield "topazine", TREATS, "indigo sclerosis"
    yield "GEN2", TAKES_PART, "Pearl signalling"


def ladder_graph(folder: Path) -> Graph:
    return Graph.build(folder, *ladder())


def question_of(graph: Graph, case: Case, seed: int = 0) -> Question:
    """The question of a case; its answer is unique."""
    ways = [case.chain.split("/"), *(branch.split("/") for branch in case.branches)]
    names = list(dict.fromkeys(name for way in ways for name in way))
    masks = {NAMES[name]: f"Entity_{chr(ord('A') + place)}" for place, name in enumerate(names)}
    steps = [_step(graph, NAMES[a], NAMES[b]) for way in ways for a, b in pairwise(way)]
    answer = NAMES[case.asked or ways[0][-1]]
    shape = "chain"
    if case.branches:
        shape = "cycle" if len(steps) >= len(names) else "fork"
    branch = len(steps) - len(ways[0]) + 1
    pattern = Pattern(shape, tuple(steps), answer, branch)
    types = {node: graph.type(node) for node in masks}
    clues = sorted(_clues(graph, case, names, masks), key=lambda clue: clue.mask)
    query = query_of(pattern, masks, types, clues)
    assert is_unique(Solver(graph), query, answer), case
    entities = [_masked(graph, node, mask) for node, mask in masks.items()]
    return Question.create(
        question=Teller(entities, pattern, clues, Random(seed)).tell(),
        answer={"id": answer, "name": graph.name(answer), "aliases": ()},
        specialty="cardiology",
        shape=shape,
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
            query=query,
            answer=answer,
            dropped=(),
            branch=branch,
            equivalents={},
            graph=graph.digest,
        ),
        rarity={"rule": "cited_publications", "value": 1, "limit": 5},
    )


def _clues(graph: Graph, case: Case, names: Sequence[str], masks: dict[str, str]) -> Iterator[Clue]:
    for name in names:
        for predicate, other, text in _CLUES.get(name, ()):
            if other in names or name in case.silent:
                continue
            atom = Atom(
                subject=masks[NAMES[name]],
                predicate=predicate,
                object=NAMES[other],
                closure=predicate is HAS,
            )
            rows = evidence_of(graph, NAMES[name], predicate, NAMES[other])
            yield Clue(mask=atom.subject, condition=atom, text=text, name=text, evidence=rows)
    for told in case.told:
        mask = masks[NAMES[told.entity]]
        changes: dict[str, str] = {"subject": mask}
        if isinstance(told.condition, Choice) and told.condition.of:
            changes["of"] = masks[NAMES[told.condition.of]]
        condition = told.condition.model_copy(update=changes)
        negated = isinstance(condition, Atom) and condition.negated
        rows = [
            row
            for s, p, o in told.rows
            for row in evidence_of(graph, NAMES[s], p, NAMES[o], negated=negated)
        ]
        yield Clue(
            mask=mask, condition=condition, text=told.text, name=told.name, evidence=tuple(rows)
        )


def _masked(graph: Graph, node: str, mask: str) -> Masked:
    return Masked(mask=mask, id=node, type=graph.type(node), name=graph.name(node), aliases=())


def _step(graph: Graph, start: str, end: str) -> Step:
    for predicate in Predicate:
        if end in graph.objects(start, predicate):
            return Step(start, predicate, end, forward=True)
        if end in graph.subjects(start, predicate):
            return Step(start, predicate, end, forward=False)
    raise AssertionError(f"no edge joins {start} and {end}")
