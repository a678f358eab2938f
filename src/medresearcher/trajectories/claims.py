"""Whether what a final answer says was seen: identifiers, names, citations and quotations.

An identifier must stand in an observation. The name in front of it must be one that an
observation gave to it (with the identifier in brackets behind it); an answer without an
identifier must be words that an observation had. Words in quotation marks must stand in an
observation or in the question.
"""

import re
from collections.abc import Iterator

from medresearcher.grading.answers import extract_answer
from medresearcher.records.trajectory import Trajectory
from medresearcher.trajectories.leaks import words_of

_CURIE = re.compile(r"(?<![\w:])[A-Za-z][A-Za-z0-9.]*:[A-Za-z]{0,4}\d[\w.]*\b")
# What stands before the name of an entity in the lines and lists of our tools.
_BEFORE = re.compile(r"[→;:\n]|^- |^\d+\. ")
_QUOTED = re.compile('[\u201c"]([^\u201c\u201d"]{3,}?)[\u201d"]')
_FACTS = ": facts"
_LONGEST = 300


def unseen(trajectory: Trajectory) -> list[str]:
    """The claims of the final message that no observation supports, as they stand there."""
    last = trajectory.messages[-1].content if trajectory.messages else None
    if not last:
        return []
    read = [one.content or "" for one in trajectory.messages if one.role == "tool"]
    seen = "\n".join(read)
    asked = "\n".join(one.content or "" for one in trajectory.messages if one.role == "user")
    return [*_identifiers(last, seen), *_answer(last, seen), *_quotations(last, f"{seen}\n{asked}")]


def _identifiers(said: str, seen: str) -> Iterator[str]:
    """Identifiers that were not seen, and those that were seen under other names alone."""
    for match in _CURIE.finditer(said):
        before = said[: match.start()]
        if not re.search(rf"(?<![\w:]){re.escape(match[0])}(?!\w)", seen):
            yield match[0]
        elif before.endswith(" (") and not _is_named(before, _names(match[0], seen)):
            yield f"{before.rpartition('. ')[2]}{match[0]})"


def _names(curie: str, seen: str) -> set[str]:
    """What stands before the identifier in brackets, wherever it was seen."""
    names: set[str] = set()
    for match in re.finditer(re.escape(f" ({curie})"), seen):
        line = seen[max(0, match.start() - _LONGEST) : match.start()].rpartition("\n")[2]
        names.add(words_of(_BEFORE.split(line.removesuffix(_FACTS).rstrip(";: "))[-1]).folded)
    return {name for name in names if name.strip()}


def _is_named(before: str, names: set[str]) -> bool:
    """Whether a text ends with one of the names; where none was seen, nothing can be told."""
    said = words_of(before).folded
    return not names or any(said.endswith(name) for name in names)


def _answer(said: str, seen: str) -> Iterator[str]:
    """The answer where it has no identifier and is not in any observation."""
    answer = extract_answer(said)
    if (
        answer
        and not _CURIE.search(answer)
        and words_of(answer).folded not in words_of(seen).folded
    ):
        yield answer


def _quotations(said: str, known: str) -> Iterator[str]:
    quoted = _QUOTED.findall(said)
    if quoted:
        words = words_of(known).folded
        yield from (one for one in quoted if words_of(one).folded not in words)
