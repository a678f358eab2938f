"""openFDA: drug labels, and approvals from Drugs@FDA.

openFDA allows 240 requests a minute; a key raises the number a day. No match is HTTP 404.
"""

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field

from medresearcher.records.trajectory import Outcome
from medresearcher.settings import ServiceSettings
from medresearcher.tools.connectors.http import Ask, HttpClient, Service
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
from medresearcher.tools.tool import Result, Tool

NAME = "openFDA"

_REACH = 25_000  # openFDA skips no further
_NAMES = ("openfda.generic_name", "openfda.brand_name", "openfda.substance_name")
_SECTION = 6_000

Section = Literal[
    "indications_and_usage",
    "boxed_warning",
    "contraindications",
    "warnings",
    "warnings_and_cautions",
    "adverse_reactions",
    "drug_interactions",
    "dosage_and_administration",
    "use_in_specific_populations",
    "pregnancy",
    "mechanism_of_action",
    "clinical_studies",
]

R = TypeVar("R", bound=BaseModel)


class OpenFda:
    """openFDA at the set address."""

    def __init__(self, client: HttpClient, settings: ServiceSettings) -> None:
        self._client = client
        self._settings = settings

    def find(
        self, endpoint: str, drug: str, model: type[R], start: int, limit: int
    ) -> tuple[int, list[R]]:
        """How many records are about a drug, and a page of them."""
        service = Service(NAME, 4, "tools.services.openfda", self._settings.openfda_key_env)
        key = service.key()
        quoted = drug.replace("\\", " ").replace('"', " ")
        search = " OR ".join(f'{name}:"{quoted}"' for name in _NAMES)
        ask = Ask(
            service,
            f"{self._settings.openfda}/drug/{endpoint}.json",
            {"search": search, "skip": start, "limit": limit},
            secret_params={"api_key": key} if key else {},
        )
        return self._client.fetch(ask, lambda answer: _page(answer, model), accept=(200, 404))


def drug_labels(fda: OpenFda) -> Tool:
    """The tool on labels."""

    def labels(
        drug: Query, section: Section | None = None, limit: Limit = 3, page: Page = 1
    ) -> Result:
        """Find the FDA labels of a drug; each with its set id, date and indications.

        Args:
            drug: A generic name, brand name or substance.
            section: A section of the label to show instead of the indications.
            limit: How many labels a page has.
            page: The page, from 1.
        """  # noqa: D413
        wanted = section or "indications_and_usage"
        if (far := _too_far(page, limit)) is not None:
            return far
        total, found = fda.find("label", drug, _Label, (page - 1) * limit, limit)
        most = _SECTION // max(1, len(found)) if section else 400
        entries = [
            entry(
                (page - 1) * limit + place,
                [_some(one.openfda.brand_name), _some(one.openfda.generic_name)],
                f"set id: {one.set_id} · version {one.version}",
                f"effective {_date(one.effective_time)}",
                f"{_some(one.openfda.manufacturer_name)} · {_some(one.openfda.application_number)}",
                f"{wanted}: {snippet(one.text(wanted), most) or 'the label has no such section'}",
            )
            for place, one in enumerate(found, 1)
        ]
        return listing(f"{NAME} labels", entries, total, page_of(total, limit, page))

    return Tool("drug_labels", labels)


def drug_approvals(fda: OpenFda) -> Tool:
    """The tool on approvals."""

    def approvals(drug: Query, limit: Limit = 5, page: Page = 1) -> Result:
        """Find the FDA approvals of a drug: application, sponsor, dates, products and their status.

        Args:
            drug: A generic name, brand name or substance.
            limit: How many applications a page has.
            page: The page, from 1.
        """  # noqa: D413
        if (far := _too_far(page, limit)) is not None:
            return far
        total, found = fda.find("drugsfda", drug, _Application, (page - 1) * limit, limit)
        entries = [
            entry(
                (page - 1) * limit + place,
                [one.application_number, one.sponsor_name],
                _approved(one),
                *(_product(it) for it in one.products[:6]),
            )
            for place, one in enumerate(found, 1)
        ]
        return listing(f"{NAME} approvals", entries, total, page_of(total, limit, page))

    return Tool("drug_approvals", approvals)


def _too_far(page: int, limit: int) -> Result | None:
    if page * limit <= _REACH:
        return None
    return Result(Outcome.OUT_OF_SCOPE, "", f"{NAME} shows no more than {_REACH:,} records")


class _Count(BaseModel):
    total: int


class _Meta(BaseModel):
    results: _Count


class _Page(BaseModel):
    meta: _Meta
    results: list[dict[str, Any]]


class _Names(BaseModel):
    brand_name: list[str] = []
    generic_name: list[str] = []
    manufacturer_name: list[str] = []
    application_number: list[str] = []


class _Label(BaseModel):
    """A label; each section is a field of its own, a list of texts."""

    model_config = {"extra": "allow"}

    set_id: str
    version: str = ""
    effective_time: str = ""
    openfda: _Names = _Names()

    def text(self, section: str) -> str:
        texts = (self.model_extra or {}).get(section, ())
        return "\n".join(one for one in texts if isinstance(one, str))


class _Submission(BaseModel):
    submission_type: str = ""
    submission_status: str = ""
    submission_status_date: str = ""


class _Ingredient(BaseModel):
    name: str = ""
    strength: str = ""


class _Product(BaseModel):
    brand_name: str = ""
    active_ingredients: list[_Ingredient] = []
    dosage_form: str = ""
    marketing_status: str = ""


class _Application(BaseModel):
    application_number: str
    sponsor_name: str = ""
    submissions: list[_Submission] = Field(default=[])
    products: list[_Product] = Field(default=[])


class _Error(BaseModel):
    code: Literal["NOT_FOUND"]


class _NoMatch(BaseModel):
    error: _Error


def _page(answer: Answer, model: type[R]) -> tuple[int, list[R]]:
    """The number of all records and those of the page; none for 404 with openFDA's own words."""
    if answer.status == 404:
        _NoMatch.model_validate_json(answer.body)
        return 0, []
    page = _Page.model_validate_json(answer.body)
    return page.meta.results.total, [model.model_validate(one) for one in page.results]


def _approved(one: _Application) -> str:
    first = [it for it in one.submissions if it.submission_type == "ORIG"]
    approved = [it for it in first if it.submission_status == "AP"]
    dates = sorted(it.submission_status_date for it in approved)
    said = f"approved {_date(dates[0])}" if dates else "no approval of the original application"
    return f"{said} · {len(one.submissions)} submissions"


def _product(one: _Product) -> str:
    parts = "; ".join(f"{it.name} {it.strength}".strip() for it in one.active_ingredients)
    return f"{one.brand_name} · {parts} · {one.dosage_form} · {one.marketing_status}"


def _date(text: str) -> str:
    """20240131 -> 2024-01-31."""
    if len(text) == 8 and text.isdecimal():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text or "date not stated"


def _some(names: list[str]) -> str:
    return "; ".join(names[:3]) + (f"; +{len(names) - 3} more" if len(names) > 3 else "")
