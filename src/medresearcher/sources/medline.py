"""PubMed citations from MEDLINE files (`*.xml.gz`, the baseline and update format of NLM).

`records` gives one file as it is, `read` what is live in all of them. There files are taken newest
first, so that the last version of a PMID wins and deleted citations stay away while only one file
is in memory. Documents come newest file first, in file order within. A citation with neither
title nor abstract is left out.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import Document, Item
from medresearcher.sources.elements import Element, child, elements, line_of, text_of
from medresearcher.sources.files import Files, bad, each

SOURCE = "pubmed"

# The first line with a publication type of the citation gives the type of the document; a
# citation of none of them is an `article`.
TYPES: tuple[tuple[str, frozenset[str]], ...] = (
    ("retracted", frozenset({"Retracted Publication"})),
    (
        "notice",
        frozenset({"Retraction of Publication", "Published Erratum", "Expression of Concern"}),
    ),
    ("preprint", frozenset({"Preprint"})),
    (
        "guideline",
        frozenset(
            {
                "Practice Guideline",
                "Guideline",
                "Consensus Development Conference",
                "Consensus Development Conference, NIH",
            }
        ),
    ),
    ("systematic_review", frozenset({"Systematic Review", "Meta-Analysis"})),
    ("randomised_trial", frozenset({"Randomized Controlled Trial", "Equivalence Trial"})),
    (
        "clinical_trial",
        frozenset(
            {
                "Clinical Trial",
                "Clinical Trial, Phase I",
                "Clinical Trial, Phase II",
                "Clinical Trial, Phase III",
                "Clinical Trial, Phase IV",
                "Controlled Clinical Trial",
                "Adaptive Clinical Trial",
                "Pragmatic Clinical Trial",
            }
        ),
    ),
    ("case_report", frozenset({"Case Reports"})),
    ("review", frozenset({"Review"})),
    ("comment", frozenset({"Letter", "Editorial", "Comment", "News"})),
)
_RETRACTED = re.compile(r"\W*retracted(?: article)?\W*:", re.IGNORECASE)
_ELECTRONIC = ("ArticleDate", "Year")
_CORE = "AIM"
_YEAR = re.compile(r"\b(1[89]\d\d|20\d\d)\b")


# What is not needed of a citation, most of the file; largest first.
_UNREAD = (
    "PubmedData",
    "AuthorList",
    "MeshHeadingList",
    "ChemicalList",
    "GrantList",
    "CommentsCorrectionsList",
    "InvestigatorList",
)


class Record(NamedTuple):
    """One version of a citation, or its deletion; `document` is `None` if it has no text."""

    pmid: int
    document: Document | None
    deleted: bool = False


def medline_names(files: Files) -> list[str]:
    """The names of the MEDLINE files; raise `SourceError` if there is none."""
    names = [name for name in files.names if name.endswith((".xml.gz", ".xml"))]
    if not names:
        raise SourceError(f"{files.where('*.xml.gz')}: expected MEDLINE files; found none")
    return names


def read(files: Files) -> Iterator[Item]:
    """Yield one document per live PMID of all `.xml` and `.xml.gz` files."""
    settled: set[int] = set()
    for name in reversed(medline_names(files)):
        citations: dict[int, Document | None] = {}
        for pmid, document, deleted in records(files, name):
            if deleted:
                settled.add(pmid)
            else:
                citations.pop(pmid, None)
                citations[pmid] = document
        for pmid, document in citations.items():
            if pmid not in settled and document is not None:
                yield document
        settled |= citations.keys()


def records(files: Files, name: str) -> Iterator[Record]:
    """Every version and deletion in one file, in its order; within a file a deletion is final."""

    def read_element(line: int, element: Element) -> Iterator[Record]:
        if element.tag == "DeleteCitation":
            for pmid in element.iterchildren("PMID"):
                yield Record(_pmid(files, name, pmid), None, deleted=True)
            return
        citation = child(element, "MedlineCitation")
        if citation is None:
            raise bad(files, name, line, "a `MedlineCitation`", "none")
        pmid = _pmid(files, name, child(citation, "PMID"), citation)
        yield Record(pmid, _document(files, name, pmid, citation))

    found = elements(files, name, "PubmedArticle", "DeleteCitation", without=_UNREAD)
    yield from each(files, ((line_of(one), one) for one in found), read_element)


def _pmid(files: Files, name: str, element: Element | None, parent: Element | None = None) -> int:
    text = text_of(element)
    if not text.isdecimal():
        place = element if element is not None else parent
        line = line_of(place) if place is not None else 0
        raise bad(files, name, line, "a numeric `PMID`", text)
    return int(text)


def _document(files: Files, name: str, pmid: int, citation: Element) -> Document | None:
    article = child(citation, "Article")
    if article is None:
        raise bad(files, name, line_of(citation), f"an `Article` in citation {pmid}", "none")
    title = text_of(child(article, "ArticleTitle"))
    abstract = _abstract(child(article, "Abstract"))
    if not title and not abstract:
        return None
    kinds = child(article, "PublicationTypeList")
    return Document(
        id=f"PMID:{pmid}",
        type=document_type(title, {text_of(one) for one in kinds} if kinds is not None else set()),
        title=title,
        text=abstract,
        source=SOURCE,
        year=_year(article),
        url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/",
        journal=text_of(child(article, "Journal", "Title")),
        core=any(text_of(one) == _CORE for one in citation.iterchildren("CitationSubset")),
    )


def document_type(title: str, publication_types: set[str]) -> str:
    """The type of a document by `TYPES`, `article` if nothing there fits.

    A title that begins with "Retracted:" counts as retracted, for publishers say so earlier
    than indexers.
    """
    if _RETRACTED.match(title):
        return "retracted"
    return next((name for name, kinds in TYPES if kinds & publication_types), "article")


def _abstract(abstract: Element | None) -> str:
    """The sections on a line each, `LABEL: text` where the section has a label."""
    if abstract is None:
        return ""
    sections: list[str] = []
    for section in abstract.iterchildren("AbstractText"):
        text, label = text_of(section), section.get("Label", "").strip()
        if text:
            sections.append(text if label in ("", "UNLABELLED") else f"{label}: {text}")
    return "\n".join(sections)


def _year(article: Element) -> int | None:
    date = child(article, "Journal", "JournalIssue", "PubDate")
    for element, tags in ((date, ("Year",)), (date, ("MedlineDate",)), (article, _ELECTRONIC)):
        place = child(element, *tags)
        year = None if place is None else _YEAR.search(place.text or "")
        if year:
            return int(year[1])
    return None
