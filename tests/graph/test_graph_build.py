"""The build: items of all kinds in, one graph out, and what was left out counted."""

import pytest
from graph_samples import D, G, P, entity, statement

from medresearcher.errors import SourceError
from medresearcher.graph.build import build_graph
from medresearcher.graph.evidence import evidence_of
from medresearcher.graph.rarity import cited_publications, rarity
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import (
    Designation,
    Document,
    Mapping,
    MatchKind,
    Predicate,
    Prevalence,
)

ITEMS = [
    entity("MONDO:1", D, "Marfan syndrome"),
    entity("MONDO:2", D, "connective tissue disorder"),
    entity("OMIM:1", D, "MARFAN", source="hpo"),
    entity("OMIM:9", D, "unmapped", source="hpo"),
    entity("HGNC:1", G, "FBN1", source="hgnc", equivalents=("NCBIGene:1",)),
    entity("HP:1", P, "Tall stature", source="hpo"),
    entity("HP:2", P, "Ectopia lentis", source="hpo"),
    Mapping("MONDO:1", "OMIM:1", MatchKind.EXACT, "mondo_mappings"),
    statement("MONDO:1", Predicate.SUBCLASS_OF, "MONDO:2"),
    statement("NCBIGene:1", Predicate.CAUSES, "OMIM:1", 3),
    statement("OMIM:1", Predicate.HAS_PHENOTYPE, "HP:1", 4, reference="PMID:1", frequency="3/4"),
    statement("OMIM:1", Predicate.HAS_PHENOTYPE, "HP:1", 5, reference="PMID:2"),
    statement("OMIM:1", Predicate.HAS_PHENOTYPE, "HP:1", 6, reference="PMID:3", negated=True),
    statement("OMIM:1", Predicate.HAS_PHENOTYPE, "HP:2", 7, reference="PMID:4", negated=True),
]
PREVALENCE = Prevalence(
    "OMIM:1", "point_prevalence", "<1 / 1 000 000", 0.0, 1e-6, "Worldwide", "x", "OMIM:1", 8,
    ("PMID:5",), True,
)  # fmt: skip
DOCUMENT = Document("UNIPROT:1", "x", "title", "text", "uniprot", entities=("OMIM:1", "OMIM:9"))


def test_sources_become_one_graph(tmp_path):
    stranger = PREVALENCE._replace(subject="ORPHA:999")
    listed = Designation("OMIM:1", "gard_rare", "x", 3)
    built = build_graph(tmp_path, [*ITEMS, DOCUMENT, PREVALENCE, stranger, listed])
    assert built.graph.subjects("MONDO:1", Predicate.CAUSES) == ["HGNC:1"]
    assert built.graph.digest == Graph.load(tmp_path).digest
    assert built.counts == {
        "source_entities": 7,
        "nodes": 6,
        "diseases_outside_mondo": 1,
        "unjoined": {"hpo": {"OMIM": 1}},
        "ambiguous_ids": {},
        "matches": {},
        "statements": 6,
        "is_a_against_backbone": 0,
        "statements_about_itself": 0,
        "statements_about_unknown": {},
        "statements_about_ambiguous": {},
        "prevalences": 1,
        "prevalences_of_unknown": 1,
        "designations_of_unknown": 0,
    }
    (row,) = built.graph.prevalences("MONDO:1")
    assert row == PREVALENCE._replace(subject="MONDO:1")
    assert built.graph.entity("MONDO:1").designations == ("gard_rare",)


def test_matches_are_kept_and_seen_from_both_sides(tmp_path):
    narrow = Mapping("OMIM:9", "OMIM:1", MatchKind.NARROW, "orphanet")
    outside = Mapping("OMIM:1", "ICD10:Q87", MatchKind.BROAD, "orphanet")
    built = build_graph(tmp_path, [*ITEMS, narrow, outside])
    assert built.counts["matches"] == {"narrow": 1, "broad": 1}
    assert built.graph.matches("OMIM:9") == [narrow._replace(object="MONDO:1")]
    assert built.graph.matches("MONDO:1") == [
        outside._replace(subject="MONDO:1"),
        Mapping("MONDO:1", "OMIM:9", MatchKind.BROAD, "orphanet"),
    ]
    assert built.graph.matches("HP:1") == []


def test_an_id_of_several_nodes_keeps_a_statement_out_and_is_counted(tmp_path):
    twins = [entity(f"HGNC:{n}", G, f"T{n}", source="hgnc", equivalents=("X:1",)) for n in (7, 8)]
    lost = statement("X:1", Predicate.CAUSES, "OMIM:1")
    built = build_graph(tmp_path, [*ITEMS, *twins, lost])
    assert built.counts["statements_about_ambiguous"] == {"hpo": {"X": 1}}
    assert built.counts["statements_about_unknown"] == {}


def test_documents_are_about_nodes(tmp_path):
    (document,) = build_graph(tmp_path, [*ITEMS, DOCUMENT]).documents
    assert document.entities == ("MONDO:1", "OMIM:9")
    assert document.text == DOCUMENT.text


def test_statements_about_the_unknown_and_about_itself_are_left_out_and_counted(tmp_path):
    more = [
        statement("NCBIGene:7", Predicate.CAUSES, "OMIM:1"),
        statement("NCBIGene:1", Predicate.CAUSES, "OMIM:7"),
        statement("MONDO:1", Predicate.SUBCLASS_OF, "OMIM:1"),
    ]
    plain = build_graph(tmp_path / "plain", ITEMS)
    built = build_graph(tmp_path / "more", [*more, *ITEMS])
    assert built.counts["statements_about_unknown"] == {"hpo": {"NCBIGene": 1, "OMIM": 1}}
    assert built.counts["statements_about_itself"] == 1
    assert built.counts["statements"] == 6
    assert built.graph.digest == plain.graph.digest


def test_a_circle_of_classes_is_an_error_of_the_source(tmp_path):
    circle = statement("MONDO:2", Predicate.SUBCLASS_OF, "OMIM:1")
    with pytest.raises(SourceError, match=r"is_a runs in a circle: MONDO:\d.*check the ontology"):
        build_graph(tmp_path, [*ITEMS, circle])


def test_evidence_is_every_row_that_asserts_the_edge(tmp_path):
    graph = build_graph(tmp_path, ITEMS).graph
    found = evidence_of(graph, "MONDO:1", Predicate.HAS_PHENOTYPE, "HP:1")
    assert [(e.row, e.reference, e.frequency) for e in found] == [
        (4, "PMID:1", "3/4"),
        (5, "PMID:2", None),
    ]
    assert {(e.source, e.licence, e.record) for e in found} == {("hpo", "LicenseRef-HPO", "OMIM:1")}
    assert evidence_of(graph, "MONDO:1", Predicate.HAS_PHENOTYPE, "HP:2") == ()


def test_rarity_counts_the_publications_that_are_cited(tmp_path):
    again = statement("OMIM:1", Predicate.HAS_PHENOTYPE, "HP:2", 8, reference="PMID:1")
    book = statement("OMIM:1", Predicate.HAS_PHENOTYPE, "HP:2", 9, reference="OMIM:1")
    graph = build_graph(tmp_path, [*ITEMS[:-2], again, book]).graph
    assert cited_publications(graph, "MONDO:1") == 2
    found = rarity(graph, "MONDO:1", 2)
    assert (found.rare, found.value, found.limit) == (True, 2, 2)
    assert rarity(graph, "MONDO:1", 1).rare is False
    assert rarity(graph, "OMIM:9", 5).rare is None  # nothing is cited to tell by
