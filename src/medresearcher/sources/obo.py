"""The OBO 1.2 text format, as far as the Human Phenotype Ontology and MONDO use it.

Every `[Term]` becomes one `Term`, obsolete ones too; other stanzas are skipped.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from medresearcher.errors import SourceError
from medresearcher.sources.files import Files, RowError, Unique, bad, lines, refuse

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(.*)')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "W": " "}
_LISTS = {"alt_id": "alternatives", "xref": "xrefs", "subset": "subsets"}
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
    subsets: list[str] = field(default_factory=list[str])
    replaced_by: str = ""
    problem: RowError | None = None


def terms(files: Files, name: str) -> Iterator[Term]:
    """Yield the terms of an OBO file in file order; raise `SourceError` for a malformed line."""
    unique = Unique(files, name)
    for term in _stanzas(files, name):
        try:
            if term.problem:
                raise term.problem
            if not term.id or not (term.name or term.obsolete):
                raise bad(files, name, term.line, "a term with `id` and `name`", term.id)
            unique.check(term.line, term.id)
        except RowError as error:
            refuse(files, error)
        else:
            yield term


def below(root: str, terms: Iterable[Term]) -> set[str]:
    """The id `root` and the ids of all terms below it by `is_a`."""
    children: dict[str, list[str]] = defaultdict(list)
    for term in terms:
        for parent, _ in term.parents:
            children[parent].append(term.id)
    found = {root}
    waiting = [root]
    while waiting:
        new = [child for child in children.get(waiting.pop(), ()) if child not in found]
        found.update(new)
        waiting.extend(new)
    return found


def _stanzas(files: Files, name: str) -> Iterator[Term]:
    """The terms as they stand; one with a malformed line carries its first problem."""
    term: Term | None = None
    for line, text in lines(files, name):
        if line == 1 and not text.startswith("format-version: 1."):
            where = f"{files.where(name)}:1"
            raise SourceError(f"{where}: expected `format-version: 1.…` of the OBO format")
        if text.startswith("["):
            if term is not None:
                yield term
            term = Term(line) if text == "[Term]" else None
        elif term is not None and text and not term.problem:
            try:
                _add(files, name, line, text, term)
            except RowError as error:
                term.problem = error
    if term is not None:
        yield term


def _add(files: Files, name: str, line: int, text: str, term: Term) -> None:
    tag, found, value = text.partition(": ")
    if not found or not value.strip():
        raise bad(files, name, line, "`tag: value`", text)
    match tag:
        case "id":
            term.id, term.line = value.strip(), line
        case "name":
            term.name = value
        case "is_obsolete":
            term.obsolete = value.startswith("true")
        case "alt_id" | "xref" | "subset":
            getattr(term, _LISTS[tag]).append(value.split()[0])
        case "is_a":
            term.parents.append((value.split()[0], line))
        case "replaced_by":
            term.replaced_by = value.split()[0]
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
