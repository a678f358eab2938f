"""ATIF, the Agent Trajectory Interchange Format, version 1.8, checked by the models of `atif`.

A turn of the policy is one step with its calls and what the tools answered. The format takes
arguments as an object; the text that the model wrote stands in `extra` of the call.
"""

from typing import TYPE_CHECKING, Any

from medresearcher import __version__
from medresearcher.records.trajectory import Trajectory, Usage
from medresearcher.trajectories.turns import Call, Turn, arguments, calls_of, turns

if TYPE_CHECKING:
    from atif import FinalMetrics, Step

VERSION = "ATIF-v1.8"
_SOURCES = {"system": "system", "user": "user", "assistant": "agent"}


def to_atif(trajectory: Trajectory) -> dict[str, Any]:
    """One ATIF document. Raises `ValueError` for arguments that are no JSON object."""
    import atif

    steps = [
        _step(number, turn, trajectory)
        for number, turn in enumerate(turns(trajectory.messages), start=1)
    ]
    agent = atif.Agent(
        name="medresearcher",
        version=__version__,
        model_name=trajectory.policy,
        tool_definitions=list(trajectory.tools),
    )
    extra = trajectory.model_dump(
        mode="json",
        include={"question_id", "specialty", "seed", "attempt", "verdict", "termination", "error"},
    )
    return atif.Trajectory(
        schema_version=VERSION,
        trajectory_id=trajectory.id,
        agent=agent,
        steps=steps,
        final_metrics=_metrics(trajectory.usage, len(steps)),
        extra=extra,
    ).to_json_dict()


def _metrics(usage: Usage, steps: int) -> "FinalMetrics":
    import atif

    return atif.FinalMetrics(
        total_prompt_tokens=usage.prompt_tokens,
        total_completion_tokens=usage.completion_tokens,
        total_steps=steps,
    )


def _step(number: int, turn: Turn, trajectory: Trajectory) -> "Step":
    import atif

    found = calls_of(turn, trajectory.outcome)
    step: dict[str, Any] = {
        "step_id": number,
        "source": _SOURCES[turn.message.role],
        "message": turn.message.content or "",
    }
    if found:
        step["tool_calls"] = [_call(one) for one in found]
        step["observation"] = {"results": [_result(one) for one in found if one.reply]}
    return atif.Step.model_validate(step)


def _call(one: Call) -> dict[str, Any]:
    written = one.call.function
    return {
        "tool_call_id": one.call.id,
        "function_name": written.name,
        "arguments": arguments(written.arguments),
        "extra": {"raw_arguments": written.arguments},
    }


def _result(one: Call) -> dict[str, Any]:
    content = one.reply.content or "" if one.reply else ""
    result: dict[str, Any] = {"source_call_id": one.call.id, "content": content}
    return {**result, "extra": {"outcome": one.outcome}} if one.outcome else result
