"""Fetch the newest official releases over HTTPS, beside the pinned wheels.

Each file goes to `latest/<source>/` under the downloads. `manifest.json` there says of each from
where and when it came, its size and sha256. A transfer that was cut goes on where it stopped; a
file that has not changed on the server stays. What is checked: the length that the server states,
the checksum file where the address has one (`.md5`), and at the next use the sha256.
"""

import hashlib
import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from medresearcher.engines.progress import Advance, progress
from medresearcher.errors import InputError, SourceError
from medresearcher.records.base import Frozen
from medresearcher.runs import write_atomically
from medresearcher.sources.fetch import Pulled, make_folder
from medresearcher.sources.registry import SOURCES, Source, require_consent

if TYPE_CHECKING:
    import httpx2

logger = logging.getLogger(__name__)

LATEST = "latest"
MANIFEST = "manifest.json"
TRIES = 4
_PAUSE_S = 1.0
_TIMEOUT_S = 60.0
_MEGABYTE = 1_000_000


class Fetched(Frozen):
    """One file: `tag` is what the server calls this version of it (ETag or Last-Modified)."""

    url: str
    date: str
    size: int
    sha256: str
    tag: str


class Downloads(Frozen):
    """The manifest of one folder."""

    files: dict[str, Fetched] = Field(default_factory=dict[str, Fetched])


class _CutError(Exception):
    """A transfer that may succeed if it is tried again."""


def pull_latest(
    names: Sequence[str],
    downloads: Path,
    *,
    files: int = 1,
    consent: Sequence[str] = (),
    registry: Mapping[str, Source] = SOURCES,
    pause_s: float = _PAUSE_S,
) -> list[Pulled]:
    """Bring the newest files of the named sources (none: all that have an address) up to date.

    `files` is how many of a numbered series come, from its first on. One file that fails does
    not stop the others; at the end a `SourceError` lists every failure.
    """
    pulled: list[Pulled] = []
    failures: list[str] = []
    sources = with_address(names, registry, consent)
    with progress("fetch releases (MB)") as advance, _client() as client:
        for source in sources:
            folder = downloads / LATEST / source.name
            make_folder(folder)
            for url in _urls(source, files):
                transfer = _Transfer(client, url, folder, pause_s)
                try:
                    pulled.append(transfer.run(advance))
                except SourceError as error:
                    failures.append(str(error))
    if failures:
        listed = "\n".join(f"  - {failure}" for failure in failures)
        raise SourceError(
            f"{len(failures)} of {len(failures) + len(pulled)} downloads failed; the others are "
            f"in place. Run the same command again to go on.\n{listed}"
        )
    return pulled


def with_address(
    names: Sequence[str], registry: Mapping[str, Source], consent: Sequence[str]
) -> list[Source]:
    """The named sources, each of which has an address; no names: all that have one."""
    having = {name: one for name, one in registry.items() if one.latest}
    for name in names:
        if name not in having:
            raise InputError(
                f"there is no address for `{name}`; there is one for: {', '.join(having)}"
            )
    chosen = [one for name, one in having.items() if name in names or not names]
    for source in chosen:
        if names:
            require_consent(source, consent)
    return [one for one in chosen if not one.needs_consent or one.name in consent]


def latest_folders(downloads: Path, registry: Mapping[str, Source] = SOURCES) -> list[Path]:
    """The folders of `pull_latest` that hold files, after a check that none has changed.

    Raise `InputError` if there is none, `SourceError` for a file that is not as it was fetched.
    """
    found: list[Path] = []
    for source in registry.values():
        folder = downloads / LATEST / source.name
        fetched = _manifest(folder).files
        for name, one in fetched.items():
            _check(folder / name, one)
        if fetched:
            found.append(folder)
    if not found:
        raise InputError(
            f"{downloads / LATEST}: no release is fetched yet; "
            "run `medresearcher sources pull --latest`"
        )
    return found


def _check(path: Path, fetched: Fetched) -> None:
    try:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}); fetch it again") from error
    if sha256 != fetched.sha256:
        raise SourceError(
            f"{path}: is not as it was fetched; run `medresearcher sources pull --latest` again"
        )


def _urls(source: Source, files: int) -> Iterator[str]:
    for url in source.latest:
        if "{" in url:
            yield from (url.format(number=number) for number in range(1, files + 1))
        else:
            yield url


def _client() -> "httpx2.Client":
    import httpx2

    return httpx2.Client(follow_redirects=True, timeout=_TIMEOUT_S)


def _manifest(folder: Path) -> Downloads:
    path = folder / MANIFEST
    if not path.exists():
        return Downloads()
    try:
        return Downloads.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(f"{path}: is not a readable list of downloads; delete it") from error


class _Transfer:
    """One file on its way: `name.part` holds what has come, `name.part.tag` of which version."""

    def __init__(self, client: "httpx2.Client", url: str, folder: Path, pause_s: float) -> None:
        self._client = client
        self._url, _, name = url.partition("#")
        self._folder = folder
        self._pause_s = pause_s
        self._name = name or PurePosixPath(urlsplit(url).path).name
        self._path = folder / self._name
        self._part = folder / f"{self._name}.part"
        self._tag = folder / f"{self._name}.tag.part"

    def run(self, advance: Advance) -> Pulled:
        """Fetch the file, or keep the one that is there; raise `SourceError` after `TRIES`."""
        attempt = 0
        while True:
            try:
                return self._fetch(advance)
            except _CutError as error:
                attempt += 1
                if attempt == TRIES:
                    raise SourceError(f"{self._url}: failed {TRIES} times: {error}") from error
                logger.info("%s: %s; tried again", self._url, error)
                time.sleep(self._pause_s * 2 ** (attempt - 1))

    def _fetch(self, advance: Advance) -> Pulled:
        import httpx2

        try:
            with self._client.stream("GET", self._url, headers=self._headers()) as response:
                if response.status_code == 304:
                    return Pulled(self._name, fetched=False, size=self._path.stat().st_size)
                self._receive(response, advance)
            self._check_md5()
        except httpx2.HTTPError as error:
            raise _CutError(str(error) or type(error).__name__) from error
        return self._keep()

    def _headers(self) -> dict[str, str]:
        """Ask for the rest of a file that was cut, or only for one that is new."""
        # A length that the server states is that of the bytes as they lie there.
        headers = {"Accept-Encoding": "identity"}
        tag = self._tag.read_text() if self._tag.exists() else ""
        if self._part.exists() and tag:
            start = self._part.stat().st_size
            return {**headers, "Range": f"bytes={start}-", "If-Range": tag}
        known = _manifest(self._folder).files.get(self._name)
        if known and known.tag and known.url == self._url and self._is_whole(known):
            dated = known.tag.endswith("GMT")
            headers["If-Modified-Since" if dated else "If-None-Match"] = known.tag
        return headers

    def _is_whole(self, known: Fetched) -> bool:
        try:
            _check(self._path, known)
        except SourceError:
            return False
        return True

    def _receive(self, response: "httpx2.Response", advance: Advance) -> None:
        status = response.status_code
        if status == 416:
            self._part.unlink(missing_ok=True)
            raise _CutError("the part that had come does not fit the file any more")
        if status >= 500 or status == 429:
            raise _CutError(f"the server answered {status}")
        if status not in (200, 206):
            raise SourceError(f"{self._url}: the server answered {status}; nothing was changed")
        tag = response.headers.get("ETag") or response.headers.get("Last-Modified", "")
        self._tag.write_text("" if tag.startswith("W/") else tag)
        start = self._part.stat().st_size if status == 206 else 0
        if status == 206 and f"bytes {start}-" not in response.headers.get("Content-Range", ""):
            self._part.unlink()
            raise _CutError("the server sent another part than was asked for")
        with self._part.open("r+b" if status == 206 else "wb") as stream:
            stream.seek(start)
            for block in response.iter_raw():
                stream.write(block)
                advance(len(block) / _MEGABYTE, self._name)
        expected = _length(response, start)
        came = self._part.stat().st_size
        if expected is not None and came != expected:
            raise _CutError(f"the body is truncated: expected {expected} bytes, came {came}")

    def _check_md5(self) -> None:
        """Compare with the checksum that NLM puts beside each file of the baseline."""
        if not self._name.endswith(".xml.gz"):
            return
        response = self._client.get(f"{self._url}.md5")
        if response.status_code == 404:
            return
        match = re.search(r"\b[0-9a-f]{32}\b", response.text)
        if response.status_code != 200 or match is None:
            raise _CutError(f"the checksum could not be read ({response.status_code})")
        with self._part.open("rb") as stream:
            md5 = hashlib.file_digest(stream, "md5").hexdigest()
        if md5 != match[0]:
            self._part.unlink()
            raise _CutError(f"expected md5 {match[0]}, came {md5}")

    def _keep(self) -> Pulled:
        with self._part.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        size = self._part.stat().st_size
        if not size:
            self._part.unlink()
            raise _CutError("the body is empty")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        tag = self._tag.read_text()
        self._part.replace(self._path)
        self._tag.unlink(missing_ok=True)
        fetched = Fetched(url=self._url, date=now, size=size, sha256=sha256, tag=tag)
        files = {**_manifest(self._folder).files, self._name: fetched}
        text = Downloads(files=dict(sorted(files.items()))).model_dump_json(indent=2)
        write_atomically(self._folder / MANIFEST, text + "\n")
        return Pulled(self._name, fetched=True, size=size)


def _length(response: "httpx2.Response", start: int) -> int | None:
    """The size of the whole file as the server states it, `None` if it does not."""
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isdecimal() else None
