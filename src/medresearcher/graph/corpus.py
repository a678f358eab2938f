"""A mined corpus: how many citations mention a node, and what it is mentioned together with.

Three files: `corpus.json` (counts), `corpus.parquet` (citations and mentions of each node that
was looked for) and `mined.parquet` (`Mined` rows, sorted by subject and object, so the rows of one
entity are a few row groups).
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from medresearcher.errors import InputError
from medresearcher.records.knowledge import Mined, Predicate

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

SCHEMA = "medresearcher/corpus/1"
COUNTS = "corpus.json"
CORPUS = "corpus.parquet"
MINED = "mined.parquet"


def mined_schema() -> "pa.Schema":
    """The columns of `mined.parquet`: the fields of `Mined`."""
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in Mined._fields])


class _Place(NamedTuple):
    """Where a row of `mined.parquet` is, and what it joins the node that was asked for with."""

    group: int
    row: int
    partner: str
    pmid: int


@dataclass(frozen=True)
class Corpus:
    """An opened corpus; tables are read when first used."""

    folder: Path
    counts: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the corpus in `folder`; `InputError` if there is none or it is damaged."""
        path = folder / COUNTS
        if not path.exists():
            raise InputError(f"{folder}: no mined corpus here; run `medresearcher build`")
        try:
            counts = json.loads(path.read_text(encoding="utf-8"))
            found = counts.pop("schema")
        except (ValueError, KeyError, AttributeError) as error:
            raise InputError(
                f"{path}: the corpus is damaged ({error}); run `medresearcher build` again"
            ) from error
        if found != SCHEMA:
            raise InputError(f"{path}: expected {SCHEMA!r}, found {found!r}; build it again")
        return cls(folder, counts)

    @property
    def citations(self) -> int:
        """How many live citations with a title or an abstract were read."""
        return self.counts["citations"]

    @property
    def years(self) -> tuple[int, int] | None:
        """The first and the last year of publication."""
        years = [int(year) for year in self.counts["by_year"]]
        return (min(years), max(years)) if years else None

    def frequency(self, node: str) -> int:
        """How many citations mention a node by one of its own names; 0 also if it has none."""
        return self._frequencies.get(node, 0)

    def knows(self, node: str) -> bool:
        """Whether the node has a name that was looked for."""
        return node in self._frequencies

    def mined(self, node: str, limit: int | None = None) -> list[Mined]:
        """Relations that the corpus has of a node, as subject or object.

        One sentence of each other node comes first, then a second of each, …; those in most
        citations go first, and of one node the newest (highest) PMID.
        """
        places = _ranked(self._places(node))[:limit]
        return list(self._rows(places))

    @cached_property
    def _frequencies(self) -> dict[str, int]:
        import pyarrow.parquet as pq

        table = pq.read_table(self.folder / CORPUS, columns=["node", "citations"])
        columns = (table[name].to_pylist() for name in ("node", "citations"))
        return dict(zip(*columns, strict=True))

    def _places(self, node: str) -> Iterator[_Place]:
        """The rows with the node, from row groups that may have some."""
        with self._table() as table:
            for group in range(table.num_row_groups):
                for column, other in (("subject", "object"), ("object", "subject")):
                    if _may_hold(table, group, column, node):
                        yield from _matching(table, group, column, other, node)

    def _rows(self, places: Sequence[_Place]) -> Iterator[Mined]:
        """The rows at these places, in their order; each row group is read once."""
        wanted: dict[int, set[int]] = defaultdict(set)
        for one in places:
            wanted[one.group].add(one.row)
        found: dict[tuple[int, int], Mined] = {}
        with self._table() as table:
            for group, rows in sorted(wanted.items()):
                order = sorted(rows)
                for row, values in zip(
                    order, table.read_row_group(group).take(order).to_pylist(), strict=True
                ):
                    predicate = Predicate(values.pop("predicate"))
                    found[group, row] = Mined(predicate=predicate, **values)
        return (found[one.group, one.row] for one in places)

    def _table(self) -> "pq.ParquetFile":
        import pyarrow.parquet as pq

        return pq.ParquetFile(self.folder / MINED)


def _may_hold(table: "pq.ParquetFile", group: int, column: str, node: str) -> bool:
    at = table.schema_arrow.get_field_index(column)
    bounds = table.metadata.row_group(group).column(at).statistics
    return bounds is None or not bounds.has_min_max or bounds.min <= node <= bounds.max


def _matching(
    table: "pq.ParquetFile", group: int, column: str, other: str, node: str
) -> Iterator[_Place]:
    values = table.read_row_group(group, columns=[column]).column(0).to_pylist()
    rows = np.array([row for row, value in enumerate(values) if value == node])
    if len(rows) == 0:
        return
    found = table.read_row_group(group, columns=[other, "reference"]).take(rows)
    columns = (found[name].to_pylist() for name in (other, "reference"))
    for row, partner, reference in zip(rows.tolist(), *columns, strict=True):
        yield _Place(group, row, partner, int(reference.partition(":")[2]))


def _ranked(places: Iterator[_Place]) -> list[_Place]:
    """First one row of each partner, then a second, …; the order of `Corpus.mined`."""
    by_partner: dict[str, list[_Place]] = defaultdict(list)
    for one in places:
        by_partner[one.partner].append(one)
    cited = Counter({key: len({one.pmid for one in found}) for key, found in by_partner.items()})
    keyed = [
        (rank, -cited[partner], partner, one)
        for partner, found in by_partner.items()
        for rank, one in enumerate(sorted(found, key=lambda one: (-one.pmid, one.group, one.row)))
    ]
    return [one for *_, one in sorted(keyed)]
