"""Prompts: what a version says is fixed; other words need another version."""

from pathlib import Path

import pytest

from medresearcher.agent.guide import guide_text, mask
from medresearcher.agent.loop import ABSTENTION
from medresearcher.llm.prompts import VERSIONS, prompt
from medresearcher.records.question import Question

GOLDEN = Path(__file__).parent / "golden"


def test_the_filled_prompts_are_those_of_their_version(questions: list[Question]) -> None:
    values = {
        "research": {"abstention": ABSTENTION},
        "guide": {"guide": guide_text(mask(questions[0]))},
    }
    # The golden files of these lie with their tests, in other rooms.
    elsewhere = {"relations", "closed_book", "phrase", "read_back"}
    assert values.keys() == VERSIONS.keys() - elsewhere
    for name in values:
        version = VERSIONS[name]
        golden = GOLDEN / f"{name}.v{version}.txt"
        assert prompt(name, **values[name]) + "\n" == golden.read_text("utf-8"), golden


@pytest.mark.parametrize("name", VERSIONS)
def test_a_placeholder_without_a_value_is_an_error(name: str) -> None:
    with pytest.raises(KeyError):
        prompt(name)
    with pytest.raises(KeyError):
        prompt(name, other="x")


def test_braces_in_a_value_stay() -> None:
    assert '{"x": {1}}' in prompt("guide", guide='{"x": {1}}')
