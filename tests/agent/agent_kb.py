"""Knowledge bases of the small invented world, built from a tiny wheel as the real ones are."""

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from question_samples import small_world

from medresearcher import kb
from medresearcher.errors import SourceError
from medresearcher.records.knowledge import Document, Item
from medresearcher.sources.files import Files, lines
from medresearcher.sources.inputs import choose_inputs
from medresearcher.sources.registry import Source, Wheel

PAPER = Document(
    "PMID:1", "article", "Heart block in amber dysplasia", "A short report.", "pubmed", 1999
)


def tiny_registry(downloads: Path, words: str = "whole") -> Mapping[str, Source]:
    """A registry of one source, `hpo`, whose wheel is written to `downloads`.

    Its reader yields the small world, then breaks if `words` are not `whole`.
    """
    downloads.mkdir(parents=True, exist_ok=True)
    path = downloads / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("tiny/rows.txt"), words)
    body = path.read_bytes()
    wheel = Wheel("tiny==1.0", path.name, hashlib.sha256(body).hexdigest(), len(body))
    texts = ("tiny world", "1.0", "CC0-1.0", "https://example.org", "none", "an invented world")
    return {"hpo": Source("hpo", *texts, wheel, {"rows.txt": "tiny/rows.txt"}, _read)}


def _read(files: Files) -> Iterator[Item]:
    entities, statements = small_world()
    yield from [*entities, *statements, PAPER]
    for number, text in lines(files, "rows.txt"):
        if text.strip() != "whole":
            raise SourceError(f"rows.txt:{number}: expected `whole`, came {text!r}")


def build_tiny(
    folder: Path, downloads: Path, registry: Mapping[str, Source], **more: Any
) -> kb.KnowledgeBase:
    """`kb.build` from that registry."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kb, "choose_inputs", partial(choose_inputs, registry=registry))
        return kb.build(folder, downloads, **more)
