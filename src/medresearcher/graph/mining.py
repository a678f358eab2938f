"""What citations mention, file by file: one MEDLINE file gives one shard, wherever it is mined.

Two nodes stand together when one sentence of a citation has a mention of each. Kept are pairs of
a disease with a phenotype, gene, drug or other disease; pairs in which one is a class of the
other, or that one mention alone names, are not. The span is the sentence, as it stands in the
title or the abstract.
"""

import gc
import hashlib
import shutil
import time
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from medresearcher.engines.engine import Engine
from medresearcher.engines.local import Done
from medresearcher.engines.progress import progress
from medresearcher.errors import InputError, SourceError
from medresearcher.graph.corpus import Corpus
from medresearcher.graph.mentions import Detector, Mention
from medresearcher.graph.merge import merge
from medresearcher.graph.sentences import sentences
from medresearcher.graph.shards import Citation, Named, Pair, ShardWriter
from medresearcher.graph.vocabulary import Vocabulary, load_vocabulary, nodes_of, vocabulary_digest
from medresearcher.records.knowledge import EntityType
from medresearcher.runs import file_digest
from medresearcher.sources.files import Files, Lenient
from medresearcher.sources.medline import Record, medline_names, records

_BATCH = 1_000
_STALE_S = 86_400.0
_SHOWN = 5
# The code that a shard comes from; names and classes are in the digest of the vocabulary.
_CODE = (
    "graph/abbreviations.py",
    "graph/dictionary.py",
    "graph/mentions.py",
    "graph/mining.py",
    "graph/sentences.py",
    "graph/shards.py",
    "sources/elements.py",
    "sources/medline.py",
)


class MedlineFile(NamedTuple):
    """One work item: a MEDLINE file of a source."""

    files: Files
    name: str


class Mined(NamedTuple):
    """Where the shard of a file is; `new` if it was not there before."""

    key: str
    new: bool


def mine(
    sources: Iterable[Files],
    vocabulary: Path,
    shards: Path,
    out: Path,
    engine: Engine | None = None,
) -> Corpus:
    """Mine every MEDLINE file of the sources, and merge what is live into the corpus at `out`.

    Names are stored in `vocabulary` (see `write_dictionary`). `shards` keeps what was mined: a
    file that is there already, under any name, is not mined again, so a run that was stopped goes
    on where it was. With Ray all folders must be the same on every node. Raises `SourceError` if
    a file cannot be mined; the shards of the others stay.
    """
    files = medline_files(sources)
    shards.mkdir(parents=True, exist_ok=True)
    _clear(shards)
    found: dict[str, str] = {}
    failures: list[str] = []
    with progress("mine citations", len(files)) as advance:
        for done in (engine or Engine()).map(MineFile(vocabulary, shards), files):
            _settle(done, found, failures)
            advance(note=done.item.name)
    if failures:
        raise SourceError(_summary(failures, len(files)))
    digest = vocabulary_digest(vocabulary)
    merge([shards / found[one.name] for one in files], nodes_of(vocabulary), digest, out)
    return Corpus.open(out)


def medline_files(sources: Iterable[Files]) -> list[MedlineFile]:
    """The MEDLINE files of all sources, oldest first, which is by name; of one name the last."""
    found = {name: MedlineFile(files, name) for files in sources for name in medline_names(files)}
    return [found[name] for name in sorted(found)]


def _settle(done: Done[MedlineFile, Mined], found: dict[str, str], failures: list[str]) -> None:
    if done.result is None:
        failures.append(str(done.failure))
    else:
        found[done.item.name] = done.result.key


def _summary(failures: Sequence[str], total: int) -> str:
    shown = "\n".join(f"  - {one}" for one in failures[:_SHOWN])
    more = f"\n  and {len(failures) - _SHOWN} more" if len(failures) > _SHOWN else ""
    return (
        f"{len(failures)} of {total} MEDLINE files could not be mined; what came of the others is "
        f"kept. Mend or remove these and run the same command again.\n{shown}{more}"
    )


def _clear(shards: Path) -> None:
    """Remove what a killed worker left long ago."""
    for draft in shards.glob(".*.part"):
        if time.time() - draft.stat().st_mtime > _STALE_S:
            shutil.rmtree(draft, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class MineFile:
    """Mines one file into a shard, unless the shard is there."""

    vocabulary: Path
    shards: Path

    def prepare(self) -> None:
        """Load the names now, and not with the first file."""
        _miner(self.vocabulary, vocabulary_digest(self.vocabulary))

    def __call__(self, item: MedlineFile) -> Mined:
        """The shard of a file; `SourceError` where the file breaks."""
        names = vocabulary_digest(self.vocabulary)
        key = shard_key(item, names)
        if (self.shards / key).exists():
            return Mined(key, new=False)
        miner = _miner(self.vocabulary, names)
        with ShardWriter(self.shards / key) as writer:
            for batch in _ordered(records(item.files, item.name)):
                writer.add(*miner.rows(batch))
            writer.close()
        return Mined(key, new=True)


def shard_key(item: MedlineFile, names: str) -> str:
    """A hash of the content of the file, of the names to look for, and of our code.

    What is read while bad rows are skipped is not the shard of a file of which all must be good.
    """
    with item.files.open(item.name) as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    rows = "some" if isinstance(item.files, Lenient) else "all"
    return hashlib.sha256(f"{content} {names} {_code()} {rows}".encode()).hexdigest()[:32]


@cache
def _code() -> str:
    package = Path(__file__).parent.parent
    return file_digest([package / name for name in _CODE])


@lru_cache(maxsize=1)
def _miner(vocabulary: Path, digest: str) -> "Miner":
    """The miner of this process, made once for the names with this digest."""
    names = load_vocabulary(vocabulary)
    if names.digest != digest:
        raise InputError(f"{vocabulary}: the stored names changed while they were read; run again")
    miner = Miner(names)
    gc.freeze()  # a million objects that stay: the collector need not look at them again
    return miner


def _ordered(found: Iterable[Record]) -> Iterator[list[tuple[int, Record]]]:
    """Numbered batches of records: versions in their order, then deletions, which are final."""
    deleted: list[Record] = []
    numbered = enumerate(_versions(found, deleted))
    while batch := list(islice(numbered, _BATCH)):
        yield batch


def _versions(found: Iterable[Record], deleted: list[Record]) -> Iterator[Record]:
    for one in found:
        if one.deleted:
            deleted.append(one)
        else:
            yield one
    yield from deleted


class Miner:
    """Reads citations with one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._detector = Detector(vocabulary.dictionary)
        self._names = vocabulary

    def rows(
        self, batch: Sequence[tuple[int, Record]]
    ) -> tuple[list[Citation], list[Named], list[Pair]]:
        """What some citations, numbered within their file, mention."""
        citations: list[Citation] = []
        named: list[Named] = []
        pairs: list[Pair] = []
        for number, (pmid, document, deleted) in batch:
            if document is None:
                citations.append(Citation(pmid, deleted, text=False, abstract=False, year=None))
                continue
            abstract = bool(document.text)
            citations.append(Citation(pmid, deleted, True, abstract, document.year))
            self._read(f"{document.title}\n{document.text}", number, pmid, named, pairs)
        return citations, named, pairs

    def _read(
        self, text: str, record: int, pmid: int, named: list[Named], pairs: list[Pair]
    ) -> None:
        """Add the mentions of one text, and the pairs in its sentences."""
        mentions = self._detector.detect(text)
        if not mentions:
            return
        parts = sentences(text)
        starts = [one.start for one in parts]
        seen: set[str] = set()
        together: dict[int, list[Mention]] = defaultdict(list)
        for one in mentions:
            number = bisect(starts, one.start) - 1
            for node in one.nodes:
                row = Named(record, pmid, number, one.start, one.end, node, node not in seen)
                named.append(row)
                seen.add(node)
            if one.end <= parts[number].end:
                together[number].append(one)
        for number, group in together.items():
            if len(group) > 1:
                found = self._pairs(group)
                span = text[parts[number].start : parts[number].end] if found else ""
                pairs += [Pair(*pair, pmid, number, span, record) for pair in found]

    def _pairs(self, mentions: Sequence[Mention]) -> set[tuple[str, str]]:
        """Subject and object of each pair of nodes: the disease first, of two the lower id."""
        named = [(place, node) for place, one in enumerate(mentions) for node in one.nodes]
        diseases = [one for one in named if self._is_disease(one[1])]
        return {
            (disease, node)
            for place, disease in diseases
            for elsewhere, node in named
            if place != elsewhere
            and (disease < node or not self._is_disease(node))
            and not self._related(disease, node)
        }

    def _is_disease(self, node: str) -> bool:
        return self._names.type(node) == EntityType.DISEASE

    def _related(self, one: str, other: str) -> bool:
        """Whether the nodes are the same or one is a class of the other."""
        return one == other or other in self._names.above(one) or one in self._names.above(other)
