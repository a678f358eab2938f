"""How fast the engine answers: alone, beside raw tantivy, and with many callers at once."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

from medresearcher.records.knowledge import Document
from medresearcher.retrieval.dense import Embedder
from medresearcher.retrieval.engine import Engine
from medresearcher.retrieval.index import Index, build_index
from medresearcher.retrieval.vectors import Vectors

LIMIT = 10


class Latency(NamedTuple):
    """What callers saw: milliseconds per query, and queries per second of all together."""

    callers: int
    p50: float
    p95: float
    p99: float
    rate: float


def measure_latency(ask: Callable[[str], object], queries: Sequence[str], callers: int) -> Latency:
    """Ask every query once, `callers` at a time."""
    times: list[float] = []
    lock = threading.Lock()

    def timed(query: str) -> None:
        start = time.perf_counter()
        ask(query)
        taken = time.perf_counter() - start
        with lock:
            times.append(1_000 * taken)

    start = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        list(pool.map(timed, queries))
    seconds = time.perf_counter() - start
    times.sort()
    p50, p95, p99 = (
        times[min(int(share * len(times)), len(times) - 1)] for share in (0.5, 0.95, 0.99)
    )
    return Latency(callers, p50, p95, p99, len(queries) / seconds)


def raw_tantivy(folder: Path) -> Callable[[str], object]:
    """The plain peer: the words of a query as tantivy itself ranks them, ids of the best."""
    import tantivy

    from medresearcher.retrieval.storage import ANALYZER, analyzer

    index = tantivy.Index.open(str(folder))
    index.register_tokenizer(ANALYZER, analyzer())
    searcher = index.searcher()
    analyze = analyzer().analyze

    def ask(query: str) -> object:
        parts = [
            (tantivy.Occur.Should, tantivy.Query.term_query(index.schema, "body", term, "freq"))
            for term in dict.fromkeys(analyze(query))
        ]
        hits = searcher.search(tantivy.Query.boolean_query(parts), LIMIT, count=False).hits
        return [searcher.doc(address)["id"] for _, address in hits]

    return ask


def copies(documents: Sequence[Document], number: int) -> Iterator[Document]:
    """`number` documents: the given ones again and again, each time under new ids."""
    repeats = (replace(one, id=f"{one.id}#{turn}") for turn in count() for one in documents)
    return islice(repeats, number)


class Copied(NamedTuple):
    """An engine over copies, what its index took in seconds, and its size in bytes."""

    engine: Engine
    folder: Path
    seconds: float
    size: int


def over_copies(
    documents: Sequence[Document], number: int, embedder: Embedder | None, place: Path
) -> Copied:
    """Index copies below `place` and open them."""
    folder = Path(tempfile.mkdtemp(dir=place)) / "index"
    start = time.perf_counter()
    build_index(folder, copies(documents, number), embedder)
    seconds = time.perf_counter() - start
    index = Index.open(folder)
    vectors = Vectors.open(folder, len(index)) if embedder else None
    size = sum(path.stat().st_size for path in folder.iterdir())
    return Copied(Engine(index, vectors, embedder), folder, seconds, size)
