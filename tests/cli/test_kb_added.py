"""Knowledge bases with added folders: kept, renewed, streamed, and free of the folders."""

import gzip
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from agent_kb import build_tiny, tiny_registry

from medresearcher.errors import SourceError
from medresearcher.kb import KnowledgeBase
from medresearcher.records.knowledge import Document, Item
from medresearcher.sources.files import Files
from medresearcher.sources.registry import SOURCES, Source


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    return tmp_path / "sources"


@pytest.fixture
def registry(downloads: Path) -> Mapping[str, Source]:
    """The tiny world of `hpo`, and the real sources of documents."""
    names = ("medquad", "own")
    return {**tiny_registry(downloads), **{name: SOURCES[name] for name in names}}


def medquad_line(number: int) -> str:
    qa = [{"question": "What is it ?", "answer": "Zebra stripes."}]
    page = {
        "collection": "2_G",
        "id": str(number),
        "url": "u",
        "focus": "Gout",
        "cui": [],
        "qa": qa,
    }
    return json.dumps(page) + "\n"


@pytest.fixture
def added(tmp_path: Path) -> Path:
    folder = tmp_path / "added"
    folder.mkdir()
    (folder / "SOURCE.txt").write_text("x")
    (folder / "medquad.jsonl.gz").write_bytes(gzip.compress(medquad_line(1).encode()))
    (folder / "notes.md").write_text("# Okapi notes\nThe okapi has amber dysplasia.\n")
    return folder


def build(
    tmp_path: Path, downloads: Path, registry: Mapping[str, Source], **more: object
) -> KnowledgeBase:
    return build_tiny(tmp_path / "kb", downloads, registry, **more)


def test_a_knowledge_base_with_added_folders_outlives_them(
    tmp_path: Path, downloads: Path, registry: Mapping[str, Source], added: Path
) -> None:
    built = build(tmp_path, downloads, registry, added=[added])
    assert built.manifest.inputs.keys() == {"hpo", "medquad", "own"}
    assert built.counts["documents"]["patient_page"] == 1
    assert built.counts["documents_by_licence"]["LicenseRef-Own"] == 1
    stamp = (built.folder / "manifest.json").stat().st_mtime_ns
    moved = tmp_path / "elsewhere"
    shutil.move(added, moved)
    again = build(tmp_path, downloads, registry, added=[moved])
    assert (again.folder / "manifest.json").stat().st_mtime_ns == stamp
    shutil.rmtree(moved)
    opened = KnowledgeBase.open(built.folder)
    (hit,) = opened.index.search("okapi", 3)
    assert (hit.id, hit.title, hit.source) == ("OWN:notes", "Okapi notes", "own")
    document = opened.index.read("MEDQUAD:2-1")
    assert document
    assert document.text == "What is it ?\nZebra stripes."


def test_a_changed_file_builds_anew(
    tmp_path: Path, downloads: Path, registry: Mapping[str, Source], added: Path
) -> None:
    before = build(tmp_path, downloads, registry, added=[added]).manifest.identity
    (added / "medquad.jsonl.gz").write_bytes(
        gzip.compress((medquad_line(1) + medquad_line(2)).encode())
    )
    after = build(tmp_path, downloads, registry, added=[added])
    assert after.manifest.identity != before
    assert after.counts["documents"]["patient_page"] == 2
    assert "patient_page" not in build(tmp_path, downloads, registry).counts["documents"]


def test_bad_rows_stop_a_build_or_are_skipped_and_counted(
    tmp_path: Path,
    downloads: Path,
    registry: Mapping[str, Source],
    added: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    text = medquad_line(1) + "{broken\n" * 5 + medquad_line(2)
    (added / "medquad.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    with pytest.raises(SourceError, match=r"medquad\.jsonl\.gz:2: expected JSON"):
        build(tmp_path, downloads, registry, added=[added])
    built = build(tmp_path, downloads, registry, added=[added], skip_bad_rows=True)
    assert built.counts["build"]["skipped_rows"] == {"medquad": 5}
    assert built.counts["documents"]["patient_page"] == 2
    assert caplog.text.count("skipped: ") == 3
    (added / "medquad.jsonl.gz").write_bytes(gzip.compress(text.encode())[:-9])
    with pytest.raises(SourceError, match="damaged or truncated"):
        build(tmp_path, downloads, registry, added=[added], skip_bad_rows=True)


def test_the_documents_of_a_corpus_are_not_held(
    tmp_path: Path, downloads: Path, registry: Mapping[str, Source], added: Path
) -> None:
    """Each document of a corpus is handed on before the next is read."""
    alive = 0
    peak = 0

    class Counted(str):
        def __new__(cls, text: str) -> "Counted":
            nonlocal alive, peak
            alive += 1
            peak = max(peak, alive)
            return super().__new__(cls, text)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def many(files: Files) -> Iterator[Item]:
        for number in range(500):
            yield Document(f"OWN:{number}", "own", "t", Counted(f"text {number}"), "own")

    streamed = {**registry, "own": replace(SOURCES["own"], read=many)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("medresearcher.retrieval.sorting.sorted_documents.__defaults__", (50,))
        built = build(tmp_path, downloads, streamed, added=[added])
    assert built.counts["documents"]["own"] == 500
    assert peak < 200
