"""Counts that both the dataset card and the report show."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from medresearcher.records.question import Question
from medresearcher.records.trajectory import Trajectory
from medresearcher.sources.registry import Source, select
from medresearcher.trajectories.filter import Reason
from medresearcher.trajectories.turns import call_count

MAX_BINS = 12

# What each reason says to a reader; the rules themselves are in `filter`.
MEANING: Mapping[Reason, str] = {
    Reason.ERROR: "the rollout broke off",
    Reason.ABSTAINED: "the policy found no answer and said so",
    Reason.MAX_TURNS: "the turns ran out before an answer",
    Reason.UNANSWERED: "the last message is no answer",
    Reason.WRONG: "the answer is not right",
    Reason.NOT_JUDGED: "the answer was not judged",
    Reason.UNANSWERED_CALL: "a tool call and its tool message do not pair",
    Reason.BAD_ARGUMENTS: "tool arguments are not a JSON object",
    Reason.TOOL_FAILURE: "a tool failed and was not used with success again",
    Reason.NO_TOOLS: "no tool was called",
    Reason.REPEATED_CALL: "one call was made three times or more",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a bar chart: `share` is its length from 0 to 1, the longest being 1."""

    label: str
    count: int
    share: float


def bars(counts: Mapping[str, int]) -> list[Bar]:
    """The counts as bars, in the given order."""
    longest = max(counts.values(), default=0) or 1
    return [Bar(label, count, count / longest) for label, count in counts.items()]


def hop_count(trajectory: Trajectory, questions: Mapping[str, Question]) -> int | None:
    """The length of the question's chain, from the question or the guide; `None` if unknown."""
    question = questions.get(trajectory.question_id)
    if question:
        return len(question.hops)
    return len(trajectory.guide.steps) if trajectory.guide else None


def by_hops(lengths: Iterable[int | None]) -> dict[str, int]:
    """How many chains have each length; those of unknown length come last."""
    counts = Counter(lengths)
    lengths_known = sorted(length for length in counts if length is not None)
    known = {str(length): counts[length] for length in lengths_known}
    return {**known, **({"unknown": counts[None]} if counts[None] else {})}


def by_calls(trajectories: Iterable[Trajectory]) -> dict[str, int]:
    """How many trajectories make so many tool calls, in at most `MAX_BINS` equal, gapless bins."""
    numbers = [call_count(one) for one in trajectories]
    if not numbers:
        return {}
    low, high = min(numbers), max(numbers)
    width = -(-(high - low + 1) // MAX_BINS)
    counts = Counter((number - low) // width for number in numbers)
    starts = range(low, high + 1, width)
    return {_span(start, width): counts[place] for place, start in enumerate(starts)}


def _span(start: int, width: int) -> str:
    return str(start) if width == 1 else f"{start} to {start + width - 1}"


def named_sources(names: Sequence[str]) -> list[Source]:
    """The sources of the registry by name; none for no name. `InputError` for an unknown one."""
    return select(names) if names else []
