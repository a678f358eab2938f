"""The OBO 1.2 text format, as far as the Human Phenotype Ontology uses it.

Every `[Term]` becomes one `Term`, obsolete ones too; other stanzas are skipped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from medresearcher.sources.files import Files, bad, lines

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(.*)')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "W": " "}
_SCOPES = ("EXACT", "BROAD", "NARROW", "RELATED")


class Synonym(NamedTuple):
    """`kind` is the synonym type (`layperson`, `obsolete_synonym`, …) or empty."""

    text: str
    scope: str
    kind: str


@dataclass(slots=True)
class Term:
    """One term; `line` is that of its `id`, `parents` are (id, line) of each `is_a`."""

    line: int
    id: str = ""
    name: str = ""
    definition: str = ""
    obsolete: bool = False
    synonyms: list[Synonym] = field(default_factory=list[Synonym])
    alternatives: list[str] = field(default_factory=list[str])
    xrefs: list[str] = field(default_factory=list[str])
    parents: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])


def terms(files: Files, name: str) -> Iterator[Term]:
    """Yield the terms of an OBO file in file order; raise `SourceError` for a malformed line."""
    term: Term | None = None
    for line, text in lines(files, name):
        if line == 1 and not text.startswith("format-version: 1."):
            raise bad(files, name, line, "`format-version: 1.…` of the OBO format", text)
        if text.startswith("["):
            if term is not None:
                yield _whole(files, name, term)
            term = Term(line) if text == "[Term]" else None
        elif term is not None and text:
            _add(files, name, line, text, term)
    if term is not None:
        yield _whole(files, name, term)


def _whole(files: Files, name: str, term: Term) -> Term:
    if not term.id or not (term.name or term.obsolete):
        raise bad(files, name, term.line, "a term with `id` and `name`", term.id)
    return term


def _add(files: Files, name: str, line: int, text: str, term: Term) -> None:
    tag, found, value = text.partition(": ")
    if not found:
        raise bad(files, name, line, "`tag: value`", text)
    match tag:
        case "id":
            term.id, term.line = value.strip(), line
        case "name":
            term.name = value
        case "is_obsolete":
            term.obsolete = value.startswith("true")
        case "alt_id":
            term.alternatives.append(value.split()[0])
        case "xref":
            term.xrefs.append(value.split()[0])
        case "is_a":
            term.parents.append((value.split()[0], line))
        case "def":
            term.definition, _ = _quoted(files, name, line, value)
        case "synonym":
            term.synonyms.append(_synonym(files, name, line, value))
        case _:
            pass


def _synonym(files: Files, name: str, line: int, value: str) -> Synonym:
    text, rest = _quoted(files, name, line, value)
    words = rest.partition("[")[0].split()
    if not words or words[0] not in _SCOPES:
        raise bad(files, name, line, f"a synonym scope ({', '.join(_SCOPES)})", value)
    return Synonym(text, words[0], words[1] if len(words) > 1 else "")


def _quoted(files: Files, name: str, line: int, value: str) -> tuple[str, str]:
    """Split `"text" rest` and resolve the escapes of the text."""
    match = _QUOTED.match(value)
    if match is None:
        raise bad(files, name, line, "a text in double quotes", value)
    return _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), match[1]), match[2]
