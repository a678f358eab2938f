"""Bad input in every format: named with file and line, or skipped as if the row were not there."""

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_inputs import Folder

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import Item
from medresearcher.sources import (
    drugcentral,
    gene_sets,
    hgnc,
    hpo,
    mappings,
    medline,
    mondo,
    obo,
    openpredict,
    orphanet,
    own,
    uniprot,
)
from medresearcher.sources.files import Files, Lenient, WheelFiles


class Format(NamedTuple):
    """A file: what stands before and after its rows, a good row by number, and bad ones."""

    read: Callable[[Files], Iterable[Any]]
    name: str
    head: str
    good: str
    bad: tuple[str, ...]
    tail: str = ""


def _terms(files: Files) -> Iterator[tuple[str, str]]:
    return ((term.id, term.name) for term in obo.terms(files, "x.obo"))


def _citation(pmid: str) -> str:
    article = "<Article><ArticleTitle>T</ArticleTitle></Article>" if pmid != "none" else ""
    pmid = pmid.replace("none", "7")
    inside = f"<PMID>{pmid}</PMID>{article}"
    return f"<PubmedArticle><MedlineCitation>{inside}</MedlineCitation></PubmedArticle>\n"


_HGNC = (
    "hgnc_id symbol name locus_type status location alias_symbol prev_symbol gene_group "
    "gene_group_id entrez_id ensembl_gene_id uniprot_ids"
)


def _gene(hgnc_id: str, symbol: str = "A", name: str = "x") -> str:
    return "\t".join([hgnc_id, symbol, name, "t", "Approved", *[""] * 8]) + "\n"


_DISEASES = {"name": "K", "mim_reference": "MIM:154700", "disease_name": "D"}


def _record(**changes: str) -> str:
    values = {**_DISEASES, "acronym": "", "description": "", **changes}
    fields = "".join(f'<field name="{key}">{value}</field>' for key, value in values.items())
    return f"<record>{fields}</record>\n"


FORMATS = {
    "tsv": Format(
        mappings.read,
        mappings.FILE,
        "# a comment\nsubject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label"
        "\tmapping_justification\n",
        "MONDO:{n}\tx\tskos:exactMatch\tOMIM:{n}\tx\tx\n",
        (
            "MONDO:1\tx\n",
            "X:1\tx\tskos:exactMatch\tOMIM:1\tx\tx\n",
            "MONDO:1\tx\tlike\tO:1\tx\tx\n",
        ),
    ),
    "quoted tsv": Format(
        hgnc.read,
        hgnc.FILE,
        _HGNC.replace(" ", "\t") + "\n",
        _gene("HGNC:{n}"),
        (_gene("3603"), _gene("HGNC:1", ""), _gene("HGNC:1", name='"open'), "short\n"),
    ),
    "csv": Format(
        openpredict.read_predict,
        openpredict.PREDICT_FILE,
        "drugid,omimid\n",
        "DB00001,10000{n}\n",
        ("DB1,100001\n", "DB00001\n", "DB00001,x\n"),
    ),
    "gmt": Format(
        gene_sets.read_reactome,
        "hsapiens.REAC.name.gmt",
        "",
        "REAC:R-HSA-{n}\tname\tA\tB\n",
        ("REAC:R-HSA-1\n", "x\ty\tA\n", "\n"),
    ),
    "obo": Format(
        _terms,
        "x.obo",
        "format-version: 1.2\n\n",
        '[Term]\nid: X:{n}\nname: n\ndef: "d" []\n\n',
        (
            "[Term]\nid: X:90\nname: n\ndef: d\n\n",
            "[Term]\nid: X:91\n\n",
            '[Term]\nid: X:92\nname: n\nsynonym: "s" LIKE []\nbroken\n\n',
            "[Term]\nid: X:93\nname: n\nis_a: \n\n",
        ),
    ),
    "medline": Format(
        medline.read,
        "pubmed1.xml",
        "<PubmedArticleSet>\n",
        _citation("{n}"),
        (_citation("none"), _citation("x")),
        "</PubmedArticleSet>",
    ),
    "uniprot": Format(
        uniprot._diseases,
        uniprot.DISEASES,
        "<tryton><data>\n",
        _record(name="K{n}"),
        (_record(mim_reference="154700"), _record(disease_name=""), "<record/>\n"),
        "</data></tryton>",
    ),
    "jsonl": Format(
        own.read,
        "mine.jsonl",
        "",
        '{{"id": "{n}", "title": "T", "text": "x"}}\n',
        ('{"title": "T"\n', "[]\n", '{"title": "T", "text": ""}\n'),
    ),
    "packets": Format(
        orphanet.read,
        "orphapackets.jsonl",
        "",
        '{{"ORPHAcode": "{n}", "Label": "L", "DisorderType": {{"value": "Disease"}}}}\n',
        ('{"ORPHAcode": "x"}\n', "null\n", '{"ORPHAcode": "1", "Label": "L"}\n'),
    ),
}


def plain(items: Iterable[Any]) -> list[Any]:
    """The items without the line that they come from, which moves when a row is taken out."""
    return [
        one._replace(row=0) if hasattr(one, "row") and hasattr(one, "_replace") else one
        for one in items
    ]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_skipping_reads_as_if_the_bad_rows_were_not_there(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    form = FORMATS[name]
    spoiled = data.draw(st.lists(st.sampled_from([None, *form.bad]), min_size=4, max_size=8))
    rows = [row or form.good.format(n=n) for n, row in enumerate(spoiled, 1)]
    good = [form.good.format(n=n) for n, row in enumerate(spoiled, 1) if row is None]
    folder = Folder(tmp_path_factory.mktemp("rows") / "files")
    mixed = folder({form.name: form.head + "".join(rows) + form.tail})
    lenient = Lenient(mixed)
    found = plain(form.read(lenient))
    assert lenient.skipped == len(rows) - len(good)
    if lenient.skipped:
        with pytest.raises(SourceError, match=rf"{form.name}:\d+: expected "):
            list(form.read(mixed))
    assert found == plain(form.read(folder({form.name: form.head + "".join(good) + form.tail})))


@pytest.mark.parametrize("name", FORMATS)
def test_the_line_named_is_that_of_the_bad_row(folder: Folder, name: str) -> None:
    form = FORMATS[name]
    before = form.head + form.good.format(n=1)
    files = folder({form.name: before + form.bad[0] + form.tail})
    with pytest.raises(SourceError) as caught:
        list(form.read(files))
    line = int(str(caught.value).partition(f"{form.name}:")[2].partition(":")[0])
    first = before.count("\n") + 1
    assert first <= line < first + max(1, form.bad[0].count("\n"))


_BY_LINE = [name for name in FORMATS if name not in ("medline", "uniprot", "obo")]


@pytest.mark.parametrize("name", _BY_LINE)
def test_text_that_is_no_utf8_spoils_one_row(folder: Folder, name: str) -> None:
    form = FORMATS[name]
    rows = [form.good.format(n=n).encode() for n in (1, 2)]
    body = form.head.encode() + rows[0] + b"\xff\xfe\n" + rows[1] + form.tail.encode()
    lenient = Lenient(folder({form.name: body}))
    assert list(form.read(lenient))
    assert lenient.skipped == 1


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_in_the_middle_is_an_error_even_when_rows_are_skipped(
    folder: Folder, name: str
) -> None:
    form = FORMATS[name]
    rows = "".join(form.good.format(n=n) for n in range(1, 400))
    packed = gzip.compress((form.head + rows + form.tail).encode(), mtime=0)

    class Cut:
        names = (form.name,)

        def where(self, name: str) -> str:
            return f"{name}.gz"

        def open(self, name: str) -> Any:
            return (folder.path / f"{name}.gz").open("rb")

    (folder.path / f"{form.name}.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(SourceError, match=r"\.gz.*(damaged or truncated|broken or truncated)"):
        list(form.read(Lenient(Cut())))


def test_a_truncated_wheel_is_an_error_even_when_rows_are_skipped(folder: Folder) -> None:
    path = folder.path / "x.whl"
    path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(SourceError, match="not a readable wheel"):
        list(mappings.read(Lenient(WheelFiles(path, {mappings.FILE: "m"}))))


@pytest.mark.parametrize(
    ("read", "name", "text", "expected"),
    [
        (mappings.read, mappings.FILE, "s\tpredicate_id\tobject_id\n", "missing subject_id; .* s$"),
        (hgnc.read, hgnc.FILE, "hgnc_id\tsymbol\n", "missing name, locus_type, .*; new none$"),
        (openpredict.read_sider, openpredict.SIDER_FILE, "drugid,x\n", "missing umlsid; new x$"),
        (drugcentral.read, "targets.tsv", "a\tb\n", "missing GeneID, .*; new a, b$"),
    ],
)  # fmt: skip
def test_drifted_columns_are_told_even_when_rows_are_skipped(
    folder: Folder, read: Callable[[Files], Iterator[Item]], name: str, text: str, expected: str
) -> None:
    with pytest.raises(SourceError, match=expected):
        list(read(Lenient(folder({name: text}))))


def test_new_columns_alone_are_no_error(folder: Folder) -> None:
    text = "drugid,added,umlsid\nDB00001,x,C0000001\n"
    (found,) = openpredict.read_sider(folder({openpredict.SIDER_FILE: text}))
    assert found.object == "UMLS:C0000001"


def test_an_ontology_without_its_roots_is_of_another_release(folder: Folder) -> None:
    text = "format-version: 1.2\n\n[Term]\nid: HP:0000001\nname: All\n"
    with pytest.raises(SourceError, match="expected the term HP:0040279"):
        list(hpo.read(Lenient(folder({hpo.OBO: text}))))
    table = {"MONDO:1": {"label": "x", "ancestors": {}, "deprecated": False}}
    packed = zstandard.compress(json.dumps(table).encode())
    with pytest.raises(SourceError, match="expected a live term MONDO:0700096"):
        list(mondo.read(Lenient(folder({mondo.FILE: packed}))))


@pytest.mark.parametrize("name", ["obo", "quoted tsv", "gmt", "uniprot", "packets", "jsonl"])
def test_an_id_given_twice_names_both_lines(folder: Folder, name: str) -> None:
    form = FORMATS[name]
    rows = [form.good.format(n=n) for n in (1, 2, 1)]
    files = folder({form.name: form.head + "".join(rows) + form.tail})
    start = form.head.count("\n") + 1
    with pytest.raises(SourceError) as caught:
        list(form.read(files))
    said = str(caught.value)
    second = int(said.partition(f"{form.name}:")[2].partition(":")[0])
    first = int(said.partition("an id not used in line ")[2].partition(";")[0])
    height = rows[0].count("\n")
    assert start <= first < start + height
    assert start + 2 * height <= second < start + 3 * height
    lenient = Lenient(files)
    list(form.read(lenient))
    assert lenient.skipped == 1


def test_a_key_given_twice_in_the_mondo_json_names_both_places(folder: Folder) -> None:
    text = '{"MONDO:1": {}, "MONDO:2": {}, "MONDO:1": {}}'
    files = folder({mondo.FILE: zstandard.compress(text.encode())})
    with pytest.raises(SourceError, match="entries 1 and 3 of an object are both `MONDO:1`"):
        list(mondo.read(files))


def test_only_the_first_skipped_rows_are_logged(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    form = FORMATS["csv"]
    lenient = Lenient(folder({form.name: form.head + form.bad[0] * 50}))
    assert list(form.read(lenient)) == []
    assert (lenient.skipped, caplog.text.count("skipped: ")) == (50, 3)
    assert f"{form.name}:2: expected a drug" in caplog.text
