"""Faults on purpose: a share of the calls of a rollout goes wrong, as real services do.

Each kind comes to the outcome that such a failure really has, and the observation says in its
`fault` what was done: an injected `empty` looks like any other to the model, not to the record.

| kind | what the agent sees |
| --- | --- |
| `timeout` | `unavailable`: no answer in time; the tool is not called |
| `corruption` | `unavailable`: an answer in no readable form |
| `truncation` | the tool's outcome and half of its text, and that the rest did not arrive |
| `empty` | `empty`, as of a search service that has lost its index |
| `wrong_document` | the answer to this tool's call before (`empty` if there was none) |
"""

from random import Random
from typing import Any

from medresearcher.records.trajectory import FaultKind, Observation, Outcome
from medresearcher.settings import FaultSettings
from medresearcher.tools.tool import AnyTool, Result, Toolbox, observe

_ANSWERED = (Outcome.FOUND, Outcome.CONFLICT)


def with_faults(toolbox: Toolbox, settings: FaultSettings, seed: int) -> Toolbox:
    """The toolbox of one rollout; which calls fail depends on `seed` and their order alone."""
    if not settings.rate:
        return toolbox
    draw = _Draw(settings, Random(f"{seed}/faults"))
    return Toolbox([_FaultyTool(tool, draw) for tool in toolbox.tools])


class _Draw:
    """Which fault the next call has."""

    def __init__(self, settings: FaultSettings, rng: Random) -> None:
        self._settings = settings
        self._rng = rng

    def next(self) -> FaultKind | None:
        strikes = self._rng.random() < self._settings.rate
        kind = self._rng.choice(self._settings.kinds)
        return kind if strikes else None


class _FaultyTool:
    def __init__(self, tool: AnyTool, draw: _Draw) -> None:
        self._tool = tool
        self._draw = draw
        self._before: Observation | None = None

    @property
    def name(self) -> str:
        return self._tool.name

    @property
    def schema(self) -> dict[str, Any]:
        return self._tool.schema

    def call(self, raw_arguments: str) -> Observation:
        kind = self._draw.next()
        if kind == "timeout":
            return _failed(kind, Outcome.UNAVAILABLE, f"{self.name} did not answer in time")
        found = self._tool.call(raw_arguments)
        before, self._before = self._before, found
        if kind is None or found.outcome not in _ANSWERED:
            return found
        if kind == "truncation":
            return _cut(found)
        if kind == "corruption":
            problem = f"{self.name} answered, but not in the format expected"
            return _failed(kind, Outcome.UNAVAILABLE, problem)
        if kind == "wrong_document" and before is not None and before.text != found.text:
            return before.model_copy(update={"fault": kind})
        return _failed("empty", Outcome.EMPTY, "nothing matches; try other or fewer words")


def _failed(kind: FaultKind, outcome: Outcome, status: str) -> Observation:
    return observe(Result(outcome, "", status)).model_copy(update={"fault": kind})


def _cut(found: Observation) -> Observation:
    body = found.text.rpartition("\n\n[")[0]
    result = Result(found.outcome, body[: len(body) // 2], "cut off: the rest did not arrive")
    return observe(result).model_copy(update={"fault": "truncation"})
