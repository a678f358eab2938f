"""The vectors of an index: a row of 32-bit floats per document, mapped into memory.

Search is exact up to `EXACT` rows. Beyond that an HNSW graph (usearch, extra `dense`) is made at
build time and finds the nearest rows approximately; cosines are always taken from the rows.
"""

from importlib import import_module
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from medresearcher.errors import InputError
from medresearcher.retrieval.dense import Embedder
from medresearcher.retrieval.storage import VECTORS

EXACT = 1_000_000
GRAPH = f"{VECTORS}.usearch"

_BATCH = 1_000
_BLOCK = 65_536


class VectorWriter:
    """Appends the vectors of texts, a batch at a time."""

    def __init__(self, folder: Path, embedder: Embedder, exact: int = EXACT) -> None:
        self._folder = folder
        self._embedder = embedder
        self._exact = exact
        self._texts: list[str] = []
        self._shape = (0, 0)
        self._file: IO[bytes] = (folder / VECTORS).open("wb")

    def add(self, text: str) -> None:
        """The text of the next document."""
        self._texts.append(text)
        if len(self._texts) == _BATCH:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the graph if there are too many rows for exact search."""
        self._flush()
        self._file.close()
        if self._shape[0] > self._exact:
            _write_graph(self._folder, self._shape)

    def _flush(self) -> None:
        if self._texts:
            rows = self._embedder.embed(self._texts)
            self._file.write(np.ascontiguousarray(rows, np.float32).tobytes())
            self._shape = (self._shape[0] + len(rows), rows.shape[1])
            self._texts.clear()


class Vectors:
    """Read-only rows; safe for several threads."""

    def __init__(self, rows: np.ndarray, graph: Any = None) -> None:
        self._rows = rows
        self._graph = graph

    @classmethod
    def open(cls, folder: Path, documents: int) -> Self:
        """Map the rows of the `documents` documents of an index."""
        size = (folder / VECTORS).stat().st_size
        if not documents or size % (4 * documents):
            raise InputError(f"{folder / VECTORS}: expected {documents} rows; build it anew")
        width = size // 4 // documents
        rows = np.memmap(folder / VECTORS, np.float32, mode="r", shape=(documents, width))
        if not (folder / GRAPH).exists():
            return cls(rows)
        return cls(rows, _usearch().Index.restore(str(folder / GRAPH), view=True))

    def cosines(self, vector: np.ndarray, ranks: np.ndarray) -> np.ndarray:
        """The cosine of `vector` with each of these rows."""
        return self._rows[ranks] @ vector

    def nearest(self, vector: np.ndarray, limit: int) -> np.ndarray:
        """The ranks of the `limit` rows with the highest cosines, in no order."""
        limit = min(limit, len(self._rows))
        if self._graph is not None:
            return np.asarray(self._graph.search(vector, limit).keys, np.int64)
        found = np.concatenate(
            [
                self._rows[start : start + _BLOCK] @ vector
                for start in range(0, len(self._rows), _BLOCK)
            ]
        )
        return np.argpartition(-found, limit - 1)[:limit]


def _write_graph(folder: Path, shape: tuple[int, int]) -> None:
    rows = np.memmap(folder / VECTORS, np.float32, mode="r", shape=shape)
    graph = _usearch().Index(ndim=shape[1], metric="ip", dtype="f16")
    for start in range(0, shape[0], _BLOCK):
        some = np.array(rows[start : start + _BLOCK])
        graph.add(np.arange(start, start + len(some)), some)
    graph.save(str(folder / GRAPH))


def _usearch() -> Any:
    try:
        return import_module("usearch.index")
    except ImportError as error:
        raise InputError(
            f"more than {EXACT:,} vectors need usearch: install `medresearcher[dense]`"
        ) from error
