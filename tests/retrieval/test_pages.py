"""Facts and the pages rendered from them, on the small graph around Marfan syndrome."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marfan import FBN1, MARFAN

from medresearcher.graph.store import Graph
from medresearcher.retrieval.pages import definition_documents, fact_page, fact_pages
from medresearcher.retrieval.relations import (
    claim_words,
    facts,
    frequency_share,
    frequency_words,
    neighbours,
)

DISEASE_PAGE = """\
Marfan syndrome (MONDO:0007947)
Also known as: MFS; Marfan's syndrome
Inheritance: Autosomal dominant inheritance (HP:0000006) [PMID:17502658]
Onset: Congenital onset (HP:0003577) [hpo OMIM:154700]
Course: Progressive (HP:0003676) [PMID:7]
Causal genes: FBN1 (HGNC:3603) [hpo OMIM:154700]
Classes: connective tissue disease (MONDO:0000001) [mondo]

Phenotypes (4):
Arachnodactyly (HP:0001166), 9/10 [PMID:1, PMID:2, PMID:3, +2 more]; frequent (30-79%) [ORPHA:558]
Seizure (HP:0001250), 16/21 [PMID:31772430]
Tall stature (HP:0000098), 45%, males [PMID:7]
Ectopia lentis (HP:0001083) [PMID:7]; also stated absent by PMID:8

Stated to be absent (2):
Ectopia lentis (HP:0001083) [PMID:8]; also stated present by PMID:7
Macrocephaly (HP:0000256) [PMID:9]"""

GENE_PAGE = """\
FBN1 (HGNC:3603)
Gene: fibrillin 1; gene at 15q21.1
Also known as: fibrillin 1
Gene groups: Fibrillins (HGNC.FAMILY:1888) [hgnc]
Diseases: acromicric dysplasia (MONDO:0000002) [PMID:5]; \
Marfan syndrome (MONDO:0007947) [hpo OMIM:154700]"""


def test_the_page_of_a_disease(graph: Graph) -> None:
    page = fact_page(graph, MARFAN)
    assert page.text == DISEASE_PAGE
    assert (page.id, page.title) == ("FACTS:MONDO:0007947", "Marfan syndrome: facts")
    assert (page.type, page.source, page.entities) == ("disease_page", "hpo, mondo", (MARFAN,))


def test_the_page_of_a_gene(graph: Graph) -> None:
    page = fact_page(graph, FBN1)
    assert page.text == GENE_PAGE
    assert page.source == "hgnc, hpo, uniprot"


def test_only_entities_with_facts_have_a_page(graph: Graph) -> None:
    pages = list(fact_pages(graph))
    assert [page.entities[0] for page in pages] == ["MONDO:0000002", MARFAN, FBN1]
    assert pages == list(fact_pages(graph))


def test_definitions_of_diseases_and_phenotypes(graph: Graph) -> None:
    found = {one.id: one for one in definition_documents(graph)}
    assert list(found) == ["DEF:MONDO:0007947", "DEF:HP:0001250"]
    text = "A disorder of the connective tissue.\nAlso known as: MFS; Marfan's syndrome"
    assert found["DEF:MONDO:0007947"].text == text
    assert found["DEF:HP:0001250"].title == "Seizure"


def test_a_part_of_the_facts_is_a_slice_of_all(graph: Graph) -> None:
    for name in ("phenotypes", "parents"):
        assert facts(graph, MARFAN, name, 1, 3) == facts(graph, MARFAN, name)[1:3]


def test_a_relation_of_another_type_is_refused(graph: Graph) -> None:
    with pytest.raises(KeyError):
        neighbours(graph, FBN1, "phenotypes")


def test_both_directions_agree(graph: Graph) -> None:
    assert neighbours(graph, FBN1, "causes") == ["MONDO:0000002", MARFAN]
    assert neighbours(graph, MARFAN, "causal_genes") == [FBN1]
    assert neighbours(graph, "HP:0000006", "diseases") == [MARFAN]


@pytest.mark.parametrize(
    ("written", "words", "share"),
    [
        ("HP:0040282", "frequent (30-79%)", 0.545),
        ("16/21", "16/21", 16 / 21),
        ("45%", "45%", 0.45),
        ("1/0", "1/0", None),
        ("", "", None),
        ("often", "often", None),
    ],
)
def test_frequencies(written: str, words: str, share: float | None) -> None:
    assert frequency_words(written) == words
    assert frequency_share(written) == share


@given(st.integers(0, 500), st.integers(1, 500))
def test_counted_frequencies_are_shares(count: int, of: int) -> None:
    assert frequency_share(f"{count}/{of}") == pytest.approx(count / of)


def test_claims_name_three_references_each(graph: Graph) -> None:
    (arachnodactyly, *_) = facts(graph, MARFAN, "phenotypes")
    assert claim_words(arachnodactyly.claims, limit=1) == (
        "9/10 [PMID:1, +4 more]; frequent (30-79%) [ORPHA:558]"
    )
    assert arachnodactyly.share == 0.9
