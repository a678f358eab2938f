"""The graph of the real sources: its size, and its statements found again in the raw files.

The raw files are read here with `zipfile`, `csv` and `json` alone, not with the readers of ours.
"""

import csv
import io
import json
import random
import zipfile
from collections import defaultdict
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
import zstandard

from medresearcher.graph.store import Graph
from medresearcher.graph.tables import STATEMENTS, StatementRows
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.sources.registry import SOURCES

pytestmark = pytest.mark.slow
SAMPLE = 240


def test_it_has_the_diseases_and_edges_that_the_sources_give(real_graph):
    annotated = [
        disease
        for disease in real_graph.ids(EntityType.DISEASE)
        if real_graph.objects(disease, Predicate.HAS_PHENOTYPE)
    ]
    assert len(annotated) >= 10_400
    assert real_graph.edge_count(Predicate.HAS_PHENOTYPE) >= 230_000
    assert real_graph.edge_count(Predicate.CAUSES) >= 10_000
    assert real_graph.edge_count(Predicate.MEMBER_OF) >= 30_000


def test_marfan_syndrome_is_one_node_with_its_gene_and_signs(real_graph):
    for other in ("OMIM:154700", "ORPHA:558", "Marfan syndrome"):
        assert real_graph.resolve(other) == ["MONDO:0007947"]
    (gene,) = real_graph.resolve("FBN1")
    assert gene in real_graph.subjects("MONDO:0007947", Predicate.CAUSES)
    sources = {s.source for s in real_graph.statements(gene, Predicate.CAUSES, "MONDO:0007947")}
    assert sources == {"hpo", "uniprot"}
    assert "HP:0001166" in real_graph.objects("MONDO:0007947", Predicate.HAS_PHENOTYPE)


def test_every_statement_names_a_known_source_a_record_and_a_row(real_tables):
    table = pq.read_table(real_tables / STATEMENTS)
    assert set(table["source"].unique().to_pylist()) <= set(SOURCES)
    assert "" not in table["record"].unique().to_pylist()
    assert min(table["row"].unique().to_pylist()) >= 1


@cache
def raw(home: Path, source: str, name: str) -> bytes:
    """A file as it lies in the wheel."""
    with zipfile.ZipFile(home / "sources" / SOURCES[source].wheel.file) as wheel:
        (member,) = (one for one in wheel.namelist() if one.endswith(f"/{name}"))
        return wheel.read(member)


@cache
def lines(home: Path, source: str, name: str) -> list[str]:
    return raw(home, source, name).decode().splitlines()


@cache
def hgnc_rows(home: Path) -> list[dict[str, str]]:
    text = io.StringIO(raw(home, "hgnc", "hgnc_complete_set.txt").decode())
    return list(csv.DictReader(text, delimiter="\t"))


@cache
def mondo_terms(home: Path) -> list[tuple[str, dict]]:
    packed = raw(home, "mondo", "MONDO-ontology-v2026-05-05.json.zst")
    return list(json.loads(zstandard.ZstdDecompressor().stream_reader(packed).read()).items())


@cache
def uniprot_records(home: Path, name: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(raw(home, "uniprot", name)).findall(".//record")


def field(record: ElementTree.Element, name: str) -> ElementTree.Element:
    return next(one for one in record.findall("field") if one.get("name") == name)


def stands_for(graph: Graph, curie: str, node: str) -> bool:
    """Whether the id that a source uses is the node or one of its equivalents."""
    return curie == node or curie in graph.entity(node).equivalents


def check_annotation(graph, home, s):
    columns = lines(home, "hpo", "phenotype.hpoa")[s.row - 1].split("\t")
    disease, _, qualifier, term, reference, _, onset, frequency, sex, _, aspect, _ = columns
    assert (disease, onset, frequency, sex.lower()) == (s.record, s.onset, s.frequency, s.sex)
    assert (qualifier == "NOT" or frequency.startswith("0/")) is s.negated
    assert s.reference in reference.split(";")
    assert (aspect == "P") is (s.predicate is Predicate.HAS_PHENOTYPE)
    assert stands_for(graph, disease, s.subject)
    assert stands_for(graph, term, s.object)


def check_gene(graph, home, s):
    columns = lines(home, "hpo", "genes_to_phenotype.txt")[s.row - 1].split("\t")
    assert columns[5] == s.record
    assert stands_for(graph, f"NCBIGene:{columns[0]}", s.subject)
    assert stands_for(graph, columns[5], s.object)
    assert graph.name(s.subject) == columns[1] or columns[1] in graph.entity(s.subject).aliases


def check_term(graph, home, s):
    text = lines(home, "hpo", "hp.obo")
    assert text[s.row - 1].startswith(f"is_a: {s.object} ")
    start = max(n for n in range(s.row) if text[n] == "[Term]")
    assert f"id: {s.record}" in text[start : s.row]
    assert s.subject == s.record


def check_mondo(graph, home, s):
    term, content = mondo_terms(home)[s.row - 1]
    assert term == s.record == s.subject
    assert content["ancestors"][s.object] == 1


def check_family(graph, home, s):
    row = hgnc_rows(home)[s.row - 2]
    assert row["hgnc_id"] == s.record == s.subject
    place = row["gene_group_id"].split("|").index(s.object.removeprefix("HGNC.FAMILY:"))
    assert row["gene_group"].split("|")[place] == graph.name(s.object)


def check_variant(graph, home, s):
    link = uniprot_records(home, "variant_phenotypes.xml")[s.row - 1]
    assert field(link, "variant").get("ref") == s.record
    records = uniprot_records(home, "protein_diseases.xml")
    phenotype = field(link, "phenotype").get("ref")
    (disease,) = (one for one in records if field(one, "name").text == phenotype)
    mim = field(disease, "mim_reference").text.removeprefix("MIM:")
    assert stands_for(graph, f"OMIM:{mim}", s.object)
    variants = uniprot_records(home, "gene_variants.xml")
    (variant,) = (one for one in variants if one.get("id") == s.record)
    assert field(variant, "gene").get("search") == f"[('name', '=', '{graph.name(s.subject)}')]"
    assert field(variant, "significance").text == "lpp"


CHECKS = {
    ("hpo", Predicate.CAUSES): check_gene,
    ("hpo", Predicate.SUBCLASS_OF): check_term,
    ("hpo", Predicate.HAS_PHENOTYPE): check_annotation,
    ("hpo", Predicate.HAS_INHERITANCE): check_annotation,
    ("hpo", Predicate.HAS_ONSET): check_annotation,
    ("hpo", Predicate.HAS_MODIFIER): check_annotation,
    ("mondo", Predicate.SUBCLASS_OF): check_mondo,
    ("hgnc", Predicate.MEMBER_OF): check_family,
    ("uniprot", Predicate.CAUSES): check_variant,
}


def test_sampled_statements_are_found_again_in_the_raw_files(real_tables, real_graph, home):
    table = pq.read_table(real_tables / STATEMENTS)
    statements = StatementRows(table)
    kinds = zip(table["source"].to_pylist(), table["predicate"].to_pylist(), strict=True)
    places = defaultdict(list)
    for place, (source, predicate) in enumerate(kinds):
        places[source, Predicate(predicate)].append(place)
    assert set(places) == set(CHECKS)
    rng = random.Random(7)
    for kind, check in CHECKS.items():
        share = round(SAMPLE * len(places[kind]) / len(table))
        for place in rng.sample(places[kind], max(share, 10)):
            check(real_graph, home, *statements.between(place, place + 1))
