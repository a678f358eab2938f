"""Pulling and verifying wheels, against a real index on loopback and the real pip."""

import hashlib
import io
import os
import random
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from source_inputs import Index

from medresearcher.errors import InputError, SourceError
from medresearcher.records.knowledge import Item, Mapping, MatchKind
from medresearcher.sources import fetch, inputs
from medresearcher.sources.files import Files, WheelFiles, lines
from medresearcher.sources.registry import SOURCES, Source, Wheel, licence_of

NOTHING: dict[str, Source] = {}


def wheel_bytes(project: str, content: bytes) -> bytes:
    stem = project.replace("-", "_")
    info = f"{stem}-1.0.dist-info"
    members = {
        f"{stem}/data/rows.txt": content,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n"
        "Requires-Python: <3\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def read_rows(files: Files):
    for number, text in lines(files, "rows.txt"):
        yield Mapping(text, str(number), MatchKind.EXACT, "test")


def entry(project: str, body: bytes, name: str | None = None) -> Source:
    stem = project.replace("-", "_")
    wheel = Wheel(f"{project}==1.0", f"{stem}-1.0-py3-none-any.whl", sha(body), len(body))
    text = "x"
    members = {"rows.txt": f"{stem}/data/rows.txt"}
    return Source(name or project, text, text, text, text, text, text, wheel, members, read_rows)


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def two(index: Index) -> tuple[dict[str, Source], dict[str, bytes]]:
    noise = random.Random(7).randbytes(1_500_000)
    bodies = {"big-one": wheel_bytes("big-one", noise), "two": wheel_bytes("two", b"a\nb\n")}
    registry = {project: entry(project, body) for project, body in bodies.items()}
    index.files = {registry[project].wheel.file: body for project, body in bodies.items()}
    return registry, bodies


def test_pull_puts_the_verified_wheels_in_place_and_skips_them_later(
    index: Index, tmp_path: Path
) -> None:
    registry, bodies = two(index)
    target = tmp_path / "deep" / "sources"
    first = fetch.pull([], target, registry)
    assert [(p.file, p.fetched, p.size) for p in first] == [
        (registry[project].wheel.file, True, len(bodies[project])) for project in registry
    ]
    assert sorted(path.name for path in target.iterdir()) == sorted(index.files)
    asked = len(index.asked)
    assert [p.fetched for p in fetch.pull([], target, registry)] == [False, False]
    assert len(index.asked) == asked


def test_the_named_sources_alone_are_fetched_and_a_shared_wheel_once(
    index: Index, tmp_path: Path
) -> None:
    registry, bodies = two(index)
    registry["other"] = entry("two", bodies["two"], "other")
    pulled = fetch.pull(["two", "other"], tmp_path / "s", registry)
    assert [p.file for p in pulled] == ["two-1.0-py3-none-any.whl"]
    assert index.downloads("big_one-1.0-py3-none-any.whl") == []
    assert len(index.downloads("two-1.0-py3-none-any.whl")) == 1


def test_progress_counts_the_bytes_that_pip_reports(index: Index, tmp_path: Path) -> None:
    registry, bodies = two(index)
    seen: list[int] = []
    code, output = fetch._run_pip(registry["big-one"].wheel, tmp_path, seen.append)
    assert code == 0
    assert seen[-1] == len(bodies["big-one"])
    assert len(seen) >= 2
    assert seen == sorted(seen)
    assert not any("Progress" in line for line in output)


def test_a_connection_that_breaks_once_is_resumed(index: Index, tmp_path: Path) -> None:
    registry, _ = two(index)
    name = registry["big-one"].wheel.file
    index.cut, index.cuts_left = {name: 100_000}, 1
    fetch.pull(["big-one"], tmp_path, registry)
    assert len(index.downloads(name)) == 2
    assert any(asked.startswith("bytes=") for _, asked in index.asked)
    fetch.verify(registry["big-one"], tmp_path)


def test_one_failure_does_not_stop_the_others_and_is_listed(index: Index, tmp_path: Path) -> None:
    registry, _ = two(index)
    registry = {"gone": entry("gone", b"x"), **registry}
    with pytest.raises(SourceError) as caught:
        fetch.pull([], tmp_path, registry)
    message = str(caught.value)
    assert "1 of 3 downloads failed" in message
    assert "gone-1.0-py3-none-any.whl: pip failed" in message
    assert "No matching distribution found for gone==1.0" in message
    assert "two-1.0" not in message
    assert sorted(path.name for path in tmp_path.glob("*.whl")) == sorted(index.files)


def test_a_file_that_the_index_lists_but_does_not_have_is_named(
    index: Index, tmp_path: Path
) -> None:
    registry, _ = two(index)
    served = index.files

    class Listed(dict[str, bytes]):
        def __contains__(self, name: object) -> bool:
            return False

    index.files = Listed(served)
    with pytest.raises(SourceError, match=r"two-1\.0.*404"):
        fetch.pull(["two"], tmp_path, registry)
    assert list(tmp_path.glob("*.whl")) == []


def test_a_body_that_stays_truncated_fails_and_leaves_nothing(index: Index, tmp_path: Path) -> None:
    registry, _ = two(index)
    target = tmp_path / "s"
    index.cut = {registry["big-one"].wheel.file: 100_000}
    with pytest.raises(SourceError, match=r"(?i)big_one-1\.0.*(incomplete|download)"):
        fetch.pull([], target, registry)
    assert [path.name for path in target.iterdir()] == [registry["two"].wheel.file]


def test_a_wheel_with_another_hash_is_deleted_and_never_used(index: Index, tmp_path: Path) -> None:
    registry, bodies = two(index)
    target = tmp_path / "s"
    other = wheel_bytes("two", b"b\na\n")
    assert len(other) == len(bodies["two"])
    index.files[registry["two"].wheel.file] = other
    with pytest.raises(SourceError) as caught:
        fetch.pull(["two"], target, registry)
    message = str(caught.value)
    assert f"expected sha256 {sha(bodies['two'])}, came {sha(other)}" in message
    assert "two-1.0-py3-none-any.whl" in message
    assert list(target.iterdir()) == []


def test_no_index_at_all_is_a_clear_error(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, _ = two(index)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(SourceError, match=r"could not be reached; before that.*refused"):
        fetch.pull(["two"], tmp_path, registry)


def test_an_altered_file_is_refused_and_pull_replaces_it(index: Index, tmp_path: Path) -> None:
    registry, bodies = two(index)
    fetch.pull(["two"], tmp_path, registry)
    path = tmp_path / registry["two"].wheel.file
    path.write_bytes(bodies["two"].replace(b"a\nb\n", b"a\nX\n"))
    with pytest.raises(SourceError, match=r"two-1\.0.*altered.*medresearcher sources pull two"):
        inputs.read_source("two", tmp_path, registry)
    path.write_bytes(bodies["two"][:-10])
    with pytest.raises(SourceError, match=r"truncated.*expected \d+ bytes, came \d+"):
        fetch.verify(registry["two"], tmp_path)
    assert [p.fetched for p in fetch.pull(["two"], tmp_path, registry)] == [True]
    assert path.read_bytes() == bodies["two"]


def test_reading_a_source_verifies_before_the_first_item(index: Index, tmp_path: Path) -> None:
    registry, _ = two(index)
    with pytest.raises(InputError, match="not fetched yet; run `medresearcher sources pull two`"):
        inputs.read_source("two", tmp_path, registry)
    fetch.pull(["two"], tmp_path, registry)
    items: list[Item] = list(inputs.read_source("two", tmp_path, registry))
    assert items == [
        Mapping("a", "1", MatchKind.EXACT, "test"),
        Mapping("b", "2", MatchKind.EXACT, "test"),
    ]


def test_wrong_names_and_folders_are_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no source is called `hop`; there are: hpo, mondo"):
        fetch.pull(["hop"], tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot hold the downloads"):
        fetch.pull([], tmp_path / "file" / "sub", NOTHING)


def test_members_missing_or_damaged_inside_a_wheel_are_source_errors(tmp_path: Path) -> None:
    path = tmp_path / "two-1.0-py3-none-any.whl"
    path.write_bytes(wheel_bytes("two", b"first\nsecond\n").replace(b"second", b"sECOND", 1))
    files = WheelFiles(path, {"rows.txt": "two/data/rows.txt", "no.txt": "two/no.txt"})
    with pytest.raises(SourceError, match=r"two-1\.0.*!two/no\.txt: is not in the wheel"):
        files.open("no.txt")
    with pytest.raises(SourceError, match="damaged or truncated"):
        list(lines(files, "rows.txt"))
    path.write_bytes(b"no zip")
    with pytest.raises(SourceError, match="not a readable wheel"):
        files.open("rows.txt")


def test_a_stopped_pull_leaves_no_file_and_can_be_run_again(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, _ = two(index)

    @contextmanager
    def stopping(label: str, total: float):
        def advance(steps: float = 1, note: str = "") -> None:
            raise KeyboardInterrupt

        yield advance

    with monkeypatch.context() as patch:
        patch.setattr(fetch, "progress", stopping)
        with pytest.raises(KeyboardInterrupt):
            fetch.pull([], tmp_path / "s", registry)
    assert list((tmp_path / "s").iterdir()) == []
    assert [p.fetched for p in fetch.pull([], tmp_path / "s", registry)] == [True, True]


def test_drafts_of_a_killed_pull_are_cleared_after_a_day(tmp_path: Path) -> None:
    old, new = tmp_path / ".pull-old", tmp_path / ".pull-new"
    for draft in (old, new):
        draft.mkdir()
        (draft / "part").touch()
    os.utime(old, (0, 0))
    fetch.pull([], tmp_path, NOTHING)
    assert (old.exists(), new.exists()) == (False, True)


def test_the_registry_is_consistent_and_states_licences() -> None:
    for name, source in SOURCES.items():
        assert source.name == name
        assert source.wheel or source.files
        assert licence_of(name) == source.licence != ""
        if source.wheel:
            assert len(source.wheel.sha256) == 64
            stem = source.wheel.pin.replace("-", "_").replace("==", "-")
            assert source.wheel.file.startswith(f"{stem}-")
    with pytest.raises(InputError, match="no source is called `user`"):
        licence_of("user")
