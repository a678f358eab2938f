"""The shortcut meter over a whole file, in several processes, and the figures of a file."""

import tempfile
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

from medresearcher.audit.facts import Facts
from medresearcher.audit.figures import Figure, median, share, share_of
from medresearcher.audit.formats import Item
from medresearcher.audit.prior import Prior, named_from_prior, solved_from_prior
from medresearcher.audit.shortcuts import K, Meter, Shortcuts
from medresearcher.audit.sight import sights
from medresearcher.audit.solver import Solver
from medresearcher.engines.progress import progress
from medresearcher.kb import GRAPH, INDEX
from medresearcher.records.knowledge import Document
from medresearcher.retrieval.index import Index, build_index

_CHUNK = 50


def measure(
    items: Sequence[Item],
    kb: Path,
    *,
    k: int = K,
    workers: int = 1,
    rollouts: Path | None = None,
) -> list[Shortcuts]:
    """Measure the questions of a file, in order, with the knowledge base in the folder `kb`.

    Questions that come with passages are searched in the passages of the whole file, all others in
    the index of `kb`. `rollouts` is the folder of a rollout run over the questions.
    """
    seen = sights(rollouts, items) if rollouts else {}
    graph = kb / GRAPH if any(item.record for item in items) else None
    with _corpus(items, kb / INDEX) as index, progress("shortcuts", len(items)) as advance:
        results: list[Shortcuts] = []
        for some in _spread(_Work(graph, index, k), _chunks(items), workers):
            results += some
            advance(len(some))
    return [
        one.model_copy(update={"calls": seen[one.id].calls, "first_sight": seen[one.id].first})
        if one.id in seen
        else one
        for one in results
    ]


def figures(
    results: Sequence[Shortcuts], priors: Mapping[str, Prior] | None = None
) -> dict[str, Figure]:
    """The figures of a file: shares of its questions, medians over them.

    `priors` are the closed-book answers to them by id; without, those figures are `None`.

    `constant_answer` is the share of questions that the most frequent answer solves, `…_by_type`
    of those that the most frequent answer of their type solves.
    """
    asked = [one.by_question for one in results]
    answers = Counter(one.answer for one in results)
    by_type = Counter((one.kind, one.answer) for one in results)
    best: Counter[str] = Counter()
    for (kind, _), count in by_type.items():
        best[kind] = max(best[kind], count)
    total = len(results)
    known = (priors or {}).values()
    return {
        "solved_from_prior": solved_from_prior(known),
        "named_from_prior": named_from_prior(known),
        "solved_by_one_search": share_of([one and one.either for one in asked]),
        "one_search_finds_page": share_of([one and one.page for one in asked]),
        "one_search_names": share_of([one and one.named for one in asked]),
        "one_search_shows": share_of([one.shown for one in results]),
        "solved_by_best_clue": share_of([one.by_clue and one.by_clue.either for one in results]),
        "single_document_cover": median([one.cover for one in results]),
        "clue_selectivity": median([one.selectivity for one in results]),
        "lexical_leak": share(sum(bool(one.leaks) for one in results), total),
        "constant_answer": share(max(answers.values(), default=0), total),
        "constant_answer_by_type": share(best.total(), total),
        "calls_needed": median([one.calls for one in results]),
        "first_sight": median([one.first_sight for one in results]),
    }


def figures_by_type(results: Sequence[Shortcuts]) -> dict[str, dict[str, Figure]]:
    """The figures of the questions of each answer type."""
    kinds = sorted({one.kind for one in results})
    return {kind: figures([one for one in results if one.kind == kind]) for kind in kinds}


@dataclass(frozen=True, slots=True)
class _Work:
    """Measures chunks of questions; can be sent to another process, which opens its own files."""

    graph: Path | None
    index: Path
    k: int

    def __call__(self, items: Sequence[Item]) -> list[Shortcuts]:
        meter = _meter(self)
        return [meter.measure(item) for item in items]


@lru_cache(maxsize=1)
def _meter(work: _Work) -> Meter:
    solver = Solver(Facts.load(work.graph)) if work.graph else None
    return Meter(Index.open(work.index), solver, work.k)


def _chunks(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]


def _spread(
    work: _Work, chunks: Sequence[Sequence[Item]], workers: int
) -> Iterator[list[Shortcuts]]:
    """The results in order; in this process if there is too little to share."""
    if workers == 1 or len(chunks) < workers:
        yield from map(work, chunks)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(work, chunks)


@contextmanager
def _corpus(items: Sequence[Item], index: Path) -> Generator[Path]:
    """The index to search: that of the passages which come with the questions, else `index`."""
    passages = {(one.title, one.text): None for item in items for one in item.passages}
    if not passages:
        yield index
        return
    with tempfile.TemporaryDirectory(prefix="medresearcher-") as folder:
        target = Path(folder) / "passages"
        build_index(target, _documents(passages))
        yield target


def _documents(passages: Mapping[tuple[str, str], None]) -> Iterator[Document]:
    for number, (title, text) in enumerate(passages):
        yield Document(id=f"{number:08}", type="passage", title=title, text=text, source="file")
