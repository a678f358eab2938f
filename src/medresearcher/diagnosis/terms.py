"""The terms of HPO as numbers: their order, and everything above and below each."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse as _sparse

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate

# What scipy infers of its own sparse arrays is of no use to a type checker.
sparse: Any = _sparse
Matrix = Any
Numbers = NDArray[Any]
Values = NDArray[Any]


class Terms:
    """The findings of HPO in sorted order. `above[t]` marks `t` and what it is a kind of."""

    def __init__(self, graph: Graph) -> None:
        self.ids = [one for one in graph.ids(EntityType.PHENOTYPE) if one.startswith("HP:")]
        self.codes = np.array([graph.code(one) for one in self.ids], np.int64)
        self.number = {one: number for number, one in enumerate(self.ids)}
        self.above = _closure(graph, self.codes)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def below(self) -> Matrix:
        """Row `t` marks `t` and every kind of it."""
        return sparse.csr_array(self.above.T.tocsr())

    def ancestors(self, term: int) -> Numbers:
        """The numbers of `term` and of everything above it."""
        return _row(self.above, term)

    def kinds(self, terms: Numbers, term: int) -> Numbers:
        """Which of `terms` are `term` or a kind of it."""
        below = self.descendants(term)
        place = np.minimum(np.searchsorted(below, terms), len(below) - 1)
        return below[place] == terms

    def descendants(self, term: int) -> Numbers:
        """The numbers of `term` and of everything below it."""
        return _row(self.below, term)


def _row(matrix: Matrix, row: int) -> Numbers:
    return matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]


def _closure(graph: Graph, codes: Numbers) -> Matrix:
    """The reflexive, transitive closure of is_a among the nodes with these codes."""
    size = len(codes)
    number = np.full(len(graph), -1)
    number[codes] = np.arange(size)
    pairs = [
        (child, int(number[parent]))
        for child, code in enumerate(codes.tolist())
        for parent in graph.neighbours(code, Predicate.SUBCLASS_OF, forward=True)
        if number[parent] >= 0
    ]
    child, parent = np.array(pairs, np.int64).reshape(-1, 2).T
    step = sparse.csr_array((np.ones(len(child), np.int32), (child, parent)), shape=(size, size))
    whole = sparse.eye_array(size, dtype=np.int32, format="csr")
    known = -1
    while whole.nnz != known:
        known = whole.nnz
        whole = sparse.csr_array(whole @ step + sparse.eye_array(size, dtype=np.int32))
        whole.data[:] = 1
    whole.sort_indices()
    return whole
