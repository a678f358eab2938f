"""Drugs, targets, pathways and side effects, looked up from both ends; notes on disagreements."""

import json

import pytest
from pharmacy import CLASS, DRUG, GENE, GOUT, PATHWAY, RARE, RASH, build

from medresearcher.graph.store import Graph
from medresearcher.records.trajectory import Observation, Outcome
from medresearcher.retrieval.pages import fact_pages
from medresearcher.tools.facts import parse_facts
from medresearcher.tools.lookup_entity import lookup_entity


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return build(tmp_path_factory.mktemp("pharmacy"))


def look_up(graph: Graph, **arguments: str) -> Observation:
    return lookup_entity(graph).call(json.dumps(arguments))


@pytest.mark.parametrize(
    ("entity", "relation", "other", "line"),
    [
        (DRUG, "treats", GOUT, "· disease modifying [pharmacotherapydb]"),
        (GOUT, "treatments", DRUG, "· disease modifying [pharmacotherapydb]"),
        (DRUG, "does_not_treat", "MONDO:0000001", "· [pharmacotherapydb]"),
        ("arthritis", "not_treated_by", DRUG, "· [pharmacotherapydb]"),
        (DRUG, "targets", GENE, "· inhibitor [PMID:7]"),
        ("XDH", "drugs", DRUG, "· inhibitor [PMID:7]"),
        (DRUG, "drug_classes", CLASS, "· [drugcentral]"),
        (CLASS, "drugs", DRUG, "· [drugcentral]"),
        (DRUG, "side_effects", RASH, "· [sider]"),
        (RASH, "side_effect_of", DRUG, "· [sider]"),
        (GENE, "pathways", PATHWAY, "· [reactome]"),
        (PATHWAY, "genes", GENE, "· [reactome]"),
        (RARE, "causal_genes", GENE, "· susceptibility [orphanet]"),
    ],
)
def test_relations_run_both_ways(graph, entity, relation, other, line):
    found = look_up(graph, entity=entity, relation=relation)
    assert found.outcome is Outcome.FOUND
    assert [curie for _, curie in parse_facts(found.text)[relation]] == [other]
    assert f"({other}) {line}" in found.text


def test_a_drug_that_is_denied_is_no_treatment(graph):
    assert look_up(graph, entity="arthritis", relation="treatments").outcome is Outcome.EMPTY


RARE_PAGE = f"""\
Rare gout (ORPHA:99) · disease
Definition: {("A rare form of gout. " * 12).strip()}
Broader: ICD10:M10; gout (MONDO:0005393)

causal_genes (1):
- XDH (HGNC:12805) · susceptibility [orphanet]

phenotypes (1):
- Skin rash (HP:0000988) · very frequent (80-99%) [PMID:2]; 1/30 [PMID:1]

disagreements (1):
- Skin rash (HP:0000988) · different frequency · very frequent (80-99%) [PMID:2]; 1/30 [PMID:1]

[found · 2 facts]"""


def test_disagreements_and_matches_are_notes_and_no_conflict_outcome(graph):
    found = look_up(graph, entity=RARE)
    assert found.text == RARE_PAGE
    assert found.outcome is Outcome.FOUND
    assert "Narrower: Rare gout (ORPHA:99)" in look_up(graph, entity=GOUT).text


def test_drugs_and_pathways_have_pages(graph):
    pages = {page.id: page for page in fact_pages(graph)}
    drug = pages[f"FACTS:{DRUG}"]
    assert drug.type == "drug_page"
    assert drug.text.splitlines()[1:] == [
        "Treats: gout (MONDO:0005393), disease modifying [pharmacotherapydb]",
        "Stated not to treat: arthritis (MONDO:0000001) [pharmacotherapydb]",
        "Acts on: XDH (HGNC:12805), inhibitor [PMID:7]",
        "Drug classes: uricosuric drug (CHEBI:35841) [drugcentral]",
        "Side effects: Skin rash (HP:0000988) [sider]",
    ]
    assert pages[f"FACTS:{PATHWAY}"].text.endswith("Genes: XDH (HGNC:12805) [reactome]")
    assert "Drugs that act on it: Allopurinol" in pages[f"FACTS:{GENE}"].text
    assert "Treated by: Allopurinol" in pages[f"FACTS:{GOUT}"].text
    assert f"FACTS:{CLASS}" not in pages
