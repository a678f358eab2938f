"""What the auditor knows: the tables of a graph as plain dictionaries of sets.

Read from the Parquet tables alone, apart from the code that made the questions, so that an error
there is not repeated here. Nodes are CURIEs. An edge is asserted if any of its rows is not
negated, and denied if any row is.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from medresearcher.graph.tables import Tables, read_tables
from medresearcher.graph.translations import read_translations
from medresearcher.records.knowledge import EntityType, Predicate

if TYPE_CHECKING:
    from numpy.typing import NDArray

Domain = set[str] | frozenset[str]
Neighbours = dict[str, set[str]]

_CACHED = 8_192
_COUNTED = re.compile(r"(\d+)/(\d+)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")


class Node(NamedTuple):
    """A row of the entities table."""

    type: EntityType
    name: str
    aliases: tuple[str, ...]
    equivalents: tuple[str, ...]


class Row(NamedTuple):
    """What names a row of a source; empty strings as the table has them."""

    source: str
    record: str
    row: int
    reference: str
    frequency: str


class Edge(NamedTuple):
    """A subject, a predicate and an object."""

    subject: str
    predicate: Predicate
    object: str


@lru_cache(_CACHED)
def counted(frequency: str) -> tuple[int, int] | None:
    """(patients with the sign, patients examined) of `n/m`; `None` for any other wording."""
    match = _COUNTED.fullmatch(frequency)
    return (int(match[1]), int(match[2])) if match and int(match[2]) else None


@lru_cache(_CACHED)
def share(frequency: str) -> float | None:
    """The share that `n/m` or `p%` states, to the nearest double; `None` for other wordings."""
    numbers = counted(frequency)
    if numbers:
        return numbers[0] / numbers[1]
    percent = _PERCENT.fullmatch(frequency)
    return float(Fraction(percent[1]) / 100) if percent else None


@dataclass(frozen=True, slots=True)
class Names:
    """Which nodes hold a name or alias, whatever its case."""

    holders: Mapping[str, frozenset[str]]

    def of(self, name: str) -> frozenset[str]:
        """The nodes that hold `name`."""
        return self.holders.get(name.casefold(), frozenset())


class Facts:
    """The nodes, edges and rows of one graph.

    `out` and `into` give the asserted neighbours of a node by predicate, `denied` the subjects of
    negated rows by predicate and object. By predicate and object too, `shares` has the subjects and
    shares of rows that state one, and `largest` the row `n/m` of each subject that counted most.
    `translated` are the names of nodes in other languages.
    """

    def __init__(
        self, tables: Tables, translated: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self.digest = tables.digest
        self.translated = translated or {}
        self.nodes = dict(_nodes(tables.entities))
        self.of_type: dict[EntityType, set[str]] = defaultdict(set)
        for curie, node in self.nodes.items():
            self.of_type[node.type].add(curie)
        self._read(_Rows(tables.statements))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The facts of the graph in `folder`; `InputError` when it is missing or broken."""
        names = read_translations(folder, "zh").items()
        return cls(read_tables(folder), {node: (name,) for node, name in names})

    def _read(self, rows: "_Rows") -> None:
        self._rows = rows
        self.out: dict[Predicate, Neighbours] = {one: {} for one in Predicate}
        self.into: dict[Predicate, Neighbours] = {one: {} for one in Predicate}
        self.denied: dict[Predicate, Neighbours] = {one: {} for one in Predicate}
        self.shares: dict[tuple[Predicate, str], list[tuple[str, float]]] = defaultdict(list)
        for edge, asserted, denied in rows.edges():
            subject, predicate, obj = edge
            if asserted:
                self.out[predicate].setdefault(subject, set()).add(obj)
                self.into[predicate].setdefault(obj, set()).add(subject)
            if denied:
                self.denied[predicate].setdefault(obj, set()).add(subject)
        self.largest: dict[tuple[Predicate, str], dict[str, tuple[int, int]]] = defaultdict(dict)
        for edge, frequency in rows.stated():
            self._state(edge, frequency)

    def _state(self, edge: Edge, frequency: str) -> None:
        place = (edge.predicate, edge.object)
        value, numbers = share(frequency), counted(frequency)
        if value is not None:
            self.shares[place].append((edge.subject, value))
        if numbers is not None:
            before = self.largest[place].get(edge.subject, numbers)
            self.largest[place][edge.subject] = max(before, numbers, key=lambda one: one[::-1])

    def asserts(self, edge: Edge) -> bool:
        """Whether some row states the edge."""
        return edge.object in self.out[edge.predicate].get(edge.subject, ())

    def neighbours(self, node: str, predicate: Predicate, *, forward: bool) -> set[str]:
        """The objects (`forward`) or subjects that asserted edges join to `node`."""
        return (self.out if forward else self.into)[predicate].get(node, set())

    def rows(self, edge: Edge, *, negated: bool = False) -> list[Row]:
        """The rows that state the edge, or those that state its absence."""
        return self._rows.of(edge, negated=negated)

    @cached_property
    def row_keys(self) -> frozenset[tuple[str, str, int]]:
        """Source, record and line of every row."""
        return self._rows.keys()

    @cached_property
    def names(self) -> Names:
        """Every name and alias."""
        holders: dict[str, set[str]] = defaultdict(set)
        for curie, node in self.nodes.items():
            for name in (node.name, *node.aliases):
                holders[name.casefold()].add(curie)
        return Names({name: frozenset(nodes) for name, nodes in holders.items()})


def _nodes(table: Any) -> Iterator[tuple[str, Node]]:
    names = ("id", "type", "name", "aliases", "equivalents")
    kinds = {one.value: one for one in EntityType}
    columns = (table[name].to_pylist() for name in names)
    for curie, kind, name, aliases, equivalents in zip(*columns, strict=True):
        yield curie, Node(kinds[kind], name, tuple(aliases), tuple(equivalents))


class _Rows:
    """The statements table as codes, sorted by edge, so that the rows of an edge lie together."""

    def __init__(self, table: Any) -> None:
        import numpy as np

        texts = ("subject", "predicate", "object", "source", "record", "reference", "frequency")
        self._codes: dict[str, NDArray[np.int64]] = {}
        self._values: dict[str, list[str]] = {}
        for name in texts:
            packed = table[name].combine_chunks().dictionary_encode()
            self._codes[name] = packed.indices.to_numpy().astype(np.int64)
            self._values[name] = packed.dictionary.to_pylist()
        self._line = table["row"].to_numpy()
        self._negated = table["negated"].to_numpy()
        self._places = {
            name: {value: code for code, value in enumerate(self._values[name])}
            for name in texts[:3]
        }
        keys = self._key(*(self._codes[name] for name in texts[:3]))
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    def _key(self, subject: Any, predicate: Any, obj: Any) -> Any:
        subjects, objects = len(self._values["subject"]), len(self._values["object"])
        return (predicate * subjects + subject) * objects + obj

    def _edge(self, place: int) -> Edge:
        subject, predicate, obj = (
            self._values[name][self._codes[name][place]]
            for name in ("subject", "predicate", "object")
        )
        return Edge(subject, Predicate(predicate), obj)

    def edges(self) -> Iterator[tuple[Edge, bool, bool]]:
        """Each edge, whether a row asserts it, and whether a row denies it."""
        import numpy as np

        if not len(self._keys):
            return
        starts = np.flatnonzero(np.diff(self._keys, prepend=-1))
        negated = self._negated[self._order]
        denied = np.logical_or.reduceat(negated, starts).tolist()
        asserted = np.logical_or.reduceat(~negated, starts).tolist()
        first = self._order[starts]
        predicates = [Predicate(one) for one in self._values["predicate"]]
        names = zip(
            (self._values["subject"][code] for code in self._codes["subject"][first].tolist()),
            (predicates[code] for code in self._codes["predicate"][first].tolist()),
            (self._values["object"][code] for code in self._codes["object"][first].tolist()),
            strict=True,
        )
        yield from zip(map(Edge._make, names), asserted, denied, strict=True)

    def stated(self) -> Iterator[tuple[Edge, str]]:
        """The edge and frequency of each row that states a share and is not negated."""
        import numpy as np

        texts = self._values["frequency"]
        known = np.array([share(text) is not None for text in texts], bool)
        for place in np.flatnonzero(known[self._codes["frequency"]] & ~self._negated).tolist():
            yield self._edge(place), texts[self._codes["frequency"][place]]

    def of(self, edge: Edge, *, negated: bool) -> list[Row]:
        """The rows of an edge; none for an edge that is not there."""
        codes = [
            self._places[name].get(value)
            for name, value in zip(("subject", "predicate", "object"), edge, strict=True)
        ]
        if None in codes:
            return []
        key = self._key(*codes)
        start, end = self._keys.searchsorted([key, key + 1])
        places = self._order[start:end].tolist()
        return [self._row(place) for place in places if bool(self._negated[place]) is negated]

    def _row(self, place: int) -> Row:
        source, record, reference, frequency = (
            self._values[name][self._codes[name][place]]
            for name in ("source", "record", "reference", "frequency")
        )
        return Row(source, record, int(self._line[place]), reference, frequency)

    def keys(self) -> frozenset[tuple[str, str, int]]:
        """Source, record and line of every row."""
        sources, records = (
            [self._values[name][code] for code in self._codes[name].tolist()]
            for name in ("source", "record")
        )
        return frozenset(zip(sources, records, self._line.tolist(), strict=True))
