"""Clues whose words say another thing, number or share than their condition."""

import pytest

from medresearcher.audit.facts import Facts
from medresearcher.audit.saying import misstated
from medresearcher.graph.tables import write_tables
from medresearcher.records.knowledge import Entity, EntityType, Evidence, Predicate
from medresearcher.records.question import Atom, Clue, Condition, Count

ROW = Evidence(source="hpo", licence="x", record="OMIM:1", row=1)


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    folder = tmp_path_factory.mktemp("words")
    sign = Entity("HP:1", EntityType.PHENOTYPE, "Seizure", "hpo", ("Epileptic fit", "Fit of limb"))
    write_tables(folder, [sign], [])
    return Facts.load(folder)


def clue(condition: Condition, text: str, name: str = "") -> Clue:
    return Clue(mask="Entity_A", condition=condition, text=text, evidence=(ROW,), name=name)


def sign(share: tuple[float, float] | None = None) -> Atom:
    return Atom(subject="Entity_A", predicate=Predicate.HAS_PHENOTYPE, object="HP:1", share=share)


def count(low: int, high: int) -> Count:
    return Count(subject="Entity_A", predicate=Predicate.CAUSES, forward=True, low=low, high=high)


@pytest.mark.parametrize(
    ("condition", "text", "name", "is_right"),
    [
        (sign(), "seizure", "seizure", True),
        (sign(), "an epileptic fit", "Epileptic fit", True),
        (sign(), "a fit of the limb", "Fit of limb", True),
        (sign(), "fit of limbo", "Fit of a limb", False),
        (sign(), "something that shakes", "", True),
        (sign(), "ataxia", "ataxia", False),
        (sign(), "shaking", "seizure", False),
        (sign((0.2, 0.3)), "seizure in 20 to 30% of the patients", "seizure", True),
        (sign((0.2, 0.3)), "seizure in 20 to 40% of the patients", "seizure", False),
        (sign((0.2, 0.3)), "seizure in some of the patients", "seizure", True),
        (count(3, 3), "exactly three", "", True),
        (count(3, 3), "exactly 3", "", True),
        (count(3, 3), "several", "", True),
        (count(3, 3), "exactly four", "", False),
        (count(3, 3), "exactly 30", "", False),
        (count(3, 9), "at least three", "", True),
    ],
)
def test_words_and_condition(
    condition: Condition, text: str, name: str, is_right: bool, facts: Facts
) -> None:
    assert (misstated(clue(condition, text, name), facts) is None) is is_right
