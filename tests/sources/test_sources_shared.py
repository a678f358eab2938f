"""The official files of `shared/data`, counted, and an audit of what the readers make of them.

The audit reads the raw files anew, with code that shares nothing with the readers. Skipped where
the folder is absent.
"""

import bz2
import csv
import gzip
import io
import json
import pickle
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from medresearcher.records.knowledge import (
    Designation,
    Document,
    Entity,
    EntityType,
    Item,
    Mapping,
    MatchKind,
    Predicate,
    Prevalence,
    Statement,
)
from medresearcher.settings import load_settings
from medresearcher.sources.inputs import choose_inputs
from medresearcher.sources.registry import SOURCES

DATA = Path(__file__).parents[3] / "shared" / "data"
FOLDERS = {
    "orphanet": "orphapackets",
    "mondo_rare": "mondo_rare",
    "drugcentral": "drugcentral",
    "pharmacotherapydb": "pharmacotherapydb",
    "reactome": "odamnet",
    "wikipathways": "odamnet",
    "medquad": "medquad",
}
SAMPLE = 60  # of each source below


@cache
def items(name: str) -> list[Item]:
    if name in FOLDERS:
        folder = DATA / FOLDERS[name]
        if not folder.is_dir():
            pytest.skip(f"{folder}: is not there")
        chosen = choose_inputs(["hpo"], Path(), added=[folder])
    else:
        wheel = SOURCES[name].wheel
        assert wheel
        downloads = load_settings().downloads
        if not (downloads / wheel.file).exists():
            pytest.skip(f"{wheel.file}: not fetched; run `medresearcher sources pull {name}`")
        chosen = choose_inputs([name], downloads, consent=[name])
    (one,) = (one for one in chosen if one.source.name == name)
    return list(one.read())


def of(name: str, kind: type[Any], **fields: Any) -> list[Any]:
    found = (one for one in items(name) if isinstance(one, kind))
    return [one for one in found if all(getattr(one, k) == v for k, v in fields.items())]


def text(path: str) -> str:
    body = (DATA / path).read_bytes()
    return (gzip.decompress(body) if path.endswith(".gz") else body).decode()


@pytest.mark.parametrize("name", [*FOLDERS, "drug_names", "predict", "sider", "drugbank_targets"])
def test_ids_are_unique_and_every_item_names_its_source(name: str) -> None:
    documents = Counter(one.id for one in items(name) if isinstance(one, Document))
    entities = Counter(one.id for one in items(name) if isinstance(one, Entity))
    assert max([*documents.values(), *entities.values()], default=1) == 1
    assert {one.source for one in items(name)} == {name}


def test_orphanet_counts() -> None:
    assert len(of("orphanet", Entity)) == 9_960
    assert len(of("orphanet", Document)) == 6_891
    labels = Counter(one.label for one in of("orphanet", Prevalence))
    assert labels["<1 / 1 000 000"] == 4_806
    assert labels["1-9 / 1 000 000"] == 2_223
    assert labels["1-9 / 100 000"] == 2_825
    assert labels["1-5 / 10 000"] == 1_200
    assert labels[">1 / 1000"] == 97
    rows = of("orphanet", Prevalence)
    usable = {one.subject for one in rows if one.measure != "cases" and one.low is not None}
    assert abs(len(usable) - 5_106) <= 1
    kinds = Counter(one.kind for one in of("orphanet", Mapping))
    assert kinds == {MatchKind.EXACT: 3_659, MatchKind.NARROW: 3_989, MatchKind.BROAD: 758}
    assert len(of("orphanet", Statement, predicate=Predicate.HAS_PHENOTYPE)) == 115_878


def test_counts_of_drugs_pathways_subsets_and_pages() -> None:
    targets = of("drugcentral", Statement, predicate=Predicate.AFFECTS)
    assert (len(targets), sum(bool(one.reference) for one in targets)) == (2_991, 182)
    assert len(of("drugcentral", Statement, predicate=Predicate.TREATS)) == 671
    assert len(of("drugcentral", Entity, type=EntityType.DRUG_CLASS)) == 1_262
    judged = of("pharmacotherapydb", Statement)
    assert Counter((one.qualifier, one.negated) for one in judged) == {
        ("disease_modifying", False): 755,
        ("symptomatic", False): 390,
        ("", True): 243,
    }
    assert len(of("reactome", Entity)) == 2_322 - 1
    assert len(of("wikipathways", Entity)) == 643 - 1 + 104 - 64
    assert Counter(one.label for one in of("mondo_rare", Designation)) == {
        "gard_rare": 11_835,
        "nord_rare": 11_218,
    }
    assert len(of("medquad", Document)) == 5_497 - 11


def test_counts_of_the_wheels() -> None:
    assert len(of("predict", Statement)) == 1_933
    assert len(of("sider", Statement)) == 76_402
    assert len(of("drugbank_targets", Statement)) == 3_187
    drugs = Counter(one.id.partition(":")[0] for one in of("drug_names", Entity))
    assert drugs["DRUGBANK"] == 12_279
    known = {one.id for one in of("drug_names", Entity)}
    assert sum(one.subject in known for one in of("predict", Statement)) == 1_866


def sampled(name: str, *kinds: type[Any]) -> list[Any]:
    found = [one for one in items(name) if isinstance(one, kinds)]
    return random.Random(name).sample(found, SAMPLE)


def packets() -> list[dict[str, Any]]:
    return [json.loads(row) for row in text("orphapackets/orphapackets.jsonl.gz").splitlines()]


def leaves(value: Any, key: str) -> Iterator[dict[str, Any]]:
    """Every object under `value` that has `key`, however deep."""
    if isinstance(value, dict):
        if key in value:
            yield value
        for inner in value.values():
            yield from leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, key)


FREQUENCY = {"40280": "Obl", "40281": "Very f", "40282": "Fre", "40283": "Occ", "40284": "Very r"}
ONSET = {"30674": "Antenatal", "03623": "Neonatal", "03593": "Infancy", "11463": "Childhood"}
ONSET |= {"03581": "Adult", "03584": "Elderly"}
INHERITANCE = {"00006": "Autosomal dominant", "00007": "Autosomal recessive"}
INHERITANCE |= {"01423": "X-linked dominant", "01419": "X-linked recessive", "01450": "Y-linked"}
INHERITANCE |= {"01427": "Mitochondrial inheritance", "10982": "Multigenic/multifactorial"}
INHERITANCE |= {"10983": "Oligogenic", "32113": "Semi-dominant"}
GENE = {"causal": "Disease-causing germline", "somatic": "somatic", "fusion": "fusion"}
GENE |= {"susceptibility": "Major susc", "modifier": "Modifying", "role_in_phenotype": "Role in"}


def states(packet: dict[str, Any], one: Statement) -> bool:
    """Whether the raw packet says what the statement says."""
    local = one.object.partition(":")[2]
    match one.predicate:
        case Predicate.HAS_PHENOTYPE:
            wanted = FREQUENCY.get(one.frequency[-5:], "Excluded")
            return any(
                row["HPOId"] == one.object
                and row["HPOFrequency"].startswith(wanted)
                and one.negated == row["HPOFrequency"].startswith("Excluded")
                for row in leaves(packet["Phenotypes"], "HPOId")
            )
        case Predicate.HAS_ONSET:
            rows = leaves(packet["AverageAgeOfOnsets"], "value")
            return any(row["value"] == ONSET[local[-5:]] for row in rows)
        case Predicate.HAS_INHERITANCE:
            rows = leaves(packet["TypeOfInheritances"], "value")
            return any(row["value"] == INHERITANCE[local[-5:]] for row in rows)
        case Predicate.SUBCLASS_OF:
            return any(row["ORPHAcode"] == local for row in leaves(packet["Parents"], "ORPHAcode"))
        case _:
            gene = one.subject.partition(":")[2]
            return any(
                GENE[one.qualifier] in row["DisorderGeneAssociationType"]
                and any(ref["Reference"] == gene for ref in row["ExternalReferences"])
                for row in leaves(packet["Genes"], "DisorderGeneAssociationType")
            )


def test_audit_orphanet_statements() -> None:
    raw = packets()
    for predicate in (
        Predicate.HAS_PHENOTYPE,
        Predicate.HAS_ONSET,
        Predicate.HAS_INHERITANCE,
        Predicate.SUBCLASS_OF,
        Predicate.CAUSES,
    ):
        found = of("orphanet", Statement, predicate=predicate)
        for one in random.Random(predicate).sample(found, SAMPLE):
            packet = raw[one.row - 1]
            assert one.record == f"ORPHA:{packet['ORPHAcode']}"
            assert one.record in (one.subject, one.object)
            assert states(packet, one), one


BOUNDS = {"<1 / 1 000 000": (0, 1e-6), "1-9 / 1 000 000": (1e-6, 9e-6)}
BOUNDS |= {"1-9 / 100 000": (1e-5, 9e-5), "1-5 / 10 000": (1e-4, 5e-4)}
BOUNDS |= {"6-9 / 10 000": (6e-4, 9e-4), ">1 / 1000": (1e-3, None)}
MEASURE = {"Point": "point_prevalence", "Prevalence": "birth_prevalence", "Cases/families": "cases"}
MEASURE |= {"Annual": "annual_incidence", "Lifetime": "lifetime_prevalence"}


def test_audit_orphanet_prevalence() -> None:
    raw = packets()
    for one in sampled("orphanet", Prevalence):
        packet = raw[one.row - 1]
        assert one.subject == one.record == f"ORPHA:{packet['ORPHAcode']}"
        shown = {
            (
                MEASURE[row["PrevalenceType"].split()[0]],
                row["PrevalenceGeographic"],
                tuple(sorted({number for number in pmids(row["Source"] or "") if number})),
                row["PrevalenceClass"],
                row["ValMoy"],
            )
            for row in leaves(packet["Prevalences"], "PrevalenceType")
        }
        cited = tuple(sorted(ref.removeprefix("PMID:") for ref in one.references))
        alike = [row for row in shown if row[:3] == (one.measure, one.area, cited)]
        assert any(fits(one, label, mean) for *_, label, mean in alike), one


def pmids(source: str) -> list[str]:
    """The numbers of the parts that say PMID; a name may stand there instead."""
    marked = [part for part in source.split("_") if "PMID" in part]
    return ["".join(c for c in part if c.isdigit()) for part in marked]


def fits(one: Prevalence, label: str, mean: str) -> bool:
    value = float(mean) if mean != "no data" else 0.0
    if one.measure == "cases":
        return one.low == one.high == (value or None)
    if value:
        return one.low == one.high == pytest.approx(value / 100_000)
    return (one.low, one.high) == BOUNDS.get(label, (None, None)) and one.label == label


def column(path: str, delimiter: str = "\t") -> Callable[[int], dict[str, str]]:
    rows = text(path).splitlines()
    header = next(csv.reader([rows[0]], delimiter=delimiter))

    def at(line: int) -> dict[str, str]:
        return dict(zip(header, rows[line - 1].split(delimiter), strict=True))

    return at


def test_audit_drugcentral() -> None:
    targets = column("drugcentral/targets.tsv.gz")
    classes = column("drugcentral/drug-to-class.tsv.gz")
    for one in sampled("drugcentral", Statement):
        if one.predicate is Predicate.AFFECTS:
            row = targets(one.row)
            assert (one.object, one.qualifier) == (f"NCBIGene:{row['GeneID']}", row["actions"])
            assert one.reference.removeprefix("PMID:") == row["pubmed_ids"]
        elif one.predicate is Predicate.HAS_ROLE:
            row = classes(one.row)
            assert one.object.split(":")[1] == row["class_id"].split(":")[-1]
        else:
            row = column("drugcentral/indications.tsv")(one.row)
            assert one.object == row["doid_id"]
        assert one.subject == f"DRUGBANK:{row['drugbank_id']}"


def test_audit_pharmacotherapydb() -> None:
    rows = column("pharmacotherapydb/catalog_indications.tsv")
    words = {"DM": "disease_modifying", "SYM": "symptomatic", "NOT": ""}
    for one in sampled("pharmacotherapydb", Statement):
        row = rows(one.row)
        assert one.subject == f"DRUGBANK:{row['drugbank_id']}"
        assert (one.object, one.qualifier) == (row["doid_id"], words[row["category"]])
        assert one.negated == (row["category"] == "NOT")


def test_audit_pathways() -> None:
    reactome = text("odamnet/hsapiens.REAC.name.gmt.gz").splitlines()
    for one in sampled("reactome", Statement):
        fields = reactome[one.row - 1].split("\t")
        assert fields[0].split(":")[1] == one.object.split(":")[1]
        assert one.subject.split(":")[1] in fields[2:]
    both = ("hsapiens.WP.name.gmt.gz", "WP_RareDiseases_2022_11_29.gmt")
    files = [text(f"odamnet/{name}").splitlines() for name in both]
    for one in sampled("wikipathways", Statement):
        rows = [rows[one.row - 1].split("\t") for rows in files if one.row <= len(rows)]
        here = [row for row in rows if row[0].removeprefix("WP:") == one.object.split(":")[1]]
        assert any(one.subject.split(":")[1] in row[2:] for row in here), one


def test_audit_designations() -> None:
    files = {"gard_rare": "gard-subset.template.tsv.gz", "nord_rare": "nord-subset.template.tsv.gz"}
    rows = {label: text(f"mondo_rare/{name}").splitlines() for label, name in files.items()}
    for one in sampled("mondo_rare", Designation):
        fields = rows[one.label][one.row - 1].split("\t")
        assert fields[0].replace("_", ":").endswith(one.subject)
        assert fields[4 if one.label == "gard_rare" else 2].endswith(f"#{one.label}")


@pytest.mark.parametrize(
    ("name", "member", "prefix"),
    [
        ("predict", "openpredict-omim-drug.csv", "OMIM:"),
        ("sider", "drugbank-sider-se.csv", "UMLS:"),
        ("drugbank_targets", "drugbank-drug-target.csv", "NCBIGene:"),
    ],
)
def test_audit_openpredict(name: str, member: str, prefix: str) -> None:
    found = sampled(name, Statement)
    wheel = SOURCES[name].wheel
    assert wheel
    with zipfile.ZipFile(load_settings().downloads / wheel.file) as archive:
        rows = archive.read(f"openpredict/data/input/{member}").decode().splitlines()
    for one in found:
        drug, other = rows[one.row - 1].split(",")
        assert (one.subject, one.object) == (f"DRUGBANK:{drug}", f"{prefix}{other}")


def test_audit_drug_names() -> None:
    found = sampled("drug_names", Entity)
    wheel = SOURCES["drug_names"].wheel
    assert wheel
    with zipfile.ZipFile(load_settings().downloads / wheel.file) as archive:
        packed = archive.read("drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2")
    raw = pickle.load(io.BytesIO(bz2.decompress(packed)))  # pinned by its hash
    rows = raw["drug_canonical_to_data"]
    for one in found:
        prefix, _, local = one.id.partition(":")
        field = {"DRUGBANK": "drugbank_id", "MESH": "mesh_id"}[prefix]
        (key,) = (key for key, row in rows.items() if row.get(field) == local)
        assert rows[key]["name"] == one.name
        for alias in one.aliases:
            known = raw["drug_variant_to_canonical"].get(alias, [])
            assert key in known or alias in rows[key].get("synonyms", [])


def test_audit_medquad() -> None:
    pages = [json.loads(row) for row in text("medquad/medquad.jsonl.gz").splitlines()]
    by_url: dict[str, list[dict[str, Any]]] = {}
    for page in pages:
        by_url.setdefault(page["url"], []).append(page)
    for one in sampled("medquad", Document):
        assert any(
            one.title == page["focus"]
            and set(one.entities) == {f"UMLS:{cui}" for cui in page["cui"]}
            and all(qa["answer"].strip() in one.text for qa in page["qa"])
            for page in by_url[one.url]
        ), one.id


@pytest.mark.parametrize("name", ["mondo_mappings", "hgnc"])
def test_official_files_in_a_folder_read_as_from_the_wheel(name: str, tmp_path: Path) -> None:
    source = SOURCES[name]
    from_wheel = items(name)
    assert source.wheel
    with zipfile.ZipFile(load_settings().downloads / source.wheel.file) as archive:
        for short, member in source.members.items():
            packed = gzip.compress(archive.read(member), compresslevel=1)
            (tmp_path / f"{short}.gz").write_bytes(packed)
    (one,) = (one for one in choose_inputs([name], Path(), added=[tmp_path]))
    assert not one.needs_wheel
    assert list(one.read()) == from_wheel
