"""The stage `rollout`: any schedule and any stop end in the same file."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from agent_world import CASES, question_of

from medresearcher.agent.guided import GuidedPolicy
from medresearcher.agent.model import ModelPolicy
from medresearcher.agent.policy import Policy
from medresearcher.agent.runner import sources_of, summary, write_rollouts
from medresearcher.errors import InputError, MedResearcherError, ModelError
from medresearcher.graph.store import Graph
from medresearcher.kb import KnowledgeBase
from medresearcher.llm.scripted import ScriptedModel, say, use
from medresearcher.records.question import Question
from medresearcher.records.trajectory import TRAJECTORIES, Message, Termination, Trajectory
from medresearcher.runs import Ledger, read_manifest, read_records
from medresearcher.settings import FaultSettings, RolloutSettings

ATTEMPTS = 2

Roll = Callable[..., dict[str, Any]]


@pytest.fixture
def roll(tiny_kb: KnowledgeBase, tiny_questions: Path) -> Roll:
    """Roll the eight questions out twice each into a folder."""

    def run(out: Path, policy: Policy | None = None, workers: int = 1, **changes: Any) -> Any:
        return write_rollouts(
            changes.pop("questions", tiny_questions),
            out,
            policy or GuidedPolicy(),
            tiny_kb,
            RolloutSettings(workers=workers),
            **{"attempts": ATTEMPTS, "seed": 3, **changes},
        )

    return run


@pytest.fixture(scope="module")
def whole(
    tiny_kb: KnowledgeBase, tiny_questions: Path, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """The file of an uninterrupted run with one worker."""
    out = tmp_path_factory.mktemp("whole") / "out"
    settings = RolloutSettings(workers=1)
    write_rollouts(
        tiny_questions, out, GuidedPolicy(), tiny_kb, settings, attempts=ATTEMPTS, seed=3
    )
    return written(out)


def written(out: Path) -> bytes:
    return (out / "trajectories.jsonl").read_bytes()


def trajectories(out: Path) -> list[Trajectory]:
    return list(read_records(out / "trajectories.jsonl", Trajectory))


def test_every_attempt_at_every_question_in_order(
    whole: bytes, tiny_questions: Path, tmp_path: Path
) -> None:
    (tmp_path / "trajectories.jsonl").write_bytes(whole)
    asked = [one.id for one in read_records(tiny_questions, Question)]
    found = trajectories(tmp_path)
    keys = [(one.question_id, one.attempt) for one in found]
    assert keys == [(name, attempt) for name in asked for attempt in range(ATTEMPTS)]
    assert len({one.seed for one in found}) == len(found)
    assert sum(bool(one.verdict.correct) for one in found) >= 0.7 * len(found)


@pytest.mark.parametrize("workers", [2, 5])
def test_several_workers_write_the_same_file(
    roll: Roll, whole: bytes, tmp_path: Path, workers: int
) -> None:
    roll(tmp_path / "out", workers=workers)
    assert written(tmp_path / "out") == whole


class Stopping(Ledger[Trajectory]):
    """A ledger that is stopped after some records."""

    left = 0
    error: BaseException = KeyboardInterrupt()

    def append(self, record: Trajectory) -> None:
        if Stopping.left == 0:
            raise Stopping.error
        Stopping.left -= 1
        super().append(record)


FULL = OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("stop_after", "workers", "error"),
    [
        (0, 1, KeyboardInterrupt()),
        (7, 1, KeyboardInterrupt()),
        (7, 3, KeyboardInterrupt()),
        (1, 3, FULL),
        (15, 1, FULL),
        (15, 3, KeyboardInterrupt()),
    ],
)
def test_a_stopped_run_goes_on_without_loss_or_duplicate(
    roll: Roll,
    whole: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stop_after: int,
    workers: int,
    error: BaseException,
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr("medresearcher.agent.runner.Ledger", Stopping)
        patch.setattr(Stopping, "left", stop_after)
        patch.setattr(Stopping, "error", error)
        with pytest.raises(type(error)):
            roll(out, workers=workers)
    assert read_manifest(out / "manifest.json").status == "stopped"
    lines = written(out).splitlines() if stop_after else []
    assert len(lines) == stop_after
    assert set(lines) <= set(whole.splitlines())
    if stop_after:
        with (out / "trajectories.jsonl").open("ab") as stream:
            stream.write(b'{"schema": "medresearcher/traj')
    roll(out, workers=workers)
    assert written(out) == whole
    assert read_manifest(out / "manifest.json").status == "done"


def test_a_finished_run_is_left_as_it_is_and_a_lost_file_is_made_again(
    roll: Roll, whole: bytes, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    counts = roll(out)
    before = (out / "manifest.json").read_bytes()
    assert roll(out) == counts
    assert (out / "manifest.json").read_bytes() == before
    (out / "trajectories.jsonl").unlink()
    assert roll(out) == counts
    assert written(out) == whole


class Flaky:
    """Plays a script, but fails some of the questions until it is repaired."""

    name = "flaky"

    def __init__(self, failing: int) -> None:
        self._good = ScriptedModel([use("medical_search", '{"query":"ataxia"}'), say("Answer: x")])
        self._failing = failing
        self._lock = threading.Lock()
        self._failed: set[str] = set()
        self.asked = 0

    def repair(self) -> None:
        self._failing = 0

    def complete(self, messages: Sequence[Message], tools: Any, seed: int) -> Any:
        with self._lock:
            self.asked += 1
            question = messages[1].content or ""
            if question in self._failed or len(self._failed) < self._failing:
                self._failed.add(question)
                if self._failing:
                    raise ModelError("HTTP 503: overloaded")
        return self._good.complete(messages, tools, seed)


@pytest.mark.parametrize("workers", [1, 4])
def test_rollouts_that_the_model_failed_are_kept_and_tried_again(
    roll: Roll, tmp_path: Path, caplog: pytest.LogCaptureFixture, workers: int
) -> None:
    out, model = tmp_path / "out", Flaky(3)
    with caplog.at_level(logging.WARNING):
        counts = roll(out, ModelPolicy(model), workers=workers)
    assert counts["terminations"] == {"answered": 10, "error": 6}
    assert (counts["rollouts"], counts["judged"], counts["success"]) == (16, 10, 0.0)
    failed = [one for one in trajectories(out) if one.termination is Termination.ERROR]
    assert {one.error for one in failed} == {"model: HTTP 503: overloaded"}
    assert {one.verdict.correct for one in failed} == {None}
    assert "the model failed 6 of 16 rollouts" in caplog.text
    assert read_manifest(out / "manifest.json").status == "stopped"

    model.repair()
    before, model.asked = trajectories(out), 0
    again = roll(out, ModelPolicy(model), workers=workers)
    assert again["terminations"] == {"answered": 16}
    assert model.asked == 12
    after = trajectories(out)
    assert [one for one in after if one in before] == [one for one in before if not one.error]
    roll(tmp_path / "smooth", ModelPolicy(Flaky(0)))
    assert written(out) == written(tmp_path / "smooth")
    assert read_manifest(out / "manifest.json").status == "done"


def test_a_rollout_that_breaks_does_not_cancel_the_others(roll: Roll, tmp_path: Path) -> None:
    seen: set[str] = set()

    def script(messages: Sequence[Message]) -> Message:
        seen.add(messages[1].content or "")
        if len(seen) == 1:
            raise ZeroDivisionError("a defect")
        return say("Answer: x")

    policy = ModelPolicy(ScriptedModel(script))
    with pytest.raises(MedResearcherError, match=r"1 rollouts broke; the first: q-.*a defect"):
        roll(tmp_path / "out", policy, attempts=1)
    assert len(trajectories(tmp_path / "out")) == 7
    roll(tmp_path / "out", policy, attempts=1)
    assert len(trajectories(tmp_path / "out")) == 8


def test_questions_of_another_graph_are_refused(roll: Roll, graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(question_of(graph, CASES["disease"]).to_line() + "\n")
    with pytest.raises(InputError, match=r"questions\.jsonl: .*certified over graph .*--kb"):
        roll(tmp_path / "out", questions=path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_question_file_is_refused(roll: Roll, tmp_path: Path, text: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match="holds no question; make some with `medresearcher synth"):
        roll(tmp_path / "out", questions=path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "named"), [({"seed": 4}, "`seed`"), ({"attempts": 1}, "`attempts`")]
)
def test_a_folder_of_another_run_is_refused_untouched(
    roll: Roll, whole: bytes, tmp_path: Path, change: dict[str, int], named: str
) -> None:
    roll(tmp_path / "out")
    with pytest.raises(InputError, match=f"holds another run .*{named}"):
        roll(tmp_path / "out", **change)
    with pytest.raises(InputError, match="`policy`"):
        roll(tmp_path / "out", ModelPolicy(ScriptedModel([])))
    assert written(tmp_path / "out") == whole


def test_the_sources_of_a_run_are_those_of_its_knowledge_base(roll: Roll, tmp_path: Path) -> None:
    roll(tmp_path / "out", attempts=1)
    assert sources_of(tmp_path / "out") == ["hpo"]
    with pytest.raises(InputError, match="holds no rollout run"):
        sources_of(tmp_path / "none")


def test_a_summary_of_nothing_is_not_zero() -> None:
    assert summary([]) == {
        "rollouts": 0,
        "judged": 0,
        "correct": 0,
        "success": None,
        "terminations": {},
        "tool_calls_mean": None,
    }


def test_faults_are_recorded_on_their_calls_and_depend_on_the_seed(
    tiny_kb: KnowledgeBase, tiny_questions: Path, tmp_path: Path
) -> None:
    def rolled(out: str, workers: int) -> bytes:
        settings = RolloutSettings(workers=workers, faults=FaultSettings(rate=0.3))
        write_rollouts(
            tiny_questions, tmp_path / out, GuidedPolicy(), tiny_kb, settings, attempts=2, seed=1
        )
        return (tmp_path / out / TRAJECTORIES).read_bytes()

    assert rolled("one", 1) == rolled("four", 4)
    found = list(read_records(tmp_path / "one" / TRAJECTORIES, Trajectory))
    struck = [one for one in found if one.faults]
    assert struck
    assert all(set(one.faults) <= set(one.outcome) for one in struck)
    assert all(one.content_id() == one.id for one in found)
    assert all('"faults"' not in one.to_line() for one in found if not one.faults)
