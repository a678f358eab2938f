"""Fixtures of the questions room: the small world, and questions over the real graph."""

from pathlib import Path

import pytest
from question_samples import small_graph

from medresearcher.graph.store import Graph
from medresearcher.questions.synthesize import Synthesizer, synthesize
from medresearcher.records.question import Question
from medresearcher.runs import Ledger
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
    ledger = Ledger(tmp_path_factory.mktemp("real-questions") / "questions.jsonl", Question)
    settings = SynthesisSettings()
    synthesize(
        real_graph, settings, ledger, count=REAL_QUESTIONS, seed=7, advance=lambda *_, **__: None
    )
    return ledger.read()
