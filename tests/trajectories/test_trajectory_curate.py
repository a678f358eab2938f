"""The stage `curate`: what it writes, that it always writes the same, and what it refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from trajectory_samples import WRONG, question, rounds, trajectory, write_lines

from medresearcher.errors import InputError
from medresearcher.records.trajectory import Trajectory
from medresearcher.runs import MANIFEST, Run, read_manifest, read_records
from medresearcher.sources.registry import SOURCES
from medresearcher.trajectories.curate import FILES, TRAJECTORIES, curate
from medresearcher.trajectories.filter import Rejected

QUESTIONS = (question(hops=2), question(specialty="neurology", hops=3))
GOOD = (
    rounds(2, question_id=QUESTIONS[0].id),
    rounds(4, question_id=QUESTIONS[1].id, specialty="neurology", seed=8),
)
BAD = trajectory(verdict=WRONG, question_id=QUESTIONS[0].id)
NAMES = ("hpo", "mondo")


@pytest.fixture
def rollouts(tmp_path: Path) -> Path:
    write_lines(tmp_path / "rollouts" / TRAJECTORIES, [GOOD[0], BAD, GOOD[1]])
    return tmp_path / "rollouts"


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def test_all_files_are_written_and_the_summary_returned(rollouts, tmp_path):
    out = tmp_path / "set"
    counts = curate(rollouts, out, sources=NAMES)
    assert counts == {
        "kept_share": 2 / 3,
        "kept": 2,
        "tool_calls_mean": 3.0,
        "tool_calls_median": 3,
        "tools_median": 1,
        "by_reason": {"wrong": 1},
        "by_specialty": {"cardiology": 1, "neurology": 1},
        "by_tool": {"medical_search": 2},
        "by_tool_calls": {"2": 1, "3": 0, "4": 1},
    }
    assert {one.name for one in out.iterdir()} == {*FILES, MANIFEST}
    assert read_manifest(out / MANIFEST).counts == counts
    lines = (rollouts / TRAJECTORIES).read_bytes().splitlines(keepends=True)
    assert (out / "kept.jsonl").read_bytes() == lines[0] + lines[2]
    (dropped,) = read_records(out / "rejected.jsonl", Rejected)
    assert (dropped.reason, dropped.trajectory) == ("wrong", BAD)
    assert dropped.id == dropped.content_id()
    rows = list(map(json.loads, (out / "trl.jsonl").read_text("utf-8").splitlines()))
    assert [row["question_id"] for row in rows] == [one.question_id for one in GOOD]
    assert pq.read_table(out / "trl.parquet").num_rows == 2
    shared = json.loads((out / "sharegpt.json").read_text("utf-8"))
    info = json.loads((out / "dataset_info.json").read_text("utf-8"))
    assert len(shared) == 2
    assert info["medresearcher"]["file_name"] == "sharegpt.json"


def test_equal_rollouts_give_equal_bytes_in_any_process(rollouts, tmp_path):
    curate(rollouts, tmp_path / "here", sources=NAMES)
    code = (
        "import sys; from pathlib import Path;"
        "from medresearcher.trajectories.curate import curate;"
        "curate(Path(sys.argv[1]), Path(sys.argv[2]), sources=('hpo', 'mondo'))"
    )
    for seed in ("1", "4242"):
        subprocess.run(
            [sys.executable, "-c", code, rollouts, tmp_path / seed],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
        )
        assert contents(tmp_path / seed) == contents(tmp_path / "here")


def test_a_finished_run_is_left_alone_and_a_lost_file_is_made_again(rollouts, tmp_path):
    out = tmp_path / "set"
    first = curate(rollouts, out, sources=NAMES)
    before, manifest = contents(out), (out / MANIFEST).read_bytes()
    assert curate(rollouts, out, sources=NAMES) == first
    assert (out / MANIFEST).read_bytes() == manifest
    (out / "trl.parquet").unlink()
    assert curate(rollouts, out, sources=NAMES) == first
    assert contents(out) == before


def test_nothing_kept_is_a_result_and_not_a_failure(tmp_path):
    write_lines(tmp_path / "rollouts" / TRAJECTORIES, [BAD])
    counts = curate(tmp_path / "rollouts", tmp_path / "set", sources=NAMES)
    assert counts["kept"] == 0
    assert counts["tool_calls_mean"] is None
    assert json.loads((tmp_path / "set" / "sharegpt.json").read_bytes()) == []
    assert "Nothing was kept." in (tmp_path / "set" / "README.md").read_text("utf-8")


class TestRefusals:
    @pytest.mark.parametrize("exists", [True, False])
    def test_a_folder_without_trajectories_names_what_is_expected(self, tmp_path, exists):
        folder = tmp_path / "rollouts"
        if exists:
            folder.mkdir()
        with pytest.raises(InputError, match=r"trajectories\.jsonl.*medresearcher rollout"):
            curate(folder, tmp_path / "set", sources=NAMES)
        assert not (tmp_path / "set").exists()

    def test_an_empty_file_holds_no_trajectory(self, tmp_path):
        write_lines(tmp_path / "rollouts" / TRAJECTORIES, [])
        with pytest.raises(InputError, match="holds no trajectory"):
            curate(tmp_path / "rollouts", tmp_path / "set", sources=NAMES)

    @pytest.mark.parametrize("line", ["{", "{}", '{"schema": "medresearcher/question/1"}'])
    def test_a_malformed_line_is_named(self, rollouts, tmp_path, line):
        with (rollouts / TRAJECTORIES).open("a") as stream:
            stream.write(line)
        with pytest.raises(InputError, match=r"trajectories\.jsonl:4: "):
            curate(rollouts, tmp_path / "set", sources=NAMES)
        assert not (tmp_path / "set").exists()

    def test_an_unknown_source_is_named_before_anything_is_written(self, rollouts, tmp_path):
        with pytest.raises(InputError, match="`nowhere`"):
            curate(rollouts, tmp_path / "set", sources=("nowhere",))
        assert not (tmp_path / "set").exists()

    def test_questions_of_another_run_are_refused(self, rollouts, tmp_path):
        write_lines(tmp_path / "other.jsonl", [question("Another?")])
        with pytest.raises(InputError, match="none of the questions"):
            curate(rollouts, tmp_path / "set", sources=NAMES, questions=tmp_path / "other.jsonl")

    def test_the_folder_of_the_rollouts_cannot_be_the_output(self, rollouts):
        before = (rollouts / TRAJECTORIES).read_bytes()
        with pytest.raises(InputError, match="choose another --out"):
            curate(rollouts, rollouts, sources=NAMES)
        assert (rollouts / TRAJECTORIES).read_bytes() == before

    def test_other_rollouts_do_not_go_into_the_same_folder(self, rollouts, tmp_path):
        curate(rollouts, tmp_path / "set", sources=NAMES)
        write_lines(rollouts / TRAJECTORIES, GOOD)
        with pytest.raises(InputError, match="`trajectories`"):
            curate(rollouts, tmp_path / "set", sources=NAMES)


class TestCard:
    def card(self, rollouts: Path, out: Path, **options) -> str:
        curate(rollouts, out, sources=NAMES, **options)
        return (out / "README.md").read_text("utf-8")

    def test_the_front_matter_is_the_hubs(self, rollouts, tmp_path):
        card = self.card(rollouts, tmp_path / "set")
        _, front, _ = card.split("---\n", 2)
        for line in (
            "license: other",
            '- "en"',
            "- text-generation",
            "- n<1K",
            "    path: trl.parquet",
        ):
            assert line in front.splitlines()

    def test_it_says_what_the_set_is_and_is_not(self, rollouts, tmp_path):
        card = self.card(rollouts, tmp_path / "set")
        assert "not medical advice" in card
        for name in ("MedBrowseComp", "xBench", "HealthBench", "MIRAGE", "PubMedQA", "phenopacket"):
            assert name in card
        assert "| cardiology | 1 |" in card
        assert "| 2 | 1 |\n| 3 | 0 |\n| 4 | 1 |" in card
        assert "| `wrong` | the answer is not right | 1 |" in card
        assert "seeds 7, 8" in card

    def test_it_names_the_given_sources_with_release_and_licence(self, rollouts, tmp_path):
        card = self.card(rollouts, tmp_path / "set")
        for name, source in SOURCES.items():
            assert (f"(`{name}`) | {source.release} | {source.licence} |" in card) == (
                name in NAMES
            )

    def test_hops_come_from_the_questions_and_are_unknown_without(self, rollouts, tmp_path):
        assert "| unknown | 2 |" in self.card(rollouts, tmp_path / "a")
        write_lines(tmp_path / "questions.jsonl", QUESTIONS)
        card = self.card(rollouts, tmp_path / "b", questions=tmp_path / "questions.jsonl")
        assert "| hops | kept |\n| --- | ---: |\n| 2 | 1 |\n| 3 | 1 |" in card

    def test_it_names_the_run_that_it_comes_from(self, tmp_path):
        run = Run.in_folder(tmp_path / "rollouts", "rollout", {}, {"questions": "abc"})
        write_lines(tmp_path / "rollouts" / TRAJECTORIES, GOOD)
        run.finish({})
        card = self.card(tmp_path / "rollouts", tmp_path / "set")
        assert f"| run `rollout` | `{run.manifest.identity}` |" in card

    def test_odd_names_do_not_break_a_table(self, tmp_path):
        odd = rounds(1, specialty="a | b\n\n# c")
        write_lines(tmp_path / "rollouts" / TRAJECTORIES, [odd])
        assert "| a \\| b # c | 1 |" in self.card(tmp_path / "rollouts", tmp_path / "set")


def test_kept_records_are_the_contracts(rollouts, tmp_path):
    curate(rollouts, tmp_path / "set", sources=())
    assert tuple(read_records(tmp_path / "set" / "kept.jsonl", Trajectory)) == GOOD
    assert "were not named" in (tmp_path / "set" / "README.md").read_text("utf-8")
