"""The contamination scan: runs of 13 words that a text of ours shares with a benchmark.

Our texts are cut into 13-grams (case and punctuation do not count), and the benchmarks are read
past them once, so that no decoded text is kept. A report has counts and ids, never words.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from medresearcher.audit.benchmarks import BENCHMARKS, texts_of
from medresearcher.errors import InputError
from medresearcher.questions.duplicates import words
from medresearcher.records.base import Frozen
from medresearcher.runs import read_json_lines

SIZE = 13
_SHOWN = 20


class Overlap(Frozen):
    """What one benchmark shares with our texts; `None` where the benchmark is not there.

    `items` were read, `too_short` of them have fewer words than a gram. `ours` and `theirs` are
    the ids of texts that share a gram, at most twenty each; `texts` and `hits` count all of them.
    """

    items: int | None
    too_short: int | None
    texts: int | None
    hits: int | None
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()


ABSENT = Overlap(items=None, too_short=None, texts=None, hits=None)


def scan(texts: Iterable[tuple[str, str]], data: Path) -> dict[str, Overlap]:
    """Compare texts (id, text) with every benchmark in a folder below `data`.

    Raises `InputError` if `data` has none of them, `SourceError` if one cannot be read.
    """
    if not any((data / name).is_dir() for name in BENCHMARKS):
        raise InputError(f"{data}: holds no benchmark; expected one of {', '.join(BENCHMARKS)}")
    grams = grams_of(texts)
    return {
        name: compare(grams, texts_of(name, data / name)) if (data / name).is_dir() else ABSENT
        for name in BENCHMARKS
    }


def compare(grams: Mapping[str, set[str]], benchmark: Iterable[tuple[str, str]]) -> Overlap:
    """Read (id, text) of a benchmark past the grams of our texts."""
    longest: dict[str, int] = defaultdict(int)
    ours: set[str] = set()
    theirs: set[str] = set()
    for name, text in benchmark:
        found = words(text)
        longest[name] = max(longest[name], len(found))
        for gram in _grams(found):
            if gram in grams:
                ours |= grams[gram]
                theirs.add(name)
    return Overlap(
        items=len(longest),
        too_short=sum(length < SIZE for length in longest.values()),
        texts=len(ours),
        hits=len(theirs),
        ours=tuple(sorted(ours)[:_SHOWN]),
        theirs=tuple(sorted(theirs)[:_SHOWN]),
    )


def grams_of(texts: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """The ids of the texts (id, text) that have each 13-gram."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, text in texts:
        for gram in _grams(words(text)):
            found[gram].add(name)
    return dict(found)


def texts_in(path: Path) -> Iterator[tuple[str, str]]:
    """Every text in a JSONL file, such as a training export, by `file:line`.

    All strings of a record count, at any depth, each alone.
    """
    for line, value in read_json_lines(path):
        for text in _strings(value):
            yield f"{path.name}:{line}", text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def _grams(found: list[str]) -> Iterator[str]:
    for start in range(len(found) - SIZE + 1):
        yield " ".join(found[start : start + SIZE])
