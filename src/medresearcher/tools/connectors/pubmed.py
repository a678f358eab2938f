"""PubMed by NCBI's E-utilities: esearch for the PMIDs, efetch for the citations.

NCBI allows three requests a second, ten with a key. A retracted article is marked in every
result, with the PMID of the notice.
"""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import BaseModel, Field

from medresearcher.records.knowledge import Document
from medresearcher.records.trajectory import Outcome
from medresearcher.settings import ServiceSettings
from medresearcher.sources.elements import child, elements, text_of
from medresearcher.sources.medline import records
from medresearcher.tools.connectors.http import Ask, BodyFile, HttpClient, Service
from medresearcher.tools.connectors.network import Answer
from medresearcher.tools.connectors.reply import (
    Limit,
    Page,
    Query,
    entry,
    listing,
    page_of,
    snippet,
)
from medresearcher.tools.facts import SEPARATOR
from medresearcher.tools.tool import Result, Tool, ToolError
from medresearcher.tools.untrusted import as_data

NAME = "PubMed"

_REACH = 9_999  # esearch shows no record after this one
_NOTICES = {
    "RetractionIn": "RETRACTED, see",
    "ExpressionOfConcernIn": "expression of concern in",
    "ErratumIn": "erratum in",
}


class Citation(NamedTuple):
    """A citation, and the notices about it, such as `RETRACTED, see PMID:1`."""

    document: Document
    notices: tuple[str, ...]

    @property
    def status(self) -> str:
        """The notices on one line; a retraction stands there without a notice, too."""
        retracted = self.document.type == "retracted"
        said = any(one.startswith("RETRACTED") for one in self.notices)
        return "; ".join((["RETRACTED"] if retracted and not said else []) + list(self.notices))


class PubMed:
    """The E-utilities at the set address."""

    def __init__(self, client: HttpClient, settings: ServiceSettings) -> None:
        self._client = client
        self._settings = settings

    def search(self, query: str, start: int, limit: int) -> tuple["_Found", list[Citation]]:
        """A page of citations, best first."""
        params = {"term": query, "retstart": start, "retmax": limit, "sort": "relevance"}
        ask = self._ask("esearch", {**params, "retmode": "json"})
        found = self._client.fetch_json(ask, _Search).esearchresult
        return found, self.citations(found.idlist) if found.idlist else []

    def citations(self, pmids: Sequence[str]) -> list[Citation]:
        """The citations of PMIDs, in their order; those that PubMed does not have are left out."""
        ask = self._ask("efetch", {"id": ",".join(pmids), "retmode": "xml"})
        found = {one.document.id: one for one in self._client.fetch(ask, _citations)}
        return [found[name] for one in pmids if (name := f"PMID:{one}") in found]

    def _ask(self, utility: str, params: dict[str, str | int]) -> Ask:
        service = Service(NAME, 3, "tools.services.pubmed", self._settings.pubmed_key_env)
        key = service.key()
        if key:
            service = Service(NAME, 10, service.setting, service.key_env)
        email = {"email": self._settings.email} if self._settings.email else {}
        return Ask(
            service,
            f"{self._settings.pubmed}/{utility}.fcgi",
            {"db": "pubmed", **params, "tool": "medresearcher", **email},
            secret_params={"api_key": key} if key else {},
        )


def pubmed_search(pubmed: PubMed) -> Tool:
    """The search tool."""

    def search(query: Query, limit: Limit = 5, page: Page = 1) -> Result:
        """Search PubMed for articles: title, journal, year, PMID, retraction, abstract's beginning.

        Args:
            query: Words, or PubMed's own syntax such as `fibrillin[tiab] AND 2020[dp]`.
            limit: How many articles a page has.
            page: The page, from 1.
        """  # noqa: D413
        start = (page - 1) * limit
        if start + limit > _REACH:
            problem = f"PubMed shows no more than {_REACH:,} articles of a search; narrow the query"
            return Result(Outcome.OUT_OF_SCOPE, "", problem)
        found, citations = pubmed.search(query, start, limit)
        if found.idlist and not citations:
            raise ToolError(Outcome.UNAVAILABLE, f"{NAME} lists articles but does not show them")
        entries = [_entry(start + place, one) for place, one in enumerate(citations, 1)]
        return listing(NAME, entries, found.count, page_of(found.count, limit, page), found.notes)

    return Tool("pubmed_search", search)


def pubmed_read(pubmed: PubMed) -> Tool:
    """The reading tool."""

    def read(pmid: Annotated[str, Field(pattern=r"^(PMID:)?\d{1,8}$")]) -> Result:
        """Read the whole abstract of an article of PubMed, with its retraction status.

        Args:
            pmid: The PMID, digits alone or after `PMID:`.
        """  # noqa: D413
        found = pubmed.citations([pmid.removeprefix("PMID:").lstrip("0") or "0"])
        if not found:
            return Result(Outcome.EMPTY, "", f"{NAME} has no article {pmid}")
        document, status = found[0].document, found[0].status
        head = SEPARATOR.join(_head(document))
        text = "\n".join(filter(None, [head, document.url, status, "", document.text]))
        said = status or "not marked as retracted"
        return Result(Outcome.FOUND, as_data(NAME, text), f"{document.id} · {said}")

    return Tool("pubmed_read", read)


def _entry(number: int, one: Citation) -> str:
    document = one.document
    return entry(
        number, _head(document), document.id, one.status, snippet(document.text) or "no abstract"
    )


def _head(document: Document) -> list[str]:
    year = str(document.year) if document.year is not None else ""
    return [part for part in (document.title, document.type, document.journal, year) if part]


class _Wrong(BaseModel):
    phrasesnotfound: list[str] = []
    fieldsnotfound: list[str] = []


class _Found(BaseModel):
    count: int
    idlist: list[str]
    errorlist: _Wrong = _Wrong()

    @property
    def notes(self) -> list[str]:
        """What PubMed did not understand of the query."""
        wrong = self.errorlist.phrasesnotfound + self.errorlist.fieldsnotfound
        return [f"not found by PubMed and left out: {'; '.join(wrong)}"] if wrong else []


class _Search(BaseModel):
    esearchresult: _Found


def _citations(answer: Answer) -> list[Citation]:
    if b"<PubmedArticleSet" not in answer.body:
        raise ValueError("expected a PubmedArticleSet")
    files = BodyFile(answer.body)
    notices = _notices(files)
    return [
        Citation(one.document, notices.get(str(one.pmid), ()))
        for one in records(files, files.names[0])
        if one.document is not None
    ]


def _notices(files: BodyFile) -> dict[str, tuple[str, ...]]:
    """PMID -> notices about the article."""
    found: dict[str, tuple[str, ...]] = {}
    for article in elements(files, files.names[0], "PubmedArticle"):
        comments = child(article, "MedlineCitation", "CommentsCorrectionsList")
        found[text_of(child(article, "MedlineCitation", "PMID"))] = tuple(
            f"{words} PMID:{pmid}" if pmid else words.removesuffix(", see").removesuffix(" in")
            for one in (comments if comments is not None else ())
            if (words := _NOTICES.get(one.get("RefType", "")))
            for pmid in [text_of(child(one, "PMID"))]
        )
    return found
