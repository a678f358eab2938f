"""One bounded client for all services: pace, retries with Retry-After, cache, deadline.

Every way in which a service can fail ends as a `ToolError` with a typed outcome. What a service
says is never part of a status line; where it helps it is shown as data. Keys are read from the
environment at each call, sent to their service alone, and stand in no message and no file.
"""

import email.utils
import hashlib
import io
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO, Any, TypeVar
from urllib.parse import urlencode

import httpx2
from pydantic import BaseModel, ValidationError

from medresearcher import __version__
from medresearcher.errors import SourceError
from medresearcher.records.trajectory import Outcome
from medresearcher.settings import HttpSettings
from medresearcher.tools.connectors.network import (
    Answer,
    EncodingError,
    Network,
    TooLargeError,
)
from medresearcher.tools.tool import ToolError
from medresearcher.tools.untrusted import as_data

logger = logging.getLogger(__name__)

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

AGENT = f"medresearcher/{__version__}"

_DAY_S = 86_400.0
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Service:
    """A service: its name in messages, how many requests a second it allows, and its key.

    `setting` is where its address is set, `key_env` the variable that holds its key.
    """

    name: str
    per_second: float
    setting: str
    key_env: str = ""

    def key(self, *, needed: bool = False) -> str:
        """The key, or nothing; `not_configured` with the name of the variable if it is needed."""
        key = os.environ.get(self.key_env, "").strip() if self.key_env else ""
        if not key and needed:
            problem = f"{self.name} needs a key; set the environment variable {self.key_env}"
            raise ToolError(Outcome.NOT_CONFIGURED, problem)
        if not (key.isascii() and (key.isprintable() or not key)):
            problem = f"the key in {self.key_env} holds characters that no key can have"
            raise ToolError(Outcome.NOT_CONFIGURED, problem)
        return key


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `secrets` are headers or parameters with a key, which name no cache entry."""

    service: Service
    url: str
    params: Mapping[str, str | int] = field(default_factory=dict[str, str | int])
    body: Mapping[str, Any] | None = None
    secret_params: Mapping[str, str] = field(default_factory=dict[str, str])
    secret_headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def key(self) -> str:
        """What names the answer on disk."""
        return cache_key(self.url, sorted(self.params.items()), self.body)


class _RetryError(Exception):
    """A failure that may pass: what to say if it does not, and how long the service wants rest."""

    def __init__(self, error: ToolError, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


class HttpClient:
    """The client of one toolbox; used by all its agents at once."""

    def __init__(self, settings: HttpSettings, cache: Path | None = None) -> None:
        self._settings = settings
        self._cache = DiskCache(cache, settings.cache_days) if cache else None
        self._network: Network | None = None
        self._paces: dict[str, Pace] = {}
        self._lock = Lock()

    def fetch(self, ask: Ask, parse: Callable[[Answer], T], accept: Iterable[int] = (200,)) -> T:
        """What `parse` makes of the answer; statuses in `accept` reach it, the others are failures.

        `parse` raises `ValueError`, `SourceError` or a pydantic error for a body of the wrong
        form. That counts as a failure of the service, and such a body is not kept.
        """
        kept = self._cache.get(ask.key) if self._cache else None
        if kept is not None:
            try:
                return parse(Answer(200, {}, kept))
            except (ValueError, SourceError):
                logger.warning(
                    "an answer kept of %s cannot be read; asking again", ask.service.name
                )
        deadline = time.monotonic() + self._settings.deadline_s
        for left in reversed(range(self._settings.retries + 1)):
            try:
                return self._once(ask, parse, frozenset(accept), deadline)
            except _RetryError as failure:
                wait = self._wait(failure, self._settings.retries - left)
                if not left or time.monotonic() + wait >= deadline:
                    raise failure.error from failure
                time.sleep(wait)
        raise AssertionError

    def fetch_json(self, ask: Ask, model: type[M], accept: Iterable[int] = (200,)) -> M:
        """The answer as a pydantic model."""
        return self.fetch(ask, lambda answer: model.model_validate_json(answer.body), accept)

    def _wait(self, failure: _RetryError, tries: int) -> float:
        if failure.after is not None:
            return failure.after
        return self._settings.backoff_s * 2**tries

    def _once(
        self, ask: Ask, parse: Callable[[Answer], T], accept: frozenset[int], deadline: float
    ) -> T:
        self._pace(ask.service).wait(deadline)
        answer = self._send(ask, deadline)
        if answer.status not in accept:
            raise self._refusal(ask, answer)
        try:
            found = parse(answer)
        except (ValueError, SourceError) as error:
            raise _RetryError(_unreadable(ask.service, error)) from error
        if answer.status == 200 and self._cache:
            self._cache.put(ask.key, answer.body)
        return found

    def _send(self, ask: Ask, deadline: float) -> Answer:
        name, limit = ask.service.name, self._settings.deadline_s
        headers = {"User-Agent": AGENT, "Accept": "*/*", **ask.secret_headers}
        query = urlencode({**ask.params, **ask.secret_params}, errors="replace")
        content = None if ask.body is None else json.dumps(ask.body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            return self._opened().request(
                "GET" if content is None else "POST",
                f"{ask.url}?{query}" if query else ask.url,
                headers,
                content,
                deadline=deadline,
                most=self._settings.max_bytes,
            )
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            problem = f"the address of {name} is not usable; see the setting {ask.service.setting}"
            raise ToolError(Outcome.NOT_CONFIGURED, problem) from error
        except httpx2.TimeoutException as error:
            raise _RetryError(_down(f"{name} did not answer within {limit:g} s")) from error
        except httpx2.ConnectError as error:
            raise _RetryError(_down(f"{name} cannot be reached ({_cause(error)})")) from error
        except (httpx2.RequestError, EncodingError) as error:
            raise _RetryError(_down(f"the answer of {name} broke off")) from error
        except TooLargeError as error:
            most = f"{self._settings.max_bytes:,} bytes"
            raise _down(f"the answer of {name} is larger than {most}") from error

    def _refusal(self, ask: Ask, answer: Answer) -> Exception:
        """What a status other than the expected ones comes to."""
        service, status = ask.service, answer.status
        if status == 429:
            after = retry_after(answer.headers)
            if after is not None:
                self._pace(service).hold(after)
            when = f"; it asks to wait {after:.0f} s" if after is not None else ""
            limited = ToolError(Outcome.RATE_LIMITED, f"{service.name} limits our requests{when}")
            return _RetryError(limited, after)
        if status >= 500 or status == 408:
            down = _down(f"{service.name} failed (HTTP {status})")
            return _RetryError(down, retry_after(answer.headers))
        if status in (401, 403):
            return _denied(ask, status)
        if status in (400, 404, 422):
            problem = f"{service.name} refuses this request (HTTP {status})"
            return ToolError(Outcome.INVALID_ARGUMENTS, problem, _said(ask, answer))
        return _down(f"{service.name} answered with HTTP {status}")

    def _opened(self) -> Network:
        with self._lock:
            self._network = self._network or Network(proxy=self._settings.proxy)
            return self._network

    def _pace(self, service: Service) -> "Pace":
        with self._lock:
            rate = service.per_second * self._settings.pace
            return self._paces.setdefault(service.name, Pace(service.name, rate))


class Pace:
    """Requests to one service, no more than `rate` a second over all threads."""

    def __init__(self, name: str, rate: float) -> None:
        self._name = name
        self._gap = 1 / rate
        self._next = 0.0
        self._lock = Lock()

    def wait(self, deadline: float) -> None:
        """Sleep until it is our turn; `rate_limited` if that would be after the deadline."""
        with self._lock:
            turn = max(self._next, time.monotonic())
            if turn >= deadline:
                problem = f"too many requests to {self._name} are waiting; its limit allows "
                raise ToolError(Outcome.RATE_LIMITED, f"{problem}{1 / self._gap:g} a second")
            self._next = turn + self._gap
        time.sleep(max(0.0, turn - time.monotonic()))

    def hold(self, seconds: float) -> None:
        """Let nobody ask for some time."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)


class DiskCache:
    """Answers by the hash of what was asked, no older than some days. 0 days keep nothing."""

    def __init__(self, folder: Path, days: float) -> None:
        self._folder = folder
        self._age = days * _DAY_S

    def get(self, key: str) -> bytes | None:
        """The answer, `None` if there is none or it is too old."""
        path = self._folder / key[:2] / key
        try:
            return path.read_bytes() if time.time() - path.stat().st_mtime < self._age else None
        except OSError:
            return None

    def put(self, key: str, body: bytes) -> None:
        """Keep an answer; a folder that cannot be written is said in the log and does no harm."""
        if not self._age:
            return
        folder = self._folder / key[:2]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".draft-", delete=False) as draft:
                draft.write(body)
            Path(draft.name).replace(folder / key)
        except OSError as error:
            logger.warning("%s: an answer cannot be kept (%s)", self._folder, error.strerror)


@dataclass(frozen=True, slots=True)
class BodyFile:
    """The body of an answer as the one file of a source, for the readers of files."""

    body: bytes
    names: tuple[str, ...] = ("answer",)

    def where(self, name: str) -> str:
        """How messages call it."""
        return name

    def open(self, name: str) -> IO[bytes]:  # noqa: ARG002
        """The body as a stream."""
        return io.BytesIO(self.body)


def cache_key(*parts: Any) -> str:
    """A hash of what was asked; JSON is ASCII here, so it takes any text."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of the header Retry-After, which holds a number or a date; `None` without one."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _down(problem: str) -> ToolError:
    return ToolError(Outcome.UNAVAILABLE, problem)


def _denied(ask: Ask, status: int) -> ToolError:
    service = ask.service
    if ask.secret_headers or ask.secret_params:
        problem = f"{service.name} refuses the key in {service.key_env} (HTTP {status})"
        return ToolError(Outcome.NOT_CONFIGURED, problem)
    return _down(f"{service.name} does not let us in (HTTP {status})")


def _unreadable(service: Service, error: Exception) -> ToolError:
    what = "the fields expected"
    if not isinstance(error, ValidationError) or error.errors()[0]["type"] == "json_invalid":
        what = "the format expected"
    return _down(f"{service.name} answered, but not in {what}")


def _said(ask: Ask, answer: Answer) -> str:
    """The words of a refusal, without the keys that services repeat in them."""
    text = answer.body[: 10 * _SHOWN].decode("utf-8", "replace")
    for secret in (*ask.secret_params.values(), *ask.secret_headers.values()):
        text = text.replace(secret.removeprefix("Bearer "), "***")
    return as_data(ask.service.name, text, _SHOWN) if text.strip() else ""


def _cause(error: Exception) -> str:
    cause = error.__cause__
    while cause is not None and cause.__cause__ is not None:
        cause = cause.__cause__
    return getattr(cause, "strerror", None) or "no connection"
