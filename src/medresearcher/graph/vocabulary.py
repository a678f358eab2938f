"""The names to look for, stored: made once from a graph, loaded in a fraction of a second.

Three Parquet tables: `keys` (key, number of its entry), `entries` (distinct entries) and `nodes`
(what an entry can name, its type and what stands above it). All carry the digest of the whole, so
tables of two builds never mix, and what was mined can say with which names.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from medresearcher.errors import InputError
from medresearcher.graph.dictionary import Ancestors, Dictionary, Entry, dictionary
from medresearcher.graph.molecules import molecule_names
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType

if TYPE_CHECKING:
    import pyarrow as pa

KEYS = "keys.parquet"
ENTRIES = "entries.parquet"
NODES = "nodes.parquet"
_DIGEST = b"medresearcher.vocabulary"
_TYPES = {str(kind): kind for kind in EntityType}


class Node(NamedTuple):
    """A node that can be found in texts; `above`: its classes, their classes, ….

    `above` is empty for what is in no ontology.
    """

    type: EntityType
    above: frozenset[str]


@dataclass(frozen=True)
class Vocabulary:
    """What to look for, and what it names."""

    dictionary: Dictionary
    nodes: Mapping[str, Node]
    digest: str


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
                "above": pa.array([above for _, _, above in rows], pa.list_(pa.string())),
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
            "nodes": pa.array([list(one.nodes) for one in entries], pa.list_(pa.string())),
            "type": pa.array([str(one.type) for one in entries], pa.string()),
            "forms": pa.array([sorted(one.forms) for one in entries], pa.list_(pa.string())),
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
    found = _entries(entries)
    if kinds is not None:
        wanted = frozenset(kinds)
        return {key: found[number] for key, number in _pairs(keys) if found[number].type in wanted}
    return {key: found[number] for key, number in _pairs(keys)}


def load_vocabulary(folder: Path) -> Vocabulary:
    """Dictionary and classes; `InputError` if they are not there or not of one build."""
    keys, entries, nodes, digest = _tables(folder)
    found = _entries(entries)
    columns = (nodes[name].to_pylist() for name in ("node", "type", "above"))
    named = {
        node: Node(_TYPES[kind], frozenset(above))
        for node, kind, above in zip(*columns, strict=True)
    }
    return Vocabulary({key: found[number] for key, number in _pairs(keys)}, named, digest)


def vocabulary_digest(folder: Path) -> str:
    """The digest of the vocabulary in `folder`, read from its smallest table."""
    import pyarrow.parquet as pq

    path = folder / NODES
    if not path.exists():
        raise _missing(folder)
    return (pq.read_schema(path).metadata or {}).get(_DIGEST, b"").decode()


def _tables(folder: Path) -> "tuple[pa.Table, pa.Table, pa.Table, str]":
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not all((folder / name).exists() for name in (KEYS, ENTRIES, NODES)):
        raise _missing(folder)
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


def _missing(folder: Path) -> InputError:
    return InputError(f"{folder}: no stored names here; run `medresearcher build`")


def _pairs(keys: "pa.Table") -> "zip[tuple[str, int]]":
    return zip(keys["key"].to_pylist(), keys["entry"].to_pylist(), strict=True)


def _entries(table: "pa.Table") -> list[Entry]:
    columns = (table[name].to_pylist() for name in ("nodes", "type", "forms", "vague"))
    nothing = frozenset[str]()
    return [
        Entry(tuple(nodes), _TYPES[kind], frozenset(forms) if forms else nothing, vague)
        for nodes, kind, forms, vague in zip(*columns, strict=True)
    ]
