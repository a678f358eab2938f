"""The dataset card: `README.md` as the Hugging Face hub reads it, with all licences."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from medresearcher import __version__
from medresearcher.records.question import Question
from medresearcher.records.trajectory import Trajectory
from medresearcher.trajectories.figures import (
    MEANING,
    by_hops,
    named_sources,
    summary,
)
from medresearcher.trajectories.filter import Reason, Rejected
from medresearcher.trajectories.selection import hop_count
from medresearcher.trajectories.templating import render

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGEST = "n>1M"


@dataclass(frozen=True, slots=True)
class CardData:
    """What a card tells of.

    `questions` may be empty; chain lengths are then taken from the guides. `inputs` are the
    digests of what the set was made from.
    """

    kept: tuple[Trajectory, ...]
    dropped: tuple[Rejected, ...]
    questions: Mapping[str, Question]
    sources: tuple[str, ...]
    inputs: Mapping[str, str]


def render_card(data: CardData) -> str:
    """The card; `InputError` for a source that the registry does not know."""
    counts = summary(data.kept, data.dropped)
    hops = by_hops(hop_count(one, data.questions) for one in data.kept)
    return render(
        "card.md.jinja",
        counts=counts,
        size=_size(len(data.kept)),
        languages=_languages(data),
        questions=len({one.question_id for one in data.kept}),
        hops=hops,
        reasons=[(name, MEANING[Reason(name)], n) for name, n in counts["by_reason"].items()],
        policies=_counted(one.policy for one in data.kept),
        guided=sum(one.guide is not None for one in data.kept),
        seeds=sorted({one.seed for one in (*data.kept, *(it.trajectory for it in data.dropped))}),
        sources=named_sources(data.sources),
        inputs=data.inputs,
        version=__version__,
    )


def _size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), _LARGEST)


def _languages(data: CardData) -> list[str]:
    """The languages of the kept questions; English where the questions are not at hand."""
    known = {
        data.questions[one.question_id].language
        for one in data.kept
        if one.question_id in data.questions
    }
    return sorted(known) or ["en"]


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
