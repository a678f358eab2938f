"""Which trajectories are fit to train on: named rules, in a fixed order, each a pure function.

A rule gives the reason to drop a trajectory, or `None`. The first that gives a reason decides:
`RULES` need the trajectory alone, `rules` adds the limits of a selection and what needs the
question. After them come the choices among the fit (`selection`). All that is dropped is kept
with its reason.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import ClassVar

from medresearcher.records.base import Record, canonical
from medresearcher.records.question import Question
from medresearcher.records.trajectory import Outcome, Termination, Trajectory
from medresearcher.trajectories.claims import unseen
from medresearcher.trajectories.language import is_foreign
from medresearcher.trajectories.leaks import find_leaks
from medresearcher.trajectories.schemas import misfits, unknown_tools
from medresearcher.trajectories.selection import (
    Choice,
    Selection,
    alike,
    crowded,
    longer,
    settled,
)
from medresearcher.trajectories.tokens import token_count
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
    UNKNOWN_TOOL = "unknown_tool"
    SCHEMA_MISFIT = "schema_misfit"
    TOOL_FAILURE = "tool_failure"
    NO_TOOLS = "no_tools"
    REPEATED_CALL = "repeated_call"
    FOREIGN_LANGUAGE = "foreign_language"
    UNSEEN_CLAIM = "unseen_claim"
    LEAK = "leak"
    TOO_MANY_TURNS = "too_many_turns"
    TOO_MANY_TOKENS = "too_many_tokens"
    ZERO_VARIANCE = "zero_variance"
    LONGER_ATTEMPT = "longer_attempt"
    NEAR_DUPLICATE = "near_duplicate"
    OVER_CAP = "over_cap"


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


def schema_misfit(trajectory: Trajectory) -> Reason | None:
    """A call is of a tool that was not offered, or its arguments do not fit the tool's schema."""
    if unknown_tools(trajectory):
        return Reason.UNKNOWN_TOOL
    return Reason.SCHEMA_MISFIT if misfits(trajectory) else None


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


def foreign_language(trajectory: Trajectory) -> Reason | None:
    """The policy writes neither in the language of the question nor in English."""
    return Reason.FOREIGN_LANGUAGE if is_foreign(trajectory) else None


def unseen_claim(trajectory: Trajectory) -> Reason | None:
    """The final message names, cites or quotes what no observation had."""
    return Reason.UNSEEN_CLAIM if unseen(trajectory) else None


def leak(trajectory: Trajectory, questions: Mapping[str, Question]) -> Reason | None:
    """Something hidden was named before a tool showed it; unknown questions cannot be checked."""
    question = questions.get(trajectory.question_id)
    return Reason.LEAK if question and find_leaks(trajectory, question) else None


def too_long(trajectory: Trajectory, selection: Selection) -> Reason | None:
    """It has more turns of the policy or more tokens than the selection takes."""
    spoken = sum(message.role == "assistant" for message in trajectory.messages)
    if selection.max_turns is not None and spoken > selection.max_turns:
        return Reason.TOO_MANY_TURNS
    if selection.max_tokens is not None and token_count(trajectory) > selection.max_tokens:
        return Reason.TOO_MANY_TOKENS
    return None


RULES: tuple[Rule, ...] = (
    error,
    unanswered,
    wrong,
    unanswered_call,
    bad_arguments,
    schema_misfit,
    tool_failure,
    no_tools,
    repeated_call,
    foreign_language,
    unseen_claim,
)


def rules(questions: Mapping[str, Question], selection: Selection) -> tuple[Rule, ...]:
    """All rules; leaks are looked for where the question is known."""
    return (*RULES, partial(leak, questions=questions), partial(too_long, selection=selection))


def reason_to_drop(trajectory: Trajectory, by: Sequence[Rule] = RULES) -> Reason | None:
    """The reason of the first rule that the trajectory fails; `None` if it is fit."""
    return next((reason for rule in by if (reason := rule(trajectory))), None)


def sift(
    trajectories: Iterable[Trajectory],
    questions: Mapping[str, Question] | None = None,
    selection: Selection | None = None,
) -> tuple[list[Trajectory], list[Rejected]]:
    """Part what is kept from what is not, each in the given order.

    `questions` by id are those that were rolled out; without them no leak is found.
    """
    known, wanted = questions or {}, selection or Selection()
    every = list(trajectories)
    checks = rules(known, wanted)
    reasons = [reason_to_drop(one, checks) for one in every]
    for reason, choice in _choices(known, wanted):
        fit = [place for place, found in enumerate(reasons) if found is None]
        for place in choice(every, fit):
            reasons[place] = reason
    told = list(zip(every, reasons, strict=True))
    dropped = [Rejected.create(reason=it, trajectory=one) for one, it in told if it is not None]
    return [one for one, it in told if it is None], dropped


def _choices(
    questions: Mapping[str, Question], selection: Selection
) -> Iterator[tuple[Reason, Choice]]:
    """What the selection asks for, in order."""
    if selection.varied:
        yield Reason.ZERO_VARIANCE, settled
    if selection.per_question is not None:
        yield Reason.LONGER_ATTEMPT, partial(longer, limit=selection.per_question)
    if selection.similarity is not None:
        yield Reason.NEAR_DUPLICATE, partial(alike, similarity=selection.similarity)
    yield Reason.OVER_CAP, partial(crowded, selection=selection, questions=questions)
