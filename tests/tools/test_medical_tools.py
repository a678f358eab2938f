"""The three medical tools over the small graph around Marfan syndrome: golden texts, outcomes."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Document
from medresearcher.records.trajectory import Observation, Outcome
from medresearcher.retrieval.index import Index
from medresearcher.retrieval.relations import RELATIONS, Claim, Fact
from medresearcher.tools.facts import fact_line, parse_facts, section
from medresearcher.tools.medical_search import parse_hits
from medresearcher.tools.read_document import PAGE_CHARACTERS, split_pages
from medresearcher.tools.tool import Toolbox

MARFAN = "MONDO:0007947"


def look_up(tools: Toolbox, **arguments: Any) -> Observation:
    return tools.call("lookup_entity", json.dumps(arguments))


SUMMARY = """\
Marfan syndrome (MONDO:0007947) · disease
Also known as: MFS; Marfan's syndrome
Same as: OMIM:154700; ORPHA:558
Definition: A disorder of the connective tissue.

causal_genes (1):
- FBN1 (HGNC:3603) · [hpo OMIM:154700]

inheritance (1):
- Autosomal dominant inheritance (HP:0000006) · [PMID:17502658]

onset (1):
- Congenital onset (HP:0003577) · [hpo OMIM:154700]

course (1):
- Progressive (HP:0003676) · [PMID:7]

phenotypes (4):
- Arachnodactyly (HP:0001166) · 9/10 [PMID:1, PMID:2, PMID:3, +2 more]; \
frequent (30-79%) [ORPHA:558]
- Seizure (HP:0001250) · 16/21 [PMID:31772430]
- Tall stature (HP:0000098) · 45%, males [PMID:7]
- Ectopia lentis (HP:0001083) · [PMID:7] · CONFLICT: also stated absent by PMID:8

absent_phenotypes (2):
- Ectopia lentis (HP:0001083) · [PMID:8] · CONFLICT: also stated present by PMID:7
- Macrocephaly (HP:0000256) · [PMID:9]

parents (1):
- connective tissue disease (MONDO:0000001) · [mondo]

[conflict · 11 facts]"""


def test_a_summary_shows_every_relation(tools: Toolbox) -> None:
    found = look_up(tools, entity=MARFAN)
    assert found.text == SUMMARY
    assert found.outcome is Outcome.CONFLICT
    facts = parse_facts(found.text)
    assert facts["causal_genes"] == [("FBN1", "HGNC:3603")]
    assert [len(some) for some in facts.values()] == [1, 1, 1, 1, 4, 2, 1]


@pytest.mark.parametrize(
    "name",
    [
        "marfan SYNDROME",
        "Marfan's syndrome",
        "OMIM:154700",
        "orpha:558",
        "mondo:0007947",
        "Marfan syndrome (MONDO:0007947)",
        " MONDO:0007947\n",
    ],
)
def test_any_name_or_identifier_of_an_entity_will_do(tools: Toolbox, name: str) -> None:
    assert look_up(tools, entity=name).text == SUMMARY


def test_names_before_aliases_and_ambiguous_names_are_listed(tools: Toolbox) -> None:
    assert look_up(tools, entity="MFS").text.startswith("MFS (MONDO:0000009) · disease")
    found = look_up(tools, entity="twin name", relation="parents")
    assert found.outcome is Outcome.FOUND
    assert found.text == (
        "candidates (2):\n- Twin name (HP:0000010) · phenotype\n"
        "- twin name (MONDO:0000010) · disease\n\n"
        "[found · 2 entities; call again with one identifier]"
    )


def test_an_unknown_name_shows_the_nearest(tools: Toolbox) -> None:
    found = look_up(tools, entity="Marfan sindrome")
    assert found.outcome is Outcome.EMPTY
    assert parse_facts(found.text)["nearest"][0] == ("Marfan syndrome", MARFAN)
    assert "no entity is named 'Marfan sindrome'" in found.text
    assert look_up(tools, entity="").outcome is Outcome.EMPTY
    assert len(look_up(tools, entity="x" * 100_000).text) < 2_000


def test_long_relations_have_pages(tools: Toolbox) -> None:
    pages = [
        look_up(tools, entity="MONDO:0000002", relation="phenotypes", page=page) for page in (1, 2)
    ]
    found = [parse_facts(page.text)["phenotypes"] for page in pages]
    assert [len(some) for some in found] == [40, 5]
    assert [name for some in found for name, _ in some] == [f"Finding {n:03}" for n in range(45)]
    assert pages[1].text.endswith("[found · phenotypes · 45 facts · page 2 of 2]")
    beyond = look_up(tools, entity="MONDO:0000002", relation="phenotypes", page=3)
    assert beyond.outcome is Outcome.INVALID_ARGUMENTS
    summary = look_up(tools, entity="MONDO:0000002").text
    assert len(parse_facts(summary)["phenotypes"]) == 12
    assert '… 33 more: call again with relation "phenotypes"' in summary
    assert look_up(tools, entity=MARFAN, page=2).outcome is Outcome.INVALID_ARGUMENTS


@pytest.mark.parametrize(
    ("entity", "relation", "name", "curie"),
    [
        ("FBN1", "causes", "Marfan syndrome", MARFAN),
        ("FBN1", "gene_groups", "Fibrillins", "HGNC.FAMILY:1888"),
        ("Fibrillins", "genes", "FBN1", "HGNC:3603"),
        ("Seizure", "diseases", "Marfan syndrome", MARFAN),
        ("HP:0000006", "diseases", "Marfan syndrome", MARFAN),
        ("connective tissue disease", "children", "Marfan syndrome", MARFAN),
    ],
)
def test_relations_run_both_ways(
    tools: Toolbox, entity: str, relation: str, name: str, curie: str
) -> None:
    found = look_up(tools, entity=entity, relation=relation)
    assert found.outcome is Outcome.FOUND
    assert (name, curie) in parse_facts(found.text)[relation]


def test_a_relation_that_does_not_apply_or_has_no_facts(tools: Toolbox) -> None:
    wrong = look_up(tools, entity="FBN1", relation="phenotypes")
    assert wrong.outcome is Outcome.OUT_OF_SCOPE
    assert wrong.text.endswith("a gene; relations: causes, gene_groups, pathways, drugs]")
    none = look_up(tools, entity="MONDO:0000003", relation="phenotypes")
    assert none.outcome is Outcome.EMPTY
    assert none.text == "[empty · no source states phenotypes of bare disease (MONDO:0000003)]"


def test_only_a_page_that_shows_a_conflict_is_one(tools: Toolbox) -> None:
    assert look_up(tools, entity=MARFAN, relation="phenotypes").outcome is Outcome.CONFLICT
    assert look_up(tools, entity=MARFAN, relation="inheritance").outcome is Outcome.FOUND


def test_every_relation_is_offered(tools: Toolbox) -> None:
    schema = tools.schemas()[2]["function"]["parameters"]["properties"]["relation"]
    assert schema["enum"] == list(RELATIONS)


_CURIES = st.from_regex(r"[A-Z]{2,6}(\.[A-Z]+)?:[A-Z]?[0-9]{1,7}", fullmatch=True)
_NAMES = st.one_of(
    st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=40),
    st.sampled_from(["a (b) · c", "x (HP:1)", "(R)-lipoate", "phenotypes (3):", "- y (A:1)", "\n"]),
)
_FACTS = st.builds(
    Fact,
    id=_CURIES,
    name=_NAMES.map(lambda name: " ".join(name.split()).replace(" · ", " - ")),
    claims=st.lists(
        st.builds(
            Claim,
            st.sampled_from(["", "16/21", "frequent (30-79%)", "45%, males"]),
            st.lists(_CURIES, min_size=1, max_size=6).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    against=st.lists(_CURIES, max_size=2).map(tuple),
)


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(list(RELATIONS)), st.lists(_FACTS, max_size=5)))
def test_facts_read_back_what_was_written(facts: dict[str, list[Fact]]) -> None:
    text = "\n\n".join(
        section(name, len(some), map(fact_line, some)) for name, some in facts.items()
    )
    expected = {name: [(one.name, one.id) for one in some] for name, some in facts.items()}
    assert parse_facts(f"Head (A:1) · disease\n- no (B:2)\n\n{text}\n\n[found · x]") == expected


SEARCH = """\
1. Marfan syndrome: facts (MONDO:0007947) · disease_page · hpo, mondo
   document: FACTS:MONDO:0007947
   """


def test_search_shows_ids_entities_and_snippets(tools: Toolbox) -> None:
    found = tools.call("medical_search", '{"query": "Marfan arachnodactyly", "limit": 2}')
    assert found.text.startswith(SEARCH)
    assert found.text.endswith("[found · 2 documents]")
    assert parse_hits(found.text)[0] == ("Marfan syndrome: facts", f"FACTS:{MARFAN}", MARFAN)
    assert len(parse_hits(found.text)) == 2


def test_search_results_read_back(tools: Toolbox, index: Index) -> None:
    found = tools.call("medical_search", '{"query": "long paper", "limit": 1}')
    assert found.text.startswith(
        "1. A long paper - about two things · abstract · pubmed\n   document: PMID:1 · 1999\n"
        f"   {index.search('long paper', 1)[0].snippet}\n   passage PMID:1@0-"
    )
    assert found.text.endswith("(kind not known)\n\n[found · 1 document]")
    assert parse_hits(found.text) == [("A long paper - about two things", "PMID:1", None)]


def test_search_never_pretends(tools: Toolbox) -> None:
    nothing = tools.call("medical_search", '{"query": "zebrafish (x:y"}')
    assert nothing.outcome is Outcome.EMPTY
    assert nothing.text.startswith("[empty · nothing matches 'zebrafish (x:y'; try ")
    assert tools.call("medical_search", '{"query": "…"}').outcome is Outcome.INVALID_ARGUMENTS
    assert tools.call("medical_search", '{"query": "a", "limit": 21}').outcome is (
        Outcome.INVALID_ARGUMENTS
    )


def test_reading_page_by_page_gives_the_whole_text(tools: Toolbox, long_document: Document) -> None:
    texts = [
        tools.call("read_document", json.dumps({"document_id": "PMID:1", "page": page})).text
        for page in (1, 2, 3, 4)
    ]
    head = (
        "A long paper - about two things\n"
        "PMID:1 · pubmed · Journal · 1999 · https://example.org/1\n\n"
    )
    assert all(text.startswith(head) for text in texts)
    assert texts[0].endswith("\n\n[found · page 1 of 4]")
    bodies = [text.removeprefix(head).rsplit("\n\n", 1)[0] for text in texts]
    assert "\n".join(bodies) == long_document.text


def test_reading_beyond_the_end_or_what_is_not_there(tools: Toolbox) -> None:
    beyond = tools.call("read_document", '{"document_id": "PMID:1", "page": 5}')
    assert beyond.outcome is Outcome.INVALID_ARGUMENTS
    assert "has pages 1 to 4" in beyond.text
    missing = tools.call("read_document", '{"document_id": "PMID:2"}')
    assert missing.outcome is Outcome.EMPTY
    assert missing.text.endswith("'PMID:2'; medical_search shows document ids]")
    near = tools.call("read_document", json.dumps({"document_id": MARFAN})).text
    assert f"did you mean FACTS:{MARFAN} or DEF:{MARFAN}?" in near


@given(st.text("ab.\n é", max_size=400), st.integers(2, 40))
def test_pages_join_to_the_text(text: str, size: int) -> None:
    pages = split_pages(text, size)
    assert "".join(pages) == text
    assert all(len(page) <= size for page in pages)
    assert all(pages) or pages == [""]


def test_pages_end_after_a_line_then_a_sentence_then_a_word() -> None:
    assert PAGE_CHARACTERS == 2_500
    assert split_pages("aaaa\nbbbb\ncc dd", 12)[0] == "aaaa\nbbbb\n"
    assert split_pages("aaaa bb. cc dd ee", 12)[0] == "aaaa bb. "
    assert split_pages("aaaa bbbb cccc", 12)[0] == "aaaa bbbb "
    assert split_pages("a" * 30, 12) == ["a" * 12, "a" * 12, "a" * 6]


def test_equal_calls_give_equal_bytes(tools: Toolbox, graph: Graph) -> None:
    assert MARFAN in graph
    for name, raw in [
        ("lookup_entity", '{"entity": "FBN1"}'),
        ("medical_search", '{"query": "gene"}'),
    ]:
        assert tools.call(name, raw) == tools.call(name, raw)


def test_a_search_is_limited_and_an_unknown_value_offers_the_nearest(tools: Toolbox) -> None:
    kept = tools.call("medical_search", '{"query": "Marfan", "type": "definition"}')
    assert {one[1].partition(":")[0] for one in parse_hits(kept.text)} == {"DEF"}
    wrong = tools.call("medical_search", '{"query": "Marfan", "type": "definitions"}')
    assert wrong.outcome is Outcome.INVALID_ARGUMENTS
    assert "no document has type `definitions`; nearest: `definition`" in wrong.text


def test_a_document_is_searched_for_words_and_for_what_answers_a_question(tools: Toolbox) -> None:
    def read(**arguments: str) -> str:
        return tools.call("read_document", json.dumps({"document_id": "PMID:1", **arguments})).text

    found = read(find="line 137 OF")
    assert "Line 137 of the long paper." in found
    assert found.endswith("[found · 1 of 1 place]")
    answered = read(question="What does line 205 say?")
    assert "Line 205 of" in answered
    passage = answered.split("[", 1)[1].split("]", 1)[0]
    again = tools.call("read_document", json.dumps({"document_id": passage}))
    assert again.outcome is Outcome.FOUND
    assert again.text.endswith("[found · 1 passage]")
    assert read(find="zebra").endswith("[empty · 'zebra' is not in PMID:1]")
    assert "not both" in read(find="a", question="b")
    assert "there are none" in read(find="…")
