"""Europe PMC: articles, preprints and patents, with retraction status and open access.

No limit is stated; five requests a second are kept.
"""

from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from medresearcher.records.trajectory import Outcome
from medresearcher.settings import ServiceSettings
from medresearcher.tools.connectors.http import Ask, HttpClient, Service
from medresearcher.tools.connectors.reply import Limit, Query, cursor_listing, entry, snippet
from medresearcher.tools.tool import Result, Tool
from medresearcher.tools.untrusted import as_data

NAME = "Europe PMC"
_SERVICE = Service(NAME, 5, "tools.services.europe_pmc")


def europe_pmc_search(client: HttpClient, settings: ServiceSettings) -> Tool:
    """The search tool."""

    def search(
        query: Query, limit: Limit = 5, cursor: Annotated[str, Field(max_length=500)] = "*"
    ) -> Result:
        """Search Europe PMC for articles and preprints, with PMID or DOI and retraction status.

        Args:
            query: Words, or Europe PMC's own syntax such as `TITLE:fibrillin AND OPEN_ACCESS:y`.
            limit: How many records a page has.
            cursor: `*` for the first page; each page ends with the cursor of the next one.
        """  # noqa: D413
        params = {"query": query, "pageSize": limit, "cursorMark": cursor}
        params |= {"format": "json", "resultType": "core"}
        ask = Ask(_SERVICE, f"{settings.europe_pmc}/search", params)
        found = client.fetch_json(ask, _Answer)
        if found.error is not None:
            body = as_data(NAME, found.error)
            return Result(Outcome.INVALID_ARGUMENTS, body, f"{NAME} refuses this query")
        entries = [_entry(place, one) for place, one in enumerate(found.results, 1)]
        more = found.next_cursor if len(entries) == limit and found.next_cursor != cursor else ""
        return cursor_listing(NAME, entries, found.hits, "cursor", more)

    return Tool("europe_pmc_search", search)


class _Types(BaseModel):
    types: list[str] = Field(default=[], alias="pubType")


class _Comment(BaseModel):
    type: str = ""
    id: str = ""


class _Comments(BaseModel):
    comments: list[_Comment] = Field(default=[], alias="commentCorrection")


class _Article(BaseModel):
    id: str
    source: str
    title: str = ""
    doi: str = ""
    pmcid: str = ""
    year: str = Field(default="", alias="pubYear")
    abstract: str = Field(default="", alias="abstractText")
    open_access: str = Field(default="N", alias="isOpenAccess")
    kinds: _Types = Field(default=_Types(), alias="pubTypeList")
    corrections: _Comments = Field(default=_Comments(), alias="commentCorrectionList")

    @property
    def status(self) -> str:
        """Whether it is retracted, and by which notice."""
        notices = [one for one in self.corrections.comments if one.type == "Retraction in"]
        if not notices and "retracted publication" not in [one.lower() for one in self.kinds.types]:
            return ""
        return "; ".join(f"RETRACTED, see PMID:{one.id}" for one in notices) or "RETRACTED"


class _Results(BaseModel):
    result: list[_Article] = []


class _Answer(BaseModel):
    """Either results or an error, both with status 200."""

    error: str | None = Field(default=None, alias="errMsg")
    code: int = Field(default=0, alias="errCode")
    hits: int | None = Field(default=None, alias="hitCount")
    next_cursor: str = Field(default="", alias="nextCursorMark")
    found: _Results | None = Field(default=None, alias="resultList")

    @model_validator(mode="after")
    def _one(self) -> "_Answer":
        if self.error is None and (self.hits is None or self.found is None):
            raise ValueError("expected `hitCount` and `resultList`")
        if self.code >= 500:
            raise ValueError("the service failed")
        return self

    @property
    def results(self) -> list[_Article]:
        return self.found.result if self.found else []


def _entry(number: int, one: _Article) -> str:
    cited = [f"PMID:{one.id}" if one.source == "MED" else f"{one.source}:{one.id}"]
    cited += [one.pmcid] if one.pmcid else []
    cited += [f"doi:{one.doi}"] if one.doi else []
    cited += ["open access"] if one.open_access == "Y" else []
    preprint = "preprint" if one.source == "PPR" else None
    text = snippet(one.abstract) or "no abstract"
    return entry(number, [one.title, preprint, one.year], " · ".join(cited), one.status, text)
