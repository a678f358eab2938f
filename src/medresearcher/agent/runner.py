"""The stage `rollout`: k attempts at every question, in parallel, resumable, errors as data.

A rollout whose endpoint failed is kept as a record with its error and tried again when the run
is resumed; every other rollout is done once.
"""

import logging
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from medresearcher.agent.loop import Rollout, Task
from medresearcher.agent.policy import Policy
from medresearcher.engines.local import map_items
from medresearcher.engines.progress import Advance, progress
from medresearcher.errors import InputError, MedResearcherError
from medresearcher.kb import KnowledgeBase
from medresearcher.records.base import digest
from medresearcher.records.question import Question
from medresearcher.records.trajectory import TRAJECTORIES, Termination, Trajectory
from medresearcher.runs import MANIFEST, Ledger, Run, file_digest, read_manifest, read_records
from medresearcher.settings import RolloutSettings, ToolSettings
from medresearcher.tools.cassettes import Cassette
from medresearcher.tools.faults import with_faults
from medresearcher.tools.tool import Toolbox
from medresearcher.tools.toolbox import open_toolbox

logger = logging.getLogger(__name__)

_SOURCE = "source:"


def tasks_of(questions: Iterable[Question], attempts: int) -> list[Task]:
    """Every attempt at every question, in order."""
    return [Task(question, attempt) for question in questions for attempt in range(attempts)]


def write_rollouts(
    questions: Path,
    out: Path,
    policy: Policy,
    kb: KnowledgeBase,
    settings: RolloutSettings,
    *,
    attempts: int,
    seed: int,
    tools: ToolSettings = ToolSettings(),  # noqa: B008 - frozen
    cache: Path | None = None,
) -> dict[str, Any]:
    """The stage on disk: rollouts of a question file in the folder `out`, resumed if stopped.

    `tools` says which tools there are, `cache` is the folder for what services answer.

    Raises `InputError` for questions that were certified over another graph.
    """
    asked = list(read_records(questions, Question))
    _check_graph(asked, questions, kb)
    options = {
        "policy": policy.name,
        "guided": policy.guided,
        "attempts": attempts,
        "seed": seed,
        "max_turns": settings.max_turns,
        **_unusual(settings, tools),
    }
    inputs = {
        "questions": file_digest([questions]),
        "graph": kb.graph.digest,
        **{f"{_SOURCE}{name}": pin for name, pin in kb.manifest.inputs.items()},
    }
    with Run.in_folder(out, "rollout", options, inputs) as run:
        ledger = Ledger(out / TRAJECTORIES, Trajectory)
        if not (run.done and ledger.path.exists()):
            tasks = tasks_of(asked, attempts)
            with (
                open_toolbox(kb.graph, kb.search, tools, cache) as toolbox,
                progress("rollout", len(tasks)) as advance,
            ):
                counts = rollout_all(
                    tasks, policy, toolbox, ledger, settings, seed=seed, advance=advance
                )
            run.lap("rollout_s")
            _close(run, out, counts)
        return run.manifest.counts


def _unusual(settings: RolloutSettings, tools: ToolSettings) -> dict[str, Any]:
    """The settings of tools and faults that differ from the default; they make another run."""
    unsaid = {"record", "http", "mcp_servers"}
    found = tools.model_dump(mode="json", exclude_defaults=True, exclude=unsaid)
    if tools.mcp_servers:
        found["mcp_servers"] = sorted(tools.mcp_servers)
    if tools.replay is not None:
        found["replay"] = Cassette(tools.replay).digest
    faults = settings.faults.model_dump(mode="json") if settings.faults.rate else {}
    return {key: one for key, one in (("tools", found), ("faults", faults)) if one}


def _close(run: Run, out: Path, counts: dict[str, Any]) -> None:
    """Finish the run, or leave it open if the model failed some rollouts."""
    failed = counts["terminations"].get(Termination.ERROR, 0)
    if not failed:
        run.finish(counts)
        return
    run.update(status="stopped", finished=None, counts=counts)
    if failed == counts["rollouts"]:
        raise MedResearcherError(
            f"{out}: the model failed all {failed} rollouts (field `error` in {TRAJECTORIES}); "
            "mend the endpoint and run the same command again"
        )
    logger.warning(
        "%s: the model failed %d of %d rollouts (field `error` in %s); "
        "run the same command to try them again",
        out,
        failed,
        counts["rollouts"],
        TRAJECTORIES,
    )


def sources_of(rollouts: Path) -> list[str]:
    """The sources of the knowledge base behind the rollout run in a folder."""
    if not (rollouts / MANIFEST).exists():
        raise InputError(f"{rollouts}: holds no rollout run; make one with `medresearcher rollout`")
    inputs = read_manifest(rollouts / MANIFEST).inputs
    return [name.removeprefix(_SOURCE) for name in inputs if name.startswith(_SOURCE)]


def _check_graph(asked: Sequence[Question], path: Path, kb: KnowledgeBase) -> None:
    if not asked:
        raise InputError(f"{path}: holds no question; make some with `medresearcher synthesize`")
    other = next((q for q in asked if q.certificate.graph != kb.graph.digest), None)
    if other:
        raise InputError(
            f"{path}: question {other.id} was certified over graph {other.certificate.graph}, "
            f"the knowledge base {kb.folder} holds graph {kb.graph.digest}; "
            "choose its --kb, or synthesize anew"
        )


def rollout_all(
    tasks: Sequence[Task],
    policy: Policy,
    toolbox: Toolbox,
    ledger: Ledger[Trajectory],
    settings: RolloutSettings,
    *,
    seed: int,
    advance: Advance,
) -> dict[str, Any]:
    """Play what is not done yet and append it to `ledger`; return counts of all.

    Raises `MedResearcherError` if a rollout broke for a reason that is not the model's, after
    the others are done.
    """
    done = {_key(one): one for one in ledger.read() if one.termination is not Termination.ERROR}
    open_tasks = [task for task in tasks if task.key not in done]
    advance(len(tasks) - len(open_tasks), note="resumed" if done else "")
    broken: list[str] = []

    def play(task: Task) -> Trajectory:
        own = _seed(seed, task)
        disturbed = with_faults(toolbox, settings.faults, own)
        return Rollout(task, policy, disturbed, seed=own).play(settings.max_turns)

    for item in map_items(play, open_tasks, workers=settings.workers):
        if item.result is None:
            broken.append(f"{item.item.question.id}: {item.failure}")
            continue
        ledger.append(item.result)
        done[item.result.question_id, item.result.attempt] = item.result
        advance(note=f"success {_success(done.values()):.0%}")
    order = {task.key: place for place, task in enumerate(tasks)}
    ledger.write(sorted(done.values(), key=lambda one: order[_key(one)]))
    if broken:
        raise MedResearcherError(f"{len(broken)} rollouts broke; the first: {broken[0]}")
    return summary(list(done.values()))


def summary(trajectories: Sequence[Trajectory]) -> dict[str, Any]:
    """Success, terminations and tool calls; `None` where there is nothing to count."""
    judged = [one for one in trajectories if one.verdict.correct is not None]
    calls = [one.tool_call_count for one in trajectories if one.verdict.correct]
    return {
        "rollouts": len(trajectories),
        "judged": len(judged),
        "correct": sum(bool(one.verdict.correct) for one in judged),
        "success": round(_success(judged), 4) if judged else None,
        "terminations": dict(sorted(Counter(str(t.termination) for t in trajectories).items())),
        "tool_calls_mean": round(statistics.mean(calls), 2) if calls else None,
    }


def _seed(seed: int, task: Task) -> int:
    """A seed of its own for each attempt at each question."""
    return int(digest([seed, task.question.id, task.attempt], 8), 16)


def _key(trajectory: Trajectory) -> tuple[str, int]:
    return trajectory.question_id, trajectory.attempt


def _success(trajectories: Iterable[Trajectory]) -> float:
    judged = [one.verdict.correct for one in trajectories if one.verdict.correct is not None]
    return sum(judged) / len(judged) if judged else 0.0
