"""Shards merged into a corpus: what is live in the newest file, each citation counted once.

Memory does not grow with the corpus, but for four bytes for each PMID in use: shards are read one
after the other, row group by row group, and their sorted pairs are merged a few shards at a time.
Equal citations give equal files, however they are spread over shards.
"""

import heapq
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from medresearcher.graph.corpus import CORPUS, COUNTS, MINED, SCHEMA, mined_schema
from medresearcher.graph.shards import CITATIONS, GROUPS, MENTIONS, PAIRS, batches
from medresearcher.records.knowledge import Predicate
from medresearcher.runs import write_atomically

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

METHOD = "co_mention"
_FAN = 16
_PAGE = 8
_ROWS = 8_192


class _Row(NamedTuple):
    """A live pair; rows are merged in the order of these fields."""

    subject: str
    object: str
    pmid: int
    sentence: int
    span: str


class _Owners:
    """Which record, numbered through all shards, is the last one of each PMID."""

    def __init__(self) -> None:
        self._pages: dict[int, NDArray[np.int32]] = {}

    def claim(self, pmids: "NDArray[np.int64]", first: int) -> None:
        """Records `first`, `first + 1`, … are the last ones of these PMIDs now."""
        numbers = np.arange(first, first + len(pmids), dtype=np.int32)
        for page, inside in self._split(pmids):
            cells = self._pages.setdefault(page, np.full(1 << _PAGE, -1, np.int32))
            cells[pmids[inside] & (1 << _PAGE) - 1] = numbers[inside]

    def holds(
        self, pmids: "NDArray[np.int64]", records: "NDArray[np.int64]"
    ) -> "NDArray[np.bool_]":
        """Whether each record is the last one of its PMID."""
        last = np.empty(len(pmids), np.int32)
        for page, inside in self._split(pmids):
            last[inside] = self._pages[page][pmids[inside] & (1 << _PAGE) - 1]
        return last == records

    def _split(self, pmids: "NDArray[np.int64]") -> "Iterator[tuple[int, NDArray[np.int64]]]":
        pages = pmids >> _PAGE
        for page in np.unique(pages):
            yield int(page), np.flatnonzero(pages == page)


class _Shard(NamedTuple):
    """A shard and the number of its first record."""

    folder: Path
    first: int


def merge(shards: Sequence[Path], nodes: Iterable[str], names: str, out: Path) -> None:
    """Write the corpus of the shards, oldest first, to the folder `out`, which is replaced.

    `nodes`: all that was looked for, so that a count of 0 can be told from a node without names.
    `names`: the digest of the vocabulary.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as place:
        draft = Path(place) / "corpus"
        draft.mkdir()
        owners, placed = _owners(shards)
        counts = _count_citations(placed, owners)
        counts |= _count_mentions(placed, owners, sorted(nodes), draft / CORPUS)
        counts["co_mentions"] = _merge_pairs(placed, owners, draft)
        content = {"schema": SCHEMA, "names": names, "files": len(shards), **counts}
        write_atomically(draft / COUNTS, json.dumps(content, indent=1) + "\n")
        if out.exists():
            out.rename(Path(place) / "former")
        draft.rename(out)


def _owners(shards: Sequence[Path]) -> tuple[_Owners, list[_Shard]]:
    owners = _Owners()
    placed: list[_Shard] = []
    first = 0
    for folder in shards:
        placed.append(_Shard(folder, first))
        for batch in batches(folder, CITATIONS, ["pmid"]):
            owners.claim(batch["pmid"].to_numpy(), first)
            first += len(batch)
    return owners, placed


def _count_citations(shards: Sequence[_Shard], owners: _Owners) -> dict[str, Any]:
    """How many live citations have a text, an abstract, and from which years they are."""
    citations = abstracts = 0
    years: NDArray[np.int64] = np.zeros(3_000, np.int64)
    for folder, first in shards:
        for batch in batches(folder, CITATIONS, ["pmid", "text", "abstract", "year"]):
            records = np.arange(first, first + len(batch))
            first += len(batch)
            live = owners.holds(batch["pmid"].to_numpy(), records) & _flags(batch, "text")
            citations += int(live.sum())
            abstracts += int((live & _flags(batch, "abstract")).sum())
            dated = batch["year"].fill_null(0).to_numpy()[live]
            years += np.bincount(dated, minlength=len(years))
    found = {str(year): int(years[year]) for year in np.flatnonzero(years) if year}
    return {"citations": citations, "abstracts": abstracts, "by_year": found}


def _flags(batch: "pa.RecordBatch", name: str) -> "NDArray[np.bool_]":
    return batch[name].to_numpy(zero_copy_only=False)


def _count_mentions(
    shards: Sequence[_Shard], owners: _Owners, nodes: list[str], path: Path
) -> dict[str, int]:
    """Write for each node how many live citations mention it, and how often they do."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    codes = {node: code for code, node in enumerate(nodes)}
    cited, mentioned = (np.zeros(len(nodes), np.int64) for _ in range(2))
    for folder, first in shards:
        for batch in batches(folder, MENTIONS, ["record", "pmid", "node", "first"]):
            live = _live(batch, first, owners)
            texts = batch["node"].dictionary.to_pylist()
            values = np.array([codes[text] for text in texts], np.int64)
            found = values[batch["node"].indices.to_numpy()]
            mentioned += np.bincount(found[live], minlength=len(nodes))
            once = live & _flags(batch, "first")
            cited += np.bincount(found[once], minlength=len(nodes))
    table = pa.table({"node": nodes, "citations": cited, "mentions": mentioned})
    pq.write_table(table, path, compression="zstd")
    return {"mentioned_nodes": int((cited > 0).sum()), "mentions": int(mentioned.sum())}


def _live(batch: "pa.RecordBatch", first: int, owners: _Owners) -> "NDArray[np.bool_]":
    """Which rows belong to the last version of their citation."""
    records = batch["record"].to_numpy().astype(np.int64) + first
    return owners.holds(batch["pmid"].to_numpy(), records)


def _merge_pairs(shards: Sequence[_Shard], owners: _Owners, draft: Path) -> int:
    """Write the pairs of all shards in one order; return how many they are."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=draft)))
        runs: list[Iterator[_Row]] = [_pairs(one, owners) for one in shards]
        level = 0
        while len(runs) > _FAN:
            groups = [runs[start : start + _FAN] for start in range(0, len(runs), _FAN)]
            paths = [place / f"{level}.{number}" for number in range(len(groups))]
            for path, group in zip(paths, groups, strict=True):
                _write_run(path, heapq.merge(*group))
            runs = [_read_run(path) for path in paths]
            level += 1
        return _write_mined(draft / MINED, heapq.merge(*runs))


def _pairs(shard: _Shard, owners: _Owners) -> Iterator[_Row]:
    """The live pairs of a shard, sorted."""
    columns = ["subject", "object", "pmid", "sentence", "span", "record"]
    for batch in batches(shard.folder, PAIRS, columns):
        live = batch.filter(_mask(_live(batch, shard.first, owners)))
        values = [live[name].to_pylist() for name in _Row._fields]
        yield from map(_Row._make, zip(*values, strict=True))


def _mask(values: "NDArray[np.bool_]") -> "pa.BooleanArray":
    import pyarrow as pa

    return pa.array(values)


def _write_run(path: Path, rows: Iterator[_Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = pa.string()
    fields = zip(_Row._fields, (text, text, pa.int64(), pa.int32(), text), strict=True)
    schema = pa.schema(list(fields))
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while some := list(islice(rows, GROUPS[PAIRS])):
            writer.write_table(pa.table(list(map(list, zip(*some, strict=True))), schema=schema))


def _read_run(path: Path) -> Iterator[_Row]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as table:
        for group in range(table.num_row_groups):
            rows = table.read_row_group(group, use_threads=False)
            yield from map(_Row._make, zip(*(one.to_pylist() for one in rows), strict=True))
    path.unlink()


def _write_mined(path: Path, rows: Iterator[_Row]) -> int:
    """Write the rows as relations; return how many there are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = mined_schema()
    predicate = str(Predicate.OCCURS_TOGETHER)
    total = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while some := list(islice(rows, _ROWS)):
            subjects, objects, pmids, _, spans = map(list, zip(*some, strict=True))
            references = [f"PMID:{pmid}" for pmid in pmids]
            fixed = [[value] * len(some) for value in (predicate, METHOD)]
            columns = [subjects, fixed[0], objects, references, spans, fixed[1]]
            writer.write_table(pa.table(columns, schema=schema))
            total += len(some)
    return total
