"""DailyMed: the current drug labels (SPL) of the National Library of Medicine.

No limit is stated; two requests a second are kept.
"""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from medresearcher.records.trajectory import Outcome
from medresearcher.settings import ServiceSettings
from medresearcher.sources.elements import Element, elements, text_of
from medresearcher.tools.connectors.http import Ask, BodyFile, HttpClient, Service
from medresearcher.tools.connectors.network import Answer
from medresearcher.tools.connectors.reply import Limit, Page, Query, entry, listing, page_of
from medresearcher.tools.facts import section as section_text
from medresearcher.tools.tool import Result, Tool
from medresearcher.tools.untrusted import as_data

NAME = "DailyMed"
_SERVICE = Service(NAME, 2, "tools.services.dailymed")
_V3 = "{urn:hl7-org:v3}"


def dailymed_search(client: HttpClient, settings: ServiceSettings) -> Tool:
    """The search tool."""

    def search(drug: Query, limit: Limit = 10, page: Page = 1) -> Result:
        """List the current drug labels of DailyMed: title, set id, version, date.

        Args:
            drug: A generic or brand name.
            limit: How many labels a page has.
            page: The page, from 1.
        """  # noqa: D413
        params: dict[str, str | int] = {"drug_name": drug, "pagesize": limit, "page": page}
        found = client.fetch_json(Ask(_SERVICE, f"{settings.dailymed}/spls.json", params), _Labels)
        entries = [
            entry(
                (page - 1) * limit + place,
                [one.title],
                f"set id: {one.setid} · version {one.spl_version} · {one.published_date}",
            )
            for place, one in enumerate(found.data, 1)
        ]
        total = found.metadata.total_elements
        return listing(NAME, entries, total, page_of(total, limit, page))

    return Tool("dailymed_search", search)


def dailymed_label(client: HttpClient, settings: ServiceSettings) -> Tool:
    """The reading tool."""

    def read(
        set_id: Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}$")],
        section: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = "",
    ) -> Result:
        """Read a drug label of DailyMed: its sections, or one of them in full.

        Args:
            set_id: The set id of the label, as dailymed_search and drug_labels show it.
            section: Words of a section's title, such as `contraindications`; empty lists all.
        """  # noqa: D413
        ask = Ask(_SERVICE, f"{settings.dailymed}/spls/{set_id}.xml")
        found = client.fetch(ask, _sections, accept=(200, 404))
        if found is None:
            return Result(Outcome.EMPTY, "", f"{NAME} has no label {set_id}")
        titles = [f"- {title} ({len(text):,} characters)" for title, text in found]
        listed = section_text("sections", len(titles), titles)
        if not section:
            return Result(Outcome.FOUND, as_data(NAME, listed), f"set id {set_id} · sections")
        wanted = [one for one in found if section.casefold() in one[0].casefold()]
        if not wanted:
            problem = "the label has no section whose title holds these words"
            return Result(Outcome.EMPTY, as_data(NAME, listed), problem)
        text = "\n\n".join(f"{title}\n{text}" for title, text in wanted)
        return Result(Outcome.FOUND, as_data(NAME, text), f"set id {set_id}")

    return Tool("dailymed_label", read)


class _Label(BaseModel):
    setid: str
    title: str = ""
    spl_version: int = 0
    published_date: str = ""


class _Metadata(BaseModel):
    total_elements: int


class _Labels(BaseModel):
    data: list[_Label]
    metadata: _Metadata


def _sections(answer: Answer) -> list[tuple[str, str]] | None:
    """(title, text) of the sections that have a title, in order; `None` if there is no label."""
    if answer.status == 404:
        return None
    for document in elements(BodyFile(answer.body), "answer", f"{_V3}document"):
        found = [(text_of(one.find(f"{_V3}title")), one) for one in document.iter(f"{_V3}section")]
        return [(title, _text(one)) for title, one in found if title]
    raise ValueError("expected an SPL document")


def _text(section: Element) -> str:
    """The paragraphs, items and rows of a section, a line each; of its subsections, too."""
    tags = [f"{_V3}{tag}" for tag in ("paragraph", "item", "tr")]
    lines = [text_of(one) for one in section.iter(*tags)]
    return "\n".join(dict.fromkeys(line for line in lines if line)) or text_of(section)
