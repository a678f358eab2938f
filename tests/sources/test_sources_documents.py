"""The readers that give documents alone: MedQuAD, JATS articles, your own."""

import json
from pathlib import Path

import pytest
from source_inputs import Folder

from medresearcher.errors import SourceError
from medresearcher.sources import medquad, own, pmc
from medresearcher.sources.files import ChosenFiles, Lenient

ARTICLE = """<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS" "JATS-archivearticle1.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink" article-type="{kind}"><front>
<journal-meta><journal-title-group><journal-title>J Rare</journal-title></journal-title-group>
</journal-meta><article-meta>
<article-id pub-id-type="pmid">11</article-id>{ids}<article-id pub-id-type="doi">10.1/x</article-id>
<title-group><article-title>On <italic>FBN1</italic></article-title></title-group>
<pub-date pub-type="epub"><year>2012</year></pub-date><pub-date><year>2011</year></pub-date>
<permissions>{licence}</permissions>
<abstract><sec><title>Aim</title><p>To look.</p></sec></abstract></article-meta></front>
<body><sec><title>Methods</title><p>We <bold>looked</bold>.</p>
<fig><caption><p>A figure.</p></caption></fig></sec></body></article>"""
PMC_ID = '<article-id pub-id-type="pmc">3166277</article-id>'


def article(kind: str = "research-article", ids: str = PMC_ID, licence: str = "") -> str:
    return ARTICLE.format(kind=kind, ids=ids, licence=licence)


def test_an_article(folder: Folder) -> None:
    (found,) = pmc.read(folder({"a.nxml": article("case-report")}))
    assert (found.id, found.type, found.title) == ("PMC:PMC3166277", "case_report", "On FBN1")
    assert found.text == "Aim\nTo look.\nMethods\nWe looked.\nPMID:11 DOI:10.1/x"
    assert (found.year, found.journal) == (2011, "J Rare")
    assert found.url == "https://pmc.ncbi.nlm.nih.gov/articles/PMC3166277/"
    assert found.licence == "LicenseRef-Unstated"


@pytest.mark.parametrize(
    ("inside", "spdx"),
    [
        ('xlink:href="http://creativecommons.org/licenses/by/2.0">x', "CC-BY-2.0"),
        ('xlink:href="https://creativecommons.org/licenses/by-nc-nd/4.0/">x', "CC-BY-NC-ND-4.0"),
        (
            '><ext-link xlink:href="http://creativecommons.org/licenses/by-sa/3.0/"/>',
            "CC-BY-SA-3.0",
        ),
        ('xlink:href="http://creativecommons.org/publicdomain/zero/1.0/">', "CC0-1.0"),
        (">Publication lies in the public domain", "LicenseRef-PublicDomain"),
        (">under the Creative Commons Attribution License, which", "LicenseRef-CC-BY"),
        (">All rights reserved", "LicenseRef-Unstated"),
    ],
)
def test_the_licence_is_that_of_the_article(folder: Folder, inside: str, spdx: str) -> None:
    licence = f"<license {inside}</license>"
    (found,) = pmc.read(folder({"a.xml": article(licence=licence)}))
    assert found.licence == spdx


def test_an_article_is_known_by_doi_where_pmc_has_none(folder: Folder) -> None:
    (found,) = pmc.read(folder({"a.nxml": article(ids="")}))
    assert (found.id, found.url) == ("DOI:10.1/x", "https://doi.org/10.1/x")


def test_two_articles_of_one_id_and_files_of_something_else_are_named(folder: Folder) -> None:
    files = folder({"a.nxml": article(), "b.nxml": article()})
    with pytest.raises(SourceError, match=r"b\.nxml:\d+: expected an id not used in .*a\.nxml:\d+"):
        list(pmc.read(files))
    lenient = Lenient(files)
    assert len(list(pmc.read(lenient))) == 1
    (folder.path / "b.nxml").unlink()
    with pytest.raises(SourceError, match=r"c\.xml: expected an article in JATS; found none"):
        list(pmc.read(folder({"c.xml": "<feed/>"})))


def page(**more: object) -> str:
    qa = [{"question": "What is it ?", "answer": "A thing."}, {"question": "Q", "answer": ""}]
    base = {"collection": "2_GARD_QA", "id": "7", "url": "u", "focus": "Gout", "cui": ["C1"]}
    return json.dumps({**base, "qa": qa, **more}) + "\n"


def test_medquad(folder: Folder) -> None:
    lines = [page(), page(), page(id=None), page(id="8", qa=[]), page(id="9", focus="")]
    found = list(medquad.read(folder({"medquad.jsonl": "".join(lines)})))
    assert [one.id for one in found] == [
        "MEDQUAD:2-7",
        "MEDQUAD:2-7-2",
        "MEDQUAD:2-0-3",
        "MEDQUAD:2-9",
    ]
    first, *_, last = found
    assert (first.type, first.title, first.text) == (
        "patient_page",
        "Gout",
        "What is it ?\nA thing.",
    )
    assert (first.entities, last.title) == (("UMLS:C1",), "What is it ?")
    with pytest.raises(SourceError, match=r"medquad\.jsonl:1: expected a page of MedQuAD"):
        list(medquad.read(folder({"medquad.jsonl": page(cui=3)})))


def test_own_documents(folder: Folder) -> None:
    line = {"title": "T", "text": "x", "url": "http://u", "year": 2020, "licence": "CC0-1.0"}
    files = folder(
        {
            "my_notes.txt": "first line\nsecond\n",
            "page.md": "intro\n\n## Heading\ntext\n",
            "all.jsonl": json.dumps(line) + "\n" + json.dumps({**line, "id": "k"}) + "\n",
        }
    )
    found = {one.id: one for one in own.read(files)}
    assert found.keys() == {"OWN:my_notes", "OWN:page", "OWN:all:1", "OWN:k"}
    assert (found["OWN:my_notes"].title, found["OWN:my_notes"].text) == (
        "my notes",
        "first line\nsecond",
    )
    assert found["OWN:page"].title == "Heading"
    one = found["OWN:k"]
    assert (one.year, one.url, one.licence, one.source) == (2020, "http://u", "CC0-1.0", "own")


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        (
            "a.jsonl",
            '{"title": "T"}',
            r"a\.jsonl:1: expected a document of id, title, text, .* 'text'",
        ),
        ("a.jsonl", '{"title": "T", "text": "x", "mood": 1}', r"a\.jsonl:1: .* got 'mood'"),
        ("a.jsonl", '{"title": ', r"a\.jsonl:1: expected JSON"),
        ("a.jsonl", "[1]", r"a\.jsonl:1: expected a JSON object"),
        ("a.txt", "  \n", r"a\.txt:1: expected a text"),
        ("a.txt", b"ok\n\xff", r"a\.txt:2: expected UTF-8 text"),
        (
            "page.md",
            "x",
            r"page\.md:1: expected an id not used in .*other\.jsonl:1; got 'OWN:page'",
        ),
    ],
)
def test_a_malformed_own_document_is_named_or_skipped(
    folder: Folder, name: str, body: str | bytes, expected: str
) -> None:
    good = '{"id": "page", "title": "T", "text": "x"}\n'
    files = folder({name: body, "other.jsonl": good})
    with pytest.raises(SourceError, match=expected):
        list(own.read(files))
    lenient = Lenient(files)
    assert "OWN:page" in {one.id for one in own.read(lenient)}
    assert lenient.skipped == 1


PAGE = (
    "<html><head><title>Ward guide</title></head><body><nav>Menu</nav><article><p>"
    + "Give losartan slowly and watch the aortic root. " * 6
    + "</p></article></body></html>"
)


def _pdf(text: str) -> bytes:
    """A PDF of one page that says `text`."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET" if text else ""
    bodies = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(stream)}>>stream\n{stream}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made, places = "%PDF-1.4\n", [0]
    for number, body in enumerate(bodies, 1):
        places.append(len(made))
        made += f"{number} 0 obj{body}endobj\n"
    rows = "".join(f"{place:010} 00000 n \n" for place in places[1:])
    end = f"xref\n0 6\n0000000000 65535 f \n{rows}trailer<</Size 6/Root 1 0 R>>"
    return f"{made}{end}\nstartxref\n{len(made)}\n%%EOF".encode()


def test_own_pages_and_pdfs(tmp_path: Path) -> None:
    (tmp_path / "guide.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "paper_one.pdf").write_bytes(_pdf("Losartan in practice"))
    files = ChosenFiles({path.name: path for path in sorted(tmp_path.iterdir())})
    page, paper = own.read(files)
    assert (page.id, page.title) == ("OWN:guide", "Ward guide")
    assert "watch the aortic root" in page.text
    assert "Menu" not in page.text
    assert (paper.id, paper.title, paper.text) == (
        "OWN:paper_one",
        "paper one",
        "Losartan in practice",
    )


@pytest.mark.parametrize("content", [b"no PDF at all", _pdf("")])
def test_a_pdf_without_text_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"scan.pdf:1: expected a"):
        list(own.read(ChosenFiles({path.name: path})))
