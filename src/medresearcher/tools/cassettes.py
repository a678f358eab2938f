"""Cassettes: a tool world recorded call by call, and played back exactly.

A call is named by its tool and its raw arguments. The same call may be answered differently each
time, so the answers are kept in order; a replay gives them in that order, and after the last the
last again. What was never recorded is `unavailable` on replay, never made up.
"""

from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

from medresearcher.errors import InputError
from medresearcher.records.base import Record, digest
from medresearcher.records.trajectory import Observation, Outcome
from medresearcher.runs import Ledger
from medresearcher.tools.tool import AnyTool, Result, Toolbox, observe

Key = tuple[str, str]


class Call(Record):
    """One recorded call: answer number `place` to this tool with these raw arguments."""

    SCHEMA: ClassVar[str] = "medresearcher/call/1"
    PREFIX: ClassVar[str] = "call"

    tool: str
    arguments: str
    place: int
    outcome: Outcome
    text: str


class Cassette:
    """The recorded calls of a file, and the counters of one recording or replay; thread-safe."""

    def __init__(self, path: Path) -> None:
        self._ledger = Ledger(path, Call)
        self._calls = {(one.tool, one.arguments, one.place): one for one in self._ledger.read()}
        self._asked: dict[Key, int] = {}
        self._known: dict[Key, int] = {}
        for tool, arguments, _ in self._calls:
            self._known[tool, arguments] = self._known.get((tool, arguments), 0) + 1
        self._lock = Lock()

    @property
    def digest(self) -> str:
        """A hash of all that is recorded; the order in which agents happened to call is no part."""
        return digest(sorted(one.id for one in self._calls.values()))

    def record(self, tool: str, arguments: str, answer: Observation) -> None:
        """Add an answer to the file."""
        arguments = _storable(arguments)
        with self._lock:
            place = self._known.get((tool, arguments), 0)
            one = Call.create(
                tool=tool,
                arguments=arguments,
                place=place,
                outcome=answer.outcome,
                text=answer.text,
            )
            self._ledger.append(one)
            self._calls[tool, arguments, place] = one
            self._known[tool, arguments] = place + 1

    def replay(self, tool: str, arguments: str) -> Observation:
        """The next recorded answer; `unavailable` if this call is not on the cassette."""
        arguments = _storable(arguments)
        with self._lock:
            known = self._known.get((tool, arguments), 0)
            place = self._asked.get((tool, arguments), 0)
            self._asked[tool, arguments] = place + 1
        if not known:
            problem = "this call is not on the cassette that answers all calls here"
            return observe(Result(Outcome.UNAVAILABLE, "", problem))
        one = self._calls[tool, arguments, min(place, known - 1)]
        return Observation(outcome=one.outcome, text=one.text)


def recording(toolbox: Toolbox, path: Path) -> Toolbox:
    """The toolbox, with every answer also written to the cassette at `path`."""
    cassette = Cassette(path)
    return Toolbox([_Recorded(tool, cassette) for tool in toolbox.tools])


def replaying(tools: Iterable[AnyTool], path: Path) -> Toolbox:
    """The names and schemas of tools, with answers from the cassette at `path` alone."""
    if not path.is_file():
        raise InputError(f"{path}: no cassette there; record one with the setting tools.record")
    cassette = Cassette(path)
    return Toolbox([_Replayed(tool, cassette) for tool in tools])


def _storable(arguments: str) -> str:
    """What a file can hold of a text: half a surrogate pair becomes a question mark."""
    return arguments.encode("utf-8", "replace").decode()


class _Wrapped:
    def __init__(self, tool: AnyTool, cassette: Cassette) -> None:
        self._tool = tool
        self._cassette = cassette

    @property
    def name(self) -> str:
        return self._tool.name

    @property
    def schema(self) -> dict[str, Any]:
        return self._tool.schema


class _Recorded(_Wrapped):
    def call(self, raw_arguments: str) -> Observation:
        found = self._tool.call(raw_arguments)
        self._cassette.record(self.name, raw_arguments, found)
        return found


class _Replayed(_Wrapped):
    def call(self, raw_arguments: str) -> Observation:
        return self._cassette.replay(self.name, raw_arguments)
