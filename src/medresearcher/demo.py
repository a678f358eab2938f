"""The main job: fetch, build, synthesize, rollout, curate, report, one after the other.

Each stage reads the files of the one before and is a run of its own under the demo's folder; a
demo that was stopped goes on where it was.
"""

import time
from pathlib import Path
from typing import Any

from medresearcher import __version__
from medresearcher.agent.guided import GuidedPolicy
from medresearcher.agent.runner import write_rollouts
from medresearcher.audit.acceptance import acceptance
from medresearcher.engines.engine import choose_engine
from medresearcher.kb import KnowledgeBase, build
from medresearcher.questions.synthesize import write_questions
from medresearcher.records.question import Question
from medresearcher.records.trajectory import TRAJECTORIES, Trajectory
from medresearcher.runs import Run, read_records, write_atomically
from medresearcher.settings import Settings
from medresearcher.sources.fetch import pull
from medresearcher.trajectories.curate import curate
from medresearcher.trajectories.filter import sift
from medresearcher.trajectories.report import ReportData, render_report

QUESTIONS = "questions.jsonl"
ROLLOUTS = "rollouts"
CURATED = "curated"
REPORT = "report.html"


def run_demo(out: Path, settings: Settings, *, count: int, seed: int) -> dict[str, Any]:
    """Run all stages into `out`; return the summary that ends the demo."""
    start = time.perf_counter()
    options = {"count": count, "seed": seed, "synthesis": settings.synthesis.model_dump()}
    with Run.in_folder(out, "demo", options, {}) as run:
        pull([], settings.downloads)
        run.lap("pull_s")
        engine = choose_engine("local")
        chosen = settings.retrieval.embedder
        kb = build(settings.kb, settings.downloads, engine=engine, embedder=chosen)
        run.lap("build_s")
        made = write_questions(
            kb.graph,
            out / QUESTIONS,
            settings.synthesis,
            count=count,
            seed=seed,
            engine=engine,
            accept=acceptance(kb, settings.synthesis),
        )
        run.lap("synthesize_s")
        rolled = write_rollouts(
            out / QUESTIONS,
            out / ROLLOUTS,
            GuidedPolicy(),
            kb,
            settings.rollout,
            attempts=1,
            seed=seed,
        )
        run.lap("rollout_s")
        curated = curate(
            out / ROLLOUTS,
            out / CURATED,
            sources=list(kb.manifest.inputs),
            questions=out / QUESTIONS,
        )
        run.lap("curate_s")
        write_atomically(out / REPORT, _report(out, kb, seed))
        counts = {
            "questions": made["questions"],
            "questions_by_specialty": made["by_specialty"],
            "questions_by_hops": made["by_hops"],
            "success": rolled["success"],
            "kept": curated["kept"],
            "kept_by_specialty": curated["by_specialty"],
            "tool_calls_mean": curated["tool_calls_mean"],
            "dropped": curated["by_reason"],
        }
        run.finish(counts)
    return {
        **counts,
        "report": str(out / REPORT),
        "training_sets": str(out / CURATED),
        "seconds": round(time.perf_counter() - start),
    }


def told(summary: dict[str, Any]) -> str:
    """The summary of a demo for people, in a few lines."""
    specialties = summary["kept_by_specialty"].values()
    hops = list(summary["questions_by_hops"])
    dropped = ", ".join(f"{number} {reason}" for reason, number in summary["dropped"].items())
    lines = [
        f"{summary['questions']} questions over {len(summary['questions_by_specialty'])} "
        f"specialties, chains of {hops[0]} to {hops[-1]} hops, each answer proven unique",
        f"{summary['kept']} verified trajectories ({summary['success']:.1%} of the questions "
        f"answered right), {min(specialties)} to {max(specialties)} per specialty, "
        f"{summary['tool_calls_mean']:.1f} tool calls each",
        f"not kept: {dropped or 'none'}",
        f"report         {summary['report']}",
        f"training sets  {summary['training_sets']}",
        f"done in {summary['seconds']} s",
    ]
    return "\n".join(lines)


def _report(out: Path, kb: KnowledgeBase, seed: int) -> str:
    questions = tuple(read_records(out / QUESTIONS, Question))
    kept, dropped = sift(
        read_records(out / ROLLOUTS / TRAJECTORIES, Trajectory),
        {one.id: one for one in questions},
    )
    counts = kb.counts
    data = ReportData(
        documents=sum(counts["documents"].values()),
        nodes=sum(counts["nodes"].values()),
        edges=sum(counts["edges"].values()),
        questions=questions,
        kept=tuple(kept),
        dropped=tuple(dropped),
        sources=tuple(kb.manifest.inputs),
        seed=seed,
        version=__version__,
        digests={"graph": kb.graph.digest},
    )
    return render_report(data)
