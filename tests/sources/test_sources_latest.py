"""Fetching official releases from a real HTTP server on loopback that cuts, changes and refuses."""

import gzip
import hashlib
import http.server
import json
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from medresearcher.errors import InputError, SourceError
from medresearcher.sources.fetch import Pulled
from medresearcher.sources.inputs import choose_inputs
from medresearcher.sources.latest import latest_folders, pull_latest
from medresearcher.sources.registry import SOURCES, Source

BODY = random.Random(3).randbytes(300_000)


@dataclass
class Site:
    """Files by path. `cuts` are the lengths after which the next answers end early; `statuses`
    are answered, one each, before anything else."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    weak: bool = False
    asked: list[tuple[str, str, int]] = field(default_factory=list)


class Handler(http.server.BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        span = self.headers.get("Range", "")
        if self.site.statuses:
            self._answer(self.site.statuses.pop(0), b"", span)
        elif self.path not in self.site.files:
            self._answer(404, b"", span)
        else:
            self._file(self.site.files[self.path], span)

    def _file(self, body: bytes, span: str) -> None:
        tag = f'{"W/" if self.site.weak else ""}"{hashlib.sha256(body).hexdigest()[:12]}"'
        if self.headers.get("If-None-Match") == tag:
            self._answer(304, b"", span)
            return
        partly = bool(span) and self.headers.get("If-Range") == tag
        start = int(span.removeprefix("bytes=").rstrip("-")) if partly else 0
        headers = {"ETag": tag}
        if partly:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        end = start + self.site.cuts.pop(0) if self.site.cuts else len(body)
        self._answer(206 if partly else 200, body[start:end], span, headers, len(body) - start)

    def _answer(
        self,
        status: int,
        body: bytes,
        span: str,
        headers: dict[str, str] | None = None,
        length: int = 0,
    ) -> None:
        self.site.asked.append((self.path, span, status))
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent."""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    handler = type("Bound", (Handler,), {"site": site})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


def source(name: str, *latest: str, needs_consent: bool = False) -> Source:
    return Source(
        name,
        *["x"] * 6,
        wheel=None,
        members={},
        read=lambda files: iter(()),
        needs_consent=needs_consent,
        latest=latest,
    )


@pytest.fixture
def pull(site: Site, tmp_path: Path) -> Callable[..., list[Pulled]]:
    def run(*names: str, **more: int) -> list[Pulled]:
        registry = {
            "one": source("one", f"{site.url}/a/one.obo", f"{site.url}/b.zip#two.zip"),
            "many": source("many", f"{site.url}/n{{number:02}}.xml.gz"),
            "paid": source("paid", f"{site.url}/paid", needs_consent=True),
            "none": source("none"),
        }
        return pull_latest(names, tmp_path, registry=registry, pause_s=0.0, **more)

    return run


def test_files_come_whole_and_are_written_down(
    site: Site, pull: Callable[..., list[Pulled]], tmp_path: Path
) -> None:
    site.files = {"/a/one.obo": BODY, "/b.zip": b"zip"}
    assert pull("one") == [
        Pulled("one.obo", fetched=True, size=len(BODY)),
        Pulled("two.zip", fetched=True, size=3),
    ]
    folder = tmp_path / "latest" / "one"
    assert (folder / "one.obo").read_bytes() == BODY
    assert (folder / "two.zip").read_bytes() == b"zip"
    written = json.loads((folder / "manifest.json").read_text())["files"]["one.obo"]
    assert written["url"] == f"{site.url}/a/one.obo"
    assert written["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert written["size"] == len(BODY)
    assert written["date"].endswith("+00:00")
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "one.obo", "two.zip"]


def test_an_unchanged_file_is_kept_and_a_changed_one_replaced(
    site: Site, pull: Callable[..., list[Pulled]], tmp_path: Path
) -> None:
    site.files = {"/a/one.obo": BODY, "/b.zip": b"zip"}
    pull("one")
    path = tmp_path / "latest" / "one" / "one.obo"
    before = path.stat().st_mtime_ns
    assert [one.fetched for one in pull("one")] == [False, False]
    assert path.stat().st_mtime_ns == before
    assert site.asked[-1][2] == 304
    site.files["/b.zip"] = b"new"
    assert [one.fetched for one in pull("one")] == [False, True]
    path.write_bytes(b"spoiled")
    assert [one.fetched for one in pull("one")] == [True, False]
    assert path.read_bytes() == BODY


def test_a_cut_transfer_goes_on_where_it_stopped(
    site: Site, pull: Callable[..., list[Pulled]], tmp_path: Path
) -> None:
    site.files = {"/a/one.obo": BODY, "/b.zip": b"zip"}
    site.cuts = [100_000, 50_000]
    pull("one")
    assert (tmp_path / "latest" / "one" / "one.obo").read_bytes() == BODY
    spans = [(int(span[6:-1] or 0), status) for path, span, status in site.asked[:3] if span]
    assert [status for _, status in spans] == [206, 206]
    assert 0 < spans[0][0] < spans[1][0] <= 150_000


def test_what_an_earlier_pull_left_is_used_unless_the_file_changed(
    site: Site, pull: Callable[..., list[Pulled]], tmp_path: Path
) -> None:
    site.files = {"/a/one.obo": BODY, "/b.zip": b"zip"}
    site.cuts = [100_000, 1, 1, 1]
    with pytest.raises(SourceError, match=r"1 of 2 downloads failed.*\n.*one\.obo: failed 4 times"):
        pull("one")
    part = tmp_path / "latest" / "one" / "one.obo.part"
    had = part.stat().st_size
    assert 0 < had < len(BODY)
    site.asked.clear()
    site.files["/a/one.obo"] = BODY[::-1]
    pull("one")
    assert site.asked[0] == ("/a/one.obo", f"bytes={had}-", 200)
    assert (tmp_path / "latest" / "one" / "one.obo").read_bytes() == BODY[::-1]


def test_a_server_that_names_no_version_is_asked_for_the_whole(
    site: Site, pull: Callable[..., list[Pulled]], tmp_path: Path
) -> None:
    site.files, site.weak = {"/a/one.obo": BODY, "/b.zip": b"zip"}, True
    site.cuts = [100_000]
    pull("one")
    assert (tmp_path / "latest" / "one" / "one.obo").read_bytes() == BODY
    assert all(span == "" for _, span, _ in site.asked)


def test_a_body_that_is_always_cut_is_an_error_and_leaves_the_old_file(
    site: Site, pull: Callable[..., list[Pulled]], tmp_path: Path
) -> None:
    site.files = {"/a/one.obo": BODY, "/b.zip": b"zip"}
    pull("one")
    site.files["/a/one.obo"], site.weak = BODY[::-1], True
    site.cuts = [10, 10, 10, 10]
    with pytest.raises(SourceError, match="failed 4 times"):
        pull("one")
    assert (tmp_path / "latest" / "one" / "one.obo").read_bytes() == BODY


@pytest.mark.parametrize(("statuses", "tries"), [([404], 1), ([403], 1), ([503, 500, 429, 503], 4)])
def test_refusals_are_named_and_only_passing_ones_tried_again(
    site: Site, pull: Callable[..., list[Pulled]], statuses: list[int], tries: int
) -> None:
    site.files = {"/a/one.obo": BODY, "/b.zip": b"zip"}
    site.statuses = list(statuses)
    with pytest.raises(SourceError, match=rf"1 of 2 .*\n.*/a/one\.obo.* {statuses[-1]}"):
        pull("one")
    assert sum(path == "/a/one.obo" for path, _, _ in site.asked) == tries


def test_a_busy_server_is_tried_again(site: Site, pull: Callable[..., list[Pulled]]) -> None:
    site.files = {"/a/one.obo": BODY, "/b.zip": b"zip"}
    site.statuses = [503, 429]
    assert all(one.fetched for one in pull("one"))


def test_a_series_takes_as_many_files_as_asked_and_checks_them(
    site: Site, pull: Callable[..., list[Pulled]], tmp_path: Path
) -> None:
    packed = {f"/n{number:02}.xml.gz": gzip.compress(b"x" * number) for number in (1, 2, 3)}
    sums = {
        f"{path}.md5": f"MD5 = {hashlib.md5(body).hexdigest()}\n" for path, body in packed.items()
    }
    site.files = {**packed, **{path: text.encode() for path, text in sums.items()}}
    assert [one.file for one in pull("many", files=2)] == ["n01.xml.gz", "n02.xml.gz"]
    site.files["/n03.xml.gz.md5"] = sums["/n01.xml.gz.md5"].encode()
    with pytest.raises(SourceError, match=r"n03\.xml\.gz: failed 4 times: expected md5"):
        pull("many", files=3)
    assert not (tmp_path / "latest" / "many" / "n03.xml.gz").exists()


def test_names_without_address_or_consent_are_refused(
    site: Site, pull: Callable[..., list[Pulled]]
) -> None:
    with pytest.raises(InputError, match="there is no address for `none`; there is one for: one"):
        pull("none")
    with pytest.raises(InputError, match="--consent paid"):
        pull("paid")
    site.files = {"/a/one.obo": BODY, "/b.zip": b"zip", "/n01.xml.gz": b"x"}
    assert [one.file for one in pull()] == ["one.obo", "two.zip", "n01.xml.gz"]


def test_a_file_that_was_changed_later_is_not_read(
    site: Site, pull: Callable[..., list[Pulled]], tmp_path: Path
) -> None:
    registry = {"one": source("one")}
    with pytest.raises(InputError, match="run `medresearcher sources pull --latest`"):
        latest_folders(tmp_path, registry)
    site.files = {"/a/one.obo": BODY, "/b.zip": b"zip"}
    pull("one")
    assert latest_folders(tmp_path, registry) == [tmp_path / "latest" / "one"]
    (tmp_path / "latest" / "one" / "one.obo").write_bytes(b"other")
    with pytest.raises(SourceError, match="is not as it was fetched"):
        latest_folders(tmp_path, registry)


def test_every_address_is_https_and_its_file_is_recognised() -> None:
    for one in SOURCES.values():
        for url in one.latest:
            assert url.startswith("https://")
            address, _, name = url.format(number=1).partition("#")
            assert one.short_name(name or address.rpartition("/")[2])


def test_what_was_fetched_is_what_a_build_reads(
    site: Site, pull: Callable[..., list[Pulled]], tmp_path: Path
) -> None:
    site.files = {"/a/one.obo": BODY, "/b.zip": b"zip"}
    pull("one")
    one = replace(source("one"), files=("one.obo", "*.zip"))
    folders = latest_folders(tmp_path, {"one": one})
    (chosen,) = choose_inputs([], tmp_path, added=folders, registry={"one": one})
    assert chosen.paths.keys() == {"one.obo", "two.zip"}
    assert chosen.paths["one.obo"].read_bytes() == BODY
