"""A trajectory as a readable story: scenes in order, for the report and the terminal."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from medresearcher.grading.answers import extract_answer
from medresearcher.records.question import Question
from medresearcher.records.trajectory import Message, Outcome, Trajectory
from medresearcher.trajectories.turns import Call, arguments, calls_of, turns

MAX_LINES = 12
MAX_CHARACTERS = 900


@dataclass(frozen=True, slots=True)
class Asked:
    """The question, or anything else that the user says."""

    text: str
    kind: Literal["question"] = "question"


@dataclass(frozen=True, slots=True)
class Thought:
    """What the policy says beside its tool calls."""

    text: str
    kind: Literal["thought"] = "thought"


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call; `values` are its arguments by name, or the raw text under an empty name."""

    tool: str
    values: tuple[tuple[str, str], ...]
    kind: Literal["call"] = "call"


@dataclass(frozen=True, slots=True)
class Observed:
    """What the tool answered: the start of its text, and its status line without brackets.

    `left_out` counts the characters that are not shown; `outcome` is `None` if none is recorded.
    """

    tool: str
    outcome: Outcome | None
    text: str
    status: str
    left_out: int
    kind: Literal["observation"] = "observation"


@dataclass(frozen=True, slots=True)
class Answered:
    """The final message, and the answer in it if it has one."""

    text: str
    answer: str | None
    kind: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict; `expected` is the right answer where the question is known."""

    correct: bool | None
    reason: str
    expected: str | None
    kind: Literal["verdict"] = "verdict"


Scene = Asked | Thought | Called | Observed | Answered | Judged


def story(
    trajectory: Trajectory, question: Question | None = None, *, folded: bool = True
) -> list[Scene]:
    """The scenes of a trajectory, without the system prompt; long observations may be folded."""
    scenes: list[Scene] = []
    spoken = [turn for turn in turns(trajectory.messages) if turn.message.role != "system"]
    for number, turn in enumerate(spoken):
        message = turn.message
        if message.role == "user":
            first = not any(scene.kind == "question" for scene in scenes)
            scenes.append(Asked(question.question if question and first else _text(message)))
        elif message.role == "assistant" and not message.tool_calls and number + 1 == len(spoken):
            scenes.append(Answered(_text(message), extract_answer(_text(message))))
        else:
            if _text(message):
                scenes.append(Thought(_text(message)))
            for one in calls_of(turn, trajectory.outcome):
                scenes.extend(_tool(one, folded=folded))
    expected = f"{question.answer.name} ({question.answer.id})" if question else None
    verdict = trajectory.verdict
    return [*scenes, Judged(verdict.correct, verdict.reason, expected)]


def _text(message: Message) -> str:
    return (message.content or "").strip()


def _tool(one: Call, *, folded: bool) -> Iterator[Scene]:
    name = one.call.function.name
    yield Called(name, _pretty(one.call.function.arguments))
    if one.reply:
        body, status = _parts(_text(one.reply))
        shown = _shortened(body) if folded else body
        yield Observed(name, one.outcome, shown, status, len(body) - len(shown))


def _pretty(raw: str) -> tuple[tuple[str, str], ...]:
    """The arguments by name; texts without quotes, all else as JSON."""
    try:
        found = arguments(raw)
    except ValueError:
        return (("", raw),)
    return tuple(
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in found.items()
    )


def _parts(text: str) -> tuple[str, str]:
    """The body and the status line of an observation; a text without one has an empty status."""
    body, _, last = text.rpartition("\n")
    if last.startswith("[") and last.endswith("]"):
        return body.strip(), last[1:-1]
    return text, ""


def _shortened(body: str) -> str:
    """The first lines of a text, cut between lines, or between words where a line is long."""
    shown = "\n".join(body.split("\n")[:MAX_LINES])
    if len(shown) > MAX_CHARACTERS:
        start = shown[:MAX_CHARACTERS]
        shown = start[: max(start.rfind("\n"), start.rfind(" "), MAX_CHARACTERS // 2)]
    return shown.rstrip()
