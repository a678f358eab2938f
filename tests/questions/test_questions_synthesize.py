"""The stage: balanced, deterministic, resumable to the same bytes, honest about its end."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from question_samples import ids

from medresearcher.errors import MedResearcherError
from medresearcher.questions.synthesize import Synthesizer, summary, synthesize
from medresearcher.records.question import Question
from medresearcher.runs import Ledger
from medresearcher.settings import SynthesisSettings

SETTINGS = SynthesisSettings()
SEED = 5


class KilledError(Exception):
    """Stands for the end of the process."""


def run(graph, path: Path, count: int, stop_after: int = -1, settings=SETTINGS):
    """Synthesize to `path`; raise `KilledError` after `stop_after` questions."""
    done = 0

    def advance(steps: float = 1, note: str = "") -> None:
        nonlocal done
        done += 1
        if done == stop_after:
            raise KilledError

    ledger = Ledger(path, Question)
    return synthesize(graph, settings, ledger, count=count, seed=SEED, advance=advance)


@pytest.fixture(scope="module")
def whole(small, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "questions.jsonl"
    run(small, path, 12)
    return path.read_bytes()


@pytest.mark.parametrize("stop_after", [1, 5, 11, 12])
@pytest.mark.parametrize("torn", [b"", b'{"schema": "medresearcher/question/1", "id'])
def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_bytes(
    small, whole, tmp_path, stop_after, torn
):
    path = tmp_path / "questions.jsonl"
    with pytest.raises(KilledError):
        run(small, path, 12, stop_after)
    assert len(path.read_bytes().splitlines()) == stop_after
    with path.open("ab") as stream:
        stream.write(torn)
    counts = run(small, path, 12)
    assert path.read_bytes() == whole
    assert counts["questions"] == 12


def test_a_finished_run_changes_nothing(small, whole, tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_bytes(whole)
    run(small, path, 12)
    assert path.read_bytes() == whole


def test_a_graph_that_gives_too_few_says_how_many_and_keeps_them(small, small_questions, tmp_path):
    path = tmp_path / "questions.jsonl"
    most = len(small_questions)
    with pytest.raises(MedResearcherError, match=rf"gives {most} questions of 500.*ask for fewer"):
        run(small, path, 500)
    assert Ledger(path, Question).read() == small_questions


def test_chain_lengths_are_those_of_the_settings(small, tmp_path):
    path = tmp_path / "questions.jsonl"
    counts = run(small, path, 5, settings=SynthesisSettings(min_hops=3, max_hops=4))
    lengths = Counter(str(len(question.hops)) for question in Ledger(path, Question).read())
    assert set(lengths) == {"3", "4"}
    assert counts["by_hops"] == lengths


def test_a_disease_at_the_limit_is_rare(small, tmp_path):
    rare = SynthesisSettings(max_publications=1)
    assert run(small, tmp_path / "q.jsonl", 3, settings=rare)["questions"] == 3
    # Each disease of the small world cites one publication.
    assert {q.rarity.value for q in Ledger(tmp_path / "q.jsonl", Question).read()} == {1}


def test_no_two_questions_share_answer_or_start(small_questions):
    for part in ("answer", "start"):
        used = Counter(
            one.answer.id if part == "answer" else one.entities[0].id for one in small_questions
        )
        assert max(used.values()) == 1


def test_specialties_take_turns(small_questions):
    first = [question.specialty for question in small_questions[:8]]
    assert first == ["cardiology", "neurology"] * 4


def test_the_summary_counts_every_question(small_questions):
    counts = summary(small_questions)
    assert counts["questions"] == len(small_questions)
    for part in ("by_specialty", "by_hops", "by_answer"):
        assert sum(counts[part].values()) == len(small_questions)


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_ids_do_not_depend_on_the_process_or_its_hash_seed(small_questions, hash_seed):
    done = subprocess.run(
        [sys.executable, "-c", f"from question_samples import ids; print(*ids({SEED}))"],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == [question.id for question in small_questions]


def test_another_seed_gives_other_questions(small_questions):
    assert not set(ids(SEED + 1)) & {question.id for question in small_questions}


def test_a_question_survives_its_line(small_questions):
    for question in small_questions:
        assert Question.model_validate_json(question.to_line()) == question
        assert re.fullmatch(r"q-[0-9a-f]{16}", question.id)


def test_anchors_have_signs_a_gene_and_one_specialty(small):
    anchors = Synthesizer(small, SETTINGS, SEED).anchors()
    listed = [disease for diseases in anchors.values() for disease in diseases]
    assert len(listed) == len(set(listed)) == 40
