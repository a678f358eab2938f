"""Calibration: too easy questions are made harder and proven, or dropped; failures make wait."""

import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from question_samples import small_world

from medresearcher.audit.calibrate import (
    Case,
    SearchSolver,
    Tried,
    calibrate,
    plan_text,
    write_calibrated,
)
from medresearcher.audit.certificates import Auditor
from medresearcher.audit.facts import Facts
from medresearcher.audit.formats import item_of
from medresearcher.audit.shortcuts import Meter
from medresearcher.errors import InputError, MedResearcherError
from medresearcher.graph.store import Graph
from medresearcher.kb import GRAPH, INDEX, KnowledgeBase
from medresearcher.questions.escalate import MAX_HOPS, Escalation, harder_plans
from medresearcher.questions.synthesize import Batch, Plan, Synthesizer, plan_of
from medresearcher.records.knowledge import Document, EntityType
from medresearcher.records.question import Question
from medresearcher.retrieval.index import build_index
from medresearcher.retrieval.pages import definition_documents, fact_pages
from medresearcher.runs import Ledger, read_records
from medresearcher.settings import (
    Controls,
    LlmSettings,
    RolloutSettings,
    Settings,
    SynthesisSettings,
)

sys.path.insert(0, str(Path(__file__).parent.parent / "llm"))

from llm_server import Answer, completion, serve

SEED = 5
# In so small a world one search finds everything.
SYNTHESIS = SynthesisSettings(controls=Controls(unsearchable=False))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrate")
    entities, statements = small_world()
    graph = Graph.build(folder / GRAPH, map(with_short_name, entities), statements)
    build_index(folder / INDEX, chain(fact_pages(graph), definition_documents(graph)))
    return KnowledgeBase(folder)


def with_short_name(entity):
    """Modes of inheritance with the short names that they have in HPO."""
    short = entity.name.removesuffix(" inheritance")
    return entity if short == entity.name else replace(entity, aliases=(short,))


@pytest.fixture(scope="module")
def questions(base):
    maker = Synthesizer(base.graph, SYNTHESIS, SEED)
    batches = [Batch("cardiology", number) for number in range(3)]
    made = [question for batch in batches for question in maker.batch(batch).questions]
    assert len(made) >= 6
    return made


@pytest.fixture(scope="module")
def escalation(base):
    return Escalation(base.graph, SYNTHESIS, SEED)


class Oracle:
    """A solver that answers as a function of the question says."""

    def __init__(self, tried, name="oracle"):
        self.name = self.identity = name
        self.tried = tried

    def attempt(self, questions):
        found = {one.id: self.tried(one) for one in questions}
        return {name: one for name, one in found.items() if one is not None}


def never(question, step):
    raise AssertionError(f"asked for a harder question than {question.id}")


# What becomes of a question


@pytest.mark.parametrize(("solved", "score"), [(0, 1.0), (1, 0.75), (2, 0.5)])
def test_a_question_solved_in_at_most_half_of_the_attempts_is_kept(questions, solved, score):
    (one,) = calibrate(questions[:1], [Oracle(lambda _: Tried(4, solved))], never, rounds=3)
    assert one.kept
    difficulty = one.question.difficulty
    assert (difficulty.score, difficulty.origin) == (score, questions[0].id)
    (trial,) = difficulty.history
    assert (trial.version, trial.solver, trial.attempts, trial.solved) == (0, "oracle", 4, solved)
    assert trial.plan == plan_text(questions[0])
    assert one.question.id == one.question.content_id() != questions[0].id
    assert one.question.question == questions[0].question


def test_the_best_of_several_solvers_counts(questions):
    weak, strong = Oracle(lambda _: Tried(4, 0), "weak"), Oracle(lambda _: Tried(1, 1), "strong")
    (one,) = calibrate(questions[:1], [weak, strong], lambda *_: None, rounds=3)
    assert not one.kept
    assert one.question.difficulty.score == 0
    assert [one.solver for one in one.question.difficulty.history] == ["weak", "strong"]


def test_a_solver_without_attempts_decides_nothing(questions):
    (one,) = calibrate(questions[:1], [Oracle(lambda _: Tried(0, 0))], never, rounds=3)
    assert one.kept
    assert one.question.difficulty.score is None


def test_an_easy_question_is_made_harder_and_proven_again(base, questions, escalation):
    first = {one.id for one in questions}
    easy = Oracle(lambda one: Tried(2, 2 if one.id in first else 1))

    def harder(question, step):
        return escalation.harder(question, step, {one.answer.id for one in questions})

    decided = calibrate(questions, [easy], harder, rounds=1)
    made = [one.question for one in decided if one.kept]
    assert len(made) >= len(questions) // 2
    auditor = Auditor(Facts.load(base.folder / GRAPH))
    origins = {one.id: one for one in questions}
    for one in made:
        before = origins[one.difficulty.origin]
        assert not auditor.check(one)
        assert one.entities[0].id == before.entities[0].id
        assert len(one.hops) >= len(before.hops)
        assert plan_of(one) != plan_of(before) or max(c.level for c in one.clues) > max(
            c.level for c in before.clues
        )
        assert [(t.version, t.solved) for t in one.difficulty.history] == [(0, 2), (1, 1)]
        assert one.difficulty.history[1].plan == plan_text(one) != plan_text(before)


def test_after_so_many_rounds_a_question_is_dropped_with_its_history(questions, escalation):
    steps = []

    def harder(question, step):
        steps.append(step)
        return escalation.harder(question, step, ())

    always = Oracle(lambda _: Tried(1, 1))
    decided = calibrate(questions, [always], harder, rounds=2)
    assert not any(one.kept for one in decided)
    assert {one.question.difficulty.origin for one in decided} == {one.id for one in questions}
    assert max(len(one.question.difficulty.history) for one in decided) == 3
    assert max(steps) == 2


def test_a_failed_attempt_is_neither_solved_nor_unsolved(questions):
    shaky = Oracle(lambda one: None if one == questions[1] else Tried(1, 0))
    decided = calibrate(questions[:3], [shaky], never, rounds=1)
    assert [one.question.difficulty.origin for one in decided] == [questions[0].id, questions[2].id]


def test_the_search_solver_finds_what_a_page_names(questions, tmp_path):
    told, untold = questions[:2]
    build_index(
        tmp_path / "index",
        [
            Document("1", "article", told.question, told.answer.name, "own"),
            Document("2", "article", "weather", "rain", "own"),
        ],
    )
    solver = SearchSolver(Meter(KnowledgeBase(tmp_path).index, None))
    assert solver.attempt([told, untold]) == {told.id: Tried(1, 1), untold.id: Tried(1, 0)}
    chinese = untold.model_copy(update={"question": "一种疾病", "id": "q-zh"})
    measured = solver.meter.measure(item_of(chinese))
    assert measured.by_question is None
    assert solver.attempt([chinese]) == {"q-zh": Tried(0, 0)}


# Harder plans


def test_harder_plans_are_longer_or_of_another_shape(base):
    start = Plan("chain", 4, EntityType.GENE)
    plans = list(harder_plans(base.graph, start))
    assert plans[0] == Plan("cycle", 5, EntityType.GENE)
    assert len(set(plans)) == len(plans)
    assert {one.hops for one in plans} == {4, 5, 6}
    assert all(one.shape == "chain" for one in harder_plans(base.graph, start, cycles=False))
    last = harder_plans(base.graph, Plan("chain", MAX_HOPS, EntityType.GENE))
    assert {one.hops for one in last} == {MAX_HOPS}


def test_what_can_be_guessed_gives_way_to_another_answer(base):
    plans = list(harder_plans(base.graph, Plan("chain", 3, EntityType.ONSET)))
    assert plans[0].answer is EntityType.DISEASE


# On disk


def settings(home, url="", **more):
    llm = LlmSettings(base_url=url, api_key_env="", retries=0)
    rollout = RolloutSettings(workers=1)
    return Settings(home=home, llm=llm, synthesis=SYNTHESIS, rollout=rollout, **more)


def write(questions, path):
    Ledger(path, Question).write(questions)
    return path


def said(text):
    return Answer(completion({"role": "assistant", "content": text}))


def run(base, tmp_path, questions, url, *, out="calibrated.jsonl", **more):
    file = write(questions, tmp_path / "questions.jsonl")
    options = {"solvers": ["m"], "attempts": 2, "seed": 1, "rounds": 1, **more}
    return write_calibrated(file, tmp_path / out, base, settings(tmp_path, url), **options)


def test_a_run_keeps_the_history_and_is_not_done_twice(base, questions, tmp_path):
    right = said(f"Answer: {questions[0].answer.name}")
    with serve(right, right, said("Answer: nothing")) as endpoint:
        counts = run(base, tmp_path, questions[:3], endpoint.url)
        asked = len(endpoint.requests)
        assert run(base, tmp_path, questions[:3], endpoint.url) == counts
        assert len(endpoint.requests) == asked
    assert counts["kept"] == 3
    assert counts["solved"] == {"m": 2}
    assert counts["by_escalations"] == {"0": 2, "1": 1}
    kept = list(read_records(tmp_path / "calibrated.jsonl", Question))
    assert [one.difficulty.origin for one in kept] == [one.id for one in questions[:3]]
    assert [one.solved for one in kept[0].difficulty.history] == [2, 0]


def test_a_failing_endpoint_makes_questions_wait(base, questions, tmp_path, caplog):
    good, bad = said("Answer: nothing"), Answer({"error": {"message": "down"}}, status=400)
    with serve(good, good, good, bad) as endpoint:
        counts = run(base, tmp_path, questions[:3], endpoint.url, out="a.jsonl")
        assert (counts["kept"], counts["waiting"]) == (1, 2)
        assert "2 of 3 questions wait" in caplog.text
        assert "down" in caplog.text
        endpoint.answers = [good]
        resumed = run(base, tmp_path, questions[:3], endpoint.url, out="a.jsonl")
        assert (resumed["kept"], resumed["waiting"]) == (3, 0)
        assert len(endpoint.requests) == 4 + 2 + 3  # one reply of the second question was kept
        run(base, tmp_path, questions[:3], endpoint.url, out="b.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_when_everything_fails_the_run_fails(base, questions, tmp_path):
    with (
        serve(Answer({"error": {"message": "down"}}, status=400)) as endpoint,
        pytest.raises(MedResearcherError, match="2 of 2 questions wait"),
    ):
        run(base, tmp_path, questions[:2], endpoint.url)


def test_dropped_questions_stand_in_a_file_of_their_own(base, questions, tmp_path):
    build_index(tmp_path / "x", [Document("1", "article", "t", questions[0].answer.name, "own")])
    with serve(said(f"Answer: {questions[0].answer.name}")) as endpoint:
        counts = run(base, tmp_path, questions[:2], endpoint.url, rounds=0)
    assert (counts["kept"], counts["dropped"]) == (1, 1)
    (dropped,) = read_records(tmp_path / "calibrated.dropped.jsonl", Question)
    assert dropped.difficulty.origin == questions[0].id
    assert dropped.difficulty.score == 0


def test_questions_of_another_graph_or_calibrated_before_are_refused(base, questions, tmp_path):
    proof = questions[0].certificate.model_copy(update={"graph": "0" * 16})
    other = questions[0].model_copy(update={"certificate": proof})
    with pytest.raises(InputError, match="certified over graph 0000"):
        run(base, tmp_path, [other], "http://127.0.0.1:1/v1")
    again = Case(questions[0], questions[0].id).record()
    with pytest.raises(InputError, match="calibrated already"):
        run(base, tmp_path, [again], "http://127.0.0.1:1/v1")
    with pytest.raises(InputError, match="holds no question"):
        run(base, tmp_path, [], "http://127.0.0.1:1/v1")
