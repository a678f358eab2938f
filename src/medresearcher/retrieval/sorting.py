"""Documents put in order of their ids without holding them all: sorted runs on disk, merged."""

import heapq
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

from medresearcher.records.knowledge import Document

RUN = 50_000
_FIELDS = tuple(Document.__dataclass_fields__)
_by_id = attrgetter("id")


def sorted_documents(
    documents: Iterable[Document], folder: Path, size: int = RUN
) -> Iterator[Document]:
    """Yield the documents in order of their ids, with about `size` of them in memory.

    Runs of `size` documents are written to `folder` as JSON lines; the last one needs no disk.
    """
    source = iter(documents)
    runs: list[Path] = []
    batch = sorted(islice(source, size), key=_by_id)
    while len(batch) == size:
        runs.append(_write(batch, folder / f"run-{len(runs)}.jsonl"))
        batch = sorted(islice(source, size), key=_by_id)
    return heapq.merge(*map(_read, runs), batch, key=_by_id)


def _write(documents: list[Document], path: Path) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        for one in documents:
            stream.write(json.dumps([getattr(one, name) for name in _FIELDS]) + "\n")
    return path


def _read(path: Path) -> Iterator[Document]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            values: dict[str, Any] = dict(zip(_FIELDS, json.loads(line), strict=True))
            values["entities"] = tuple(values["entities"])
            yield Document(**values)
