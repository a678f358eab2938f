"""A second solver: a certificate's query as one SQL statement over the graph's two tables.

It is written from the records of the question alone and shares no code with ours.
"""

from pathlib import Path

import duckdb

from medresearcher.records.question import Atom, Query

_TABLES = """
CREATE TABLE node AS SELECT id, type FROM read_parquet('{folder}/entities.parquet');
CREATE TABLE edge AS SELECT DISTINCT subject::VARCHAR s, predicate::VARCHAR p, object::VARCHAR o
FROM read_parquet('{folder}/statements.parquet') WHERE NOT negated;
"""


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory database with the nodes and asserted edges of the graph in `folder`."""
    database = duckdb.connect()
    database.execute(_TABLES.format(folder=folder))
    return database


def answers(database: duckdb.DuckDBPyConnection, query: Query) -> set[str]:
    """Every node that answers the query."""
    return {row[0] for row in database.execute(sql(query)).fetchall()}


def sql(query: Query) -> str:
    """The query, with one table per variable and one condition per atom."""
    closures: list[str] = []
    conditions = [f"{name}.type = '{kind}'" for name, kind in query.variables.items()]
    conditions += [_condition(query, atom, closures) for atom in query.atoms]
    names = sorted(query.variables)
    conditions += [
        f"{one}.id <> {other}.id"
        for place, one in enumerate(names)
        for other in names[place + 1 :]
        if query.variables[one] is query.variables[other]
    ]
    lead = f"WITH RECURSIVE {', '.join(closures)}" if closures else ""
    tables = ", ".join(f"node {name}" for name in names)
    where = " AND ".join(conditions)
    return f"{lead} SELECT DISTINCT {query.answer}.id FROM {tables} WHERE {where}"


def _condition(query: Query, atom: Atom, closures: list[str]) -> str:
    if atom.object in query.variables:
        pairs = f"SELECT s, o FROM edge WHERE p = '{atom.predicate}'"
        return f"({atom.subject}.id, {atom.object}.id) IN ({pairs})"
    objects = f"'{atom.object}'"
    if atom.closure:
        name = f"below_{len(closures)}"
        lower = f"SELECT s FROM edge JOIN {name} ON o = id WHERE p = 'subclass_of'"
        closures.append(f"{name}(id) AS (SELECT '{atom.object}' UNION {lower})")
        objects = f"SELECT id FROM {name}"
    found = f"SELECT s FROM edge WHERE p = '{atom.predicate}' AND o IN ({objects})"
    return f"{atom.subject}.id IN ({found})"
