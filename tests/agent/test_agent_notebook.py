"""The notebook reads the texts that the tools really print."""

import json

import pytest
from agent_world import CROWD, NAMES

from medresearcher.agent.notebook import Notebook, relation_of
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Predicate
from medresearcher.tools.facts import parse_facts
from medresearcher.tools.tool import Toolbox


def look_up(tools: Toolbox, entity: str, **arguments: object) -> str:
    return tools.call("lookup_entity", json.dumps({"entity": entity, **arguments})).text


def test_a_summary_is_whole_where_nothing_was_left_out(tools: Toolbox) -> None:
    notes, amber = Notebook(), NAMES["amber dysplasia"]
    notes.add_summary(amber, look_up(tools, amber))
    assert notes.facts(amber, "causal_genes") == [NAMES["GEN1"]]
    assert sorted(notes.facts(amber, "phenotypes") or ()) == [
        "HP:0000001",
        "HP:0000002",
        "HP:0000003",
    ]
    assert notes.facts(amber, "gene_groups") == []
    assert notes.count(amber, "phenotypes") == 3
    assert notes.names[NAMES["GEN1"]] == "GEN1"
    assert notes.has(amber, "phenotypes", "wide nose")
    assert notes.has(amber, "inheritance", "autosomal recessive")
    assert notes.has(amber, "onset", "infantile onset")
    assert not notes.has(amber, "phenotypes", "fever")


def test_a_summary_with_more_lines_is_not_taken_for_the_whole(tools: Toolbox) -> None:
    notes, fever = Notebook(), NAMES["Fever"]
    text = look_up(tools, fever)
    assert f'… {CROWD - 12} more: call again with relation "diseases"' in text
    notes.add_summary(fever, text)
    assert notes.facts(fever, "diseases") is None
    assert len(notes.seen(fever, "diseases")) == 12
    assert notes.count(fever, "diseases") == CROWD


def test_pages_add_up_to_the_whole(tools: Toolbox, graph: Graph) -> None:
    notes = Notebook()
    assert notes.add_page("fever", "diseases", look_up(tools, "fever", relation="diseases")) == 1
    assert notes.facts("fever", "diseases") is None
    assert len(notes.seen("fever", "diseases")) == 40
    second = look_up(tools, "fever", relation="diseases", page=2)
    assert notes.add_page("fever", "diseases", second) == 0
    found = notes.facts("fever", "diseases")
    assert sorted(found or ()) == graph.subjects(NAMES["Fever"], Predicate.HAS_PHENOTYPE)
    notes.same("pyrexia", "fever")
    assert notes.facts("pyrexia", "diseases") == found


def test_a_first_page_read_again_does_not_double(tools: Toolbox) -> None:
    notes, text = Notebook(), look_up(tools, "fever", relation="diseases")
    notes.add_page("fever", "diseases", text)
    notes.add_page("fever", "diseases", text)
    assert len(notes.seen("fever", "diseases")) == 40


@pytest.mark.parametrize("entity", ["no such thing", "GEN1", ""])
def test_a_call_that_found_nothing_notes_no_facts(tools: Toolbox, entity: str) -> None:
    notes = Notebook()
    assert notes.add_page(entity, "diseases", look_up(tools, entity, relation="diseases")) == 0
    assert notes.facts(entity, "diseases") == []
    assert notes.count(entity, "diseases") == 0


def test_candidates_and_nearest_names_are_no_facts() -> None:
    text = (
        "candidates (2):\n- Ataxia (HP:0000005) · phenotype\n- ataxia (MONDO:0000007) · disease\n\n"
        "[found · 2 entities; call again with one identifier]"
    )
    notes = Notebook()
    notes.add_page("ataxia", "diseases", text)
    assert notes.facts("ataxia", "diseases") == []
    assert [curie for _, curie in parse_facts(text)["candidates"]] == [
        "HP:0000005",
        "MONDO:0000007",
    ]


def test_relations_are_words_of_the_tool(tools: Toolbox) -> None:
    known = next(
        schema["function"]["parameters"]["properties"]["relation"]["enum"]
        for schema in tools.schemas()
        if schema["function"]["name"] == "lookup_entity"
    )
    for predicate in (Predicate.CAUSES, Predicate.MEMBER_OF, Predicate.HAS_PHENOTYPE):
        for forward in (True, False):
            assert relation_of(predicate, forward=forward) in known
