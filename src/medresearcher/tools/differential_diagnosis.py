"""`differential_diagnosis`: which rare diseases fit the findings of a patient, and why."""

from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from medresearcher.errors import InputError
from medresearcher.graph.store import Graph
from medresearcher.records.trajectory import Outcome
from medresearcher.tools.facts import entity_line, section
from medresearcher.tools.tool import Result, Tool

if TYPE_CHECKING:
    from medresearcher.diagnosis.engine import Diagnoser
    from medresearcher.diagnosis.report import Candidate, Diagnosis, Reason

_MOST = 200
_REASONS = 4

Findings = Annotated[list[str], Field(max_length=_MOST)]


def differential_diagnosis(graph: Graph) -> Tool:
    """The tool over one graph; the model is made at the first call."""

    @cache
    def diagnoser() -> "Diagnoser":
        from medresearcher.diagnosis.engine import Diagnoser

        return Diagnoser(graph)

    def differential(
        present: Findings,
        absent: Findings = [],  # noqa: B006 - never changed
        age: str = "",
        sex: Literal["male", "female", "unknown"] = "unknown",
        top: Annotated[int, Field(ge=1, le=20)] = 5,
    ) -> Result:
        """Rank rare diseases by their probability for a patient, with reasons and sources.

        Each disease has the findings for and against it with log likelihood ratios and the rows
        they come from. Then: the findings to ask for next, and the genes to test.

        Args:
            present: Findings of the patient, each an HPO identifier or an exact name.
            absent: Findings that were looked for and are absent.
            age: Age of the patient, as `4y`, `3 months` or `P4Y6M`.
            sex: Sex of the patient.
            top: How many diseases to show.
        """  # noqa: D413
        from medresearcher.diagnosis.findings import years

        try:
            old = years(age) if age.strip() else None
        except InputError as error:
            return Result(Outcome.INVALID_ARGUMENTS, "", f"argument `age`: {error}")
        known = None if sex == "unknown" else sex
        found = diagnoser().diagnose(present, absent, age=old, sex=known, top=top)
        notes = [f"- {one.given}: {one.reason}" for one in found.notes]
        if found.reason:
            return Result(Outcome.EMPTY, section("notes", len(notes), notes), found.reason)
        return _shown(found, notes)

    return Tool("differential_diagnosis", differential)


def _shown(found: "Diagnosis", notes: list[str]) -> Result:
    lines = [line for one in found.candidates for line in _candidate(one)]
    parts = [section("differential", len(found.candidates), lines)]
    asked = [entity_line(one.name, one.id, f"{one.bits:.2f} bits") for one in found.questions]
    genes = [entity_line(one.name, one.id, f"{one.probability:.2f}") for one in found.genes]
    for heading, rows in (("ask_next", asked), ("genes", genes), ("notes", notes)):
        if rows:
            parts.append(section(heading, len(rows), rows))
    used = f"{len(found.present)} present, {len(found.absent)} absent findings used"
    ignored = f" · {len(notes)} notes" if notes else ""
    status = f"{used}{ignored} · none of these {found.none_of_these:.2f}"
    return Result(Outcome.FOUND, "\n\n".join(parts), status)


def _candidate(one: "Candidate") -> list[str]:
    chance = f"{one.probability:.3f} ({one.low:.3f} to {one.high:.3f})"
    reasons = sorted((*one.present, *one.absent), key=lambda each: -abs(each.log_ratio))
    return [
        entity_line(one.name, one.id, chance),
        *(f"  {_reason(each, absent=each in one.absent)}" for each in reasons[:_REASONS]),
    ]


def _reason(one: "Reason", *, absent: bool) -> str:
    cited = dict.fromkeys(
        f"{row.reference or row.record} {row.frequency}".strip() for row in one.rows
    )
    said = "absent: " if absent else ""
    return f"{one.log_ratio:+.2f} {said}{one.name} ({one.id}) [{'; '.join(cited) or 'not stated'}]"
