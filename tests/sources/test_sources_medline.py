"""The reader of MEDLINE files, on small inputs written by hand."""

import gzip

import pytest
from source_inputs import Folder

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import Document
from medresearcher.sources import medline


def citation(pmid: int | str, title: str = "A title.", **parts: str) -> str:
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article>'
        "<Journal><JournalIssue><PubDate>"
        f"{parts.get('date', '<Year>1979</Year>')}</PubDate></JournalIssue>"
        "<Title>The  Journal</Title></Journal>"
        f"<ArticleTitle>{title}</ArticleTitle>{parts.get('abstract', '')}"
        f"<PublicationTypeList>{parts.get('types', '')}</PublicationTypeList>"
        f"{parts.get('electronic', '')}"
        "</Article></MedlineCitation></PubmedArticle>\n"
    )


def medline_file(*parts: str) -> bytes:
    body = "".join(parts)
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD" '
        '"http://127.0.0.1:9/pubmed.dtd">\n'
    )
    return gzip.compress(f"{head}<PubmedArticleSet>\n{body}</PubmedArticleSet>\n".encode())


def read_medline(folder: Folder, **files: bytes) -> list[Document]:
    texts = {f"{name}.xml.gz": content for name, content in files.items()}
    return [item for item in medline.read(folder(texts)) if isinstance(item, Document)]


def test_medline_document_keeps_markup_text_and_section_labels(folder: Folder) -> None:
    abstract = (
        '<Abstract><AbstractText Label="RESULTS">In <i>FBN1</i>, 10<sup>-3</sup> and\n &lt;7% of'
        " <b><i>x</i></b> cases.</AbstractText>"
        '<AbstractText Label="UNLABELLED">Plain.</AbstractText><AbstractText/>'
        "<AbstractText>Also plain.</AbstractText><CopyrightInformation>(c)</CopyrightInformation>"
        "</Abstract><OtherAbstract><AbstractText>Anders</AbstractText></OtherAbstract>"
    )
    text = medline_file(citation(7, "On <i>FBN1</i> &amp; H<sub>2</sub>O.", abstract=abstract))
    assert read_medline(folder, a=text) == [
        Document(
            id="PMID:7",
            type="article",
            title="On FBN1 & H2O.",
            text="RESULTS: In FBN1, 10-3 and <7% of x cases.\nPlain.\nAlso plain.",
            source="pubmed",
            year=1979,
            url="https://pubmed.ncbi.nlm.nih.gov/7/",
            journal="The Journal",
        )
    ]


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["Journal Article"], "article"),
        (["Journal Article", "Case Reports"], "case_report"),
        (["Review", "Journal Article"], "review"),
        (["Review", "Systematic Review"], "systematic_review"),
        (["Meta-Analysis"], "systematic_review"),
        (["Clinical Trial", "Randomized Controlled Trial"], "randomised_trial"),
        (["Clinical Trial, Phase III"], "clinical_trial"),
        (["Practice Guideline", "Review"], "guideline"),
        (["Consensus Development Conference, NIH"], "guideline"),
        (["Practice Guideline", "Retracted Publication"], "retracted"),
        (["Retraction of Publication"], "notice"),
        (["Letter", "Comment"], "comment"),
        (["Preprint", "Review"], "preprint"),
    ],
)
def test_medline_type_follows_the_table(folder: Folder, types: list[str], expected: str) -> None:
    listed = "".join(f"<PublicationType>{kind}</PublicationType>" for kind in types)
    (document,) = read_medline(folder, a=medline_file(citation(1, types=listed)))
    assert document.type == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Retracted: Effects of K2.", "retracted"),
        ("RETRACTED ARTICLE: Effects.", "retracted"),
        ("[Retracted]: Effects.", "retracted"),
        ("Retracted lobes: a study.", "article"),
        ("Retraction: Effects.", "article"),
    ],
)
def test_medline_title_may_say_that_the_article_is_retracted(title: str, expected: str) -> None:
    assert medline.document_type(title, {"Journal Article"}) == expected


@pytest.mark.parametrize(
    ("date", "electronic", "expected"),
    [
        ("<Year>2001</Year><Month>Jan</Month>", "", 2001),
        ("<MedlineDate>1979 Dec-1980 Jan</MedlineDate>", "", 1979),
        ("<MedlineDate>Winter</MedlineDate>", "<ArticleDate><Year>2005</Year></ArticleDate>", 2005),
        ("<MedlineDate>Winter</MedlineDate>", "", None),
    ],
)
def test_medline_year(folder: Folder, date: str, electronic: str, expected: int | None) -> None:
    text = medline_file(citation(1, date=date, electronic=electronic))
    assert [d.year for d in read_medline(folder, a=text)] == [expected]


def test_medline_last_version_wins_and_deleted_citations_go(folder: Folder) -> None:
    deleted = "<DeleteCitation><PMID>2</PMID><PMID>6</PMID></DeleteCitation>"
    old = medline_file(
        citation(1, "Old 1"), citation(2), citation(3, "Old 3"), citation(3, "New 3")
    )
    new = medline_file(citation(1, "New 1"), citation(5, ""), citation(6), deleted)
    found = read_medline(folder, n0001=old, n0002=new)
    assert [(d.id, d.title) for d in found] == [("PMID:1", "New 1"), ("PMID:3", "New 3")]


def test_medline_later_file_brings_a_deleted_citation_back(folder: Folder) -> None:
    deleted = "<DeleteCitation><PMID>1</PMID></DeleteCitation>"
    found = read_medline(folder, n1=medline_file(deleted), n2=medline_file(citation(1)))
    assert [d.id for d in found] == ["PMID:1"]


def test_medline_abstract_alone_is_kept(folder: Folder) -> None:
    abstract = "<Abstract><AbstractText>Text.</AbstractText></Abstract>"
    found = read_medline(folder, a=medline_file(citation(1, "", abstract=abstract)))
    assert [(d.title, d.text) for d in found] == [("", "Text.")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (medline_file(*map(citation, range(1, 400)))[:-400], r"damaged or truncated"),
        (gzip.compress(b"<PubmedArticleSet><PubmedArticle>"), r"\d+: the XML is broken or trunc"),
        (b"not gzip", "damaged or truncated"),
        (medline_file(citation("x")), r"4: expected a numeric `PMID`; got 'x'"),
        (medline_file("<PubmedArticle></PubmedArticle>"), "4: expected a `MedlineCitation`"),
        (
            medline_file(
                "<PubmedArticle><MedlineCitation><PMID>4</PMID></MedlineCitation></PubmedArticle>"
            ),
            "4: expected an `Article` in citation 4",
        ),
    ],
)
def test_medline_broken_file_is_refused(folder: Folder, content: bytes, expected: str) -> None:
    with pytest.raises(SourceError, match=rf"a\.xml\.gz: ?{expected}|a\.xml\.gz:.*{expected}"):
        read_medline(folder, a=content)


def test_medline_without_files_is_an_error(folder: Folder) -> None:
    with pytest.raises(SourceError, match="expected MEDLINE files; found none"):
        read_medline(folder)
