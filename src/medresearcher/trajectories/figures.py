"""Counts that both the dataset card and the report show."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from medresearcher.records.trajectory import Trajectory
from medresearcher.sources.registry import Source, select
from medresearcher.trajectories.filter import Reason, Rejected
from medresearcher.trajectories.selection import tools_of
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
    Reason.UNKNOWN_TOOL: "a tool was called that was not offered",
    Reason.SCHEMA_MISFIT: "tool arguments do not fit the schema of the tool",
    Reason.TOOL_FAILURE: "a tool failed and was not used with success again",
    Reason.NO_TOOLS: "no tool was called",
    Reason.REPEATED_CALL: "one call was made three times or more",
    Reason.FOREIGN_LANGUAGE: "the thoughts are neither in the language of the question nor English",
    Reason.UNSEEN_CLAIM: "the answer names, cites or quotes what no tool had shown",
    Reason.LEAK: "a hidden entity was named before a tool had shown it",
    Reason.TOO_MANY_TURNS: "it has more turns than asked for",
    Reason.TOO_MANY_TOKENS: "it has more tokens than asked for",
    Reason.ZERO_VARIANCE: "all attempts at the question were right, or all were wrong",
    Reason.LONGER_ATTEMPT: "a shorter right attempt at the same question is kept",
    Reason.NEAR_DUPLICATE: "it nearly repeats one on another question",
    Reason.OVER_CAP: "there are enough of its specialty, chain length or tools",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a bar chart: `share` is its length from 0 to 1, the longest being 1."""

    label: str
    count: int
    share: float


def summary(kept: Sequence[Trajectory], dropped: Sequence[Rejected]) -> dict[str, Any]:
    """The counts of a sifting; a share, mean or median of nothing is `None`.

    `tools_median` is the number of different tools in the median trajectory, `by_tool` how many
    kept trajectories use each. `by_specialty` counts what is kept, `by_reason` what is dropped;
    they are sorted by name.
    """
    total = len(kept) + len(dropped)
    made = [call_count(one) for one in kept]
    used = [tools_of(one) for one in kept]
    return {
        "kept_share": len(kept) / total if total else None,
        "kept": len(kept),
        "tool_calls_mean": sum(made) / len(made) if made else None,
        "tool_calls_median": median(made) if made else None,
        "tools_median": median(map(len, used)) if used else None,
        "by_reason": dict(sorted(Counter(str(one.reason) for one in dropped).items())),
        "by_specialty": dict(sorted(Counter(one.specialty for one in kept).items())),
        "by_tool": dict(sorted(Counter(name for names in used for name in names).items())),
        "by_tool_calls": by_calls(kept),
    }


def bars(counts: Mapping[str, int]) -> list[Bar]:
    """The counts as bars, in the given order."""
    longest = max(counts.values(), default=0) or 1
    return [Bar(label, count, count / longest) for label, count in counts.items()]


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
