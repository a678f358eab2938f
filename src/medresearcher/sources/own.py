"""Your own documents: `.txt`, `.md`, `.html`, `.pdf` (a file is one) and `.jsonl` (a line is one).

The object of a line has `title` and `text`, and may have `id`, `url`, `year` and `licence`. The
title of a file is its first heading or the title that it states, else its name. Of a page the main
text counts. Ids begin with `OWN:`.
"""

import io
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from pydantic import Field, ValidationError

from medresearcher.records.base import Frozen
from medresearcher.records.knowledge import Document
from medresearcher.sources.files import (
    Files,
    RowError,
    Unique,
    bad,
    binary,
    each,
    json_lines,
    lines,
    refuse,
)

SOURCE = "own"
TYPE = "own"


class _Own(Frozen):
    id: str = ""
    title: str = Field(min_length=1)
    text: str = Field(min_length=1)
    url: str = ""
    year: int | None = Field(default=None, ge=1000, le=9999)
    licence: str = ""


def read(files: Files) -> Iterator[Document]:
    """Yield the documents of every file."""
    where: dict[str, str] = {}
    for name in files.names:
        kind = _stem(name)[1].lower()
        found = _READERS.get(kind, _text)(files, name)
        for line, document in found:
            place = f"{files.where(name)}:{line}"
            first = where.setdefault(document.id, place)
            if first == place:
                yield document
            else:
                problem = f"expected an id not used in {first}; got {document.id!r}"
                refuse(files, RowError(f"{place}: {problem}"))


def _json_documents(files: Files, name: str) -> Iterator[tuple[int, Document]]:
    unique = Unique(files, name)

    def read_line(line: int, value: dict[str, Any]) -> Iterator[tuple[int, Document]]:
        try:
            one = _Own.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "line"
            known = ", ".join(_Own.model_fields)
            raise bad(files, name, line, f"a document of {known} ({first['msg']})", field) from (
                error
            )
        key = one.id or f"{_stem(name)[0]}:{line}"
        unique.check(line, key)
        yield line, _document(key, one.title, one.text, one.url, one.year, one.licence)

    yield from each(files, json_lines(files, name), read_line)


def _text(files: Files, name: str) -> Iterator[tuple[int, Document]]:
    stem, kind = _stem(name)
    content = [text for _, text in lines(files, name)]
    text = "\n".join(content).strip()
    if not text:
        refuse(files, bad(files, name, 1, "a text", ""))
        return
    headings = (line.lstrip("# ").strip() for line in content if line.startswith("#"))
    title = (next(headings, "") if kind == ".md" else "") or stem.replace("_", " ")
    yield 1, _document(stem, title, text)


def _page(files: Files, name: str) -> Iterator[tuple[int, Document]]:
    """The main text of an HTML page."""
    import trafilatura

    with binary(files, name) as stream:
        body = stream.read()
    tree = trafilatura.load_html(body)
    title = str(tree.findtext(".//title") or "") if tree is not None else ""
    text = trafilatura.extract(body, include_comments=False) or trafilatura.html2txt(body)
    yield from _file(files, name, title, text or "")


def _pdf(files: Files, name: str) -> Iterator[tuple[int, Document]]:
    """The text of a PDF, pages apart by an empty line; scans have none and are refused."""
    import pypdf
    from pypdf.errors import PyPdfError

    with binary(files, name) as stream:
        body = io.BytesIO(stream.read())
    try:
        reader = pypdf.PdfReader(body)
        title = (reader.metadata.title if reader.metadata else None) or ""
        text = "\n\n".join(page.extract_text() for page in reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        refuse(files, bad(files, name, 1, f"a PDF that can be read ({error})", ""))
        return
    yield from _file(files, name, title, text)


def _file(files: Files, name: str, title: str, text: str) -> Iterator[tuple[int, Document]]:
    text, stem = text.strip(), _stem(name)[0]
    if text:
        yield 1, _document(stem, " ".join(title.split()) or stem.replace("_", " "), text)
    else:
        refuse(files, bad(files, name, 1, "a text", ""))


_READERS = {".jsonl": _json_documents, ".html": _page, ".htm": _page, ".pdf": _pdf}


def _stem(name: str) -> tuple[str, str]:
    path = PurePath(name.removesuffix(".gz"))
    return path.stem, path.suffix


def _document(
    key: str, title: str, text: str, url: str = "", year: int | None = None, licence: str = ""
) -> Document:
    return Document(f"OWN:{key}", TYPE, title, text, SOURCE, year, url, licence=licence)
