"""Finds one trajectory by its id in the files of runs, without reading the others as records."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from medresearcher.errors import InputError
from medresearcher.records.trajectory import TRAJECTORIES, Trajectory

# Where `rollout`, `curate` and `demo` write trajectories, the raw ones last.
_FILES = ("kept.jsonl", "rejected.jsonl", TRAJECTORIES)
_IDS = re.compile(rb'"id":\s*"(t-[0-9a-f]+)",\s*"question_id":\s*"([^"]*)"')
_OFFERED = 5


class Place(NamedTuple):
    """Where a trajectory stands: the file, and the offset of its line."""

    file: Path
    offset: int


class Stored(NamedTuple):
    """A trajectory that was found, and why it was rejected if it stands among the rejected."""

    trajectory: Trajectory
    file: Path
    rejected: str | None


def find(wanted: str, where: Path) -> Stored:
    """The trajectory of this id, of the only id that starts so, or the only one of a question.

    `where` is a file, or a folder of a run or of runs. Raises `InputError` with the nearest ids.
    """
    places: dict[str, Place] = {}
    questions: dict[str, list[str]] = {}
    for name, question, place in _entries(where):
        if name not in places:
            places[name] = place
            questions.setdefault(question, []).append(name)
    if not places:
        raise InputError(f"{where}: holds no trajectory; name a folder of `rollout` or `curate`")
    matches = [wanted] if wanted in places else questions.get(wanted)
    matches = matches or [one for one in places if wanted and one.startswith(wanted)]
    if len(matches) != 1:
        raise InputError(_none_or_many(wanted, where, matches, [*places, *questions]))
    return _read(places[matches[0]])


def _entries(where: Path) -> Iterator[tuple[str, str, Place]]:
    """Id, question and place of every trajectory, in the order of the files."""
    for file in _files(where):
        offset = 0
        try:
            with file.open("rb") as stream:
                for line in stream:
                    if found := _IDS.search(line):
                        yield found[1].decode(), found[2].decode(), Place(file, offset)
                    offset += len(line)
        except OSError as error:
            raise InputError(f"{file}: cannot be read ({error.strerror})") from error


def _files(where: Path) -> list[Path]:
    if where.is_file():
        return [where]
    if not where.is_dir():
        raise InputError(f"{where}: there is no such file or folder")
    folders = (where, *sorted(one for one in where.iterdir() if one.is_dir()))
    return [path for folder in folders for name in _FILES if (path := folder / name).is_file()]


def _none_or_many(wanted: str, where: Path, matches: list[str], known: list[str]) -> str:
    from rapidfuzz import process

    if matches:
        more = f", and {len(matches) - _OFFERED} more" if len(matches) > _OFFERED else ""
        said = ", ".join(matches[:_OFFERED]) + more
        return f"{where}: {len(matches)} trajectories fit `{wanted}`: {said}"
    nearest = [name for name, _, _ in process.extract(wanted, known, limit=_OFFERED)]
    return f"{where}: has no trajectory `{wanted}`; nearest: {', '.join(nearest)}"


def _read(place: Place) -> Stored:
    with place.file.open("rb") as stream:
        stream.seek(place.offset)
        line = stream.readline()
    try:
        value = json.loads(line)
        inner = value.get("trajectory")
        found = Trajectory.model_validate(value if inner is None else inner)
    except (ValueError, ValidationError) as error:
        raise InputError(f"{place.file}: the line at byte {place.offset} is broken") from error
    return Stored(found, place.file, None if inner is None else value.get("reason"))
