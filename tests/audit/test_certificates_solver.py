"""The second solver against SQL, on random graphs and queries of every kind."""

import tempfile
from collections import Counter
from pathlib import Path
from random import Random

import sql_oracle
from audit_worlds import World
from hypothesis import given, settings
from hypothesis import strategies as st

from medresearcher.audit.facts import Facts
from medresearcher.audit.solver import Solver
from medresearcher.records.question import Atom, Query

QUERIES = 12


def kinds(query: Query) -> set[str]:
    """What a query has in it."""
    found = {one.kind for one in query.conditions if not isinstance(one, Atom)}
    for one in query.conditions:
        if isinstance(one, Atom):
            found |= {"negated"} if one.negated else {"share"} if one.share else {"atom"}
            found |= {"closure"} if one.closure else set()
    return found | ({"cycle"} if len(query.joins) >= len(query.variables) else set())


@given(st.integers(0, 2**32))
@settings(max_examples=20)
def test_agrees_with_sql_on_answers_with_and_without_each_condition(seed: int) -> None:
    rng = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), rng)
        solver, database = Solver(Facts.load(world.folder)), sql_oracle.connect(world.folder)
        for _ in range(QUERIES):
            query = world.query()
            for without in (None, rng.randrange(len(query.conditions))):
                expected = sql_oracle.answers(database, query, without)
                solutions = solver.solutions(query, without=without)
                assert solutions.answers() == expected, (query, without)
                assert len(solutions.answers(limit=2)) == min(2, len(expected))
                for node in world.ids[query.variables[query.answer]]:
                    held = solutions.holds({query.answer: node})
                    assert held is (node in expected), (query, without, node)


def test_the_random_queries_have_every_kind_of_condition_and_many_have_answers() -> None:
    seen: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(24):
            world = World(Path(folder), Random(seed))
            solver = Solver(Facts.load(world.folder))
            for _ in range(QUERIES):
                query = world.query()
                seen.update(kinds(query))
                answered.update(kinds(query) if solver.answers(query) else ())
    assert set(seen) == {"atom", "negated", "share", "closure", "count", "choice", "cycle"}
    assert min(answered.values()) >= 10, answered
