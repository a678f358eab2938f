"""Read-only access to the files of a source, in a wheel or in folders.

Readers ask for a file by its short name (`hp.obo`) and need not know where it lies. Nothing is
unpacked to disk. What is missing or truncated becomes a `SourceError` that names the file. What
is wrong with one row is a `RowError`: readers hand it to `refuse`, which raises it, unless the
files are `Lenient` and the row is to be skipped and counted.
"""

import gzip
import io
import json
import logging
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar, cast

from medresearcher.errors import SourceError

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")
_SHOWN = 3


class RowError(SourceError):
    """One row of a file is malformed; the rows after it may be fine."""


class Files(Protocol):
    """The files of one source."""

    @property
    def names(self) -> tuple[str, ...]:
        """Short names of the files, oldest first where order matters."""
        ...

    def where(self, name: str) -> str:
        """How messages call the file."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading; raise `SourceError` if it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class WheelFiles:
    """Members of a wheel; `members` maps the short name to the path inside."""

    path: Path
    members: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """Short names, in the order of the registry."""
        return tuple(self.members)

    def where(self, name: str) -> str:
        """`wheel!path inside`."""
        return f"{self.path.name}!{self.members.get(name, name)}"

    def open(self, name: str) -> IO[bytes]:
        """Open a member; the stream keeps the wheel open until it is closed itself."""
        try:
            with zipfile.ZipFile(self.path) as wheel:
                return wheel.open(self.members.get(name, name))
        except KeyError as error:
            raise SourceError(f"{self.where(name)}: is not in the wheel") from error
        except (zipfile.BadZipFile, OSError) as error:
            raise SourceError(f"{self.path}: not a readable wheel ({error})") from error


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """Plain files of a folder, for example official downloads; names in alphabetical order."""

    path: Path

    @property
    def names(self) -> tuple[str, ...]:
        """File names, sorted."""
        return tuple(sorted(entry.name for entry in self.path.iterdir() if entry.is_file()))

    def where(self, name: str) -> str:
        """The path."""
        return str(self.path / name)

    def open(self, name: str) -> IO[bytes]:
        """Open a file."""
        try:
            return (self.path / name).open("rb")
        except OSError as error:
            raise SourceError(f"{self.where(name)}: cannot be read ({error.strerror})") from error


@dataclass(frozen=True, slots=True)
class ChosenFiles:
    """Files picked out of folders; `paths` maps the short name to the file."""

    paths: Mapping[str, Path]

    @property
    def names(self) -> tuple[str, ...]:
        """Short names, sorted."""
        return tuple(sorted(self.paths))

    def where(self, name: str) -> str:
        """The path; of a file that was not given, its name."""
        return str(self.paths.get(name, name))

    def open(self, name: str) -> IO[bytes]:
        """Open a file."""
        if name not in self.paths:
            given = ", ".join(self.names)
            raise SourceError(f"{name}: is not among the added files ({given}); add it too")
        path = self.paths[name]
        try:
            return path.open("rb")
        except OSError as error:
            raise SourceError(f"{path}: cannot be read ({error.strerror})") from error


@dataclass(frozen=True, slots=True)
class JoinedFiles:
    """The files of both; one of the same name is that of `second`."""

    first: Files
    second: Files

    @property
    def names(self) -> tuple[str, ...]:
        """Short names, sorted."""
        return tuple(sorted({*self.first.names, *self.second.names}))

    def where(self, name: str) -> str:
        """How the side that has the file calls it."""
        return self._side(name).where(name)

    def open(self, name: str) -> IO[bytes]:
        """Open the file of the side that has it."""
        return self._side(name).open(name)

    def _side(self, name: str) -> Files:
        return self.second if name in self.second.names else self.first


@dataclass(slots=True)
class Lenient:
    """Files whose malformed rows are skipped: counted in `skipped`, the first few logged."""

    files: Files
    skipped: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Short names of the files."""
        return self.files.names

    def where(self, name: str) -> str:
        """How messages call the file."""
        return self.files.where(name)

    def open(self, name: str) -> IO[bytes]:
        """Open a file."""
        return self.files.open(name)

    def skip(self, error: RowError) -> None:
        """Count a row that is left out."""
        self.skipped += 1
        if self.skipped <= _SHOWN:
            logger.warning("skipped: %s", error)


def refuse(files: Files, error: RowError) -> None:
    """Raise the error of a row, or count it and return if the row is to be skipped."""
    if not isinstance(files, Lenient):
        raise error
    files.skip(error)


def each(
    files: Files, rows: Iterable[tuple[int, T]], read: Callable[[int, T], Iterable[R]]
) -> Iterator[R]:
    """What `read` makes of each row (line, content); a row that it finds bad is refused whole."""
    for line, row in rows:
        try:
            found = list(read(line, row))
        except RowError as error:
            refuse(files, error)
        else:
            yield from found


@dataclass(slots=True)
class Unique:
    """Finds ids that a file holds twice."""

    files: Files
    name: str
    lines: dict[str, int] = field(default_factory=dict[str, int])

    def check(self, line: int, key: str) -> None:
        """Raise `RowError` if an earlier line held the id."""
        first = self.lines.setdefault(key, line)
        if first != line:
            raise bad(self.files, self.name, line, f"an id not used in line {first}", key)


@contextmanager
def binary(files: Files, name: str) -> Generator[IO[bytes]]:
    """Open a file (`.gz` is decompressed) and turn damage met in the block into `SourceError`."""
    where = files.where(name)
    try:
        with files.open(name) as raw:
            if where.endswith(".gz"):
                with gzip.open(raw) as unpacked:
                    yield cast("IO[bytes]", unpacked)
            else:
                yield raw
    except (zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, EOFError) as error:
        raise SourceError(f"{where}: the file is damaged or truncated ({error})") from error


def lines(files: Files, name: str) -> Iterator[tuple[int, str]]:
    """Yield (1-based line, text without its line end) of a UTF-8 file."""
    with binary(files, name) as stream:
        for number, line in enumerate(io.BufferedReader(cast("io.RawIOBase", stream)), 1):
            try:
                text = line.decode().rstrip("\r\n")
            except UnicodeDecodeError as error:
                refuse(files, bad(files, name, number, "UTF-8 text", error.reason))
            else:
                yield number, text


def json_lines(files: Files, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (1-based line, object) of a JSONL file; empty lines are passed over."""
    for line, text in lines(files, name):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            refuse(files, bad(files, name, line, f"JSON ({error})", text))
            continue
        if isinstance(value, dict):
            yield line, cast("dict[str, Any]", value)
        else:
            refuse(files, bad(files, name, line, "a JSON object", text))


def bad(files: Files, name: str, line: int, expected: str, came: object) -> RowError:
    """The error for a malformed row: `file:line: expected …; got …`."""
    shown = repr(came)
    shown = shown if len(shown) <= 120 else shown[:119] + "…"
    return RowError(f"{files.where(name)}:{line}: expected {expected}; got {shown}")
