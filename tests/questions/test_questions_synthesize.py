"""The stage: balanced, deterministic, resumable to the same bytes, honest about its end."""

import gc
import os
import re
import subprocess
import sys
from collections import Counter
from functools import lru_cache
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from question_samples import ids

from medresearcher.engines.engine import Engine
from medresearcher.errors import MedResearcherError
from medresearcher.questions.compose import Plan
from medresearcher.questions.patterns import SHAPES
from medresearcher.questions.synthesize import (
    REPEATABLE,
    Balance,
    Batch,
    DrawBatch,
    Drawn,
    Supply,
    Synthesizer,
    in_turn,
    plan_of,
    summary,
    synthesize,
    write_questions,
)
from medresearcher.records.knowledge import EntityType
from medresearcher.records.question import Question
from medresearcher.runs import Ledger
from medresearcher.settings import SynthesisSettings

SETTINGS = SynthesisSettings()
SEED = 5
COUNT = 24


class KilledError(Exception):
    """Stands for the end of the process."""


@pytest.fixture(scope="module")
def work(small):
    """The work on a batch, done once for all tests."""
    return lru_cache(None)(Synthesizer(small, SETTINGS, SEED).batch)


def run(work, path: Path, count: int, stop_after: int = -1) -> list[Question]:
    """Synthesize to `path`; raise `KilledError` after `stop_after` questions."""
    done = 0

    def advance(steps: float = 1, note: str = "") -> None:
        nonlocal done
        done += 1
        if done == stop_after:
            raise KilledError

    ledger = Ledger(path, Question)
    return synthesize(work, ledger, Engine(), count=count, advance=advance)


@pytest.fixture(scope="module")
def whole(work, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "questions.jsonl"
    run(work, path, COUNT)
    return path.read_bytes()


@pytest.mark.parametrize("stop_after", [1, 5, COUNT - 1, COUNT])
@pytest.mark.parametrize("torn", [b"", b'{"schema": "medresearcher/question/1", "id'])
def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_bytes(
    work, whole, tmp_path, stop_after, torn
):
    path = tmp_path / "questions.jsonl"
    with pytest.raises(KilledError):
        run(work, path, COUNT, stop_after)
    assert path.read_bytes() == b"".join(whole.splitlines(keepends=True)[:stop_after])
    with path.open("ab") as stream:
        stream.write(torn)
    made = run(work, path, COUNT)
    assert path.read_bytes() == whole
    assert len(made) == COUNT


def test_a_finished_run_changes_nothing(work, whole, tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_bytes(whole)
    run(work, path, COUNT)
    assert path.read_bytes() == whole


def test_more_processes_write_the_same_file(small, whole, tmp_path):
    path = tmp_path / "questions.jsonl"
    engine = Engine("local", 2)
    counts = write_questions(small, path, SETTINGS, count=COUNT, seed=SEED, engine=engine)
    assert path.read_bytes() == whole
    assert counts["questions"] == COUNT


def test_the_work_on_a_batch_loads_the_graph_from_its_folder(small, work):
    batch = Batch("cardiology", 0)
    assert DrawBatch(small.folder, SETTINGS, SEED)(batch) == work(batch)


@pytest.fixture
def few(small_questions):
    """Work that gives the questions of the small world in two batches, and then no more."""

    def work(batch: Batch) -> Drawn:
        mine = [one for one in small_questions if one.specialty == batch.specialty]
        half = len(mine) // 2
        some = mine[:half] if batch.number == 0 else mine[half:]
        return Drawn(tuple(some), last=batch.number == 1)

    return work


def test_a_graph_that_gives_too_few_says_how_many_and_keeps_them(few, small_questions, tmp_path):
    path = tmp_path / "questions.jsonl"
    most = len(small_questions)
    said = rf"gives {most} questions of 500.*ask for fewer, or widen `synthesis\.min_hops`"
    with pytest.raises(MedResearcherError, match=said):
        run(few, path, 500)
    assert Ledger(path, Question).read() == small_questions


def test_a_batch_that_breaks_is_an_error_with_its_specialty(tmp_path):
    def work(batch: Batch) -> Drawn:
        raise ZeroDivisionError("a defect")

    with pytest.raises(MedResearcherError, match=r"cardiology: .*a defect"):
        run(work, tmp_path / "q.jsonl", 1)


def test_answers_are_asked_for_once_but_for_those_of_which_there_are_few(few, small_questions):
    """Each batch comes twice; only modes of inheritance, ages of onset and signs come again."""

    def twice(batch: Batch) -> Drawn:
        drawn = few(Batch(batch.specialty, batch.number // 2))
        return drawn._replace(last=batch.number == 3)

    found = list(in_turn(Supply(Engine(), twice)))
    once = [one for one in small_questions if plan_of(one).answer not in REPEATABLE]
    assert len(found) == 2 * len(small_questions) - len(once)
    asked = Counter(one.answer.id for one in found if plan_of(one).answer not in REPEATABLE)
    assert set(asked.values()) == {1}


def test_specialties_take_turns_until_one_has_no_more(few, small_questions):
    found = [one.specialty for one in in_turn(Supply(Engine(), few))]
    assert found[:8] == ["cardiology", "neurology"] * 4
    assert Counter(found) == Counter(one.specialty for one in small_questions)


def test_what_a_specialty_gives_does_not_depend_on_which_batch_is_done_first(few):
    class Shuffled(Engine):
        def map(self, work, items):
            window = list(islice(items, 4))
            while window:
                yield from Random(len(window)).sample(list(Engine().map(work, window)), len(window))
                window = list(islice(items, 4))

    assert list(in_turn(Supply(Shuffled(), few))) == list(in_turn(Supply(Engine(), few)))


def test_who_has_enough_ends_the_engine_without_waiting_for_the_garbage_collector(few, tmp_path):
    ended = []

    class Watched(Engine):
        def map(self, work, items):
            try:
                yield from Engine().map(work, items)
            finally:
                ended.append(self.name)

    gc.disable()
    try:
        ledger = Ledger(tmp_path / "q.jsonl", Question)
        synthesize(few, ledger, Watched(), count=1, advance=lambda steps=1, note="": None)
        assert ended == ["local"]
    finally:
        gc.enable()


@pytest.mark.parametrize(("least", "most"), [(2, 2), (3, 4), (5, 5)])
def test_lengths_are_those_of_the_settings(small, least, most):
    settings = SynthesisSettings(min_hops=least, max_hops=most)
    drawn = Synthesizer(small, settings, SEED).batch(Batch("cardiology", 0))
    assert drawn.questions
    assert {len(one.hops) for one in drawn.questions} <= set(range(least, most + 1))


def test_what_is_not_accepted_is_left_out(small):
    def is_chain(question: Question) -> bool:
        return question.shape == "chain"

    drawn = Synthesizer(small, SETTINGS, SEED, is_chain).batch(Batch("cardiology", 0))
    assert drawn.questions
    assert {one.shape for one in drawn.questions} == {"chain"}


PLANS = [
    Plan(shape, hops, answer)
    for shape in SHAPES
    for hops in (2, 3, 4, 5)
    for answer in (EntityType.DISEASE, EntityType.GENE, EntityType.ONSET)
    if shape == "chain" or (hops > 3 and answer is not EntityType.ONSET)
]


def test_plans_are_tried_as_often_as_they_are_wanted():
    balance = Balance(PLANS, Random(1))
    made = Counter[Plan]()
    for _ in range(400):
        plan = balance.plans()[0]
        made[plan] += 1
        balance.count(plan)

    def share(part: str, value: object) -> float:
        return sum(n for plan, n in made.items() if getattr(plan, part) == value) / 400

    assert share("shape", "chain") == pytest.approx(0.5, abs=0.08)
    assert share("shape", "fork") == pytest.approx(0.25, abs=0.08)
    assert share("answer", EntityType.DISEASE) > share("answer", EntityType.GENE) > 0.2
    assert 0 < share("answer", EntityType.ONSET) < 0.1
    assert share("hops", 2) == pytest.approx(1 / 7, abs=0.05)
    assert all(share("hops", hops) == pytest.approx(2 / 7, abs=0.05) for hops in (3, 4, 5))


def test_what_is_wanted_seldom_is_seldom_first_too():
    first = Counter(Balance(PLANS, Random(seed)).plans()[0].answer for seed in range(400))
    assert first[EntityType.ONSET] < 40 < first[EntityType.GENE] < first[EntityType.DISEASE]


def test_a_plan_that_fails_is_tried_less_often():
    balance = Balance(PLANS, Random(1))
    first = balance.plans()[0]
    for _ in range(40):
        balance.fail(first)
    assert balance.plans()[-1] == first


def test_the_summary_counts_every_question(small_questions):
    counts = summary(small_questions)
    assert counts["questions"] == len(small_questions)
    for part in ("by_specialty", "by_hops", "by_shape", "by_answer"):
        assert sum(counts[part].values()) == len(small_questions)


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_ids_do_not_depend_on_the_process_or_its_hash_seed(small_questions, hash_seed):
    count = 12
    done = subprocess.run(
        [sys.executable, "-c", f"from question_samples import ids; print(*ids({SEED}, {count}))"],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == [question.id for question in small_questions[:count]]


def test_another_seed_gives_other_questions(small_questions):
    assert not set(ids(SEED + 1, 8)) & {question.id for question in small_questions}


def test_a_question_survives_its_line(small_questions):
    for question in small_questions:
        assert Question.model_validate_json(question.to_line()) == question
        assert re.fullmatch(r"q-[0-9a-f]{16}", question.id)


def test_anchors_have_signs_a_gene_and_one_specialty(small):
    anchors = Synthesizer(small, SETTINGS, SEED).anchors
    listed = [disease for diseases in anchors.values() for disease in diseases]
    assert len(listed) == len(set(listed)) == 75  # five of the eighty are well studied
    assert {name for name, some in anchors.items() if some} == {"cardiology", "neurology"}


def test_the_way_to_the_answer_is_told_with_masks_alone(small_questions):
    for question in small_questions:
        told = " ".join(question.reasoning)
        assert question.reasoning[-1] == f"The answer is {question.certificate.query.answer}."
        assert len(question.reasoning) == len(question.hops) + len(question.clues) + 1
        assert all(entity.mask in told for entity in question.entities)
        assert not any(entity.name in told for entity in question.entities)
