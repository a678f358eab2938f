"""Your own documents: `.txt` and `.md` (a file is a document) and `.jsonl` (a line is one).

The object of a line has `title` and `text`, and may have `id`, `url`, `year` and `licence`. The
title of a text file is its first heading, else its name. Ids begin with `OWN:`.
"""

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
        found = _json_documents(files, name) if _stem(name)[1] == ".jsonl" else _text(files, name)
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


def _stem(name: str) -> tuple[str, str]:
    path = PurePath(name.removesuffix(".gz"))
    return path.stem, path.suffix


def _document(
    key: str, title: str, text: str, url: str = "", year: int | None = None, licence: str = ""
) -> Document:
    return Document(f"OWN:{key}", TYPE, title, text, SOURCE, year, url, licence=licence)
