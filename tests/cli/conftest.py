"""Fixtures of the command line's room: the command, and a knowledge base of the small world."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "agent"))
sys.path.append(str(Path(__file__).parents[1] / "questions"))
sys.path.append(str(Path(__file__).parents[1] / "llm"))

from agent_kb import build_tiny, tiny_registry
from cli_runs import Cli, fine

from medresearcher.kb import KnowledgeBase


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's data folder whose knowledge base is the small invented world."""
    home = tmp_path_factory.mktemp("tiny-home")
    build_tiny(home / "kb", home / "sources", tiny_registry(home / "sources"))
    return home


@pytest.fixture
def cli(tmp_path: Path, tiny_home: Path) -> Cli:
    """The command in an empty folder, over the small world."""
    return Cli(tmp_path, tiny_home)


@pytest.fixture
def real_cli(tmp_path: Path, home: Path, real_kb: KnowledgeBase) -> Cli:
    """The command in an empty folder, over the real knowledge base."""
    return Cli(tmp_path, home)


@pytest.fixture(scope="session")
def done_runs(tiny_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `questions.jsonl`, `rolled` and `curated` of the small world."""
    folder = tmp_path_factory.mktemp("done-runs")
    run = Cli(folder, tiny_home)
    fine(run("synthesize", "--count", 4, "--out", "questions.jsonl"))
    fine(run("rollout", "questions.jsonl", "--out", "rolled"))
    fine(run("curate", "rolled", "--out", "curated", "--questions", "questions.jsonl"))
    return folder
