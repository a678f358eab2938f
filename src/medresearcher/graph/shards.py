"""One mined file as a shard: three immutable Parquet tables in a folder named by their key.

`citations` has a row for each version and deletion in the order of the file, `mentions` one for
each node that a mention names, `pairs` one for each two nodes that stand in one sentence, sorted.
`record` in the latter two is the row of the citation. A shard is written beside its place and
moved in when it is whole, so what can be read is complete. Its key is a hash of the file, of the
names that were looked for and of the code, so a shard never goes out of date.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from medresearcher.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

CITATIONS = "citations.parquet"
MENTIONS = "mentions.parquet"
PAIRS = "pairs.parquet"
TABLES = (CITATIONS, MENTIONS, PAIRS)
# Rows of a row group; few of pairs, for many shards of them are read side by side.
GROUPS = {CITATIONS: 8_192, MENTIONS: 8_192, PAIRS: 512}


class Citation(NamedTuple):
    """One version of a citation, or its deletion. `text`, `abstract`: whether it has them."""

    pmid: int
    deleted: bool
    text: bool
    abstract: bool
    year: int | None


class Named(NamedTuple):
    """A node that the text of a citation names at `[start:end]`, in sentence number `sentence`.

    The text is title, line break, abstract; offsets count characters, sentences from 0. `first`:
    no mention before this one in the citation names the node.
    """

    record: int
    pmid: int
    sentence: int
    start: int
    end: int
    node: str
    first: bool


class Pair(NamedTuple):
    """Two nodes that stand in one sentence, `span`, of a citation."""

    subject: str
    object: str
    pmid: int
    sentence: int
    span: str
    record: int


def schemas() -> "dict[str, pa.Schema]":
    """The columns of each table of a shard."""
    import pyarrow as pa

    text, number = pa.string(), pa.int32()
    return {
        CITATIONS: pa.schema(
            {
                "pmid": pa.int64(),
                "deleted": pa.bool_(),
                "text": pa.bool_(),
                "abstract": pa.bool_(),
                "year": pa.int16(),
            }
        ),
        MENTIONS: pa.schema(
            {
                "record": number,
                "pmid": pa.int64(),
                "sentence": number,
                "start": number,
                "end": number,
                "node": text,
                "first": pa.bool_(),
            }
        ),
        PAIRS: pa.schema(
            {
                "subject": text,
                "object": text,
                "pmid": pa.int64(),
                "sentence": number,
                "span": text,
                "record": number,
            }
        ),
    }


class ShardWriter:
    """Takes the rows of one file, a batch at a time; `close` sorts the pairs and moves all in."""

    def __init__(self, folder: Path) -> None:
        import pyarrow.parquet as pq

        self._folder = folder
        self._draft = folder.with_name(f".{folder.name}.{os.getpid()}.part")
        shutil.rmtree(self._draft, ignore_errors=True)
        self._draft.mkdir(parents=True)
        self._schemas = schemas()
        self._writers = {
            name: pq.ParquetWriter(self._draft / name, schema, compression="zstd")
            for name, schema in self._schemas.items()
        }
        self._pairs: list[Pair] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for writer in self._writers.values():
            writer.close()
        if kind is not None:
            shutil.rmtree(self._draft, ignore_errors=True)

    def add(self, citations: list[Citation], mentions: list[Named], pairs: list[Pair]) -> None:
        """Write some citations with what they mention."""
        self._write(CITATIONS, self._table(CITATIONS, citations))
        self._write(MENTIONS, self._table(MENTIONS, mentions))
        self._pairs += pairs

    def close(self) -> None:
        """Finish the shard; one that another worker has finished meanwhile stays."""
        self._pairs.sort()
        self._write(PAIRS, self._table(PAIRS, self._pairs))
        for writer in self._writers.values():
            writer.close()
        for name in TABLES:
            _sync(self._draft / name)
        try:
            self._draft.rename(self._folder)
        except OSError:
            if not self._folder.exists():
                raise
            shutil.rmtree(self._draft)

    def _table(self, name: str, rows: "list[Citation] | list[Named] | list[Pair]") -> "pa.Table":
        import pyarrow as pa

        schema = self._schemas[name]
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
        arrays = [pa.array(*one) for one in zip(columns, schema.types, strict=True)]
        return pa.table(arrays, schema=schema)

    def _write(self, name: str, table: "pa.Table") -> None:
        self._writers[name].write_table(table, row_group_size=GROUPS[name])


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def read_shard(folder: Path, name: str) -> "pq.ParquetFile":
    """A table of a shard; `InputError` if it is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        encoded = ["node"] if name == MENTIONS else None
        return pq.ParquetFile(folder / name, read_dictionary=encoded)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            f"{folder / name}: the mined file is damaged ({error}); delete {folder} and run again"
        ) from error


def batches(folder: Path, name: str, columns: list[str]) -> "Iterator[pa.RecordBatch]":
    """Some columns of a table of a shard, a row group at a time."""
    with read_shard(folder, name) as table:
        for group in range(table.num_row_groups):
            rows = table.read_row_group(group, columns=columns, use_threads=False)
            yield from rows.to_batches()
