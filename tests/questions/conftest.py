"""Fixtures of the questions room: the small world, and questions over the real graph."""

from pathlib import Path

import pytest
from question_samples import draw, small_graph

from medresearcher.graph.store import Graph
from medresearcher.records.question import Question

SMALL_QUESTIONS, SEED = 40, 5


@pytest.fixture(scope="session")
def small_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "graph"
    small_graph(folder)
    return folder


@pytest.fixture(scope="session")
def small(small_tables: Path) -> Graph:
    return Graph.load(small_tables)


@pytest.fixture(scope="session")
def small_questions(small: Graph) -> list[Question]:
    """The first questions of the small world."""
    return draw(small, SEED, SMALL_QUESTIONS)
