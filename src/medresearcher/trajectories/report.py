"""`report.html`: one page that shows what a run made, and that anyone can read offline.

It loads nothing: no scripts, styles, fonts or images from elsewhere. All texts are escaped.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from medresearcher.records.question import Question
from medresearcher.records.trajectory import Trajectory
from medresearcher.trajectories.figures import (
    MEANING,
    Bar,
    bars,
    by_calls,
    named_sources,
    summary,
)
from medresearcher.trajectories.filter import Rejected
from medresearcher.trajectories.proof import ChainHop, certificate, chain
from medresearcher.trajectories.selection import hop_count
from medresearcher.trajectories.story import Scene, story
from medresearcher.trajectories.templating import render
from medresearcher.trajectories.turns import call_count

EXAMPLES = 3

_NONE = "n/a"


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that the report tells of. `None` stands for a count that is not known.

    `kept` and `dropped` are what `filter.sift` gives; `sources` are names of the registry;
    `digests` are shown as they are, for example of the graph and the questions.
    """

    documents: int | None
    nodes: int | None
    edges: int | None
    questions: tuple[Question, ...]
    kept: tuple[Trajectory, ...]
    dropped: tuple[Rejected, ...]
    sources: tuple[str, ...]
    seed: int
    version: str
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Headline:
    """One of the numbers at the top, with a line that says what it counts."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table of questions and trajectories; `share` is the kept one's bar."""

    label: str
    questions: int
    trajectories: int
    right: int
    kept: int
    share: float


@dataclass(frozen=True, slots=True)
class Example:
    """One trajectory to read, with its question's chain and proof."""

    trajectory: Trajectory
    question: Question
    calls: int
    scenes: list[Scene]
    chain: list[ChainHop]
    proof: list[str]


def render_report(data: ReportData) -> str:
    """The page; `InputError` for a source that the registry does not know."""
    questions = {question.id: question for question in data.questions}
    everything = _all(data)

    def hops(trajectory: Trajectory) -> str:
        length = hop_count(trajectory, questions)
        return "unknown" if length is None else str(length)

    return render(
        "report.html.jinja",
        headlines=_headlines(data),
        specialties=_rows(
            Counter(one.specialty for one in data.questions),
            [(one.specialty, one) for one in everything],
            data.kept,
        ),
        lengths=_rows(
            Counter(str(len(one.hops)) for one in data.questions),
            [(hops(one), one) for one in everything],
            data.kept,
        ),
        calls=bars(by_calls(data.kept)),
        reasons=_reasons(data.dropped),
        examples=[_example(one, questions) for one in pick(data.kept, questions)],
        sources=named_sources(data.sources),
        seed=data.seed,
        version=data.version,
        digests=data.digests,
    )


def _all(data: ReportData) -> list[Trajectory]:
    return [*data.kept, *(one.trajectory for one in data.dropped)]


def _headlines(data: ReportData) -> list[Headline]:
    everything = _all(data)
    judged = [one for one in everything if one.verdict.correct is not None]
    right = sum(one.verdict.correct is True for one in judged)
    counts = summary(data.kept, data.dropped)
    mean = counts["tool_calls_mean"]
    return [
        Headline("documents", _number(data.documents), "to search and read"),
        Headline("nodes", _number(data.nodes), "in the knowledge graph"),
        Headline("edges", _number(data.edges), "each with its sources"),
        Headline("questions", _number(len(data.questions)), "each with one provable answer"),
        Headline("right answers", _share(right, len(judged)), _of(right, len(judged), "judged")),
        Headline(
            "kept",
            _share(len(data.kept), len(everything)),
            _of(len(data.kept), len(everything), "trajectories"),
        ),
        Headline(
            "tool calls", _NONE if mean is None else f"{mean:.1f}", "mean per kept trajectory"
        ),
    ]


def _number(count: int | None) -> str:
    return _NONE if count is None else f"{count:,}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else _NONE


def _of(part: int, whole: int, what: str) -> str:
    return f"{part:,} of {whole:,} {what}"


def _rows(
    questions: Counter[str],
    trajectories: Iterable[tuple[str, Trajectory]],
    kept: Iterable[Trajectory],
) -> list[Row]:
    """One row for each label, sorted; `trajectories` are given with their label."""
    kept_ids = {one.id for one in kept}
    made, right, fit = Counter[str](), Counter[str](), Counter[str]()
    for label, trajectory in trajectories:
        made[label] += 1
        right[label] += trajectory.verdict.correct is True
        fit[label] += trajectory.id in kept_ids
    longest = max(fit.values(), default=0) or 1
    return [
        Row(label, questions[label], made[label], right[label], fit[label], fit[label] / longest)
        for label in sorted(questions.keys() | made.keys())
    ]


def _reasons(dropped: Iterable[Rejected]) -> list[tuple[str, Bar]]:
    """The meaning of each reason with its bar, the most frequent first."""
    counts = Counter(one.reason for one in dropped)
    ordered = sorted(counts, key=lambda reason: (-counts[reason], reason))
    shown = bars({str(reason): counts[reason] for reason in ordered})
    return [(MEANING[reason], bar) for reason, bar in zip(ordered, shown, strict=True)]


def pick(
    kept: Iterable[Trajectory], questions: Mapping[str, Question], number: int = EXAMPLES
) -> list[Trajectory]:
    """`number` trajectories from the shortest to the longest, as different as there are.

    Each is the nearest in length to its place that differs from those before in specialty and
    chain length, or else in specialty, or else in question. Only known questions are taken.
    """
    ordered = sorted(
        (one for one in kept if one.question_id in questions),
        key=lambda one: (call_count(one), one.id),
    )
    chosen: list[int] = []
    for step in range(min(number, len(ordered))):
        place = step * (len(ordered) - 1) // max(number - 1, 1)

        def unlike(at: int, place: int = place) -> tuple[int, int]:
            alike = [_alike(ordered[at], ordered[other], questions) for other in chosen]
            return max(alike, default=0), abs(at - place)

        rest = [at for at in range(len(ordered)) if at not in chosen]
        chosen.append(min(rest, key=unlike))
    return sorted((ordered[at] for at in chosen), key=lambda one: (call_count(one), one.id))


def _alike(one: Trajectory, other: Trajectory, questions: Mapping[str, Question]) -> int:
    """From 0 (another specialty and chain length) to 3 (the same question)."""
    if one.question_id == other.question_id:
        return 3
    if one.specialty == other.specialty:
        return 2
    return int(hop_count(one, questions) == hop_count(other, questions))


def _example(trajectory: Trajectory, questions: Mapping[str, Question]) -> Example:
    question = questions[trajectory.question_id]
    return Example(
        trajectory=trajectory,
        question=question,
        calls=call_count(trajectory),
        scenes=story(trajectory, question),
        chain=chain(question),
        proof=certificate(question),
    )
