"""One HTTP request that ends: by a deadline, within a size, at an address that is allowed.

The time limits of HTTP libraries are for each read, so a server that sends a byte now and then
holds a client for ever. Here every connect, read and write has what is left until the deadline
of the whole request. Addresses are checked where they are connected to, so neither a name that
resolves to a private address nor a redirect gets around the check.
"""

import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextvars import ContextVar
from functools import cache
from threading import Thread
from typing import Any, NamedTuple

import httpcore2
import httpx2

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_deadline: ContextVar[float] = ContextVar("deadline")
_CHUNK = 1 << 16
_CONNECTIONS = 32
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class RefusedAddressError(Exception):
    """The address of a host is not public."""


class TooLargeError(Exception):
    """The body, unpacked, is larger than allowed."""


class EncodingError(Exception):
    """The body is packed in a way that was not asked for, or the packing is broken."""


class Answer(NamedTuple):
    """What came back; header names are in lower case, the body is unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def is_public(address: Address) -> bool:
    """Whether an address, and any IPv4 address within it, is on the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo:
            return False
    return address.is_global and not address.is_multicast


class Network:
    """A pool of connections for many threads; `guarded` admits public addresses and `allow`."""

    def __init__(
        self, *, guarded: bool = False, allow: Iterable[str] = (), proxy: str = ""
    ) -> None:
        check = _guard(frozenset(host.casefold() for host in allow)) if guarded else _open
        self._transport = _Transport(_Backend(check), proxy, keepalive=not guarded)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        deadline: float,
        most: int,
    ) -> Answer:
        """Send one request; no redirect is followed, no cookie kept.

        `deadline` is a value of `time.monotonic()`, `most` counts bytes of the unpacked body.
        Raises `httpx2.RequestError` (a timeout is `httpx2.TimeoutException`),
        `httpx2.InvalidURL`, `RefusedAddressError`, `TooLargeError` and `EncodingError`.
        """
        token = _deadline.set(deadline)
        try:
            wanted = {**headers, "Accept-Encoding": "gzip"}
            pool = {"timeout": {"pool": _left()}}
            request = httpx2.Request(method, url, headers=wanted, content=content, extensions=pool)
            response = self._transport.handle_request(request)
            try:
                body = _unpacked(response, most)
            finally:
                response.close()
            return Answer(response.status_code, dict(response.headers), body)
        finally:
            _deadline.reset(token)


def _left() -> float:
    """Seconds until the deadline of this thread's request."""
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the deadline has passed")
    return left


def _unpacked(response: httpx2.Response, most: int) -> bytes:
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "", "gzip", "x-gzip"):
        raise EncodingError("the body is packed in a way that was not asked for")
    unpack = zlib.decompressobj(wbits=31) if packing.endswith("gzip") else None
    body = bytearray()
    came = False
    for chunk in response.iter_raw(_CHUNK):
        came = True
        try:
            body += unpack.decompress(chunk, most + 1 - len(body)) if unpack else chunk
        except zlib.error as error:
            raise EncodingError("the packing of the body is broken") from error
        if len(body) > most:
            raise TooLargeError
    if unpack and came and not unpack.eof:
        raise EncodingError("the packed body ends too early")
    return bytes(body)


class _Transport(httpx2.HTTPTransport):
    """The transport of httpx2 over connections of ours; it has no public way to be given them."""

    def __init__(self, backend: "_Backend", proxy: str, *, keepalive: bool) -> None:
        self._pool: Any
        options: dict[str, Any] = {
            "ssl_context": _trust(),
            "network_backend": backend,
            "max_connections": _CONNECTIONS,
            "max_keepalive_connections": _CONNECTIONS if keepalive else 0,
        }
        self._pool = (
            httpcore2.HTTPProxy(proxy, **options) if proxy else httpcore2.ConnectionPool(**options)
        )


class _Backend(httpcore2.NetworkBackend):
    """Connections whose addresses are checked and whose every step ends by the deadline."""

    def __init__(self, check: Callable[[str, Address], None]) -> None:
        self._check = check
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline says more
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        """Resolve, check all addresses, connect to the first that answers."""
        addresses = _resolve(host, port)
        for address in addresses:
            self._check(host, address)
        problem = httpcore2.ConnectError("the name has no address")
        for address in addresses:
            try:
                found = self._inner.connect_tcp(
                    str(address), port, _left(), local_address, socket_options
                )
                return _Stream(found)
            except httpcore2.ConnectError as error:
                problem = error
        raise problem


class _Stream(httpcore2.NetworkStream):
    """A stream whose reads and writes wait no longer than until the deadline."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._inner.read(max_bytes, _left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, _left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left()))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted; reading them takes a while."""
    return httpx2.create_ssl_context()


def _resolve(host: str, port: int) -> list[Address]:
    """The addresses of a host; a resolver that takes too long is left behind."""
    future: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            future.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            future.set_exception(httpcore2.ConnectError(f"the name cannot be resolved: {error}"))
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it
            future.set_exception(error)

    Thread(target=look_up, daemon=True).start()
    try:
        found = future.result(_left())
    except TimeoutError as error:
        raise httpcore2.ConnectTimeout("the name was not resolved in time") from error
    return list(dict.fromkeys(ipaddress.ip_address(row[4][0].partition("%")[0]) for row in found))


def _open(_host: str, _address: Address) -> None:
    """Any address will do: it stands in the user's settings."""


def _guard(allow: frozenset[str]) -> Callable[[str, Address], None]:
    def check(host: str, address: Address) -> None:
        if host.casefold() not in allow and not is_public(address):
            raise RefusedAddressError

    return check
