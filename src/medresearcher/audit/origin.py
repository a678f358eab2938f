"""Evidence looked up in the sources themselves: the rows as their readers give them anew."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from medresearcher.audit.defects import Defect, Kind
from medresearcher.errors import InputError
from medresearcher.records.knowledge import Evidence, Statement
from medresearcher.records.question import Question
from medresearcher.sources.inputs import read_source

Key = tuple[str, int, str, str]


class Origin:
    """The rows of the sources in the folder `downloads`, read once each when asked for."""

    def __init__(self, downloads: Path) -> None:
        self._downloads = downloads
        self._rows: dict[str, frozenset[Key]] = {}

    def unstated(self, question: Question) -> Iterator[Defect]:
        """Yield the evidence of a question that its source does not have."""
        for one in dict.fromkeys(_evidence(question)):
            if _key(one) not in self._of(one.source):
                row = f"{one.source} {one.record}, row {one.row}"
                yield Defect(Kind.EVIDENCE_NOT_IN_SOURCE, f"{row}: the source has no such row")

    def _of(self, source: str) -> frozenset[Key]:
        if source not in self._rows:
            self._rows[source] = frozenset(self._read(source))
        return self._rows[source]

    def _read(self, source: str) -> Iterator[Key]:
        try:
            items = read_source(source, self._downloads)
        except InputError as error:
            raise InputError(f"evidence cites `{source}`, which cannot be read: {error}") from error
        for item in items:
            if isinstance(item, Statement):
                yield item.record, item.row, item.reference, item.frequency


def _evidence(question: Question) -> Iterable[Evidence]:
    for part in (*question.hops, *question.clues):
        yield from part.evidence


def _key(one: Evidence) -> Key:
    return one.record, one.row, one.reference or "", one.frequency or ""
