"""Fixtures of the questions room: the small world, and questions over the real graph."""

from pathlib import Path

import pytest
from question_samples import small_graph

from medresearcher.graph.store import Graph
from medresearcher.questions.synthesize import Synthesizer, write_questions
from medresearcher.records.question import Question
from medresearcher.runs import read_records
from medresearcher.settings import SynthesisSettings

REAL_QUESTIONS = 48


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
    """All questions that the small world gives."""
    return list(Synthesizer(small, SynthesisSettings(), seed=5).draw())


@pytest.fixture(scope="session")
def real_questions(real_graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> list[Question]:
    file = tmp_path_factory.mktemp("real-questions") / "questions.jsonl"
    write_questions(real_graph, file, SynthesisSettings(), count=REAL_QUESTIONS, seed=7)
    return list(read_records(file, Question))
