"""A trajectory read as turns: what one side says, and the tool messages that answer its calls.

The filter, the exports and the story all read trajectories through these functions, so they
agree on what a call, its reply and its arguments are.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from medresearcher.records.trajectory import Message, Outcome, ToolCall, Trajectory


class Call(NamedTuple):
    """One tool call with the message that answers it and what it came to; `None` if missing."""

    call: ToolCall
    reply: Message | None
    outcome: Outcome | None


class Turn(NamedTuple):
    """One message that is no tool's, and the tool messages that stand right behind it."""

    message: Message
    replies: tuple[Message, ...]


def turns(messages: Sequence[Message]) -> list[Turn]:
    """The messages as turns; a tool message before any other stands alone."""
    found: list[Turn] = []
    for message in messages:
        if message.role == "tool" and found:
            last = found[-1]
            found[-1] = Turn(last.message, (*last.replies, message))
        else:
            found.append(Turn(message, ()))
    return found


def calls_of(turn: Turn, outcome: Mapping[str, Outcome]) -> list[Call]:
    """The calls of one turn, each with its reply, in the order of the calls."""
    replies = {reply.tool_call_id: reply for reply in turn.replies}
    return [
        Call(call, replies.get(call.id), outcome.get(call.id))
        for call in turn.message.tool_calls or ()
    ]


def calls(trajectory: Trajectory) -> Iterator[Call]:
    """Every tool call of a trajectory, in order."""
    for turn in turns(trajectory.messages):
        yield from calls_of(turn, trajectory.outcome)


def call_count(trajectory: Trajectory) -> int:
    """How many tools the messages call."""
    return sum(len(message.tool_calls or ()) for message in trajectory.messages)


def arguments(raw: str) -> dict[str, Any]:
    """The arguments that a model wrote, as an object.

    Raises `ValueError` for what is not strict JSON, not an object, or cannot be written as
    UTF-8 again (`NaN`, numbers past all bounds, half a surrogate pair).
    """
    try:
        value = json.loads(raw, parse_constant=_refuse)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, got {type(value).__name__}")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
