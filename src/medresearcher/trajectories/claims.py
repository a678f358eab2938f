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
from medresearcher.trajectories.leaks import Words, words_of

_CURIE = re.compile(r"(?<![\w:])[A-Za-z][A-Za-z0-9.]*:[A-Za-z]{0,4}\d[\w.]*\b")
_NAMED = re.compile(
    r"(?:^|[→;:]|^-|^\d+\.)[ ]*([^→;\n]+?)[ ]\(([A-Za-z][\w.]*:\w+)\)", re.MULTILINE
)
_QUOTED = re.compile('[\u201c"]([^\u201c\u201d"]{3,}?)[\u201d"]')
_FACTS = ": facts"


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
    known = set(_CURIE.findall(seen))
    names: dict[str, set[str]] = {}
    for name, curie in _NAMED.findall(seen):
        names.setdefault(curie, set()).add(words_of(name.removesuffix(_FACTS)).folded)
    for match in _CURIE.finditer(said):
        curie = match[0]
        if curie not in known:
            yield curie
        elif said[: match.start()].endswith(" (") and not _is_named(
            words_of(said[: match.start()]), names.get(curie)
        ):
            yield f"{said[: match.start() - 2].rpartition('. ')[2]} ({curie})"


def _is_named(before: Words, names: set[str] | None) -> bool:
    """Whether a text ends with one of the names; where none was seen, nothing can be told."""
    return not names or any(before.folded.endswith(name) for name in names)


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
