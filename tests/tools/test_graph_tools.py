"""`find_by_features` and `neighbours`: every outcome, every page, and what is read back."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement
from medresearcher.records.trajectory import Observation, Outcome
from medresearcher.tools import find_by_features as features
from medresearcher.tools import neighbours as steps
from medresearcher.tools.facts import parse_facts
from medresearcher.tools.find_by_features import find_by_features
from medresearcher.tools.neighbours import neighbours, parse_counts, parse_edges
from medresearcher.tools.tool import Tool

D, G, P = EntityType.DISEASE, EntityType.GENE, EntityType.PHENOTYPE
F, M = EntityType.GENE_GROUP, EntityType.INHERITANCE
HAS, CAUSES, BELOW = Predicate.HAS_PHENOTYPE, Predicate.CAUSES, Predicate.SUBCLASS_OF
CROWD = 90
SIGNS = {
    "HP:0000001": ("Seizure", ("Fits",)),
    "HP:0000002": ("Focal seizure", ()),
    "HP:0000003": ("Fever", ()),
    "HP:0000004": ("Ataxia (severe) · late", ()),
    "HP:0000005": ("Rash", ("twin",)),
    "HP:0000006": ("Tremor", ("twin",)),
    "HP:0000007": ("Apnea", ()),
}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Ninety diseases with fever, of one gene; some with seizures, denied and stated."""
    diseases = [f"MONDO:{n:07}" for n in range(1, CROWD + 1)]
    entities = [
        *(Entity(one, P, name, "hpo", aliases) for one, (name, aliases) in SIGNS.items()),
        *(Entity(one, D, f"disease {n:02}", "mondo") for n, one in enumerate(diseases, 1)),
        Entity("MONDO:0000999", D, "Fever", "mondo"),
        Entity("HGNC:1", G, "GEN1", "hgnc"),
        Entity("HGNC:2", G, "GEN2", "hgnc"),
        Entity("HGNC:3", G, "GEN3", "hgnc"),
        Entity("HGNC.FAMILY:1", F, "Opals (all) [x]", "hgnc"),
        Entity("HP:0000100", M, "Autosomal recessive inheritance", "hpo"),
    ]
    one, two, three = diseases[:3]
    edges = [
        ("HP:0000002", BELOW, "HP:0000001", False, ""),
        *((disease, HAS, "HP:0000003", False, "") for disease in diseases),
        *(("HGNC:1", CAUSES, disease, False, "") for disease in diseases),
        (one, HAS, "HP:0000002", False, "3/7"),
        (two, HAS, "HP:0000001", False, "2/9"),
        (two, HAS, "HP:0000001", True, ""),
        (three, HAS, "HP:0000001", True, "0/7"),
        (diseases[3], HAS, "HP:0000002", True, ""),
        (one, HAS, "HP:0000004", False, "40%"),
        *(("HGNC:2", CAUSES, disease, False, "") for disease in diseases[:40]),
        *(("HGNC:3", CAUSES, disease, False, "") for disease in diseases[40:75]),
        ("HGNC:2", Predicate.MEMBER_OF, "HGNC.FAMILY:1", False, ""),
        ("HGNC:3", Predicate.MEMBER_OF, "HGNC.FAMILY:1", False, ""),
    ]
    statements = [
        Statement(s, p, o, "hpo", "OMIM:1", row, f"PMID:{row}", negated, frequency)
        for row, (s, p, o, negated, frequency) in enumerate(edges, 1)
    ]
    folder: Path = tmp_path_factory.mktemp("crowd") / "graph"
    return Graph.build(folder, entities, statements)


@pytest.fixture(scope="module")
def find(graph: Graph) -> Any:
    return caller(find_by_features(graph))


@pytest.fixture(scope="module")
def follow(graph: Graph) -> Any:
    return caller(neighbours(graph))


def caller(tool: Tool) -> Any:
    def call(**arguments: Any) -> Observation:
        return tool.call(json.dumps(arguments))

    return call


def matches(found: Observation) -> list[str]:
    return [curie for _, curie in parse_facts(found.text).get("matches", [])]


# find_by_features


def test_diseases_with_all_of_the_signs_and_what_each_alone_leaves(find: Any) -> None:
    found = find(signs=["Fever", "seizure"])
    assert found.outcome is Outcome.FOUND
    assert found.text == (
        "each_alone (2):\n"
        "- Fever (HP:0000003) · recorded in 90 diseases\n"
        "- Seizure (HP:0000001) · recorded in 2 diseases\n\n"
        "matches (2):\n"
        "- disease 01 (MONDO:0000001)\n"
        "- disease 02 (MONDO:0000002)\n\n"
        "[found · 2 diseases · page 1 of 1]"
    )


@pytest.mark.parametrize(
    ("signs", "count"),
    [(["Focal seizure"], 1), (["Seizure"], 2), (["Fits"], 2), (["HP:0000001", "hp:0000003"], 2)],
)
def test_a_more_specific_sign_counts_and_any_name_will_do(
    find: Any, signs: list[str], count: int
) -> None:
    assert len(matches(find(signs=signs))) == count


def test_a_name_that_a_disease_has_too_means_the_sign(find: Any) -> None:
    assert len(matches(find(signs=["Fever"]))) == features.PER_PAGE


def test_absent_means_that_a_source_says_so_of_it_or_of_anything_above(find: Any) -> None:
    assert matches(find(absent=["Seizure"])) == ["MONDO:0000002", "MONDO:0000003"]
    below = ["MONDO:0000002", "MONDO:0000003", "MONDO:0000004"]
    found = find(absent=["Focal seizure"])
    assert matches(found) == below
    assert "Focal seizure (HP:0000002) · recorded as absent in 3 diseases" in found.text
    assert matches(find(signs=["Seizure"], absent=["Seizure"])) == ["MONDO:0000002"]


def test_among_narrows_by_identifier_or_name(find: Any) -> None:
    assert matches(find(signs=["Fever"], among=["disease 07", "MONDO:0000090"])) == [
        "MONDO:0000007",
        "MONDO:0000090",
    ]
    none = find(signs=["Seizure"], among=["disease 07"])
    assert none.outcome is Outcome.EMPTY
    # What each sign alone leaves is told of all diseases.
    assert "Seizure (HP:0000001) · recorded in 2 diseases" in none.text


def test_long_lists_have_pages_without_gap_or_repetition(find: Any) -> None:
    pages = [find(signs=["Fever"], page=page) for page in (1, 2, 3)]
    found = [one for page in pages for one in matches(page)]
    assert [len(matches(page)) for page in pages] == [40, 40, 10]
    assert found == sorted(set(found))
    assert len(found) == CROWD
    assert pages[2].text.endswith("[found · 90 diseases · page 3 of 3]")
    beyond = find(signs=["Fever"], page=4)
    assert beyond.outcome is Outcome.INVALID_ARGUMENTS
    assert beyond.text == "[invalid_arguments · `page` 4 does not exist; the list has pages 1 to 3]"


def test_nothing_found_says_what_each_sign_leaves(find: Any) -> None:
    found = find(signs=["Focal seizure", "Apnea"])
    assert found.outcome is Outcome.EMPTY
    assert "Apnea (HP:0000007) · recorded in 0 diseases" in found.text
    assert found.text.endswith("[empty · no disease has all of these; leave one out]")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"signs": ["Feverr"]}, "'Feverr' names no sign; nearest: Fever (HP:0000003)"),
        ({"signs": ["Fever", "GEN1"]}, "'GEN1' names no sign"),
        ({"absent": ["MONDO:0000001"]}, "'MONDO:0000001' names no sign"),
        ({"signs": ["twin"]}, "'twin' names several signs; nearest: Rash (HP:0000005)"),
        ({"signs": ["Fever"], "among": ["disease 7"]}, "'disease 7' in `among` names no disease"),
        ({"signs": ["Fever"], "among": ["HP:0000001"]}, "in `among` names no disease"),
        ({"signs": ["x" * 50_000]}, "names no sign"),
    ],
)
def test_a_name_that_stands_for_nothing_is_said(
    find: Any, arguments: dict[str, Any], said: str
) -> None:
    found = find(**arguments)
    assert found.outcome is Outcome.EMPTY
    assert said in found.text
    assert len(found.text) < 1_000


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"signs": []},
        {"signs": "Fever"},
        {"signs": ["Fever"] * 13},
        {"signs": ["Fever"], "among": ["disease 01"] * 61},
        {"signs": ["Fever"], "page": 0},
        {"signs": ["Fever"], "page": "1"},
        {"sign": ["Fever"]},
    ],
)
def test_bad_arguments_are_named(find: Any, arguments: dict[str, Any]) -> None:
    found = find(**arguments)
    assert found.outcome is Outcome.INVALID_ARGUMENTS
    assert "expected" in found.text


# neighbours


def test_one_line_per_fact_with_its_start(follow: Any) -> None:
    found = follow(entities=["disease 01", "MONDO:0000003"], relation="phenotypes")
    assert found.outcome is Outcome.FOUND
    assert found.text == (
        "phenotypes (4):\n"
        "- disease 01 (MONDO:0000001) → Focal seizure (HP:0000002) · 3/7 [PMID:182]\n"
        "- disease 01 (MONDO:0000001) → Ataxia (severe) - late (HP:0000004) · 40% [PMID:187]\n"
        "- disease 01 (MONDO:0000001) → Fever (HP:0000003) · [PMID:2]\n"
        "- disease 03 (MONDO:0000003) → Fever (HP:0000003) · [PMID:4]\n\n"
        "[found · phenotypes · 4 facts · page 1 of 1]"
    )
    assert parse_edges(found.text) == [
        ("MONDO:0000001", "HP:0000002", "Focal seizure", "3/7 [PMID:182]"),
        ("MONDO:0000001", "HP:0000004", "Ataxia (severe) - late", "40% [PMID:187]"),
        ("MONDO:0000001", "HP:0000003", "Fever", "[PMID:2]"),
        ("MONDO:0000003", "HP:0000003", "Fever", "[PMID:4]"),
    ]


def test_what_a_source_denies_is_a_conflict(follow: Any) -> None:
    found = follow(entities=["disease 02"], relation="phenotypes")
    assert found.outcome is Outcome.CONFLICT
    details = {end: said for _, end, _, said in parse_edges(found.text)}
    assert details["HP:0000001"] == "2/9 [PMID:183] · CONFLICT: also denied or stated by PMID:184"
    assert "CONFLICT" not in details["HP:0000003"]
    assert found.text.endswith("[conflict · phenotypes · 2 facts · page 1 of 1]")
    absent = follow(entities=["disease 02", "disease 03"], relation="absent_phenotypes")
    assert absent.outcome is Outcome.CONFLICT
    assert [edge[0] for edge in parse_edges(absent.text)] == ["MONDO:0000002", "MONDO:0000003"]


def test_pages_run_over_all_entities_without_gap_or_repetition(follow: Any, graph: Graph) -> None:
    pages = [follow(entities=["GEN2", "GEN3"], relation="causes", page=page) for page in (1, 2)]
    assert [len(parse_edges(page.text)) for page in pages] == [steps.PER_PAGE, 15]
    found = [edge[:2] for page in pages for edge in parse_edges(page.text)]
    assert set(found) == {
        (gene, disease) for gene in ("HGNC:2", "HGNC:3") for disease in graph.objects(gene, CAUSES)
    }
    assert len(set(found)) == len(found) == 75
    assert pages[1].text.endswith("[found · causes · 75 facts · page 2 of 2]")
    beyond = follow(entities=["GEN2"], relation="causes", page=2)
    assert beyond.outcome is Outcome.INVALID_ARGUMENTS
    assert "`page` 2 does not exist; the list has pages 1 to 1" in beyond.text


def test_of_a_hub_only_the_number_is_told_and_once(follow: Any) -> None:
    alone = follow(entities=["GEN1"], relation="causes")
    assert alone.outcome is Outcome.FOUND
    assert "- GEN1 (HGNC:1) has 90: too many to list here" in alone.text
    assert parse_counts(alone.text) == {"HGNC:1": 90}
    assert parse_edges(alone.text) == []
    with_others = [
        follow(entities=["GEN1", "GEN2", "GEN3"], relation="causes", page=page) for page in (1, 2)
    ]
    assert [parse_counts(page.text) for page in with_others] == [{"HGNC:1": 90}, {}]
    starts = {edge[0] for page in with_others for edge in parse_edges(page.text)}
    assert starts == {"HGNC:2", "HGNC:3"}
    back = follow(entities=["Fever (HP:0000003)"], relation="diseases")
    assert parse_counts(back.text) == {"HP:0000003": 90}


def test_entities_without_a_fact_have_no_line(follow: Any) -> None:
    found = follow(entities=["GEN1", "GEN2"], relation="gene_groups")
    assert parse_edges(found.text) == [("HGNC:2", "HGNC.FAMILY:1", "Opals (all) [x]", "[PMID:263]")]
    none = follow(entities=["GEN1"], relation="gene_groups")
    assert none.outcome is Outcome.EMPTY
    assert none.text == "[empty · no source states gene_groups of any of these]"


def test_an_entity_that_is_named_twice_is_followed_once(follow: Any) -> None:
    found = follow(entities=["GEN2", "GEN2", "HGNC:2"], relation="gene_groups")
    assert len(parse_edges(found.text)) == 1


@pytest.mark.parametrize(
    ("entities", "said"),
    [
        (["GEN1", "GEN9"], "'GEN9' names no entity; use identifiers"),
        (["twin"], "'twin' names several entities; use identifiers"),
        (["Fever"], "'Fever' names several entities; use identifiers"),
        ([""], "names no entity"),
    ],
)
def test_a_name_that_stands_for_no_one_entity_is_invalid(
    follow: Any, entities: list[str], said: str
) -> None:
    found = follow(entities=entities, relation="causes")
    assert found.outcome is Outcome.INVALID_ARGUMENTS
    assert said in found.text


def test_a_relation_that_does_not_apply_names_those_that_do(follow: Any) -> None:
    found = follow(entities=["GEN1", "disease 01"], relation="causes")
    assert found.outcome is Outcome.OUT_OF_SCOPE
    assert (
        "`causes` does not apply to a disease; relations: causal_genes, inheritance" in found.text
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"entities": [], "relation": "causes"},
        {"entities": ["GEN1"] * 21, "relation": "causes"},
        {"entities": ["GEN1"], "relation": "cause"},
        {"entities": ["GEN1"]},
        {"entities": "GEN1", "relation": "causes"},
        {"entities": ["GEN1"], "relation": "causes", "page": 0},
    ],
)
def test_bad_arguments_of_a_step_are_named(follow: Any, arguments: dict[str, Any]) -> None:
    found = follow(**arguments)
    assert found.outcome is Outcome.INVALID_ARGUMENTS
    assert "expected" in found.text


_NAMES = st.one_of(
    st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30),
    st.sampled_from(["a (b) · c", "x → y", "(R)-lipoate", "has 9: too many", "x (HP:1)"]),
).filter(str.strip)


@settings(max_examples=40)
@given(_NAMES, st.lists(_NAMES, min_size=1, max_size=4), st.sampled_from(["", "1/7", "HP:0040283"]))
def test_steps_read_back_what_was_written(gene: str, names: list[str], frequency: str) -> None:
    import tempfile

    entities = [Entity("HGNC:1", G, gene, "hgnc")]
    entities += [Entity(f"MONDO:{n}", D, name, "mondo") for n, name in enumerate(names)]
    said = [
        Statement("HGNC:1", CAUSES, f"MONDO:{n}", "hpo", "OMIM:1", n, "PMID:1", False, frequency)
        for n in range(len(names))
    ]
    with tempfile.TemporaryDirectory() as folder:
        tool = neighbours(Graph.build(Path(folder) / "graph", entities, said))
    text = tool.call('{"entities": ["HGNC:1"], "relation": "causes"}').text
    found = {(start, end): name for start, end, name, _ in parse_edges(text)}
    plain = {
        ("HGNC:1", f"MONDO:{n}"): " ".join(name.split()).replace(" · ", " - ")
        for n, name in enumerate(names)
    }
    assert found == plain
    assert parse_counts(text) == {}


@pytest.mark.slow
def test_no_page_of_real_facts_is_cut(real_kb: Any) -> None:
    """What a policy reads page by page is whole: of the genes and diseases with most facts."""
    graph = real_kb.graph
    step = neighbours(graph)
    for kind, relation, predicate in (
        (D, "phenotypes", HAS),
        (D, "causal_genes", CAUSES),
        (G, "causes", CAUSES),
    ):
        forward = relation != "causal_genes"
        degree = graph.degrees(predicate, forward=forward)
        full = [one for one in graph.ids(kind) if 40 <= degree[graph.code(one)] <= steps.PER_PAGE]
        full = full or sorted(graph.ids(kind), key=lambda one: -degree[graph.code(one)])
        for place in range(0, min(len(full), 200), 20):
            arguments = {"entities": full[place : place + 20], "relation": relation}
            text = step.call(json.dumps(arguments)).text
            assert "more characters were left out" not in text
