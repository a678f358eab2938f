"""Which of the fit trajectories are taken: choices that look at the whole set, in a fixed order.

A choice is given all trajectories and the places of those that are fit so far, and gives the
places that it leaves out. Nothing depends on the order of the attempts but for ties.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from pydantic import Field

from medresearcher.questions.duplicates import THRESHOLD, duplicates
from medresearcher.records.base import Frozen
from medresearcher.records.question import Question
from medresearcher.records.trajectory import Trajectory
from medresearcher.trajectories.turns import call_count, calls

Choice = Callable[[Sequence[Trajectory], Sequence[int]], Iterable[int]]


class Selection(Frozen):
    """What the user of a training set wants; `None` is no limit.

    `per_question` right attempts are kept, the shortest first. With `varied` a question counts
    only if some attempts at it were right and others wrong. `similarity` is where trajectories
    on different questions are near-duplicates. The caps are on specialty, chain length, and set
    of tools used.
    """

    max_turns: int | None = Field(default=None, ge=1)
    max_tokens: int | None = Field(default=None, ge=1)
    varied: bool = False
    per_question: int | None = Field(default=1, ge=1)
    similarity: float | None = Field(default=THRESHOLD, gt=0, le=1)
    per_specialty: int | None = Field(default=None, ge=1)
    per_hops: int | None = Field(default=None, ge=1)
    per_tools: int | None = Field(default=None, ge=1)


def settled(every: Sequence[Trajectory], fit: Sequence[int]) -> Iterable[int]:
    """Attempts at questions that were answered twice or more, always right or always wrong."""
    verdicts: defaultdict[str, list[bool]] = defaultdict(list)
    for one in every:
        if one.verdict.correct is not None:
            verdicts[one.question_id].append(one.verdict.correct)
    return [
        place
        for place in fit
        if len(judged := verdicts[every[place].question_id]) > 1 and len(set(judged)) == 1
    ]


def longer(every: Sequence[Trajectory], fit: Sequence[int], limit: int) -> Iterable[int]:
    """All but the `limit` shortest attempts at each question: fewest calls, then fewest words."""
    attempts: defaultdict[str, list[int]] = defaultdict(list)
    for place in sorted(fit, key=lambda place: _length(every[place])):
        attempts[every[place].question_id].append(place)
    return [place for places in attempts.values() for place in places[limit:]]


def _length(one: Trajectory) -> tuple[int, int, int, str]:
    words = sum(len(message.content or "") for message in one.messages)
    return call_count(one), words, one.attempt, one.id


def alike(every: Sequence[Trajectory], fit: Sequence[int], similarity: float) -> Iterable[int]:
    """Trajectories whose question, words and calls nearly repeat an earlier one's.

    Attempts at one question are alike by nature; `longer` chooses among them.
    """
    found = duplicates([_told(every[place]) for place in fit], similarity)
    return [
        fit[later]
        for later, first in found.items()
        if every[fit[later]].question_id != every[fit[first]].question_id
    ]


def _told(one: Trajectory) -> str:
    """What the user and the policy say, without what the tools answered."""
    parts = [message.content or "" for message in one.messages if message.role != "tool"]
    parts += [f"{it.call.function.name} {it.call.function.arguments}" for it in calls(one)]
    return "\n".join(parts[1:])


def crowded(
    every: Sequence[Trajectory],
    fit: Sequence[int],
    selection: Selection,
    questions: Mapping[str, Question],
) -> Iterable[int]:
    """What is too much of one kind; who comes first is decided by the ids, as good as by lot."""
    taken: Counter[tuple[str, str]] = Counter()
    for place in sorted(fit, key=lambda place: every[place].id):
        kinds = _kinds(every[place], selection, questions)
        if all(taken[kind] < limit for kind, limit in kinds.items()):
            taken.update(kinds.keys())
        else:
            yield place


def _kinds(
    one: Trajectory, selection: Selection, questions: Mapping[str, Question]
) -> dict[tuple[str, str], int]:
    """The kinds that a trajectory counts for, with the limit of each."""
    wanted = (
        ("specialty", one.specialty, selection.per_specialty),
        ("hops", str(hop_count(one, questions)), selection.per_hops),
        ("tools", " ".join(tools_of(one)), selection.per_tools),
    )
    return {(name, value): limit for name, value, limit in wanted if limit is not None}


def tools_of(trajectory: Trajectory) -> list[str]:
    """The names of the tools that a trajectory calls, sorted."""
    return sorted({one.call.function.name for one in calls(trajectory)})


def hop_count(trajectory: Trajectory, questions: Mapping[str, Question]) -> int | None:
    """The length of the question's chain, from the question or the guide; `None` if unknown."""
    question = questions.get(trajectory.question_id)
    if question:
        return len(question.hops)
    return len(trajectory.guide.steps) if trajectory.guide else None
