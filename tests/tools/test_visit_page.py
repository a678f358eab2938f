"""Reading pages: text of any encoding, limits, robots, and no way into private networks."""

import _socket
import gzip
import io
import json
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from loopback_services import Reply, Services, serve

from medresearcher.records.trajectory import Observation
from medresearcher.settings import HttpSettings, WebSettings
from medresearcher.tools.connectors import network
from medresearcher.tools.connectors.network import is_public
from medresearcher.tools.visit_page import PageReader, visit_page

PARAGRAPHS = "".join(
    f"<p>Paragraph {n}: Sjögren syndrome dries the eyes and the mouth of many people.</p>"
    for n in range(60)
)
PAGE = f"<html><head><title>On Sjögren</title></head><body><article>{PARAGRAPHS}</article></body>"


@pytest.fixture
def services() -> Iterator[Services]:
    with serve() as running:
        yield running


def visit(
    services: Services,
    path: str,
    reply: Reply | None = None,
    *,
    allow: tuple[str, ...] = ("127.0.0.1",),
    cache: Path | None = None,
    page: int = 1,
    **limits: Any,
) -> Observation:
    if reply:
        services.pages[path] = reply
    http = HttpSettings(**{"deadline_s": 10.0, "cache_days": 1.0, **limits})
    tool = visit_page(PageReader(http, WebSettings(allow_hosts=allow), cache))
    url = path if "://" in path or not path.startswith("/") else services.url + path
    return tool.call(json.dumps({"url": url, "page": page}))


def html(text: str, kind: str = "text/html", encoding: str = "utf-8") -> Reply:
    return Reply(text.encode(encoding), kind=kind)


@pytest.mark.parametrize(
    "reply",
    [
        html(PAGE, "text/html; charset=utf-8"),
        html(PAGE, "text/html; charset=ISO-8859-1", "latin-1"),
        html(PAGE.replace("<head>", '<head><meta charset="windows-1252">'), encoding="cp1252"),
        html(PAGE, "text/html; charset=no-such-charset"),
        html(PAGE, "text/plain; charset=utf-16", "utf-16"),
        Reply(gzip.compress(PAGE.encode()), kind="text/html", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["utf-8", "latin-1", "meta", "unknown", "utf-16", "gzip"],
)
def test_pages_of_any_encoding_are_read(services: Services, reply: Reply) -> None:
    found = visit(services, "/page", reply)
    assert found.outcome == "found", found.text
    assert "Sjögren syndrome dries" in found.text


def test_a_page_that_is_not_in_its_charset_is_read_with_replacements(services: Services) -> None:
    body = PAGE.encode("latin-1")
    found = visit(services, "/page", Reply(body, kind="text/html; charset=utf-8"))
    assert found.outcome == "found"
    assert "gren syndrome dries" in found.text


def test_main_text_without_menus_title_and_pages(services: Services, tmp_path: Path) -> None:
    menu = "<nav><a href='/x'>Subscribe to our newsletter</a></nav>"
    reply = html(PAGE.replace("<body>", f"<body>{menu}"))
    first = visit(services, "/page", reply, cache=tmp_path)
    assert "On Sjögren" in first.text
    assert "newsletter" not in first.text
    assert "page 1 of 2" in first.text
    asked = len(services.requests)
    second = visit(services, "/page", cache=tmp_path, page=2)
    assert "Paragraph 59" in second.text
    assert len(services.requests) == asked  # from the cache
    assert visit(services, "/page", cache=tmp_path, page=3).outcome == "invalid_arguments"


def pdf(text: str) -> bytes:
    """A PDF of one page with one line, written by hand."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page + b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        font,
    ]
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    out.write(b"xref\n0 6\n0000000000 65535 f \n" + rows)
    out.write(b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % start)
    return out.getvalue()


def test_a_pdf_is_read_whatever_it_is_called(services: Services) -> None:
    for kind in ("application/pdf", "application/octet-stream"):
        found = visit(services, "/paper.pdf", Reply(pdf("Losartan in Marfan"), kind=kind))
        assert (found.outcome, "Losartan in Marfan" in found.text) == ("found", True)


def test_a_broken_pdf_is_unavailable(services: Services) -> None:
    found = visit(services, "/paper.pdf", Reply(b"%PDF-1.4\nnothing", kind="application/pdf"))
    assert (found.outcome, "broken" in found.text) == ("unavailable", True)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(b"", 404), "empty"),
        (Reply(b"", 410), "empty"),
        (Reply(b"", 403), "unavailable"),
        (Reply(b"", 451), "unavailable"),
        (Reply(b"", 429, headers={"Retry-After": "60"}), "rate_limited"),
        (Reply(b"", 500), "unavailable"),
        (Reply(b"\x89PNG", kind="image/png"), "out_of_scope"),
        (html("<html><body><script>app()</script></body></html>"), "empty"),
        (html(""), "empty"),
        (Reply(b"x", headers={"Content-Encoding": "br"}, kind="text/html"), "unavailable"),
        (Reply(b"x", headers={"Content-Encoding": "gzip"}, kind="text/html"), "unavailable"),
        (Reply(b"", 302, headers={"Location": "ftp://example.org/x"}), "unavailable"),
        (Reply(b"", 302), "unavailable"),
        (Reply(b"", 302, headers={"Location": "/page"}), "unavailable"),
    ],
)
def test_what_cannot_be_read_has_a_typed_outcome(
    services: Services, reply: Reply, outcome: str
) -> None:
    found = visit(services, "/page", reply)
    assert found.outcome == outcome, found.text


@pytest.mark.parametrize("mode", ["slow", "drip", "huge", "bomb", "cut", "closed"])
def test_endless_and_packed_pages_end_by_their_limits(services: Services, mode: str) -> None:
    services.pages["/robots.txt"] = Reply(b"")
    services.modes["site"] = f"ok then {mode}"
    found = visit(services, "/page", deadline_s=0.5, max_bytes=100_000)
    words = {"slow": "within 0.5 s", "drip": "within 0.5 s", "huge": "larger", "bomb": "larger"}
    assert (found.outcome, words.get(mode, "broke") in found.text) == ("unavailable", True)


def test_a_page_that_takes_too_long_to_take_apart_is_given_up(services: Services) -> None:
    reply = html("<html><body>" + "<span>a b c</span>" * 300_000)
    found = visit(services, "/page", reply, deadline_s=1.5)
    assert (found.outcome, "deadline" in found.text) == ("unavailable", True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "ftp://example.org/x",
        "file:///etc/passwd",
        "http://",
        "http://user:pw@example.org/",
        "http://[::1",
        "http://example.org:99999/",
        "javascript:alert(1)",
        "http://exa mple.org/",
    ],
)
def test_what_is_no_address_of_the_web_is_invalid(services: Services, url: str) -> None:
    found = visit(services, url)
    assert found.outcome == "invalid_arguments", found.text
    assert not services.requests


# Robots.


@pytest.mark.parametrize(
    ("robots", "outcome"),
    [
        (Reply(b"User-agent: *\nDisallow: /page"), "out_of_scope"),
        (
            Reply(b"User-agent: medresearcher\nDisallow: /*ge$\n\nUser-agent: *\nAllow: /"),
            "out_of_scope",
        ),
        (Reply(b"User-agent: *\nDisallow: /\nAllow: /page"), "found"),
        (Reply(b"User-agent: other\nDisallow: /"), "found"),
        (Reply(b"\xff\xfe\x00 nonsense"), "found"),
        (Reply(b"", 404), "found"),
        (Reply(b"", 403), "found"),
        (Reply(b"", 500), "unavailable"),
        (Reply(b"", 301, headers={"Location": "/other-robots.txt"}), "out_of_scope"),
        (Reply(b"", 301, headers={"Location": "/robots.txt"}), "unavailable"),
    ],
)
def test_robots_are_respected(services: Services, robots: Reply, outcome: str) -> None:
    services.pages["/robots.txt"] = robots
    services.pages["/other-robots.txt"] = Reply(b"User-agent: *\nDisallow: /")
    found = visit(services, "/page", html(PAGE))
    assert found.outcome == outcome, found.text
    if outcome == "out_of_scope":
        assert all(path != "/page" for _, path, _, _ in services.requests)


def test_robots_are_asked_after_a_redirect_too_and_once_an_hour(services: Services) -> None:
    services.pages["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /private")
    services.pages["/private"] = html(PAGE)
    moved = Reply(b"", 301, headers={"Location": "/private"})
    assert visit(services, "/page", moved).outcome == "out_of_scope"
    assert [path for _, path, _, _ in services.requests] == ["/robots.txt", "/page"]


def test_the_delay_that_robots_ask_for_is_kept(services: Services) -> None:
    services.pages["/robots.txt"] = Reply(b"User-agent: *\nCrawl-delay: 0.4")
    services.pages["/a"] = services.pages["/b"] = html("plain text", "text/plain")
    tool = visit_page(PageReader(HttpSettings(), WebSettings(allow_hosts=("127.0.0.1",))))
    start = time.monotonic()
    for path in "ab":
        assert tool.call(json.dumps({"url": f"{services.url}/{path}"})).outcome == "found"
    assert time.monotonic() - start >= 0.4


# Private addresses.


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
        ("ff02::1", False),
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_loopback_is_refused_however_it_is_written(
    services: Services, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The guard of the tests does not know these forms; the system resolves them without network.
    monkeypatch.setattr(network.socket, "getaddrinfo", _socket.getaddrinfo)
    found = visit(services, f"http://{host}:{services.port}/page", allow=())
    assert (found.outcome, "private or local" in found.text) == ("out_of_scope", True), found.text
    assert not services.requests


def test_a_redirect_to_a_private_address_is_refused(services: Services) -> None:
    moved = Reply(b"", 302, headers={"Location": f"http://localhost:{services.port}/secret"})
    found = visit(services, "/page", moved)
    assert (found.outcome, "private or local" in found.text) == ("out_of_scope", True)
    assert all(path != "/secret" for _, path, _, _ in services.requests)


def test_a_name_that_resolves_to_a_private_address_is_refused(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        looked_up.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]

    monkeypatch.setattr(network.socket, "getaddrinfo", resolve)
    found = visit(services, f"http://rebind.example:{services.port}/page")
    assert (found.outcome, "private or local" in found.text) == ("out_of_scope", True)
    assert looked_up == ["rebind.example"]
    assert not services.requests


def test_the_address_that_was_checked_is_the_one_connected_to(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that resolves anew at each look-up is looked up once for each connection."""
    answers = iter(["127.0.0.1"] * 2)

    def resolve(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        if host == "127.0.0.1":
            return _socket.getaddrinfo(host, port, *args, **more)
        assert host == "allowed.example"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(network.socket, "getaddrinfo", resolve)
    services.pages["/page"] = html(PAGE)
    url = f"http://allowed.example:{services.port}/page"
    assert visit(services, url, allow=("allowed.example",)).outcome == "found"
    assert next(answers, None) is None  # robots.txt and the page
    assert services.requests[-1][3]["host"] == f"allowed.example:{services.port}"


def test_a_name_that_is_not_resolved_in_time_is_unavailable(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network.socket, "getaddrinfo", lambda *_, **__: time.sleep(2) or [])
    found = visit(services, "http://slow.example/", deadline_s=0.2)
    assert (found.outcome, "was not there within" in found.text) == ("unavailable", True)
