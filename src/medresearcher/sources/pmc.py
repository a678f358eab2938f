"""Full articles in JATS (`*.nxml`, `*.xml`), as PubMed Central gives them.

The text is the abstract, the sections of the body, each under its title, and a last line with the
article's own ids. The licence is that which the article states, `LicenseRef-Unstated` if none.
"""

import re
from collections.abc import Iterator

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import Document
from medresearcher.sources.elements import Element, elements, line_of, text_of
from medresearcher.sources.files import Files, bad, each

SOURCE = "pmc"
UNSTATED = "LicenseRef-Unstated"

# `article-type` of JATS -> type of document; another one is an `article`.
TYPES = {
    "retraction": "notice",
    "correction": "notice",
    "addendum": "notice",
    "expression-of-concern": "notice",
    "preprint": "preprint",
    "guideline": "guideline",
    "systematic-review": "systematic_review",
    "clinical-trial": "clinical_trial",
    "case-report": "case_report",
    "review-article": "review",
    "letter": "comment",
    "editorial": "comment",
    "article-commentary": "comment",
    "news": "comment",
    "reply": "comment",
}
_XLINK = "{http://www.w3.org/1999/xlink}href"
_CC = re.compile(r"creativecommons\.org/licenses/(by(?:-nc)?(?:-sa|-nd)?)/(\d\.\d)")
_OWN_TERMS = (
    (re.compile(r"creativecommons\.org/publicdomain/zero/1\.0"), "CC0-1.0"),
    (
        re.compile(r"creativecommons\.org/publicdomain/mark|public domain"),
        "LicenseRef-PublicDomain",
    ),
    (re.compile(r"Creative Commons Attribution[ -]+Non[ -]?Commercial"), "LicenseRef-CC-BY-NC"),
    (re.compile(r"Creative Commons Attribution Licen[sc]e"), "LicenseRef-CC-BY"),
)


def read(files: Files) -> Iterator[Document]:
    """Yield one document per article; raise `SourceError` for a file without any."""
    first: dict[str, str] = {}
    for name in files.names:
        lines: list[int] = []

        def read_article(
            line: int, article: Element, name: str = name, lines: list[int] = lines
        ) -> Iterator[Document]:
            lines.append(line)
            document = _document(files, name, article)
            place = f"{files.where(name)}:{line}"
            if first.setdefault(document.id, place) != place:
                raise bad(files, name, line, f"an id not used in {first[document.id]}", document.id)
            yield document

        articles = ((line_of(one), one) for one in elements(files, name, "article"))
        yield from each(files, articles, read_article)
        if not lines:
            raise SourceError(f"{files.where(name)}: expected an article in JATS; found none")


def _document(files: Files, name: str, article: Element) -> Document:
    meta = article.find("front/article-meta")
    if meta is None:
        raise bad(files, name, line_of(article), "an `article-meta`", article.tag)
    ids = {one.get("pub-id-type", ""): text_of(one) for one in meta.iterfind("article-id")}
    key, url = _key(ids)
    title = text_of(meta.find("title-group/article-title"))
    if not key or not title:
        raise bad(files, name, line_of(meta), "a title and an id (pmc, pmid or doi)", ids)
    return Document(
        id=key,
        type=TYPES.get(article.get("article-type", ""), "article"),
        title=title,
        text=_text(article, meta, ids),
        source=SOURCE,
        year=_year(meta),
        url=url,
        journal=text_of(article.find("front/journal-meta//journal-title")),
        licence=_licence(meta.find("permissions/license")),
    )


def _key(ids: dict[str, str]) -> tuple[str, str]:
    """The id of the document and its address."""
    pmc = (ids.get("pmc") or ids.get("pmcid", "")).removeprefix("PMC")
    if pmc:
        return f"PMC:PMC{pmc}", f"https://pmc.ncbi.nlm.nih.gov/articles/PMC{pmc}/"
    if ids.get("doi"):
        return f"DOI:{ids['doi']}", f"https://doi.org/{ids['doi']}"
    if ids.get("pmid"):
        pmid = ids["pmid"]
        return f"PMC:PMID{pmid}", f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/"
    return "", ""


def _text(article: Element, meta: Element, ids: dict[str, str]) -> str:
    blocks: list[str] = []
    for abstract in meta.iterfind("abstract"):
        blocks += _blocks(abstract)
    body = article.find("body")
    if body is not None:
        blocks += _blocks(body)
    own = [f"PMID:{ids['pmid']}"] if ids.get("pmid") else []
    own += [f"DOI:{ids['doi']}"] if ids.get("doi") else []
    return "\n".join([*blocks, *([" ".join(own)] if own else [])])


def _blocks(parent: Element) -> Iterator[str]:
    """Titles and paragraphs in reading order; figures and tables are left out."""
    for child in parent.iterchildren():
        if child.tag == "sec":
            yield from _blocks(child)
        elif child.tag in ("title", "p", "list", "disp-quote", "boxed-text"):
            text = text_of(child)
            if text:
                yield text


def _year(meta: Element) -> int | None:
    years = [text_of(year) for year in meta.iterfind("pub-date/year")]
    found = [int(year) for year in years if re.fullmatch(r"[12]\d{3}", year)]
    return min(found, default=None)


def _licence(licence: Element | None) -> str:
    """The SPDX name of a Creative Commons licence, else a name of our own for what is stated."""
    if licence is None:
        return UNSTATED
    links = [one.get(_XLINK, "") for one in licence.iter()]
    stated = " ".join([*links, text_of(licence)])
    match = _CC.search(stated)
    if match:
        return f"CC-{match[1].upper()}-{match[2]}"
    return next((name for pattern, name in _OWN_TERMS if pattern.search(stated)), UNSTATED)
