"""The graph in memory: entities by id, edges as compressed sparse rows, statements on demand.

An edge is asserted if at least one statement says so; explicit absences are kept apart. All
answers are sorted by id, so nothing depends on hashing or on the order of the input.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from medresearcher.graph.tables import (
    StatementRows,
    Tables,
    entity_from,
    match_from,
    prevalence_from,
    read_tables,
    write_tables,
)
from medresearcher.records.knowledge import (
    Entity,
    EntityType,
    Mapping,
    Predicate,
    Prevalence,
    Statement,
)

if TYPE_CHECKING:
    import pyarrow as pa
    import rustworkx as rx

Codes = NDArray[np.int64]
_PREDICATES = tuple(sorted(Predicate))


class Adjacency:
    """Neighbours of one predicate in one direction: sorted codes per node."""

    def __init__(self, source: Codes, target: Codes, size: int) -> None:
        pairs = np.unique(source * size + target)
        self._targets = pairs % size
        self._starts = np.searchsorted(pairs // size, np.arange(size + 1))

    def __len__(self) -> int:
        return len(self._targets)

    @cached_property
    def degrees(self) -> Codes:
        """The number of neighbours of each node."""
        return np.diff(self._starts)

    def of(self, code: int) -> Codes:
        """The neighbours of `code`, sorted."""
        return self._targets[self._starts[code] : self._starts[code + 1]]

    def of_all(self, codes: Codes) -> Codes:
        """The neighbours of any of `codes`, with repeats."""
        starts = self._starts[codes]
        counts = self._starts[codes + 1] - starts
        shifts = np.repeat(starts - np.cumsum(counts) + counts, counts)
        return self._targets[shifts + np.arange(len(shifts))]


class Graph:
    """A loaded graph. Nodes are CURIEs outside, and their rank in the sorted ids (codes) inside."""

    def __init__(self, tables: Tables, folder: Path) -> None:
        self.folder = folder
        entities, statements, self._prevalences, self._matches, self.digest = tables
        self._entities = entities
        self._statements = statements
        self._ids: list[str] = entities["id"].to_pylist()
        self._codes = {curie: code for code, curie in enumerate(self._ids)}
        self._types: list[str] = entities["type"].to_pylist()
        size = len(self._ids)
        subject = _encode(statements["subject"], self._codes)
        obj = _encode(statements["object"], self._codes)
        numbers = {str(name): number for number, name in enumerate(_PREDICATES)}
        predicate = _encode(statements["predicate"], numbers)
        negated = statements["negated"].to_numpy()
        self._keys = (predicate * size + subject) * size + obj
        self._forward: dict[Predicate, Adjacency] = {}
        self._backward: dict[Predicate, Adjacency] = {}
        self._absent: dict[Predicate, Adjacency] = {}
        self._absent_in: dict[Predicate, Adjacency] = {}
        for number, name in enumerate(_PREDICATES):
            said = (predicate == number) & ~negated
            self._forward[name] = Adjacency(subject[said], obj[said], size)
            self._backward[name] = Adjacency(obj[said], subject[said], size)
            denied = (predicate == number) & negated
            self._absent[name] = Adjacency(subject[denied], obj[denied], size)
            self._absent_in[name] = Adjacency(obj[denied], subject[denied], size)
        self._below: dict[int, frozenset[int]] = {}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the graph in `folder`; `InputError` if there is none or it is damaged."""
        return cls(read_tables(folder), folder)

    @classmethod
    def build(
        cls,
        folder: Path,
        entities: Iterable[Entity],
        statements: Iterable[Statement],
        prevalences: Iterable[Prevalence] = (),
        matches: Iterable[Mapping] = (),
    ) -> Self:
        """Write the tables to `folder`, then load them."""
        write_tables(folder, entities, statements, prevalences, matches)
        return cls.load(folder)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, curie: str) -> bool:
        return curie in self._codes

    def ids(self, kind: EntityType) -> list[str]:
        """All node ids of one type, sorted."""
        return [curie for curie, one in zip(self._ids, self._types, strict=True) if one == kind]

    def entity(self, curie: str) -> Entity:
        """The entity with this node id; `KeyError` if there is none."""
        return entity_from(self._entities.slice(self._codes[curie], 1).to_pylist()[0])

    def name(self, curie: str) -> str:
        """The name of a node; `KeyError` if there is none."""
        return self._names[self._codes[curie]]

    def type(self, curie: str) -> EntityType:
        """The type of a node; `KeyError` if there is none."""
        return EntityType(self._types[self._codes[curie]])

    def canonical(self, curie: str) -> str | None:
        """The node id for any CURIE that stands for exactly one node, else `None`."""
        if curie in self._codes:
            return curie
        found = self._equivalents.get(curie.casefold(), ())
        return found[0] if len(found) == 1 else None

    def resolve(self, text: str) -> list[str]:
        """Node ids for a CURIE or an exact name (any case); aliases count if no name fits."""
        text = text.strip()
        if text in self._codes:
            return [text]
        key = text.casefold()
        by_id, by_name, by_alias = self._equivalents, self._by_name, self._by_alias
        return by_id.get(key) or by_name.get(key) or by_alias.get(key) or []

    def holders(self, name: str) -> set[str]:
        """Every node that has this name or alias (any case)."""
        key = name.casefold()
        return {*self._by_name.get(key, ()), *self._by_alias.get(key, ())}

    def nearest(self, text: str, limit: int = 5) -> list[str]:
        """Ids of the nodes whose names are most similar to `text`, best first."""
        from rapidfuzz import fuzz, process

        names = [name.casefold() for name in self._names]
        found = process.extract(text.casefold(), names, scorer=fuzz.WRatio, limit=limit)
        return [self._ids[code] for _, _, code in found]

    def objects(self, subject: str, predicate: Predicate) -> list[str]:
        """Objects of asserted edges from `subject`, sorted."""
        return self._named(self._forward[predicate].of(self._codes[subject]))

    def subjects(self, obj: str, predicate: Predicate) -> list[str]:
        """Subjects of asserted edges to `obj`, sorted."""
        return self._named(self._backward[predicate].of(self._codes[obj]))

    def negated(self, subject: str, predicate: Predicate) -> list[str]:
        """Objects that some source states to be absent in `subject`, sorted."""
        return self._named(self._absent[predicate].of(self._codes[subject]))

    def negated_in(self, obj: str, predicate: Predicate) -> list[str]:
        """Subjects in which some source states `obj` to be absent, sorted."""
        return self._named(self._absent_in[predicate].of(self._codes[obj]))

    def statements(self, subject: str, predicate: Predicate, obj: str) -> list[Statement]:
        """Every source row about one edge, explicit absences included."""
        key = self._key(subject, predicate) + self._codes[obj]
        return self._between(key, key + 1)

    def statements_of(self, subject: str, predicate: Predicate) -> list[Statement]:
        """Every source row about the edges from `subject`, in order of the object."""
        key = self._key(subject, predicate)
        return self._between(key, key + len(self._ids))

    def _key(self, subject: str, predicate: Predicate) -> int:
        size = len(self._ids)
        return (_PREDICATES.index(predicate) * size + self._codes[subject]) * size

    def _between(self, first: int, after: int) -> list[Statement]:
        start, end = np.searchsorted(self._keys, [first, after])
        return self._rows.between(int(start), int(end))

    def matches(self, node: str) -> list[Mapping]:
        """What a node matches without being it: narrower, broader, or differently judged things.

        `kind` says how the object relates to `node`, as a source states it from either side.
        """
        return self._by_match.get(node, [])

    def prevalences(self, disease: str) -> list[Prevalence]:
        """Every source row on how frequent a disease is."""
        return self._by_disease.get(disease, [])

    def edge_count(self, predicate: Predicate) -> int:
        """How many edges of one predicate are asserted."""
        return len(self._forward[predicate])

    def statement_counts(self) -> Counter[str]:
        """How many statements each source makes."""
        counts = self._statements["source"].value_counts().to_pylist()
        return Counter({row["values"]: row["counts"] for row in counts})

    # Codes: what the query engine works with.

    def code(self, curie: str) -> int:
        """The code of a node id; `KeyError` if there is none."""
        return self._codes[curie]

    def curie(self, code: int) -> str:
        """The node id of a code."""
        return self._ids[code]

    def neighbours(self, code: int, predicate: Predicate, *, forward: bool) -> list[int]:
        """Codes next to `code` along `predicate`, sorted."""
        table = self._forward if forward else self._backward
        return table[predicate].of(code).tolist()

    def reached(
        self, codes: Collection[int], predicate: Predicate, *, forward: bool
    ) -> frozenset[int]:
        """Codes next to any of `codes` along `predicate`."""
        table = self._forward if forward else self._backward
        found = table[predicate].of_all(np.fromiter(codes, np.int64, len(codes)))
        return frozenset(found.tolist())

    def lacking(self, objects: Collection[int], predicate: Predicate) -> frozenset[int]:
        """Codes of the nodes of which some source states that they lack one of `objects`."""
        found = self._absent_in[predicate].of_all(np.fromiter(objects, np.int64, len(objects)))
        return frozenset(found.tolist())

    def degrees(self, predicate: Predicate, *, forward: bool) -> Codes:
        """For each node the number of its asserted edges of `predicate`."""
        return (self._forward if forward else self._backward)[predicate].degrees

    def frequencies(self) -> Iterator[tuple[Predicate, int, int, str]]:
        """Yield (predicate, subject, object, frequency) of every asserted row with a frequency."""
        rows = self._statements.select(["frequency", "negated"])
        written = zip(rows["frequency"].to_pylist(), rows["negated"].to_pylist(), strict=True)
        size = len(self)
        for key, (frequency, negated) in zip(self._keys.tolist(), written, strict=True):
            if frequency and not negated:
                predicate, pair = divmod(key, size * size)
                subject, obj = divmod(pair, size)
                yield _PREDICATES[predicate], subject, obj, frequency

    def above(self, code: int) -> frozenset[int]:
        """The node and everything above it in its ontology."""
        import rustworkx as rx

        return frozenset(rx.ancestors(self._hierarchy, code)) | {code}

    def below(self, code: int) -> frozenset[int]:
        """The node and everything below it in its ontology."""
        if code not in self._below:
            import rustworkx as rx

            self._below[code] = frozenset(rx.descendants(self._hierarchy, code)) | {code}
        return self._below[code]

    def cycle(self) -> list[str]:
        """Node ids of one circle in the ontologies; empty if there is none, as there should."""
        import rustworkx as rx

        edges = rx.digraph_find_cycle(self._hierarchy)
        return [self._ids[parent] for parent, _ in edges]

    def codes_of(self, kind: EntityType) -> frozenset[int]:
        """The codes of all nodes of one type."""
        return self._by_type[kind]

    @cached_property
    def _by_type(self) -> dict[EntityType, frozenset[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for code, kind in enumerate(self._types):
            found[kind].add(code)
        return {kind: frozenset(found.get(kind, ())) for kind in EntityType}

    @cached_property
    def _hierarchy(self) -> "rx.PyDiGraph[int, None]":
        import rustworkx as rx

        tree: rx.PyDiGraph[int, None] = rx.PyDiGraph()
        tree.add_nodes_from(range(len(self._ids)))
        lower = self._forward[Predicate.SUBCLASS_OF]
        edges = [(parent, child) for child in range(len(self)) for parent in lower.of(child)]
        tree.add_edges_from_no_data([(int(parent), child) for parent, child in edges])
        return tree

    @cached_property
    def _rows(self) -> StatementRows:
        return StatementRows(self._statements)

    @cached_property
    def _by_disease(self) -> dict[str, list[Prevalence]]:
        found: dict[str, list[Prevalence]] = defaultdict(list)
        for row in self._prevalences.to_pylist():
            found[row["subject"]].append(prevalence_from(row))
        return dict(found)

    @cached_property
    def _by_match(self) -> dict[str, list[Mapping]]:
        found: dict[str, list[Mapping]] = defaultdict(list)
        for row in self._matches.to_pylist():
            one = match_from(row)
            found[one.subject].append(one)
            if one.object in self._codes:
                found[one.object].append(
                    Mapping(one.object, one.subject, one.kind.reverse, one.source)
                )
        return {node: sorted(some) for node, some in found.items()}

    @cached_property
    def _names(self) -> list[str]:
        return self._entities["name"].to_pylist()

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return _index((name, curie) for name, curie in zip(self._names, self._ids, strict=True))

    @cached_property
    def _by_alias(self) -> dict[str, list[str]]:
        return _index(self._listed("aliases"))

    @cached_property
    def _equivalents(self) -> dict[str, list[str]]:
        return _index(self._listed("equivalents"))

    def _listed(self, column: str) -> Iterable[tuple[str, str]]:
        for curie, values in zip(self._ids, self._entities[column].to_pylist(), strict=True):
            for value in values:
                yield value, curie

    def _named(self, codes: Codes) -> list[str]:
        return [self._ids[code] for code in codes]


def _index(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for key, curie in pairs:
        if curie not in found[key.casefold()]:
            found[key.casefold()].append(curie)
    return dict(found)


def _encode(column: "pa.ChunkedArray", codes: dict[str, int]) -> Codes:
    """The code of each value of a dictionary-encoded text column."""
    packed = column.combine_chunks().dictionary_encode()
    values = np.array([codes[text] for text in packed.dictionary.to_pylist()], np.int64)
    return values[packed.indices.to_numpy()]
