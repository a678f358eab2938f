"""The pinned wheels themselves: what is in them, counted. Skipped until they are fetched."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from medresearcher.records.knowledge import Document, Entity, Item, MatchKind, Predicate, Statement
from medresearcher.settings import load_settings
from medresearcher.sources.inputs import read_source
from medresearcher.sources.registry import SOURCES, select


@cache
def downloads() -> Path:
    return load_settings().downloads


@cache
def items(name: str) -> list[Item]:
    wheel = SOURCES[name].wheel
    assert wheel
    path = downloads() / wheel.file
    if not path.exists():
        pytest.skip(f"{path}: not fetched; run `medresearcher sources pull {name}`")
    return list(read_source(name, downloads()))


def entities(name: str) -> Counter[str]:
    return Counter(item.type.value for item in items(name) if isinstance(item, Entity))


def statements(name: str, *predicates: Predicate) -> list[Statement]:
    return [i for i in items(name) if isinstance(i, Statement) and i.predicate in predicates]


@pytest.mark.parametrize("name", [source.name for source in select([])])
def test_ids_are_unique_and_every_item_names_its_source(name: str) -> None:
    ids = Counter(item.id for item in items(name) if isinstance(item, Entity | Document))
    assert [key for key, count in ids.items() if count > 1] == []
    assert {item.source for item in items(name)} == {name}


def test_hpo_has_the_terms_and_annotations_of_the_release() -> None:
    found = entities("hpo")
    assert sum(found.values()) - found["disease"] == 19_034
    assert found["disease"] == 12_687
    assert found["onset"] == 23
    described = [i for i in items("hpo") if isinstance(i, Entity) and i.definition]
    assert len(described) == 16_449
    assert len(statements("hpo", Predicate.SUBCLASS_OF)) == 23_392


def test_hpo_rows_pairs_and_publications() -> None:
    phenotypes = statements("hpo", Predicate.HAS_PHENOTYPE)
    assert len({s.row for s in phenotypes}) == 254_621
    assert len({(s.subject, s.object) for s in phenotypes}) == 254_032
    assert len({s.row for s in phenotypes if not s.frequency}) == 53_571
    annotations = statements(
        "hpo",
        Predicate.HAS_PHENOTYPE,
        Predicate.HAS_INHERITANCE,
        Predicate.HAS_ONSET,
        Predicate.HAS_MODIFIER,
    )
    assert len({s.row for s in annotations}) == 271_702
    assert len({s.row for s in annotations if s.negated}) == 711 + 2_000
    assert len({s.row for s in statements("hpo", Predicate.HAS_INHERITANCE)}) == 8_854
    assert len({(s.subject, s.object) for s in statements("hpo", Predicate.CAUSES)}) == 12_302


def test_hpo_says_of_marfan_syndrome_what_the_file_says() -> None:
    wanted = ("OMIM:154700", "HP:0430043", "PMID:31772430")
    (found,) = (
        s
        for s in statements("hpo", Predicate.HAS_PHENOTYPE)
        if (s.subject, s.object, s.reference) == wanted
    )
    assert (found.frequency, found.negated) == ("16/21", False)


def test_mondo_has_the_human_diseases() -> None:
    assert entities("mondo") == {"disease": 23_214}  # 23,213 and the class of them all
    marfan = next(i for i in items("mondo") if isinstance(i, Entity) and i.id == "MONDO:0007947")
    assert marfan.name == "Marfan syndrome"
    assert "MFS" in marfan.aliases
    known = {i.id for i in items("mondo") if isinstance(i, Entity)}
    assert all({s.subject, s.object} <= known for s in statements("mondo", Predicate.SUBCLASS_OF))


def test_mappings_join_the_vocabularies() -> None:
    exact = Counter(
        item.object.partition(":")[0]
        for item in items("mondo_mappings")
        if getattr(item, "kind", None) is MatchKind.EXACT
    )
    assert exact == {
        "UMLS": 21_276,
        "MEDGEN": 21_276,
        "DOID": 11_518,
        "OMIM": 9_897,
        "ORPHA": 9_604,
        "SCTID": 9_098,
        "MESH": 8_163,
        "NCIT": 7_345,
        "ICD10CM": 2_028,
        "OMIMPS": 593,
    }


def test_hgnc_has_the_genes_and_groups() -> None:
    assert entities("hgnc") == {"gene": 44_117, "gene_group": 1_710}
    members = {s.subject for s in statements("hgnc", Predicate.MEMBER_OF)}
    assert len(members) == 26_340


def test_hpo_genes_are_hgnc_genes_but_six() -> None:
    known = {e for i in items("hgnc") if isinstance(i, Entity) for e in i.equivalents}
    genes = {s.subject for s in statements("hpo", Predicate.CAUSES)}
    assert len(genes) == 5_132
    assert len(genes - known) == 6


def test_uniprot_has_the_descriptions_and_pathogenic_pairs() -> None:
    documents = [item for item in items("uniprot") if isinstance(item, Document)]
    assert len(documents) == 6_740
    assert all(document.text and document.entities for document in documents)
    assert len(statements("uniprot", Predicate.CAUSES)) == 4_677


def test_pubmed_has_the_citations() -> None:
    documents = [item for item in items("pubmed") if isinstance(item, Document)]
    assert len(documents) == 50_729
    assert sum(bool(document.text) for document in documents) == 33_272
    assert all(document.year and document.journal for document in documents)
    types = Counter(document.type for document in documents)
    assert types["guideline"] == 20
    assert types["retracted"] == 8
    assert min(types.values()) > 0
