"""The tool `differential_diagnosis`: typed outcomes, reasons with citations."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "diagnosis"))

from diagnosis_world import build, disease

from medresearcher.records.trajectory import Observation, Outcome
from medresearcher.tools.differential_diagnosis import differential_diagnosis
from medresearcher.tools.facts import parse_facts
from medresearcher.tools.tool import Tool


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """The tool over the small world of the diagnosis room."""
    return differential_diagnosis(build(tmp_path_factory.mktemp("tool")))


def call(tool: Tool, **arguments: Any) -> Observation:
    return tool.call(json.dumps(arguments))


def test_the_first_disease_comes_with_reasons_and_citations(tool: Tool) -> None:
    seen = call(tool, present=["HP:0000005", "Arachnodactyly"], age="30y", sex="female")
    assert seen.outcome is Outcome.FOUND
    assert parse_facts(seen.text)["differential"][0] == ("Disease 1", disease(1))
    assert "Ectopia lentis (HP:0000005) [PMID:1 8/10]" in seen.text
    assert parse_facts(seen.text)["genes"][0] == ("GENE1", "HGNC:1")
    assert seen.text.splitlines()[-1].startswith("[found · 2 present, 0 absent findings used")


def test_one_unknown_id_is_reported_and_the_rest_is_used(tool: Tool) -> None:
    seen = call(tool, present=["HP:0000005", "HP:7654321"])
    assert seen.outcome is Outcome.FOUND
    assert "HP:7654321: no term of this release of HPO" in seen.text
    assert "1 present, 0 absent findings used · 1 notes" in seen.text


def test_nothing_usable_is_empty_with_the_reason(tool: Tool) -> None:
    seen = call(tool, present=["HP:7654321"])
    assert seen.outcome is Outcome.EMPTY
    assert "none of the given findings can be used" in seen.text


def test_an_age_that_is_none_is_an_invalid_argument(tool: Tool) -> None:
    assert call(tool, present=["HP:0000005"], age="old").outcome is Outcome.INVALID_ARGUMENTS
    assert call(tool, absent=["HP:0000005"]).outcome is Outcome.INVALID_ARGUMENTS
