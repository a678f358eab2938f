"""What every test gets: no network but loopback, and the user's real home for downloads."""

import ipaddress
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from medresearcher.graph.build import build_graph
from medresearcher.graph.store import Graph
from medresearcher.kb import KnowledgeBase, build
from medresearcher.questions.synthesize import write_questions
from medresearcher.records.question import Question
from medresearcher.runs import read_records
from medresearcher.settings import SynthesisSettings, load_settings
from medresearcher.sources.inputs import read_source
from medresearcher.sources.registry import SOURCES, Source, select

hypothesis.settings.register_profile("project", deadline=None, print_blob=True)
hypothesis.settings.load_profile("project")


def _is_local(host: Any) -> bool:
    """Whether this host, as Python's socket functions take it, is this machine."""
    if isinstance(host, bytes | bytearray):
        host = host.decode()
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse(target: object) -> None:
    # A `BaseException`, so that no `except Exception` under test can hide it.
    pytest.fail(f"a test tried to reach {target!r}; tests may use loopback only")


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_works() -> None:
    """A shell's background job ignores SIGINT, and so would the commands under test."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Fail a test that connects, sends or looks up a name beyond loopback.

    With `LIVE_SERVICES` set, the tests of the real services may reach out.
    """
    if os.environ.get("LIVE_SERVICES"):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))
        yield


def _guarded(original: Any) -> Any:
    def guarded(self: socket.socket, *args: Any) -> Any:
        address = args[-1]
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            _refuse(address)
        return original(self, *args)

    return guarded


def _guarded_lookup(original: Any) -> Any:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_local(host):
            _refuse(host)
        return original(host, *args, **kwargs)

    return guarded


@pytest.fixture(scope="session")
def home() -> Path:
    """The real folder of downloads and of the default knowledge base; tests only read it."""
    return load_settings().home


@pytest.fixture(scope="session")
def real_tables(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the graph of every source that says something about diseases."""
    names = [source.name for source in select([]) if not source.corpus]
    missing = [name for name in names if not _fetched(SOURCES[name], home)]
    if missing:
        advice = f"run `medresearcher sources pull {' '.join(missing)}`"
        pytest.skip(f"{home / 'sources'}: not fetched yet: {', '.join(missing)}; {advice}")
    folder = tmp_path_factory.mktemp("real") / "graph"
    build_graph(folder, (item for name in names for item in read_source(name, home / "sources")))
    return folder


@pytest.fixture(scope="session")
def real_graph(real_tables: Path) -> Graph:
    """The graph of the real sources; tests only read it."""
    return Graph.load(real_tables)


@pytest.fixture(scope="session")
def real_kb(home: Path) -> KnowledgeBase:
    """The default knowledge base of the real sources, built if it is not up to date."""
    missing = [source.name for source in select([]) if not _fetched(source, home)]
    if missing:
        advice = f"run `medresearcher sources pull {' '.join(missing)}`"
        pytest.skip(f"{home / 'sources'}: not fetched yet: {', '.join(missing)}; {advice}")
    return build(home / "kb", home / "sources")


@pytest.fixture(scope="session")
def real_questions(
    real_kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory
) -> list[Question]:
    """Five questions of each specialty over the real knowledge base, the specialties in turn."""
    file = tmp_path_factory.mktemp("real-questions") / "questions.jsonl"
    write_questions(real_kb.graph, file, SynthesisSettings(), count=60, seed=7)
    return list(read_records(file, Question))


def _fetched(source: Source, home: Path) -> bool:
    return source.wheel is not None and (home / "sources" / source.wheel.file).exists()
