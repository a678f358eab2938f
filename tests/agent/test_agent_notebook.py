"""The notebook reads the texts that the tools really print."""

import json

import pytest
from agent_world import CROWD, NAMES

from medresearcher.agent.notebook import Notebook, relation_of, share_in, shares_in
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Predicate
from medresearcher.tools.neighbours import parse_counts, parse_edges
from medresearcher.tools.tool import Toolbox


def follow(tools: Toolbox, relation: str, *entities: str) -> str:
    arguments = {"entities": [NAMES[one] for one in entities], "relation": relation}
    return tools.call("neighbours", json.dumps(arguments)).text


def read(tools: Toolbox, relation: str, *entities: str) -> Notebook:
    notes, text = Notebook(), follow(tools, relation, *entities)
    notes.add_edges(relation, parse_edges(text))
    notes.add_counts(relation, parse_counts(text))
    notes.set_read([NAMES[one] for one in entities], relation)
    return notes


def test_facts_are_kept_by_where_they_start(tools: Toolbox) -> None:
    notes = read(tools, "phenotypes", "garnet atrophy", "hazel atrophy")
    garnet, hazel = NAMES["garnet atrophy"], NAMES["hazel atrophy"]
    assert notes.ends(garnet, "phenotypes") == [NAMES["Cataract"], NAMES["Alopecia"]]
    assert notes.ends(hazel, "phenotypes") == [NAMES["Cataract"]]
    assert (notes.count(garnet, "phenotypes"), notes.count(hazel, "phenotypes")) == (2, 1)
    assert notes.names[NAMES["Cataract"]] == "Cataract"
    assert share_in(notes.details[garnet, NAMES["Cataract"]]) == 0.7
    assert share_in(notes.details[hazel, NAMES["Cataract"]]) == 0.1


def test_what_was_not_read_is_told_from_what_is_not_there(tools: Toolbox) -> None:
    notes = read(tools, "gene_groups", "GEN5", "GEN1")
    assert notes.has_read(NAMES["GEN5"], "gene_groups")
    assert notes.ends(NAMES["GEN5"], "gene_groups") == []
    assert not notes.has_read(NAMES["GEN1"], "causes")
    assert not notes.has_read(NAMES["GEN2"], "gene_groups")


def test_a_facts_number_is_known_where_there_are_too_many(tools: Toolbox, graph: Graph) -> None:
    fever = NAMES["Fever"]
    assert len(graph.subjects(fever, Predicate.HAS_PHENOTYPE)) == CROWD == 70
    notes = read(tools, "diseases", "Fever", "Tremor")
    assert notes.count(fever, "diseases") == CROWD
    assert notes.count(NAMES["Tremor"], "diseases") == 1
    notes.add_counts("diseases", {fever: 1000})
    assert notes.count(fever, "diseases") == 1000


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("…\n\n[found · genes · 130 facts · page 1 of 3]", 2),
        ("…\n\n[found · genes · 130 facts · page 3 of 3]", 0),
        ("[empty · no source states genes of any of these]", 0),
        ("[found · page 1 of 3] and more", 0),
        ("", 0),
    ],
)
def test_pages_left_are_those_of_the_status_line(text: str, left: int) -> None:
    assert Notebook.pages_left(text) == left


def test_pages_left_of_the_tools(tools: Toolbox) -> None:
    text = tools.call("find_by_features", '{"signs": ["fever"]}').text
    assert Notebook.pages_left(text) == 1
    text = tools.call("find_by_features", '{"signs": ["fever"], "page": 2}').text
    assert Notebook.pages_left(text) == 0


@pytest.mark.parametrize(
    ("details", "shares", "largest"),
    [
        ("7/10 [PMID:1]", [0.7], 0.7),
        ("7/10 [PMID:1]; 1/4 [PMID:2, +3 more]", [0.7, 0.25], 0.7),
        ("1/2 [PMID:1]; 3/20 [PMID:2]", [0.5, 0.15], 0.15),  # of twenty patients
        ("frequent (30-79%) [ORPHA:558]", [], None),
        ("45%, males [PMID:7]", [], None),
        ("[hpo OMIM:1]", [], None),
        ("0/0 [PMID:1]", [], None),
        ("", [], None),
    ],
)
def test_counts_of_patients_are_read_from_what_sources_say(
    details: str, shares: list[float], largest: float | None
) -> None:
    assert shares_in(details) == shares
    assert share_in(details) == largest


def test_relations_are_words_of_the_tools(tools: Toolbox) -> None:
    """Every step and clue that a question can have is a relation that both tools know."""
    known = [
        schema["function"]["parameters"]["properties"]["relation"]["enum"]
        for schema in tools.schemas()
        if schema["function"]["name"] in ("lookup_entity", "neighbours")
    ]
    assert len(known) == 2
    both = [
        Predicate.CAUSES,
        Predicate.MEMBER_OF,
        Predicate.HAS_PHENOTYPE,
        Predicate.PARTICIPATES_IN,
        Predicate.TREATS,
        Predicate.AFFECTS,
        Predicate.HAS_INHERITANCE,
        Predicate.HAS_ONSET,
    ]
    for predicate in both:
        for forward in (True, False):
            assert all(relation_of(predicate, forward=forward) in some for some in known)
