"""`medresearcher trajectories show`: the story in the terminal, and ids that are not there."""

import json

import pytest
from trajectory_samples import (
    WRONG,
    asks,
    rejected,
    rounds,
    tells,
    tool_call,
    trajectory,
    write_lines,
)
from typer.testing import CliRunner

from medresearcher.cli import app
from medresearcher.errors import InputError
from medresearcher.trajectories.stored import find

LONG = "\n".join(f"- finding {number} (HP:{number:07})" for number in range(60))
ONE = trajectory(
    asks(tool_call(1), thought="Let me look."), tells(1, f"{LONG}\n\n[found · 60 facts]")
)
OTHERS = [rounds(2, question_id="q-2", attempt=number) for number in range(7)]
BAD = rounds(3, question_id="q-3", verdict=WRONG)


@pytest.fixture
def folder(tmp_path):
    write_lines(tmp_path / "rollouts" / "trajectories.jsonl", [ONE, *OTHERS, BAD])
    write_lines(tmp_path / "curated" / "kept.jsonl", [ONE])
    write_lines(tmp_path / "curated" / "rejected.jsonl", [rejected("wrong", BAD)])
    return tmp_path


def show(*arguments):
    return CliRunner().invoke(app, ["trajectories", "show", *map(str, arguments)])


def test_the_story_has_all_scenes_and_folds_long_observations(folder):
    done = show(ONE.id, "--in", folder)
    assert done.exit_code == 0, done.stderr
    text = done.stdout
    parts = ["QUESTION", "Which disease is it?", "Let me look.", "call 1", "query=finding 1"]
    parts += ["[found]", "60 facts", "finding 1 (", "more characters", "ANSWER", "VERDICT", "right"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "finding 59" not in text
    full = show(ONE.id, "--in", folder, "--full").stdout
    assert "finding 59" in full
    assert "more characters" not in full


def test_a_trajectory_is_found_by_start_and_question_and_in_any_file(folder):
    assert find(ONE.id[:9], folder).trajectory == ONE
    assert find("q-1", folder).trajectory == ONE
    assert find(OTHERS[3].id, folder / "rollouts").trajectory == OTHERS[3]
    assert find(ONE.id, folder / "curated" / "kept.jsonl").trajectory == ONE


def test_a_rejected_one_says_why(folder):
    assert find(BAD.id, folder).rejected == "wrong"
    assert "rejected: wrong" in show(BAD.id, "--in", folder).stdout


def test_json_has_the_scenes(folder):
    value = json.loads(show(ONE.id, "--in", folder, "--json").stdout)
    assert (value["id"], value["rejected"]) == (ONE.id, None)
    kinds = [scene["kind"] for scene in value["scenes"]]
    assert kinds == ["question", "thought", "call", "observation", "answer", "verdict"]


def test_an_unknown_id_offers_the_nearest_and_is_bad_usage(folder):
    done = show(ONE.id[:-1] + "z", "--in", folder)
    assert (done.exit_code, done.stdout) == (2, "")
    assert ONE.id in done.stderr
    done = show("q-2", "--in", folder)
    assert done.exit_code == 2
    assert "7 trajectories fit `q-2`" in done.stderr
    assert "and 2 more" in done.stderr


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_place_without_trajectories_is_bad_usage(tmp_path, name):
    (tmp_path / "empty").mkdir()
    done = show("t-1", "--in", tmp_path / name)
    assert (done.exit_code, done.stdout) == (2, "")
    assert str(tmp_path / name) in done.stderr


def test_a_broken_line_is_told(tmp_path):
    path = tmp_path / "trajectories.jsonl"
    path.write_text('{"id": "t-1", "question_id": "q-1"}\n')
    with pytest.raises(InputError, match="broken"):
        find("t-1", path)


def test_a_page_cannot_send_control_characters_to_the_terminal(tmp_path):
    one = trajectory(asks(tool_call(1)), tells(1, "a\x1b[2Jb\x07\u202e\n\n[found]"))
    write_lines(tmp_path / "trajectories.jsonl", [one])
    text = show(one.id, "--in", tmp_path).stdout
    assert not set(text) & set("\x1b\x07\u202e")
