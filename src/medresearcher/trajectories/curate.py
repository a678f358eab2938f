"""The stage `curate`: a folder of rollouts to training sets with a dataset card.

The same rollouts give the same bytes; clock times are in the manifest alone. Every file is
written all or nothing.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medresearcher.errors import InputError
from medresearcher.records.question import Question
from medresearcher.records.trajectory import TRAJECTORIES, Trajectory
from medresearcher.runs import (
    MANIFEST,
    Ledger,
    Run,
    file_digest,
    read_manifest,
    read_records,
    write_atomically,
)
from medresearcher.trajectories.atif_format import to_atif
from medresearcher.trajectories.card import CardData, render_card
from medresearcher.trajectories.export import (
    dataset_info,
    to_sharegpt,
    to_trl,
    write_json,
    write_json_list,
    write_jsonl,
    write_parquet,
)
from medresearcher.trajectories.figures import named_sources, summary
from medresearcher.trajectories.filter import Rejected, sift
from medresearcher.trajectories.openai_format import to_openai
from medresearcher.trajectories.selection import Selection
from medresearcher.trajectories.text_format import to_text

logger = logging.getLogger(__name__)

KEPT = "kept.jsonl"
REJECTED = "rejected.jsonl"
TRL_JSONL = "trl.jsonl"
TRL_PARQUET = "trl.parquet"
SHAREGPT = "sharegpt.json"
DATASET_INFO = "dataset_info.json"
OPENAI = "openai.jsonl"
TEXT = "text.jsonl"
ATIF = "atif.jsonl"
CARD = "README.md"
FILES = (
    KEPT,
    REJECTED,
    TRL_JSONL,
    TRL_PARQUET,
    SHAREGPT,
    DATASET_INFO,
    OPENAI,
    TEXT,
    ATIF,
    CARD,
)


def curate(
    rollouts: Path,
    out: Path,
    *,
    sources: Sequence[str],
    questions: Path | None = None,
    selection: Selection | None = None,
) -> dict[str, Any]:
    """Sift the trajectories of `rollouts` and write the training sets to `out`.

    `sources` are the names of the sources of the knowledge base, `questions` the file that was
    rolled out: without it no leak can be found, and the card has chain lengths of guides alone.
    Returns `figures.summary`. A run that is already done is left as it is. Raises `InputError`
    for a folder without trajectories, a malformed line, a file of other questions, an unknown
    source, or an `out` of another run.
    """
    path = rollouts / TRAJECTORIES
    trajectories = _read(rollouts)
    known = _questions(questions, trajectories)
    named_sources(sources)
    inputs = {"trajectories": file_digest([path])}
    if questions:
        inputs["questions"] = file_digest([questions])
    wanted = selection or Selection()
    settings = {"sources": list(sources), "selection": wanted.model_dump()}
    with Run.in_folder(out, "curate", settings, inputs) as run:
        if not run.done or not all((out / name).exists() for name in FILES):
            kept, dropped = sift(trajectories, known, wanted)
            card = CardData(
                kept=tuple(kept),
                dropped=tuple(dropped),
                questions=known,
                sources=tuple(sources),
                inputs={**inputs, **_origin(rollouts)},
            )
            _write(out, card)
            run.finish(summary(kept, dropped))
        return run.manifest.counts


def _read(rollouts: Path) -> list[Trajectory]:
    expected = (
        f"expected a folder of rollouts with {TRAJECTORIES}; "
        "make one with `medresearcher rollout QUESTIONS --out DIR`"
    )
    path = rollouts / TRAJECTORIES
    if not path.is_file():
        raise InputError(f"{rollouts}: {expected}")
    found = list(read_records(path, Trajectory))
    if not found:
        raise InputError(f"{path}: holds no trajectory; {expected}")
    return found


def _questions(path: Path | None, trajectories: Sequence[Trajectory]) -> dict[str, Question]:
    if path is None:
        logger.warning("no questions file: leaks of hidden names are not looked for")
        return {}
    found = {one.id: one for one in read_records(path, Question)}
    if not any(one.question_id in found for one in trajectories):
        raise InputError(f"{path}: holds none of the questions that the trajectories answer")
    return found


def _origin(rollouts: Path) -> dict[str, str]:
    """The identity of the run that made the trajectories, where they come with its manifest."""
    path = rollouts / MANIFEST
    if not path.exists():
        return {}
    manifest = read_manifest(path)
    if manifest.status != "done":
        logger.warning("%s: the run is not finished; what it has so far is curated", rollouts)
    return {f"run `{manifest.stage}`": manifest.identity}


def _write(out: Path, card: CardData) -> None:
    Ledger(out / KEPT, Trajectory).write(card.kept)
    Ledger(out / REJECTED, Rejected).write(card.dropped)
    write_jsonl(out / TRL_JSONL, map(to_trl, card.kept))
    write_parquet(out / TRL_PARQUET, map(to_trl, card.kept))
    write_json_list(out / SHAREGPT, map(to_sharegpt, card.kept))
    write_json(out / DATASET_INFO, dataset_info(SHAREGPT))
    write_jsonl(out / OPENAI, map(to_openai, card.kept))
    write_jsonl(out / TEXT, map(to_text, card.kept))
    write_jsonl(out / ATIF, map(to_atif, card.kept))
    write_atomically(out / CARD, render_card(card))
