"""Train, dev and test by entity neighbourhood: no entity and no row of a source is shared.

Questions that share an answer, a hidden entity or an evidence row are linked. The components of
that relation are dealt out whole, the largest first, to the split that lacks most. One component
may be larger than a split; dev and test then take questions from train one by one, always the one
that costs fewest others, and what a taken question shares with train is dropped from train. Both
end when they are full or when the next question would drop more than `max_dropped` allows.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from medresearcher.errors import InputError
from medresearcher.questions.duplicates import THRESHOLD, duplicates
from medresearcher.records.base import digest
from medresearcher.records.question import Question
from medresearcher.runs import Ledger, Run, file_digest, read_records

Key = tuple[object, ...]

TRAIN, DEV, TEST = "train", "dev", "test"
SHARES: Mapping[str, float] = {TRAIN: 0.8, DEV: 0.1, TEST: 0.1}
MAX_DROPPED = 0.2

_LOOKED_AT = 16


@dataclass(frozen=True, slots=True)
class Splits:
    """Where each question went, by id. `parts` has every split, `components` sizes, largest first.

    `duplicates` maps a removed question to the one that it resembles, `dropped` are those that
    would have linked train to dev or test.
    """

    parts: Mapping[str, tuple[str, ...]]
    dropped: tuple[str, ...]
    duplicates: Mapping[str, str]
    components: tuple[int, ...]

    def counts(self) -> dict[str, object]:
        """Numbers for a manifest."""
        return {
            **{name: len(ids) for name, ids in self.parts.items()},
            "dropped": len(self.dropped),
            "near_duplicates": len(self.duplicates),
            "components": len(self.components),
            "largest_components": list(self.components[:5]),
        }


def split_questions(
    questions: Sequence[Question],
    *,
    seed: int,
    shares: Mapping[str, float] = SHARES,
    threshold: float = THRESHOLD,
    max_dropped: float = MAX_DROPPED,
) -> Splits:
    """Split questions after removing near-duplicates; the order of the input does not matter.

    `shares` give train, dev and test as parts of 1; `max_dropped` is the part of all questions
    that may be dropped. Raises `InputError` for other names, or shares that do not add up.
    """
    if shares.keys() != SHARES.keys() or abs(sum(shares.values()) - 1) > 1e-9:
        raise InputError(f"shares: expected train, dev and test that add up to 1, got {shares}")
    ordered = sorted({one.id: one for one in questions}.values(), key=lambda one: one.id)
    alike = duplicates([one.question for one in ordered], threshold)
    kept = [one for place, one in enumerate(ordered) if place not in alike]
    linked = {one.id: keys_of(one) for one in kept}
    dealt, sizes, dropped = split_keys(linked, seed=seed, shares=shares, max_dropped=max_dropped)
    return Splits(
        parts={name: tuple(sorted(ids)) for name, ids in dealt.items()},
        dropped=tuple(sorted(dropped)),
        duplicates={ordered[one].id: ordered[first].id for one, first in sorted(alike.items())},
        components=tuple(sizes),
    )


def with_splits(questions: Iterable[Question], splits: Splits) -> list[Question]:
    """The questions that have a split, with its name in the record and so with a new id."""
    of = {one: name for name, ids in splits.parts.items() for one in ids}
    drafts = (one.model_copy(update={"split": of[one.id]}) for one in questions if one.id in of)
    return [draft.model_copy(update={"id": draft.content_id()}) for draft in drafts]


def write_splits(questions: Path, out: Path, *, seed: int) -> dict[str, object]:
    """The stage on disk: the questions of a file with their splits, in the order they had."""
    asked = list(read_records(questions, Question))
    if not asked:
        raise InputError(f"{questions}: holds no question")
    inputs = {"questions": file_digest([questions])}
    with Run.beside(out, "split", {"seed": seed, "shares": dict(SHARES)}, inputs) as run:
        if not run.done:
            splits = split_questions(asked, seed=seed)
            Ledger(out, Question).write(with_splits(asked, splits))
            run.lap("split_s")
            run.finish(splits.counts())
        return run.manifest.counts


def keys_of(question: Question) -> frozenset[Key]:
    """What no two splits may share: the answer, hidden entities, rows of hops and clues."""
    rows = (one.evidence for one in (*question.hops, *question.clues))
    return frozenset(
        [
            (question.answer.id,),
            *((one.id,) for one in question.entities),
            *((row.source, row.record, row.row) for row in chain.from_iterable(rows)),
        ]
    )


def split_keys(
    linked: Mapping[str, frozenset[Key]],
    *,
    seed: int,
    shares: Mapping[str, float],
    max_dropped: float,
) -> tuple[dict[str, set[str]], list[int], set[str]]:
    """Split ids by their keys: the parts, the sizes of the components, and what was dropped."""
    groups = components(linked)
    targets = {name: round(part * len(linked)) for name, part in shares.items()}
    dealt: dict[str, set[str]] = {name: set() for name in shares}
    for group in sorted(groups, key=lambda one: (-len(one), digest([seed, one[0]]))):
        lacking = {name: targets[name] - len(dealt[name]) for name in shares}
        fitting = [name for name in (DEV, TEST) if lacking[name] >= len(group)]
        name = max((TRAIN, *fitting), key=lambda one: lacking[one])
        dealt[name].update(group)
    dropped: set[str] = set()
    limit = int(max_dropped * len(linked))
    for name, parts in ((TEST, 2), (DEV, 1)):
        missing = targets[name] - len(dealt[name])
        region = _Region({one: linked[one] for one in _shuffled(dealt[TRAIN], seed)})
        region.grow(missing, (limit - len(dropped)) // parts)
        dealt[name] |= region.taken
        dealt[TRAIN] -= region.taken | region.lost
        dropped |= region.lost
    return dealt, sorted(map(len, groups), reverse=True), dropped


def components(linked: Mapping[str, frozenset[Key]]) -> list[list[str]]:
    """Ids that are linked by keys, directly or through others; each group sorted."""
    import rustworkx as rx

    ids = sorted(linked)
    places = {
        key: len(ids) + place for place, key in enumerate({k for one in ids for k in linked[one]})
    }
    graph: rx.PyGraph[None, None] = rx.PyGraph()
    graph.add_nodes_from([None] * (len(ids) + len(places)))
    graph.add_edges_from_no_data(
        [(place, places[key]) for place, one in enumerate(ids) for key in linked[one]]
    )
    groups = rx.connected_components(graph)
    return sorted(sorted(ids[place] for place in group if place < len(ids)) for group in groups)


def _shuffled(ids: Iterable[str], seed: int) -> list[str]:
    return sorted(ids, key=lambda one: digest([seed, one]))


class _Region:
    """Ids taken out of a pool, and ids lost because they share a key with a taken one."""

    def __init__(self, pool: Mapping[str, frozenset[Key]]) -> None:
        import numpy as np
        from scipy.sparse import csr_array

        self.taken: set[str] = set()
        self.lost: set[str] = set()
        self._pool = pool
        self._ids = list(pool)
        self._holders: dict[Key, set[str]] = defaultdict(set)
        for one, keys in pool.items():
            for key in keys:
                self._holders[key].add(one)
        columns = {key: number for number, key in enumerate(self._holders)}
        indices = [columns[key] for keys in pool.values() for key in keys]
        ends = np.cumsum([0, *map(len, pool.values())])
        self._matrix = csr_array((np.ones(len(indices)), indices, ends), (len(pool), len(columns)))

    def grow(self, wanted: int, limit: int) -> None:
        """Take up to `wanted` ids, each time the one that loses fewest; lose at most `limit`."""
        while len(self.taken) < wanted:
            best = min(self._candidates(), key=self._cost, default=None)
            if best is None or len(self.lost) + self._cost(best) > limit:
                return
            self.lost = (self.lost | self._near(best)) - {best}
            self.taken.add(best)

    def _near(self, one: str) -> set[str]:
        """What shares a key with an id and is not taken."""
        return {other for key in self._pool[one] for other in self._holders[key]} - self.taken

    def _cost(self, one: str) -> int:
        """How many more would be lost with this id; one that was lost before costs one less."""
        return len(self._near(one) - self.lost - {one}) - (one in self.lost)

    def _candidates(self) -> list[str]:
        """The ids that look cheapest when what shares several keys is counted several times."""
        import numpy as np

        free = np.array(
            [one not in self.lost and one not in self.taken for one in self._ids], float
        )
        lost = np.array([one in self.lost for one in self._ids], float)
        shared = self._matrix @ (self._matrix.T @ free)
        cost = shared - free * np.diff(self._matrix.indptr) - lost
        cost[free + lost == 0] = np.inf
        first = np.argsort(cost, kind="stable")[:_LOOKED_AT].tolist()
        return [self._ids[place] for place in first if np.isfinite(cost[place])]
