"""Fixtures of the retrieval room."""

import pytest
from marfan import build

from medresearcher.graph.store import Graph


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """The small graph around Marfan syndrome."""
    return build(tmp_path_factory.mktemp("graph"))
