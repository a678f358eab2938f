"""Read-only access to the files of a source, in a wheel or in a folder.

Readers ask for a file by its short name (`hp.obo`) and need not know where it lies. Nothing is
unpacked to disk. What is missing, truncated or no UTF-8 becomes a `SourceError` that names the
file; a reader's own `SourceError` passes through.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

from medresearcher.errors import SourceError


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


@contextmanager
def binary(files: Files, name: str) -> Generator[IO[bytes]]:
    """Open a file (`.gz` is decompressed) and turn damage met in the block into `SourceError`."""
    where = files.where(name)
    try:
        with files.open(name) as raw:
            if name.endswith(".gz"):
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
                yield number, line.decode().rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise bad(files, name, number, "UTF-8 text", error.reason) from error


def bad(files: Files, name: str, line: int, expected: str, came: object) -> SourceError:
    """The error for a malformed row: `file:line: expected …; got …`."""
    shown = repr(came)
    shown = shown if len(shown) <= 120 else shown[:119] + "…"
    return SourceError(f"{files.where(name)}:{line}: expected {expected}; got {shown}")
