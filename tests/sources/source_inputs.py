"""A package index on loopback, and a folder for small inputs."""

import http.server
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from medresearcher.records.knowledge import Entity, Item, Predicate, Statement
from medresearcher.sources.files import FolderFiles


@dataclass
class Index:
    """A PEP 503 index. `cut` maps a file to the number of bytes after which the connection ends;
    `cuts_left` says how often that still happens (-1: always)."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    cuts_left: int = -1
    asked: list[tuple[str, str]] = field(default_factory=list)

    def downloads(self, name: str) -> list[str]:
        return [path for path, _ in self.asked if path == f"/files/{name}"]


class IndexHandler(http.server.BaseHTTPRequestHandler):
    index: Index

    def do_GET(self) -> None:
        self.index.asked.append((self.path, self.headers.get("Range", "")))
        kind, _, rest = self.path.strip("/").partition("/")
        if kind == "simple":
            self._page(rest)
        elif rest in self.index.files:
            self._file(rest)
        else:
            self.send_error(404)

    def _page(self, project: str) -> None:
        prefix = project.strip("/").replace("-", "_") + "-"
        names = [name for name in self.index.files if name.startswith(prefix)]
        if not names:
            self.send_error(404)
            return
        page = "".join(f'<a href="/files/{name}">{name}</a>' for name in names)
        body = f"<!DOCTYPE html><html><body>{page}</body></html>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _file(self, name: str) -> None:
        body = self.index.files[name]
        asked = self.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        end = len(body)
        if name in self.index.cut and self.index.cuts_left:
            self.index.cuts_left -= 1
            end = self.index.cut[name]
        self.wfile.write(body[start:end])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent."""


class Folder:
    """Writes the files of a source into a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def __call__(self, contents: Mapping[str, str | bytes]) -> FolderFiles:
        for name, content in contents.items():
            data = content.encode() if isinstance(content, str) else content
            (self.path / name).write_bytes(data)
        return FolderFiles(self.path)


def statements(items: list[Item], *predicates: Predicate) -> list[Statement]:
    return [i for i in items if isinstance(i, Statement) and i.predicate in predicates]


def entities(items: list[Item]) -> dict[str, Entity]:
    return {item.id: item for item in items if isinstance(item, Entity)}
