"""How fast citations are mined, and with how much memory as there are more of them.

A larger corpus is made while it is read: copies of real files, each with PMIDs of its own.
"""

import gzip
import io
import multiprocessing
import multiprocessing.connection
import re
import resource
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple, cast

from medresearcher.graph.mining import MineFile, mine
from medresearcher.sources.files import Files
from medresearcher.sources.medline import medline_names

_PMID = re.compile(rb'(<PMID Version="\d+">)(\d+)')
_SHIFT = 100_000_000
_CHUNK = 1 << 18


class Mining(NamedTuple):
    """Citations mined in so much processor time of one core, with so much memory at most.

    `ready_s`: processor time to load the names, once for each process. `peak`: in bytes.
    """

    citations: int
    seconds: float
    ready_s: float
    peak: int


@dataclass(frozen=True, slots=True)
class Copies:
    """MEDLINE files, each `number` times; the PMIDs of a copy are those of no other."""

    files: Files
    number: int

    @property
    def names(self) -> tuple[str, ...]:
        """`003-` and the name, for the copy with number 3."""
        names = medline_names(self.files)
        return tuple(f"{copy:03}-{name}" for copy in range(self.number) for name in names)

    def where(self, name: str) -> str:
        """The place of the file that this is a copy of."""
        return self.files.where(name[4:])

    def open(self, name: str) -> IO[bytes]:
        """The copy, compressed again."""
        shift = int(name[:3]) * _SHIFT
        raw = self.files.open(name[4:])
        return cast("IO[bytes]", io.BufferedReader(_Stream(_renumbered(raw, shift)), _CHUNK))


class _Stream(io.RawIOBase):
    """Pieces of bytes as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        """Fill the buffer as far as the piece at hand goes."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _renumbered(raw: IO[bytes], shift: int) -> Iterator[bytes]:
    """A gzip file with every PMID higher by `shift`, stored without compression."""
    packer = zlib.compressobj(level=0, wbits=31)
    rest = b""
    with raw, gzip.open(raw) as stream:
        while chunk := stream.read(_CHUNK):
            text, mark, rest = (rest + chunk).rpartition(b"\n")
            yield packer.compress(_shifted(text + mark, shift))
        yield packer.compress(_shifted(rest, shift)) + packer.flush()


def _shifted(text: bytes, shift: int) -> bytes:
    return _PMID.sub(lambda found: b"%s%d" % (found[1], int(found[2]) + shift), text)


def measure_mining(files: Files, names: Path) -> Mining:
    """Mine the files in a process of their own, and merge what came of them."""
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    worker = context.Process(target=_measure, args=(files, names, ours))
    worker.start()
    ours.close()
    try:
        return theirs.recv()
    finally:
        worker.join()


def _measure(files: Files, names: Path, answer: multiprocessing.connection.Connection) -> None:
    with tempfile.TemporaryDirectory() as place:
        shards = Path(place) / "shards"
        start = time.process_time()
        MineFile(names, shards).prepare()
        ready = time.process_time()
        corpus = mine([files], names, shards, Path(place) / "corpus")
        seconds = time.process_time() - ready
        answer.send(Mining(corpus.citations, seconds, ready - start, _peak()))


def _peak() -> int:
    """The most memory that this process has held, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
