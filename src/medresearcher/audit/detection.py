"""How many defects the auditor detects: mutants of good questions, each checked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from medresearcher.audit.certificates import Auditor
from medresearcher.audit.defects import Kind
from medresearcher.audit.facts import Facts
from medresearcher.audit.mutations import MUTATIONS
from medresearcher.audit.patient import Patient
from medresearcher.records.question import Question

_ROUNDS = 20


class Detection(NamedTuple):
    """How many questions got one kind of defect, were refused, and refused for what it is."""

    made: int
    detected: int
    named: int


def mutate(name: str, question: Question, facts: Facts, rng: Random) -> Question | None:
    """The question with one defect, and the id of its new content; `None` if it offers no place."""
    content = question.model_dump(mode="json", by_alias=True, exclude={"id", "schema_name"})
    if MUTATIONS[name].change(Patient(content, facts, rng)) is False:
        return None
    return Question.create(**content)


def mutants(
    name: str, questions: Sequence[Question], facts: Facts, rng: Random
) -> Iterator[Question]:
    """One mutant of each question that offers a place for it, in random order."""
    for question in rng.sample(questions, len(questions)):
        mutant = mutate(name, question, facts, rng)
        if mutant is not None:
            yield mutant


def detection(
    questions: Sequence[Question], auditor: Auditor, rng: Random, each: int
) -> Mapping[str, Detection]:
    """For every kind of defect, how many of up to `each` mutants are detected."""
    return {
        name: _detected(sample(name, questions, auditor.facts, rng, each), auditor, one.kinds)
        for name, one in MUTATIONS.items()
    }


def sample(
    name: str, questions: Sequence[Question], facts: Facts, rng: Random, each: int
) -> list[Question]:
    """Up to `each` different mutants, several of one question where there are too few."""
    found: dict[str, Question] = {}
    for _ in range(_ROUNDS):
        for mutant in mutants(name, questions, facts, rng):
            found[mutant.id] = mutant
            if len(found) == each:
                return list(found.values())
    return list(found.values())


def _detected(some: Iterable[Question], auditor: Auditor, kinds: frozenset[Kind]) -> Detection:
    found = [{defect.kind for defect in auditor.check(one)} for one in some]
    return Detection(len(found), sum(map(bool, found)), sum(bool(one & kinds) for one in found))
