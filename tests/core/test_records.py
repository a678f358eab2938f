"""Records: strict, frozen, and named by their content on every machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from core_samples import EVIDENCE, Note, question, trajectory
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from medresearcher.records.base import canonical, digest
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Choice, Clue, Count, Query, Question
from medresearcher.records.trajectory import Message, Trajectory

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("record", [question(), trajectory(), Note.create(number=1)])
def test_a_record_survives_its_line(record):
    line = record.to_line()
    again = type(record).model_validate_json(line)
    assert again == record
    assert again.to_line() == line
    assert again.id == again.content_id()


def test_the_line_names_schema_and_id():
    value = json.loads(question().to_line())
    assert value["schema"] == "medresearcher/question/1"
    assert value["id"].startswith("q-")
    assert "schema_name" not in value
    assert json.loads(trajectory().to_line())["schema"] == "medresearcher/trajectory/1"


def test_equal_content_has_an_equal_id_and_other_content_another():
    assert question().id == question().id
    assert question("Which one?").id != question().id


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_ids_do_not_depend_on_the_process_or_its_hash_seed(seed):
    code = "from core_samples import question, trajectory; print(question().id, trajectory().id)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONHASHSEED": seed},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == [question().id, trajectory().id]


def test_unknown_and_missing_fields_are_refused_by_name():
    value = json.loads(question().to_line())
    with pytest.raises(ValidationError, match="colour"):
        Question.model_validate({**value, "colour": "red"})
    del value["answer"]
    with pytest.raises(ValidationError, match="answer"):
        Question.model_validate(value)


def test_evidence_cannot_be_empty():
    value = json.loads(question().to_line())
    value["hops"][0]["evidence"] = []
    with pytest.raises(ValidationError, match="evidence"):
        Question.model_validate(value)


SIGN = Atom(subject="A", predicate=Predicate.HAS_PHENOTYPE, object="HP:1", share=(0.1, 0.2))
COUNT = Count(subject="B", predicate=Predicate.CAUSES, forward=True, low=2, high=2)
CHOICE = Choice(subject="A", measure="onset", extreme="least")
JOIN = Atom(subject="B", predicate=Predicate.CAUSES, object="A")
VARIABLES = {"A": EntityType.DISEASE, "B": EntityType.GENE}


def query(**changes):
    given = {"variables": VARIABLES, "joins": (JOIN,), "conditions": (), "answer": "A"}
    return Query(**{**given, **changes})


def test_conditions_of_every_kind_keep_their_kind():
    whole = query(conditions=(SIGN, COUNT, CHOICE))
    assert Query.model_validate_json(whole.model_dump_json()) == whole
    clues = [
        Clue(mask="A", condition=one, text="x", evidence=(EVIDENCE,)) for one in whole.conditions
    ]
    assert [clue.predicate for clue in clues] == [
        Predicate.HAS_PHENOTYPE,
        Predicate.CAUSES,
        None,
    ]
    assert [clue.object for clue in clues] == ["HP:1", None, None]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"joins": (SIGN,)}, "two variables"),
        ({"joins": (JOIN.model_copy(update={"closure": True}),)}, "neither closure"),
        ({"joins": (JOIN.model_copy(update={"negated": True}),)}, "neither closure"),
        ({"joins": (JOIN.model_copy(update={"share": (0.0, 1.0)}),)}, "neither closure"),
        ({"conditions": (CHOICE, CHOICE)}, "at most one choice"),
    ],
)
def test_a_query_that_means_nothing_is_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        query(**changes)


def test_records_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        question().specialty = "other"  # pyright: ignore[reportAttributeAccessIssue]


def test_tool_arguments_stay_the_raw_text():
    raw = '{"query": "a",   "limit": 1.0} trailing'
    call = {"id": "1", "function": {"name": "search", "arguments": raw}}
    message = Message.model_validate({"role": "assistant", "tool_calls": [call]})
    assert message.to_openai()["tool_calls"][0]["function"]["arguments"] == raw
    assert message.to_openai().keys() == {"role", "tool_calls"}


def test_a_verdict_not_made_is_null_and_not_false():
    value = json.loads(trajectory().to_line())
    value["verdict"] = {"correct": None, "method": "none", "predicted": None, "reason": "no judge"}
    line = Trajectory.model_validate(value).to_line()
    assert json.loads(line)["verdict"]["correct"] is None


@given(JSON)
def test_canonical_json_is_one_text_for_one_content(data):
    text = canonical(data)
    assert json.loads(text) == data
    assert canonical(json.loads(text)) == text
    assert "\n" not in text


@given(st.dictionaries(TEXT, st.integers(), min_size=2))
def test_the_digest_does_not_depend_on_the_order_of_keys(data):
    assert digest(data) == digest(dict(reversed(list(data.items()))))


@given(st.integers(), TEXT)
def test_every_record_fits_on_one_line_and_keeps_its_id(number, text):
    note = Note.create(number=number, text=text)
    assert "\n" not in note.to_line()
    assert Note.model_validate_json(note.to_line()).content_id() == note.id
