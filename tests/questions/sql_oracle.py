"""A third solver: a certificate's query as one SQL statement over the graph's two tables.

It is written from the records of the question alone and shares no code with ours. Every solution
is a row of `solution`; a choice gives each its measure as a fraction n/m, compared by products.
"""

from pathlib import Path

import duckdb

from medresearcher.graph.onset import ONSET_RANK
from medresearcher.records.question import Atom, Choice, Count, Query

_TABLES = """
CREATE TABLE node AS SELECT id, type FROM read_parquet('{folder}/entities.parquet');
CREATE TABLE fact AS
SELECT subject::VARCHAR s, predicate::VARCHAR p, object::VARCHAR o, negated,
  regexp_extract(frequency::VARCHAR, '^(\\d+)/(\\d+)$', ['n', 'm']) c,
  regexp_extract(frequency::VARCHAR, '^(\\d+)\\.?(\\d*)%$', ['whole', 'rest']) q
FROM read_parquet('{folder}/statements.parquet');
CREATE TABLE edge AS SELECT DISTINCT s, p, o FROM fact WHERE NOT negated;
CREATE TABLE denial AS SELECT DISTINCT s, p, o FROM fact WHERE negated;
CREATE TABLE counted AS SELECT s, p, o, TRY_CAST(c.n AS BIGINT) n, TRY_CAST(c.m AS BIGINT) m
FROM fact WHERE NOT negated AND TRY_CAST(c.m AS BIGINT) > 0;
CREATE TABLE stated AS SELECT s, p, o, n::DOUBLE / m::DOUBLE v FROM counted
UNION ALL SELECT s, p, o, TRY_CAST(q.whole || q.rest AS DOUBLE) / power(10, 2 + length(q.rest))
FROM fact WHERE NOT negated AND q.whole <> '';
CREATE TABLE rank AS SELECT * FROM (VALUES {ranks}) AS ranked(id, r);
"""


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory database with the nodes and edges of the graph in `folder`."""
    database = duckdb.connect()
    ranks = ", ".join(f"('{term}', {rank})" for term, rank in ONSET_RANK.items())
    database.execute(_TABLES.format(folder=folder, ranks=ranks))
    database.execute("SET disabled_optimizers = 'join_order'")  # the chain is the best order
    return database


def answers(
    database: duckdb.DuckDBPyConnection, query: Query, without: int | None = None
) -> set[str]:
    """Every node that answers the query, or the query without one of its conditions."""
    return {row[0] for row in database.execute(sql(query, without)).fetchall()}


def solutions(database: duckdb.DuckDBPyConnection, query: Query) -> set[tuple[str, ...]]:
    """Every solution that counts: a node for each variable, in their order."""
    return set(database.execute(sql(query, None, tuple(query.variables))).fetchall())


def sql(query: Query, without: int | None = None, asked: tuple[str, ...] = ()) -> str:
    """One table per variable with its own conditions; then the joins, from the first variable.

    `asked` are the variables to give, the answer if none are named.
    """
    given = ", ".join(asked or (query.answer,))
    conditions = {place: one for place, one in enumerate(query.conditions) if place != without}
    views = [
        _reached(place, one)
        for place, one in conditions.items()
        if isinstance(one, Atom) and one.share is None
    ]
    for name, kind in query.variables.items():
        own = "".join(
            f" AND {_holds(place, one)}"
            for place, one in conditions.items()
            if one.subject == name and not isinstance(one, Choice)
        )
        views.append(f"of_{name} AS MATERIALIZED (SELECT id FROM node WHERE type = '{kind}'{own})")
    columns = ", ".join(f"{name}.id {name}" for name in query.variables)
    views.append(f"solution AS (SELECT DISTINCT {columns} FROM {_joined(query)})")
    start = f"WITH RECURSIVE {', '.join(views)}"
    choice = next((one for one in conditions.values() if isinstance(one, Choice)), None)
    if choice is None:
        return f"{start} SELECT DISTINCT {given} FROM solution"
    better = "<" if choice.extreme == "least" else ">"
    return (
        f"{start}, measured AS MATERIALIZED ({_measured(choice)}), "
        "value AS MATERIALIZED (SELECT DISTINCT n, m FROM measured) "
        f"SELECT DISTINCT {given} FROM measured one WHERE NOT EXISTS "
        f"(SELECT 1 FROM value other WHERE other.n * one.m {better} one.n * other.m)"
    )


def _reached(place: int, atom: Atom) -> str:
    """The objects that an atom accepts: what is below its own, or above it if it is negated."""
    near, far = ("o", "s") if not atom.negated else ("s", "o")
    return (
        f"reach_{place}(id) AS (SELECT '{atom.object}' UNION SELECT {far} FROM edge "
        f"JOIN reach_{place} ON {near} = id "
        f"WHERE p = 'subclass_of' AND {str(atom.closure).lower()})"
    )


def _holds(place: int, condition: Atom | Count) -> str:
    if isinstance(condition, Count):
        own, other = ("s", "o") if condition.forward else ("o", "s")
        return (
            f"(SELECT count(DISTINCT {other}) FROM edge WHERE {own} = node.id "
            f"AND p = '{condition.predicate}') BETWEEN {condition.low} AND {condition.high}"
        )
    if condition.share is not None:
        low, high = condition.share
        return (
            f"id IN (SELECT s FROM stated WHERE p = '{condition.predicate}' "
            f"AND o = '{condition.object}' AND v BETWEEN {low!r}::DOUBLE AND {high!r}::DOUBLE)"
        )
    table = "denial" if condition.negated else "edge"
    return (
        f"id IN (SELECT s FROM {table} JOIN reach_{place} b ON o = b.id "
        f"WHERE p = '{condition.predicate}')"
    )


def _joined(query: Query) -> str:
    first = next(iter(query.variables))
    tables = [f"of_{first} {first}"]
    bound = {first}
    for place, atom in enumerate(query.joins):
        ends = {atom.subject: f"e{place}.s", atom.object: f"e{place}.o"}
        if {atom.subject, atom.object} <= bound:
            tables.append(
                f"JOIN edge e{place} ON e{place}.p = '{atom.predicate}' AND "
                + " AND ".join(f"{end} = {name}.id" for name, end in ends.items())
            )
            continue
        known, new = sorted(ends, key=lambda one: one not in bound)
        assert known in bound, "the joins must connect all variables in their order"
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
    assert bound == set(query.variables), "the joins must connect all variables"
    return " ".join(tables)


def _measured(choice: Choice) -> str:
    """The solutions that have a measure, with that measure as n/m."""
    subject = choice.subject
    if choice.measure == "onset":
        return (
            f"SELECT solution.*, least.n, 1::BIGINT m FROM solution JOIN (SELECT s, min(r) n "
            "FROM edge JOIN rank ON o = id WHERE p = 'has_onset' GROUP BY s) least "
            f"ON least.s = solution.{subject}"
        )
    if choice.measure == "edges":
        own, other = ("s", "o") if choice.forward else ("o", "s")
        return (
            f"SELECT solution.*, (SELECT count(DISTINCT {other}) FROM edge "
            f"WHERE {own} = solution.{subject} AND p = '{choice.predicate}') n, 1::BIGINT m "
            "FROM solution"
        )
    return (
        "SELECT solution.*, n, m FROM solution JOIN (SELECT * FROM counted QUALIFY row_number() "
        "OVER (PARTITION BY s, p, o ORDER BY m DESC, n DESC) = 1) largest "
        f"ON largest.s = solution.{choice.of} AND largest.p = '{choice.predicate}' "
        f"AND largest.o = solution.{subject}"
    )
