"""Real questions under audit: no false alarm, and every kind of defect found for what it is."""

from pathlib import Path
from random import Random

import pytest

from medresearcher.audit.certificates import Auditor
from medresearcher.audit.detection import detection, sample
from medresearcher.audit.facts import Facts
from medresearcher.audit.mutations import MUTATIONS
from medresearcher.records.question import Question

EACH = 10


@pytest.fixture(scope="module")
def auditor(real_tables: Path) -> Auditor:
    return Auditor(Facts.load(real_tables))


def test_real_questions_raise_no_alarm(auditor: Auditor, real_questions: list[Question]) -> None:
    assert real_questions
    assert [one for one in real_questions if auditor.check(one)] == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_real_questions_with_a_defect_are_refused(
    name: str, auditor: Auditor, real_questions: list[Question]
) -> None:
    mutants = sample(name, real_questions, auditor.facts, Random(5), EACH)
    assert len(mutants) == EACH
    good = {one.id for one in real_questions}
    for mutant in mutants:
        assert mutant.id == mutant.content_id()
        assert mutant.id not in good
        kinds = {one.kind for one in auditor.check(mutant)}
        assert kinds & MUTATIONS[name].kinds, (kinds, mutant)


def test_detection_counts_what_is_made_refused_and_named(
    auditor: Auditor, real_questions: list[Question], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An auditor that finds nothing detects nothing."""
    found = detection(real_questions[:3], auditor, Random(1), 2)
    assert set(found) == set(MUTATIONS)
    assert all(one.made == one.detected == one.named for one in found.values())
    monkeypatch.setattr(auditor, "check", lambda _: [])
    blind = detection(real_questions[:3], auditor, Random(1), 2)
    assert [one.made for one in blind.values()] == [one.made for one in found.values()]
    assert {(one.detected, one.named) for one in blind.values()} == {(0, 0)}
