"""What can be measured of nodes and edges: the rank of an onset, the share of patients.

A share is `n/m` as a source counted it, or a percentage; classes such as "Frequent" are none. Of
several counted rows of an edge the one with most patients is taken. Shares are floats: equal counts
give equal ones, and different counts of fewer than 2**26 patients give different ones.
"""

import re
from collections import defaultdict
from functools import cached_property

from medresearcher.graph.onset import ONSET_RANK
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Predicate

_COUNTED = re.compile(r"(\d+)/([1-9]\d*)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")


def share_of(frequency: str) -> float | None:
    """The share that a frequency writes as a count or percentage; `None` for anything else."""
    counted = _COUNTED.fullmatch(frequency)
    if counted:
        return int(counted[1]) / int(counted[2])
    percent = _PERCENT.fullmatch(frequency)
    return float(percent[1]) / 100 if percent else None


class Measures:
    """Measures over one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def onset(self, code: int) -> int | None:
        """The earliest rank (see `ONSET_RANK`) among the onsets stated of a node."""
        terms = self.graph.neighbours(code, Predicate.HAS_ONSET, forward=True)
        ranks = [ONSET_RANK[curie] for curie in map(self.graph.curie, terms) if curie in ONSET_RANK]
        return min(ranks, default=None)

    def share(self, subject: int, predicate: Predicate, obj: int) -> float | None:
        """The share in the largest counted row of an edge; `None` without such a row."""
        return self.shares(subject, predicate).get(obj)

    def shares(self, subject: int, predicate: Predicate) -> dict[int, float]:
        """The share in the largest counted row, for each object of a node that has one."""
        return self._largest.get((predicate, subject), {})

    def with_share(
        self, predicate: Predicate, obj: int, bounds: tuple[float, float]
    ) -> frozenset[int]:
        """Subjects of which some row with this object reports a share within the bounds."""
        low, high = bounds
        rows = self._shares.get((predicate, obj), ())
        return frozenset(subject for subject, share in rows if low <= share <= high)

    @cached_property
    def _largest(self) -> dict[tuple[Predicate, int], dict[int, float]]:
        best: dict[tuple[Predicate, int], dict[int, tuple[int, int]]] = defaultdict(dict)
        for predicate, subject, obj, frequency in self.graph.frequencies():
            counted = _COUNTED.fullmatch(frequency)
            if counted:
                row = int(counted[2]), int(counted[1])
                rows = best[predicate, subject]
                rows[obj] = max(row, rows.get(obj, row))
        return {
            key: {obj: seen / of for obj, (of, seen) in rows.items()} for key, rows in best.items()
        }

    @cached_property
    def _shares(self) -> dict[tuple[Predicate, int], list[tuple[int, float]]]:
        found: dict[tuple[Predicate, int], list[tuple[int, float]]] = defaultdict(list)
        for predicate, subject, obj, frequency in self.graph.frequencies():
            share = share_of(frequency)
            if share is not None:
                found[predicate, obj].append((subject, share))
        return dict(found)
