"""A second solver: a certificate's query as one SQL statement over the graph's two tables.

It is written from the records of the question alone and shares no code with ours.
"""

from pathlib import Path

import duckdb

from medresearcher.records.question import Query

_TABLES = """
CREATE TABLE node AS SELECT id, type FROM read_parquet('{folder}/entities.parquet');
CREATE TABLE edge AS SELECT DISTINCT subject::VARCHAR s, predicate::VARCHAR p, object::VARCHAR o
FROM read_parquet('{folder}/statements.parquet') WHERE NOT negated;
"""


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory database with the nodes and asserted edges of the graph in `folder`."""
    database = duckdb.connect()
    database.execute(_TABLES.format(folder=folder))
    database.execute("SET disabled_optimizers = 'join_order'")  # the chain is the best order
    return database


def answers(database: duckdb.DuckDBPyConnection, query: Query) -> set[str]:
    """Every node that answers the query."""
    return {row[0] for row in database.execute(sql(query)).fetchall()}


def sql(query: Query) -> str:
    """One table per variable with its own conditions; then the joins, from the first variable."""
    joins = [atom for atom in query.atoms if atom.object in query.variables]
    conditions = [atom for atom in query.atoms if atom.object not in query.variables]
    views = [
        f"below_{place}(id) AS (SELECT '{atom.object}' UNION SELECT s FROM edge "
        f"JOIN below_{place} ON o = id WHERE p = 'subclass_of' AND {str(atom.closure).lower()})"
        for place, atom in enumerate(conditions)
    ]
    for name, kind in query.variables.items():
        own = "".join(
            f" AND id IN (SELECT s FROM edge JOIN below_{place} b ON o = b.id WHERE p = "
            f"'{atom.predicate}')"
            for place, atom in enumerate(conditions)
            if atom.subject == name
        )
        views.append(f"of_{name} AS MATERIALIZED (SELECT id FROM node WHERE type = '{kind}'{own})")
    first = next(iter(query.variables))
    tables = [f"of_{first} {first}"]
    bound = {first}
    for place, atom in enumerate(joins):
        known, new = sorted((atom.subject, atom.object), key=lambda one: one not in bound)
        ends = {atom.subject: f"e{place}.s", atom.object: f"e{place}.o"}
        tables.append(
            f"JOIN edge e{place} ON e{place}.p = '{atom.predicate}' AND {ends[known]} = {known}.id"
        )
        tables.append(f"JOIN of_{new} {new} ON {new}.id = {ends[new]}")
        tables.extend(
            f"AND {new}.id <> {old}.id"
            for old in sorted(bound)
            if query.variables[old] is query.variables[new]
        )
        bound.add(new)
    assert bound == set(query.variables), "the joins must connect all variables in their order"
    return (
        f"WITH RECURSIVE {', '.join(views)} "
        f"SELECT DISTINCT {query.answer}.id FROM {' '.join(tables)}"
    )
