"""Which trajectories are fit to train on: named rules, in a fixed order, each a pure function.

A rule gives the reason to drop a trajectory, or `None`. The first rule of `RULES` that gives a
reason decides. Several right attempts at one question are all kept.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, ClassVar

from medresearcher.records.base import Record, canonical
from medresearcher.records.trajectory import Outcome, Termination, Trajectory
from medresearcher.trajectories.turns import arguments, call_count, calls, turns

MIN_TOOL_CALLS = 1
MAX_REPEATS = 2

_FAILED = frozenset(
    (
        Outcome.INVALID_ARGUMENTS,
        Outcome.UNAVAILABLE,
        Outcome.RATE_LIMITED,
        Outcome.NOT_CONFIGURED,
    )
)
_RECOVERED = frozenset((Outcome.FOUND, Outcome.CONFLICT))


class Reason(StrEnum):
    """Why a trajectory is dropped, in the order of the rules."""

    ERROR = "error"
    ABSTAINED = "abstained"
    MAX_TURNS = "max_turns"
    UNANSWERED = "unanswered"
    WRONG = "wrong"
    NOT_JUDGED = "not_judged"
    UNANSWERED_CALL = "unanswered_call"
    BAD_ARGUMENTS = "bad_arguments"
    TOOL_FAILURE = "tool_failure"
    NO_TOOLS = "no_tools"
    REPEATED_CALL = "repeated_call"


class Rejected(Record):
    """A trajectory that is not fit to train on, and why."""

    SCHEMA: ClassVar[str] = "medresearcher/rejected/1"
    PREFIX: ClassVar[str] = "r"

    reason: Reason
    trajectory: Trajectory


Rule = Callable[[Trajectory], Reason | None]


def error(trajectory: Trajectory) -> Reason | None:
    """The rollout broke off, for example because the endpoint failed."""
    return Reason.ERROR if trajectory.termination is Termination.ERROR else None


def unanswered(trajectory: Trajectory) -> Reason | None:
    """The policy abstained, ran out of turns, or its last message is no answer."""
    if trajectory.termination is Termination.ABSTAINED:
        return Reason.ABSTAINED
    if trajectory.termination is Termination.MAX_TURNS:
        return Reason.MAX_TURNS
    last = trajectory.messages[-1] if trajectory.messages else None
    if last and last.role == "assistant" and not last.tool_calls and (last.content or "").strip():
        return None
    return Reason.UNANSWERED


def wrong(trajectory: Trajectory) -> Reason | None:
    """The answer is not right, or was never judged; only a right answer passes."""
    if trajectory.verdict.correct is None:
        return Reason.NOT_JUDGED
    return None if trajectory.verdict.correct else Reason.WRONG


def unanswered_call(trajectory: Trajectory) -> Reason | None:
    """The calls of a message and the tool messages right behind it do not pair one to one.

    Parallel calls are fine, answered in any order. Each call needs an outcome, and an id that
    no other call of the trajectory has.
    """
    for turn in turns(trajectory.messages):
        asked = Counter(call.id for call in turn.message.tool_calls or ())
        told = Counter(reply.tool_call_id for reply in turn.replies)
        if turn.message.role == "tool" or asked != told:
            return Reason.UNANSWERED_CALL
    ids = Counter(one.call.id for one in calls(trajectory))
    if any(number > 1 or name not in trajectory.outcome for name, number in ids.items()):
        return Reason.UNANSWERED_CALL
    return None


def bad_arguments(trajectory: Trajectory) -> Reason | None:
    """The arguments of a call are not a JSON object, so no chat template can render them."""
    for one in calls(trajectory):
        try:
            arguments(one.call.function.arguments)
        except ValueError:
            return Reason.BAD_ARGUMENTS
    return None


def tool_failure(trajectory: Trajectory) -> Reason | None:
    """A tool failed, and no later call of the same tool found anything.

    Failures are invalid arguments, and tools that were unavailable, rate limited or not
    configured. A tool that honestly found nothing has not failed.
    """
    failing: set[str] = set()
    for one in calls(trajectory):
        if one.outcome in _FAILED:
            failing.add(one.call.function.name)
        elif one.outcome in _RECOVERED:
            failing.discard(one.call.function.name)
    return Reason.TOOL_FAILURE if failing else None


def no_tools(trajectory: Trajectory) -> Reason | None:
    """Nothing was looked up."""
    return Reason.NO_TOOLS if call_count(trajectory) < MIN_TOOL_CALLS else None


def repeated_call(trajectory: Trajectory) -> Reason | None:
    """One call was made three times or more with the same arguments, however they are spaced."""
    made = Counter(
        (one.call.function.name, _spelled(one.call.function.arguments)) for one in calls(trajectory)
    )
    return Reason.REPEATED_CALL if max(made.values(), default=0) > MAX_REPEATS else None


def _spelled(raw: str) -> str:
    """The arguments without differences of spacing and order, where they can be read."""
    try:
        return canonical(arguments(raw))
    except ValueError:
        return raw


RULES: tuple[Rule, ...] = (
    error,
    unanswered,
    wrong,
    unanswered_call,
    bad_arguments,
    tool_failure,
    no_tools,
    repeated_call,
)


def reason_to_drop(trajectory: Trajectory) -> Reason | None:
    """The reason of the first rule that the trajectory fails; `None` if it is fit."""
    return next((reason for rule in RULES if (reason := rule(trajectory))), None)


def sift(trajectories: Iterable[Trajectory]) -> tuple[list[Trajectory], list[Rejected]]:
    """Part the fit trajectories from the others, each in the given order."""
    kept: list[Trajectory] = []
    dropped: list[Rejected] = []
    for trajectory in trajectories:
        reason = reason_to_drop(trajectory)
        if reason is None:
            kept.append(trajectory)
        else:
            dropped.append(Rejected.create(reason=reason, trajectory=trajectory))
    return kept, dropped


def summary(kept: Sequence[Trajectory], dropped: Sequence[Rejected]) -> dict[str, Any]:
    """The counts of a sifting; a share or a mean of nothing is `None`.

    `by_specialty` counts what is kept, `by_reason` what is dropped; both are sorted by name.
    """
    total = len(kept) + len(dropped)
    calls_made = sum(map(call_count, kept))
    return {
        "kept_share": len(kept) / total if total else None,
        "kept": len(kept),
        "tool_calls_mean": calls_made / len(kept) if kept else None,
        "by_reason": dict(sorted(Counter(str(one.reason) for one in dropped).items())),
        "by_specialty": dict(sorted(Counter(one.specialty for one in kept).items())),
    }
