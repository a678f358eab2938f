"""Checks certified questions against a graph: `check` one question, `audit` many on all cores."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from medresearcher.audit.defects import Defect, Kind
from medresearcher.audit.evidence import evidence
from medresearcher.audit.facts import Facts
from medresearcher.audit.leakage import leaks
from medresearcher.audit.proof import proof
from medresearcher.audit.solver import Solver
from medresearcher.audit.structure import structure
from medresearcher.records.question import Question

_CHUNK = 16
# With fewer questions, loading the graph once more takes longer than it saves.
_WORTH = 400


class Checked(NamedTuple):
    """What came of one question; `place` says where it stands in its file."""

    place: str
    id: str
    defects: tuple[Defect, ...]


class Auditor:
    """Checks questions against the facts of one graph."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.solver = Solver(facts)

    def check(self, question: Question) -> list[Defect]:
        """Everything that is found wrong; empty for a question that is proven.

        A question of another graph is not looked at further, and one whose parts disagree is not
        solved.
        """
        found: list[Defect] = []
        if question.id != question.content_id():
            found.append(Defect(Kind.WRONG_ID, f"the content has the id {question.content_id()}"))
        if question.certificate.graph != self.facts.digest:
            said = f"made over the graph {question.certificate.graph}, this is {self.facts.digest}"
            return [*found, Defect(Kind.WRONG_GRAPH, said)]
        wrong = list(structure(question, self.facts))
        if not wrong or all(one.kind is Kind.CLUE_TEXT_MISSING for one in wrong):
            wrong += leaks(question, self.facts)
            wrong += evidence(question, self.solver.conditions)
            wrong += proof(question, self.solver)
        return found + wrong

    def check_value(self, place: str, value: Any) -> Checked:
        """Check one JSON value that should be a question."""
        name = str(value.get("id", "")) if isinstance(value, dict) else ""
        try:
            question = Question.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "record"
            return Checked(place, name, (Defect(Kind.MALFORMED, f"`{where}`: {first['msg']}"),))
        if question.schema_name != Question.SCHEMA:
            said = f"`schema`: expected {Question.SCHEMA!r}, found {question.schema_name!r}"
            return Checked(place, name, (Defect(Kind.MALFORMED, said),))
        return Checked(place, question.id, tuple(self.check(question)))


def audit(
    values: Sequence[tuple[str, Any]], folder: Path, *, workers: int = 1
) -> Iterator[Checked]:
    """Check (place, JSON value) pairs against the graph in `folder`, in their order."""
    work = partial(_check, folder)
    if workers == 1 or len(values) < _WORTH:
        yield from map(work, values)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(work, values, chunksize=_CHUNK)


@lru_cache(1)
def auditor_of(folder: Path) -> Auditor:
    """The auditor of the graph in `folder`, loaded once per process."""
    return Auditor(Facts.load(folder))


def _check(folder: Path, value: tuple[str, Any]) -> Checked:
    return auditor_of(folder).check_value(*value)


def by_kind(checked: Sequence[Checked]) -> Counter[Kind]:
    """How many questions have a defect of each kind."""
    return Counter(kind for one in checked for kind in {defect.kind for defect in one.defects})
