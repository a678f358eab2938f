"""ClinicalTrials.gov, API version 2: search the registry, read one study.

No limit is stated; its robots file asks for a second between requests, which is kept.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from medresearcher.records.trajectory import Outcome
from medresearcher.settings import ServiceSettings
from medresearcher.tools.connectors.http import Ask, HttpClient, Service
from medresearcher.tools.connectors.network import Answer
from medresearcher.tools.connectors.reply import Limit, Query, cursor_listing, entry, snippet
from medresearcher.tools.facts import one_line
from medresearcher.tools.tool import Result, Tool
from medresearcher.tools.untrusted import as_data

NAME = "ClinicalTrials.gov"
_SERVICE = Service(NAME, 1, "tools.services.clinical_trials")

Status = Literal[
    "RECRUITING",
    "NOT_YET_RECRUITING",
    "ENROLLING_BY_INVITATION",
    "ACTIVE_NOT_RECRUITING",
    "COMPLETED",
    "SUSPENDED",
    "TERMINATED",
    "WITHDRAWN",
    "UNKNOWN",
]


def clinical_trials(client: HttpClient, settings: ServiceSettings) -> Tool:
    """The search tool."""

    def search(
        query: Query | None = None,
        condition: Query | None = None,
        intervention: Query | None = None,
        status: Status | None = None,
        limit: Limit = 5,
        token: Annotated[str, Field(max_length=500)] = "",
    ) -> Result:
        """Search ClinicalTrials.gov: title, NCT number, status, phase, sponsor, interventions.

        Args:
            query: Words anywhere in the record; give at least one of query, condition,
                intervention.
            condition: A disease or condition.
            intervention: A drug or another intervention.
            status: Only studies of this recruitment status.
            limit: How many studies a page has.
            token: Empty for the first page; each page ends with the token of the next one.
        """  # noqa: D413
        asked = {"query.term": query, "query.cond": condition, "query.intr": intervention}
        params: dict[str, str | int] = {name: text for name, text in asked.items() if text}
        if not params:
            problem = "expected at least one of `query`, `condition`, `intervention`; got none"
            return Result(Outcome.INVALID_ARGUMENTS, "", problem)
        params |= {"pageSize": limit, "countTotal": "true", "format": "json"}
        params |= {"filter.overallStatus": status} if status else {}
        params |= {"pageToken": token} if token else {}
        found = client.fetch_json(
            Ask(_SERVICE, f"{settings.clinical_trials}/studies", params), _Page
        )
        entries = [_entry(place, one) for place, one in enumerate(found.studies, 1)]
        return cursor_listing(NAME, entries, found.total_count, "token", found.next_page_token)

    return Tool("clinical_trials", search)


def clinical_trial(client: HttpClient, settings: ServiceSettings) -> Tool:
    """The reading tool."""

    def read(nct_id: Annotated[str, Field(pattern=r"^NCT\d{8}$")]) -> Result:
        """Read a study of ClinicalTrials.gov: design, arms, outcomes, eligibility, dates.

        Args:
            nct_id: The NCT number, such as NCT00429364.
        """  # noqa: D413
        ask = Ask(_SERVICE, f"{settings.clinical_trials}/studies/{nct_id}", {"format": "json"})
        study = client.fetch(ask, _one, accept=(200, 404))
        if study is None:
            return Result(Outcome.EMPTY, "", f"{NAME} has no study {nct_id}")
        words = study.protocol_section.status_module.overall_status.replace("_", " ").lower()
        return Result(Outcome.FOUND, as_data(NAME, _text(study)), f"{nct_id} · {words}")

    return Tool("clinical_trial", read)


class _Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Identification(_Camel):
    nct_id: str
    brief_title: str = ""


class _Date(_Camel):
    date: str = ""


class _Status(_Camel):
    overall_status: str
    why_stopped: str = ""
    start_date_struct: _Date = _Date()
    completion_date_struct: _Date = _Date()


class _Sponsor(_Camel):
    name: str = ""


class _Sponsors(_Camel):
    lead_sponsor: _Sponsor = _Sponsor()


class _Description(_Camel):
    brief_summary: str = ""


class _Conditions(_Camel):
    conditions: list[str] = []


class _Enrolment(_Camel):
    count: int | None = None


class _Design(_Camel):
    study_type: str = ""
    phases: list[str] = []
    enrollment_info: _Enrolment = _Enrolment()


class _Intervention(_Camel):
    type: str = ""
    name: str = ""


class _Arms(_Camel):
    interventions: list[_Intervention] = []


class _Outcome(_Camel):
    measure: str = ""
    time_frame: str = ""


class _Outcomes(_Camel):
    primary_outcomes: list[_Outcome] = []


class _Eligibility(_Camel):
    eligibility_criteria: str = ""
    sex: str = ""
    minimum_age: str = ""
    maximum_age: str = ""


class _Protocol(_Camel):
    identification_module: _Identification
    status_module: _Status
    sponsor_collaborators_module: _Sponsors = _Sponsors()
    description_module: _Description = _Description()
    conditions_module: _Conditions = _Conditions()
    design_module: _Design = _Design()
    arms_interventions_module: _Arms = _Arms()
    outcomes_module: _Outcomes = _Outcomes()
    eligibility_module: _Eligibility = _Eligibility()


class _Study(_Camel):
    protocol_section: _Protocol
    has_results: bool = False


class _Page(_Camel):
    studies: list[_Study]
    total_count: int | None = None
    next_page_token: str = ""


def _one(answer: Answer) -> _Study | None:
    return None if answer.status == 404 else _Study.model_validate_json(answer.body)


def _facts(study: _Study) -> list[str]:
    """What stands below the title, a line each."""
    one = study.protocol_section
    status, design = one.status_module, one.design_module
    dates = f"{status.start_date_struct.date or '?'} to {status.completion_date_struct.date or '?'}"
    people = design.enrollment_info.count
    size = f"{people:,} participants" if people is not None else ""
    stopped = f"why stopped: {status.why_stopped}" if status.why_stopped else ""
    has = "has results" if study.has_results else "no results posted"
    lines = [
        [one.identification_module.nct_id, status.overall_status, *design.phases, has, stopped],
        [design.study_type, size, dates, one.sponsor_collaborators_module.lead_sponsor.name],
        ["conditions: " + "; ".join(one.conditions_module.conditions)],
        ["interventions: " + "; ".join(_named(it) for it in _interventions(study)) or "none"],
    ]
    return [" · ".join(one_line(part) for part in line if part) for line in lines]


def _interventions(study: _Study) -> list[_Intervention]:
    return study.protocol_section.arms_interventions_module.interventions


def _named(one: _Intervention) -> str:
    return f"{one.name} ({one.type.lower()})" if one.type else one.name


def _entry(number: int, study: _Study) -> str:
    one = study.protocol_section
    text = snippet(one.description_module.brief_summary)
    return entry(number, [one.identification_module.brief_title], *_facts(study), text)


def _text(study: _Study) -> str:
    one = study.protocol_section
    who = one.eligibility_module
    outcomes = [f"- {it.measure} ({it.time_frame})" for it in one.outcomes_module.primary_outcomes]
    ages = f"ages {who.minimum_age or 'any'} to {who.maximum_age or 'any'}; sex {who.sex or '?'}"
    parts = [
        one.identification_module.brief_title,
        *_facts(study),
        "",
        one.description_module.brief_summary,
        "",
        "primary outcomes:",
        *(outcomes or ["- none stated"]),
        "",
        f"eligibility ({ages}):",
        who.eligibility_criteria or "not stated",
    ]
    return "\n".join(parts)
