"""Checks certified questions against a graph: `check` one question, `audit` many on all cores."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache, partial
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
from medresearcher.engines.engine import Engine
from medresearcher.engines.progress import Advance
from medresearcher.errors import Failure
from medresearcher.graph.tables import read_tables
from medresearcher.records.question import Question

Placed = tuple[str, Any]  # where a question stands in its file, and its JSON value

_CHUNK = 16
# Defects of the words alone: the rest can be looked at all the same.
_WORDS = frozenset({Kind.CLUE_MISSTATED, Kind.CLUE_TEXT_MISSING})
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
        if all(one.kind in _WORDS for one in wrong):
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
    values: Sequence[Placed], folder: Path, *, workers: int = 1, advance: Advance
) -> list[Checked]:
    """Check questions against the graph in `folder`; the results are in the order of `values`.

    `InputError` when the graph is missing or broken.
    """
    read_tables(folder)  # what is wrong with it is said once, not by every worker
    starts = range(0, len(values), _CHUNK)
    results: dict[int, list[Checked]] = {}
    engine = Engine(workers=workers if len(values) > _WORTH else 1)
    chunks = [(start, values[start : start + _CHUNK]) for start in starts]
    for done in engine.map(partial(_check, folder), chunks):
        start, chunk = done.item
        results[start] = done.result or [_unchecked(one, done.failure) for one in chunk]
        advance(len(chunk))
    return [one for start in starts for one in results[start]]


@lru_cache(1)
def auditor_of(folder: Path) -> Auditor:
    """The auditor of the graph in `folder`, loaded once per process."""
    return Auditor(Facts.load(folder))


def _check(folder: Path, chunk: tuple[int, Sequence[Placed]]) -> list[Checked]:
    return [auditor_of(folder).check_value(place, value) for place, value in chunk[1]]


def _unchecked(one: Placed, failure: Failure | None) -> Checked:
    return Checked(one[0], "", (Defect(Kind.NOT_CHECKED, str(failure)),))


def by_kind(checked: Sequence[Checked]) -> Counter[Kind]:
    """How many questions have a defect of each kind."""
    return Counter(kind for one in checked for kind in {defect.kind for defect in one.defects})
