"""Fixtures of the tools room: the small graph of the retrieval room, indexed."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "retrieval"))

from marfan import build

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Document
from medresearcher.retrieval.index import Index, build_index
from medresearcher.retrieval.pages import definition_documents, fact_pages
from medresearcher.tools.tool import Toolbox
from medresearcher.tools.toolbox import medical_tools

LONG = Document(
    "PMID:1",
    "abstract",
    "A long paper · about two\x07 things",
    "\n".join(f"Line {number} of the long paper." for number in range(300)),
    "pubmed",
    1999,
    "https://example.org/1",
    "Journal",
    ("HP:1", "HP:2"),
)


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """The small graph around Marfan syndrome."""
    return build(tmp_path_factory.mktemp("graph"))


@pytest.fixture(scope="session")
def long_document() -> Document:
    """A document of several pages about two entities."""
    return replace(LONG)


@pytest.fixture(scope="session")
def index(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> Index:
    """The pages and definitions of the graph, and a long document."""
    folder = tmp_path_factory.mktemp("index")
    build_index(folder, [*fact_pages(graph), *definition_documents(graph), LONG])
    return Index.open(folder)


@pytest.fixture(scope="session")
def tools(graph: Graph, index: Index) -> Toolbox:
    """The medical tools over both."""
    return medical_tools(graph, index)
