"""The graph on disk: four Parquet tables and their digest, written once, read by anyone.

`entities.parquet` is sorted by id, `statements.parquet` by predicate, subject and object,
`prevalences.parquet` and `matches.parquet` by node, so equal sources give equal tables. The digest
is taken over the rows, not over the file bytes.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from medresearcher.errors import InputError
from medresearcher.records.knowledge import (
    Entity,
    EntityType,
    Mapping,
    MatchKind,
    Predicate,
    Prevalence,
    Statement,
)

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

ENTITIES = "entities.parquet"
STATEMENTS = "statements.parquet"
PREVALENCES = "prevalences.parquet"
MATCHES = "matches.parquet"
_DIGEST = b"medresearcher.digest"


class Tables(NamedTuple):
    """The tables of one graph, and the digest of their content."""

    entities: "pa.Table"
    statements: "pa.Table"
    prevalences: "pa.Table"
    matches: "pa.Table"
    digest: str


def write_tables(
    folder: Path,
    entities: Iterable[Entity],
    statements: Iterable[Statement],
    prevalences: Iterable[Prevalence] = (),
    matches: Iterable[Mapping] = (),
) -> str:
    """Write the tables; return the digest of their content.

    Statements about unknown entities must have been removed before.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    entity_rows = sorted(entities, key=lambda one: one.id)
    statement_rows = sorted(statements, key=_edge_first)
    prevalence_rows = sorted(prevalences, key=repr)
    match_rows = sorted(matches)
    digest = _digest(entity_rows, [*statement_rows, *prevalence_rows, *match_rows])
    folder.mkdir(parents=True, exist_ok=True)
    texts = ("id", "type", "name", "source", "definition")
    columns: dict[str, pa.Array] = {
        name: pa.array([str(getattr(one, name)) for one in entity_rows], pa.string())
        for name in texts
    }
    for name in ("aliases", "equivalents", "designations"):
        lists = [list(getattr(one, name)) for one in entity_rows]
        columns[name] = pa.array(lists, pa.list_(pa.string()))
    tables = {
        ENTITIES: pa.table(columns),
        STATEMENTS: _statement_table(statement_rows),
        PREVALENCES: _prevalence_table(prevalence_rows),
        MATCHES: _match_table(match_rows),
    }
    for name, table in tables.items():
        signed = table.replace_schema_metadata({_DIGEST: digest.encode()})
        pq.write_table(signed, folder / name, compression="zstd")
    return digest


def _statement_table(rows: list[Statement]) -> "pa.Table":
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else [()] * len(Statement._fields)
    types = {"row": pa.int32(), "negated": pa.bool_()}
    return pa.table(
        {
            name: pa.array(values, types[name])
            if name in types
            else pa.array(map(str, values), pa.string()).dictionary_encode()
            for name, values in zip(Statement._fields, columns, strict=True)
        }
    )


def _prevalence_table(rows: list[Prevalence]) -> "pa.Table":
    import pyarrow as pa

    types: dict[str, pa.DataType] = {
        "low": pa.float64(),
        "high": pa.float64(),
        "row": pa.int32(),
        "references": pa.list_(pa.string()),
        "validated": pa.bool_(),
    }
    schema = pa.schema([(name, types.get(name, pa.string())) for name in Prevalence._fields])
    return pa.Table.from_pylist([row._asdict() for row in rows], schema)


def _match_table(rows: list[Mapping]) -> "pa.Table":
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else [()] * len(Mapping._fields)
    return pa.table(
        {
            name: pa.array(map(str, values), pa.string())
            for name, values in zip(Mapping._fields, columns, strict=True)
        }
    )


def read_tables(folder: Path) -> Tables:
    """The tables and their digest; `InputError` when they are missing or broken."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    paths = [folder / name for name in (ENTITIES, STATEMENTS, PREVALENCES, MATCHES)]
    if not all(path.exists() for path in paths):
        raise InputError(f"{folder}: no knowledge base here; run `medresearcher build`")
    try:
        tables = [pq.read_table(path) for path in paths]
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            f"{folder}: the knowledge base is damaged ({error}); run `medresearcher build` again"
        ) from error
    digests = {(one.schema.metadata or {}).get(_DIGEST, b"") for one in tables}
    if len(digests) > 1 or not all(digests):
        raise InputError(
            f"{folder}: the tables are not of one build; run `medresearcher build` again"
        )
    return Tables(*tables, digest=digests.pop().decode())


def entity_from(row: dict[str, object]) -> Entity:
    """An `Entity` from one row of the entities table."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Entity(**{**values, "type": EntityType(str(values["type"]))})  # type: ignore[arg-type]


def prevalence_from(row: dict[str, object]) -> Prevalence:
    """A `Prevalence` from one row of the prevalences table."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Prevalence(**values)  # type: ignore[arg-type]


def match_from(row: dict[str, str]) -> Mapping:
    """A `Mapping` from one row of the matches table."""
    return Mapping(row["subject"], row["object"], MatchKind(row["kind"]), row["source"])


class StatementRows:
    """The rows of the statements table as statements, decoded when they are asked for."""

    def __init__(self, table: "pa.Table") -> None:
        self._columns = [_decoder(table[name], name) for name in Statement._fields]

    def between(self, start: int, end: int) -> list[Statement]:
        """The statements of the rows from `start` up to `end`."""
        return [
            Statement._make(values[codes[row]] for values, codes in self._columns)
            for row in range(start, end)
        ]


def _decoder(column: "pa.ChunkedArray", name: str) -> tuple[list[Any], "NDArray[np.int32]"]:
    """The distinct values of a column, and for each row which of them it holds."""
    packed = column.combine_chunks().dictionary_encode()
    values = packed.dictionary.to_pylist()
    return [Predicate(one) for one in values] if name == "predicate" else values, (
        packed.indices.to_numpy()
    )


def _edge_first(one: Statement) -> tuple[object, ...]:
    return one.predicate, one.subject, one.object, one


def _digest(entities: list[Entity], rows: "list[Statement | Prevalence | Mapping]") -> str:
    total = hashlib.sha256()
    for entity in entities:
        total.update(repr(entity).encode())
    for row in rows:
        total.update("\x1f".join(map(str, row)).encode() + b"\n")
    return total.hexdigest()[:16]
