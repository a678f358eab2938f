"""Folders of added files: what is recognised, what replaces or adds, consent, pins."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from medresearcher.errors import InputError, SourceError
from medresearcher.records.knowledge import Document, Item
from medresearcher.sources import medquad, own
from medresearcher.sources.files import Files, lines
from medresearcher.sources.inputs import Input, choose_inputs, recognise
from medresearcher.sources.registry import SOURCES, Source, Wheel

NAMES = {
    "hp.obo": "hpo",
    "phenotype.hpoa.gz": "hpo",
    "genes_to_disease.txt": "hpo",
    "mondo.obo": "mondo",
    "mondo.sssom.tsv": "mondo_mappings",
    "hgnc_complete_set.txt": "hgnc",
    "orphapackets.jsonl.gz": "orphanet",
    "ORPHApacket_10.json": "orphanet",
    "gard-subset.template.tsv.gz": "mondo_rare",
    "targets.tsv.gz": "drugcentral",
    "catalog_indications.tsv": "pharmacotherapydb",
    "hsapiens.REAC.name.gmt.gz": "reactome",
    "WP_RareDiseases_2022_11_29.gmt": "wikipathways",
    "openpredict-omim-drug.csv": "predict",
    "drugbank-sider-se.csv": "sider",
    "drugbank-drug-target.csv": "drugbank_targets",
    "pubmed26n0001.xml.gz": "pubmed",
    "PMC1.nxml": "pmc",
    "article.xml": "pmc",
    "protein_diseases.xml": "uniprot",
    "medquad.jsonl.gz": "medquad",
    "notes.txt": "own",
    "page.md": "own",
    "mine.jsonl": "own",
}
IGNORED = ["SOURCE.txt", "README.md", "readme_upstream.txt", "LICENSE", "LICENSE.txt", ".hidden"]
ASIDE = ["classes.tsv", "catalog_drugs.tsv", "mondo-rare_edges.tsv.gz", "human-interactome.csv"]


def filled(folder: Path, *names: str, text: str = "x") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(text)
    return folder


def test_files_are_recognised_by_name(tmp_path: Path) -> None:
    folder = filled(tmp_path / "a", *NAMES, *IGNORED, *ASIDE)
    filled(folder / "below", "unknown.bin")
    found = recognise([folder])
    got = {path.name: name for name, paths in found.items() for path in paths.values()}
    assert got == NAMES
    assert set(found["hpo"]) == {"hp.obo", "phenotype.hpoa", "genes_to_disease.txt"}
    assert set(found["pubmed"]) == {"pubmed26n0001.xml.gz"}


def test_what_is_not_recognised_is_refused_with_what_is(tmp_path: Path) -> None:
    folder = filled(tmp_path / "a", "hp.obo", "table.xlsx")
    with pytest.raises(InputError, match=r"table\.xlsx: is not recognised; known are .*hp\.obo"):
        recognise([folder])
    with pytest.raises(InputError, match="holds no file to read; known are"):
        recognise([filled(tmp_path / "b", "README.md")])
    with pytest.raises(InputError, match="cannot be read as a folder"):
        recognise([tmp_path / "missing"])
    with pytest.raises(InputError, match="cannot be read as a folder"):
        recognise([folder / "hp.obo"])


def test_one_file_of_two_folders_is_refused(tmp_path: Path) -> None:
    folders = [filled(tmp_path / "a", "hp.obo"), filled(tmp_path / "b", "hp.obo.gz")]
    with pytest.raises(InputError, match=r"b/hp\.obo\.gz: stands for the same file as .*a/hp\.obo"):
        recognise(folders)


def test_content_without_consent_is_never_chosen(tmp_path: Path) -> None:
    chosen = {one.source.name for one in choose_inputs([], tmp_path)}
    assert chosen & {"predict", "sider", "drugbank_targets"} == set()
    assert "drug_names" in chosen
    with pytest.raises(InputError, match=r"`sider` is under CC-BY-NC-SA-4\.0.*--consent sider`"):
        choose_inputs(["sider"], tmp_path)
    folder = filled(tmp_path / "a", "drugbank-sider-se.csv")
    with pytest.raises(InputError, match="--consent sider"):
        choose_inputs([], tmp_path, added=[folder], consent=["predict"])
    chosen = {one.source.name for one in choose_inputs([], tmp_path, consent=["sider"])}
    assert "sider" in chosen
    assert "predict" not in chosen
    with pytest.raises(InputError, match="no source is called `atlantis`"):
        choose_inputs([], tmp_path, consent=["atlantis"])


def test_pins_are_of_content_not_of_place(tmp_path: Path) -> None:
    one, same, other = (
        filled(tmp_path / name, "notes.txt", "page.md", text=text)
        for name, text in (("a", "x"), ("b", "x"), ("c", "y"))
    )
    pins = [choose_inputs([], tmp_path, added=[folder])[-1].pin for folder in (one, same, other)]
    assert pins[0] == pins[1] != pins[2]
    (one / "page.md").rename(one / "other.md")
    assert choose_inputs([], tmp_path, added=[one])[-1].pin != pins[0]


def _rows(files: Files) -> Iterator[Item]:
    for name in files.names:
        for _, text in lines(files, name):
            yield Document(f"{name}:{text}", "t", text, "x", "hpo")


def wheel_source(downloads: Path, adds: bool) -> Source:
    """A source whose wheel holds one row, `whole`."""
    downloads.mkdir()
    path = downloads / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny/old.rows", "whole")
    body = path.read_bytes()
    wheel = Wheel("tiny==1.0", path.name, hashlib.sha256(body).hexdigest(), len(body))
    members = {"old.rows": "tiny/old.rows"}
    return Source("hpo", *["x"] * 6, wheel, members, _rows, files=("*.rows",), adds=adds)


def read_titles(one: Input) -> list[str]:
    return [item.title for item in one.read() if isinstance(item, Document)]


@pytest.mark.parametrize(("adds", "titles"), [(False, ["new"]), (True, ["new", "whole"])])
def test_added_files_replace_the_wheel_or_come_on_top(
    tmp_path: Path, adds: bool, titles: list[str]
) -> None:
    downloads = tmp_path / "sources"
    source = wheel_source(downloads, adds)
    folder = filled(tmp_path / "a", "more.rows", text="new")
    (one,) = choose_inputs([], downloads, added=[folder], registry={"hpo": source})
    assert sorted(read_titles(one)) == titles
    assert source.wheel
    assert one.pin != source.wheel.sha256
    (plain,) = choose_inputs([], downloads, registry={"hpo": source})
    assert read_titles(plain) == ["whole"]
    assert plain.pin == source.wheel.sha256


def test_a_file_that_the_reader_needs_and_nobody_added_is_named(tmp_path: Path) -> None:
    folder = filled(tmp_path / "a", "hp.obo", text="format-version: 1.2\n")
    chosen = choose_inputs(["hpo"], tmp_path, added=[folder])
    with pytest.raises(SourceError, match=r"hp\.obo: expected the term|is not among the added"):
        list(chosen[0].read())
    folder = filled(tmp_path / "b", "hpo.md", "targets.tsv")
    (drugcentral, *_) = choose_inputs(["drugcentral"], tmp_path, added=[folder])
    with pytest.raises(SourceError, match=r"targets\.tsv.*missing GeneID.*new x"):
        list(drugcentral.read())


def test_readers_of_corpora_yield_documents_alone() -> None:
    assert {name for name, one in SOURCES.items() if one.corpus} == {
        "pubmed",
        "pmc",
        medquad.SOURCE,
        own.SOURCE,
    }
