"""Fixtures of the diagnosis room: a small world and its diagnoser."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from diagnosis_world import build

from medresearcher.diagnosis.engine import Diagnoser
from medresearcher.graph.store import Graph


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """The graph of the small world."""
    return build(tmp_path_factory.mktemp("diagnosis"))


@pytest.fixture(scope="session")
def diagnoser(world: Graph) -> Diagnoser:
    """The diagnoser over it."""
    return Diagnoser(world)
