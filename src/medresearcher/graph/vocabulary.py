"""The names to look for, stored: made once from a graph, loaded in a fraction of a second.

Three Parquet tables: `keys` (key, number of its entry), `entries` (distinct entries) and `nodes`
(what an entry can name, its type and what stands above it). All carry the digest of the whole, so
tables of two builds never mix, and what was mined can say with which names.
"""

import gc
import hashlib
import json
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from medresearcher.errors import InputError
from medresearcher.graph.dictionary import Ancestors, Dictionary, Entry, dictionary
from medresearcher.graph.molecules import molecule_names
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType

if TYPE_CHECKING:
    import pyarrow as pa

VOCABULARY = "vocabulary"  # the folder within a knowledge base
KEYS = "keys.parquet"
ENTRIES = "entries.parquet"
NODES = "nodes.parquet"
_DIGEST = b"medresearcher.vocabulary"
_SEPARATOR = "\t"
_NOTHING = frozenset[str]()
_TYPES = {str(kind): kind for kind in EntityType}


class Node(NamedTuple):
    """A node that can be found in texts; `above`: its classes, their classes, ….

    `above` is empty for what is in no ontology.
    """

    type: EntityType
    above: frozenset[str]


class Vocabulary:
    """What to look for, and what it names."""

    def __init__(
        self, dictionary: Dictionary, nodes: Mapping[str, tuple[EntityType, str]], digest: str
    ) -> None:
        self.dictionary = dictionary
        self.digest = digest
        self._nodes = nodes
        self._above: dict[str, frozenset[str]] = {}

    @property
    def nodes(self) -> Collection[str]:
        """Every node that can be found."""
        return self._nodes.keys()

    def type(self, node: str) -> EntityType:
        """The type of a node."""
        return self._nodes[node][0]

    def above(self, node: str) -> frozenset[str]:
        """The classes of a node, their classes, …."""
        if node not in self._above:
            self._above[node] = _split(self._nodes[node][1])
        return self._above[node]


def write_dictionary(graph: Graph, folder: Path) -> str:
    """Store the names of a graph in `folder`; return the digest of what was stored.

    A name of a disease or phenotype is never that of a gene or drug.
    """
    names = {**molecule_names(graph), **dictionary(graph)}
    classes = Ancestors(graph)
    found = {node for entry in set(names.values()) for node in entry.nodes}
    nodes = {node: Node(graph.type(node), classes.of(node)) for node in found}
    return write_vocabulary(names, nodes, folder)


def write_vocabulary(dictionary: Dictionary, nodes: Mapping[str, Node], folder: Path) -> str:
    """Store a dictionary and the nodes that it names; return the digest of both."""
    import pyarrow as pa

    keys = sorted(dictionary)
    entries = sorted(set(dictionary.values()), key=_order)
    numbers = {entry: number for number, entry in enumerate(entries)}
    rows = [(node, str(one.type), sorted(one.above)) for node, one in sorted(nodes.items())]
    digest = hashlib.sha256()
    for key in keys:
        digest.update(f"{key}\x1f{numbers[dictionary[key]]}\n".encode())
    for entry in entries:
        digest.update(json.dumps(_order(entry)).encode())
    digest.update(json.dumps(rows).encode())
    tables = {
        KEYS: pa.table(
            {
                "key": pa.array(keys, pa.string()),
                "entry": pa.array([numbers[dictionary[key]] for key in keys], pa.int32()),
            }
        ),
        ENTRIES: _entry_table(entries),
        NODES: pa.table(
            {
                "node": pa.array([node for node, _, _ in rows], pa.string()),
                "type": pa.array([kind for _, kind, _ in rows], pa.string()),
                "above": pa.array([_SEPARATOR.join(above) for _, _, above in rows], pa.string()),
            }
        ),
    }
    return _write(tables, digest.hexdigest()[:16], folder)


def _order(entry: Entry) -> tuple[object, ...]:
    return entry.nodes, str(entry.type), sorted(entry.forms), entry.vague


def _entry_table(entries: Collection[Entry]) -> "pa.Table":
    import pyarrow as pa

    return pa.table(
        {
            "nodes": pa.array([_SEPARATOR.join(one.nodes) for one in entries], pa.string()),
            "type": pa.array([str(one.type) for one in entries], pa.string()),
            "forms": pa.array([_SEPARATOR.join(sorted(one.forms)) for one in entries], pa.string()),
            "vague": pa.array([one.vague for one in entries], pa.bool_()),
        }
    )


def _write(tables: "Mapping[str, pa.Table]", digest: str, folder: Path) -> str:
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        signed = table.replace_schema_metadata({_DIGEST: digest.encode()})
        pq.write_table(signed, folder / name, compression="zstd")
    return digest


def load_dictionary(folder: Path, kinds: Iterable[EntityType] | None = None) -> Dictionary:
    """The stored dictionary, or its entries of some types; `InputError` if it is not there."""
    keys, entries, _, _ = _tables(folder)
    found = _named(keys, entries)
    if kinds is None:
        return found
    wanted = frozenset(kinds)
    return {key: entry for key, entry in found.items() if entry.type in wanted}


def load_vocabulary(folder: Path) -> Vocabulary:
    """All that is stored; `InputError` if it is not there or not of one build."""
    keys, entries, nodes, digest = _tables(folder)
    named, kinds, above = (nodes[name].to_pylist() for name in ("node", "type", "above"))
    found = zip(map(_TYPES.__getitem__, kinds), above, strict=True)
    return Vocabulary(_named(keys, entries), dict(zip(named, found, strict=True)), digest)


def nodes_of(folder: Path) -> list[str]:
    """Every node that the stored names can find, sorted, without loading the names."""
    import pyarrow.parquet as pq

    _check(folder)
    return pq.read_table(folder / NODES, columns=["node"])["node"].to_pylist()


def vocabulary_digest(folder: Path) -> str:
    """The digest of the vocabulary in `folder`, without loading it."""
    import pyarrow.parquet as pq

    path = folder / NODES
    _check(folder)
    return (pq.read_schema(path).metadata or {}).get(_DIGEST, b"").decode()


def _tables(folder: Path) -> "tuple[pa.Table, pa.Table, pa.Table, str]":
    import pyarrow as pa
    import pyarrow.parquet as pq

    _check(folder)
    try:
        keys, entries, nodes = (pq.read_table(folder / n) for n in (KEYS, ENTRIES, NODES))
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            f"{folder}: the stored names are damaged ({error}); run `medresearcher build` again"
        ) from error
    digests = {(one.schema.metadata or {}).get(_DIGEST, b"") for one in (keys, entries, nodes)}
    if len(digests) > 1 or not all(digests):
        raise InputError(
            f"{folder}: the stored names are not of one build; run `medresearcher build` again"
        )
    return keys, entries, nodes, digests.pop().decode()


def _check(folder: Path) -> None:
    if not all((folder / name).exists() for name in (KEYS, ENTRIES, NODES)):
        raise InputError(f"{folder}: no stored names here; run `medresearcher build`")


def _named(keys: "pa.Table", entries: "pa.Table") -> Dictionary:
    with _no_collection():
        return _decoded(keys, entries)


@contextmanager
def _no_collection() -> Generator[None]:
    """No search for garbage while so many objects are made: it takes as long as making them."""
    active = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if active:
            gc.enable()


def _decoded(keys: "pa.Table", entries: "pa.Table") -> Dictionary:
    columns = (entries[name].to_pylist() for name in ("nodes", "type", "forms", "vague"))
    found = [
        Entry(tuple(nodes.split(_SEPARATOR)), _TYPES[kind], _split(forms), vague)
        for nodes, kind, forms, vague in zip(*columns, strict=True)
    ]
    numbers = keys["entry"].to_numpy().tolist()
    return dict(zip(keys["key"].to_pylist(), map(found.__getitem__, numbers), strict=True))


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split(_SEPARATOR)) if text else _NOTHING
