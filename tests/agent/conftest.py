"""Fixtures of the agent room: the handmade ladder, and questions over the real graph."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "questions"))
sys.path.append(str(Path(__file__).parents[1] / "llm"))

from agent_kb import build_tiny, tiny_registry
from agent_world import CASES, ladder_graph, question_of

from medresearcher.graph.store import Graph
from medresearcher.kb import KnowledgeBase
from medresearcher.questions.synthesize import write_questions
from medresearcher.records.question import Question
from medresearcher.retrieval.index import Index, build_index
from medresearcher.retrieval.pages import definition_documents, fact_pages
from medresearcher.settings import SynthesisSettings
from medresearcher.tools.tool import Toolbox
from medresearcher.tools.toolbox import medical_tools


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """The graph of the ladder."""
    return ladder_graph(tmp_path_factory.mktemp("ladder"))


@pytest.fixture(scope="session")
def tools(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    """The medical tools over the ladder."""
    folder = tmp_path_factory.mktemp("ladder-index")
    build_index(folder, [*fact_pages(graph), *definition_documents(graph)])
    return medical_tools(graph, Index.open(folder))


@pytest.fixture(scope="session")
def questions(graph: Graph) -> list[Question]:
    """One question of every case, in their order."""
    return [question_of(graph, case) for case in CASES.values()]


@pytest.fixture(scope="session")
def tiny_kb(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """A knowledge base of the small invented world; tests only read it."""
    home = tmp_path_factory.mktemp("tiny")
    return build_tiny(home / "kb", home / "sources", tiny_registry(home / "sources"))


@pytest.fixture(scope="session")
def tiny_questions(tiny_kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of eight questions about it."""
    path = tmp_path_factory.mktemp("tiny-questions") / "questions.jsonl"
    write_questions(tiny_kb.graph, path, SynthesisSettings(), count=8, seed=5)
    return path
