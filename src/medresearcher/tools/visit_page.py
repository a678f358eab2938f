"""`visit_page`: read a page of the web, politely and without getting into private networks.

Addresses are checked where they are connected to, after every redirect. robots.txt decides what
may be read (RFC 9309: one that cannot be got forbids, one that does not exist permits).
"""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx2
from pydantic import Field, StringConstraints

from medresearcher.records.trajectory import Outcome
from medresearcher.settings import HttpSettings, WebSettings
from medresearcher.tools.connectors.http import AGENT, DiskCache, Pace, cache_key, retry_after
from medresearcher.tools.connectors.network import (
    Answer,
    EncodingError,
    Network,
    RefusedAddressError,
    TooLargeError,
)
from medresearcher.tools.extract import MOST_CHARACTERS, Kind, Text, UnreadableError, extract
from medresearcher.tools.read_document import split_pages
from medresearcher.tools.tool import Result, Tool, ToolError
from medresearcher.tools.untrusted import as_data

if TYPE_CHECKING:
    from protego import Protego

_REDIRECTS = 5
_ROBOTS_BYTES = 2_000_000
_ROBOTS_S = 3_600.0
_ORIGINS = 1_000
_NAME = "medresearcher"
_HOST = re.compile(r"[\w.:%-]+")
_MOVED = (301, 302, 303, 307, 308)

Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


@dataclass(frozen=True, slots=True)
class _Rules:
    """What robots.txt of an origin says, until when it is believed, and the pace it asks for."""

    robots: "Protego"
    until: float
    pace: Pace | None


class PageReader:
    """Fetches pages; used by all agents of a toolbox at once."""

    def __init__(self, http: HttpSettings, web: WebSettings, cache: Path | None = None) -> None:
        self._http = http
        self._allow = web.allow_hosts
        self._cache = DiskCache(cache, http.cache_days) if cache else None
        self._network: Network | None = None
        self._rules: dict[str, _Rules] = {}
        self._lock = Lock()

    def read(self, url: str) -> tuple[str, Text]:
        """The address that a page has in the end, and its text; a `ToolError` if there is none."""
        url = _checked(url)
        kept = self._cache.get(cache_key("page", url)) if self._cache else None
        if kept is not None:
            final, *text = json.loads(kept)
            return final, Text(*text)
        deadline = time.monotonic() + self._http.deadline_s
        final, answer = self._fetch(url, deadline)
        text = _text(answer, deadline - time.monotonic())
        if self._cache:
            self._cache.put(cache_key("page", url), json.dumps([final, *text]).encode())
        return final, text

    def _fetch(self, url: str, deadline: float) -> tuple[str, Answer]:
        """A page behind its redirects, each permitted by the robots.txt of its site."""
        for _ in range(_REDIRECTS + 1):
            self._permitted(url, deadline)
            answer = self._get(url, deadline, self._http.max_bytes)
            if answer.status not in _MOVED:
                _check_status(answer)
                return url, answer
            url = _moved(url, answer)
        raise ToolError(Outcome.UNAVAILABLE, f"the page redirects more than {_REDIRECTS} times")

    def _permitted(self, url: str, deadline: float) -> None:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            rules = self._rules.get(origin)
        if rules is None or rules.until < time.monotonic():
            rules = self._robots(origin, deadline)
            with self._lock:
                if len(self._rules) >= _ORIGINS:
                    self._rules.clear()
                self._rules[origin] = rules
        if not rules.robots.can_fetch(url, _NAME):
            problem = "the robots.txt of this site does not permit reading this page"
            raise ToolError(Outcome.OUT_OF_SCOPE, problem)
        if rules.pace:
            rules.pace.wait(deadline)

    def _robots(self, origin: str, deadline: float) -> _Rules:
        from protego import Protego

        url = f"{origin}/robots.txt"
        answer = self._get(url, deadline, _ROBOTS_BYTES)
        for _ in range(_REDIRECTS):
            if answer.status in _MOVED:
                url = _moved(url, answer)
                answer = self._get(url, deadline, _ROBOTS_BYTES)
        if answer.status >= 500 or answer.status in (*_MOVED, 429):
            problem = "robots.txt of this site cannot be read, so its pages may not be either"
            raise ToolError(Outcome.UNAVAILABLE, problem)
        text = answer.body.decode("utf-8", "replace") if answer.status == 200 else ""
        robots = Protego.parse(text)
        delay = robots.crawl_delay(_NAME)
        pace = Pace("this site", self._http.pace / delay) if delay else None
        return _Rules(robots, time.monotonic() + _ROBOTS_S, pace)

    def _get(self, url: str, deadline: float, most: int) -> Answer:
        headers = {"User-Agent": AGENT, "Accept": "text/html, application/pdf, text/*;q=0.8"}
        try:
            return self._opened().request("GET", url, headers, None, deadline=deadline, most=most)
        except RefusedAddressError as error:
            problem = "this host has a private or local address; only the public web is read"
            raise ToolError(Outcome.OUT_OF_SCOPE, problem) from error
        except httpx2.TimeoutException as error:
            problem = f"the page was not there within {self._http.deadline_s:g} s"
            raise ToolError(Outcome.UNAVAILABLE, problem) from error
        except TooLargeError as error:
            problem = f"the page is larger than {most:,} bytes"
            raise ToolError(Outcome.UNAVAILABLE, problem) from error
        except EncodingError as error:
            raise ToolError(Outcome.UNAVAILABLE, f"{error}") from error
        except httpx2.InvalidURL as error:
            raise ToolError(Outcome.INVALID_ARGUMENTS, "`url` is not an address") from error
        except httpx2.RequestError as error:
            problem = "the site cannot be reached, or broke the answer off"
            raise ToolError(Outcome.UNAVAILABLE, problem) from error

    def _opened(self) -> Network:
        with self._lock:
            self._network = self._network or Network(guarded=True, allow=self._allow)
            return self._network


def visit_page(reader: PageReader) -> Tool:
    """The reading tool."""

    def visit(url: Url, page: Annotated[int, Field(ge=1)] = 1) -> Result:
        """Read the main text of a web page or a PDF, a part at a time.

        Args:
            url: The address, with http:// or https://.
            page: The part to read, from 1; the status line says how many there are.
        """  # noqa: D413
        final, found = reader.read(url)
        if not found.text.strip():
            problem = "the page has no text that can be read without running its scripts"
            return Result(Outcome.EMPTY, "", problem)
        pages = split_pages(found.text)
        if page > len(pages):
            problem = f"`page` {page} does not exist; the text has pages 1 to {len(pages)}"
            return Result(Outcome.INVALID_ARGUMENTS, "", problem)
        head = f"{found.title}\n\n" if found.title else ""
        cut = f"; only its first {MOST_CHARACTERS:,} characters" if found.cut else ""
        body = as_data(final, head + pages[page - 1])
        return Result(Outcome.FOUND, body, f"page {page} of {len(pages)}{cut}")

    return Tool("visit_page", visit)


def _checked(url: str) -> str:
    """The address without its fragment; `invalid_arguments` if it is not one of the web."""
    try:
        parts = urlsplit(urldefrag(url).url)
        host = parts.hostname or ""
        usable = parts.scheme in ("http", "https") and _HOST.fullmatch(host) and parts.port != 0
        whole = str(httpx2.URL(parts.geturl()))
    except (ValueError, httpx2.InvalidURL) as error:
        raise ToolError(Outcome.INVALID_ARGUMENTS, "`url` is not an address") from error
    if not usable:
        problem = "expected an address that begins with http:// or https:// and names a host"
        raise ToolError(Outcome.INVALID_ARGUMENTS, problem)
    if parts.username or parts.password:
        raise ToolError(Outcome.INVALID_ARGUMENTS, "`url` must not hold a name or password")
    return whole


def _moved(url: str, answer: Answer) -> str:
    try:
        return _checked(urljoin(url, answer.headers.get("location", "none:")))
    except (ToolError, ValueError) as error:
        problem = "the page redirects to something that is not an address of the web"
        raise ToolError(Outcome.UNAVAILABLE, problem) from error


def _check_status(answer: Answer) -> None:
    status = answer.status
    if status == 200:
        return
    if status in (404, 410):
        raise ToolError(Outcome.EMPTY, f"the site has no such page (HTTP {status})")
    if status == 429:
        after = retry_after(answer.headers)
        when = f"; it asks to wait {after:.0f} s" if after is not None else ""
        raise ToolError(Outcome.RATE_LIMITED, f"the site limits our requests{when}")
    if status in (401, 402, 403, 407, 451):
        raise ToolError(Outcome.UNAVAILABLE, f"the site does not let us read it (HTTP {status})")
    raise ToolError(Outcome.UNAVAILABLE, f"the site failed (HTTP {status})")


def _text(answer: Answer, seconds: float) -> Text:
    """The text of a page by its kind."""
    kind, _, parameters = answer.headers.get("content-type", "text/html").partition(";")
    kind = kind.strip().lower()
    charset = parameters.partition("charset=")[2].partition(";")[0].strip(" \"'")[:40]
    if answer.body.startswith(b"%PDF-"):
        return _extracted(answer.body, "pdf", "", seconds)
    if kind in ("text/html", "application/xhtml+xml"):
        return _extracted(answer.body, "html", charset, seconds)
    if kind.startswith("text/") or kind.endswith(("json", "xml")):
        text = _decoded(answer.body, charset)
        return Text("", text[:MOST_CHARACTERS], len(text) > MOST_CHARACTERS)
    shown = kind if kind.isascii() and kind.isprintable() and len(kind) < 60 else "unknown"
    problem = f"content of type {shown!r} cannot be read; only pages, PDF and text"
    raise ToolError(Outcome.OUT_OF_SCOPE, problem)


def _extracted(body: bytes, kind: Kind, charset: str, seconds: float) -> Text:
    try:
        return extract(body, kind, charset, max(seconds, 0.001))
    except UnreadableError as error:
        raise ToolError(Outcome.UNAVAILABLE, f"{error}") from error


def _decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset or "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")
