"""What rollouts tell of a question: how many calls it took, and when the answer was first seen."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from medresearcher.audit.formats import Item
from medresearcher.audit.naming import Names, Text
from medresearcher.errors import InputError
from medresearcher.records.trajectory import TRAJECTORIES, Trajectory
from medresearcher.runs import read_records


class Sight(NamedTuple):
    """One rollout that found the answer, or the shortest of several.

    `calls` are its tool calls. `first` is the position of the first observation that has a name
    or the identifier of the answer: the calls before it as a share of all calls; `None` if no
    observation has one. Of several rollouts it is the earliest.
    """

    calls: int
    first: float | None


def sight(trajectory: Trajectory, item: Item) -> Sight | None:
    """The sight of one rollout; `None` if it did not find the answer or called no tool."""
    observations = [one.content or "" for one in trajectory.messages if one.role == "tool"]
    if not trajectory.verdict.correct or not observations:
        return None
    curies = (item.record.answer.id,) if item.record else ()
    names = Names((*item.names, *curies))
    seen = (place for place, text in enumerate(observations) if names.first_in(Text(text)))
    first = next(seen, None)
    calls = len(observations)
    return Sight(calls, None if first is None else first / calls)


def sights(rollouts: Path, items: Iterable[Item]) -> dict[str, Sight]:
    """The sight of each question that some rollout in the folder `rollouts` solved."""
    path = rollouts / TRAJECTORIES
    if not path.exists():
        raise InputError(f"{rollouts}: holds no {TRAJECTORIES}; expected the --out of a rollout")
    return best_sights(read_records(path, Trajectory), {item.id: item for item in items})


def best_sights(trajectories: Iterable[Trajectory], items: Mapping[str, Item]) -> dict[str, Sight]:
    """By question, the fewest calls and the earliest sight of the rollouts that solved it."""
    best: dict[str, Sight] = {}
    for one in trajectories:
        item = items.get(one.question_id)
        found = sight(one, item) if item else None
        if found:
            before = best.get(one.question_id, found)
            firsts = [first for first in (before.first, found.first) if first is not None]
            best[one.question_id] = Sight(min(before.calls, found.calls), min(firsts, default=None))
    return best
