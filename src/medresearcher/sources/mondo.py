"""MONDO as the JSON of `cellxgene-ontology-guide`: human diseases and their hierarchy.

The file (`mondo.json.zst`) is one object, term id -> {label, description, synonyms,
ancestors {id: distance}, deprecated, replaced_by}. It has no lines that mean something, so `row`
is the 1-based ordinal of the term in the file. Ids of deprecated terms become equivalents of the
term that replaces them.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import Entity, EntityType, Item, Predicate, Statement
from medresearcher.sources.files import Files, binary

SOURCE = "mondo"
FILE = "mondo.json.zst"
ROOT = "MONDO:0700096"

Term = Mapping[str, Any]


def read(files: Files) -> Iterator[Item]:
    """Yield each live human disease and its direct parents that are human diseases."""
    table = _load(files)
    for number, (term_id, term) in enumerate(table.items(), 1):
        _check(files, number, term_id, term)
    human = {term_id for term_id, term in table.items() if _is_human(term_id, term)}
    if ROOT not in human:
        raise SourceError(f"{files.where(FILE)}: expected a live term {ROOT} (human disease)")
    former = _former_ids(table)
    for number, (term_id, term) in enumerate(table.items(), 1):
        if term_id in human:
            yield _entity(term_id, term, former.get(term_id, ()))
            for parent, distance in term["ancestors"].items():
                if distance == 1 and parent in human:
                    predicate = Predicate.SUBCLASS_OF
                    yield Statement(term_id, predicate, parent, SOURCE, term_id, number)


def _load(files: Files) -> dict[str, Term]:
    import zstandard

    with binary(files, FILE) as stream:
        try:
            content = zstandard.ZstdDecompressor().stream_reader(stream).read()
            table = json.loads(content)
        except zstandard.ZstdError as error:
            raise SourceError(f"{files.where(FILE)}: not a whole zstd file ({error})") from error
        except ValueError as error:
            raise SourceError(f"{files.where(FILE)}: not valid JSON ({error})") from error
    if not isinstance(table, dict):
        kind = type(table).__name__
        raise SourceError(f"{files.where(FILE)}: expected an object of terms; got {kind}")
    return cast("dict[str, Term]", table)


def _check(files: Files, number: int, term_id: str, term: object) -> None:
    if not isinstance(term, dict):
        problem = f"an object; got {type(term).__name__}"
    elif not isinstance(term.get("deprecated"), bool):
        problem = f"`deprecated` true or false; got {term.get('deprecated')!r}"
    elif not isinstance(term.get("ancestors"), dict):
        problem = f"`ancestors` as id: distance; got {term.get('ancestors')!r}"
    elif not term["deprecated"] and not (isinstance(term.get("label"), str) and term["label"]):
        problem = f"a `label`; got {term.get('label')!r}"
    elif not isinstance(term.get("synonyms", []), list):
        problem = f"`synonyms` as a list; got {term.get('synonyms')!r}"
    else:
        return
    raise SourceError(f"{files.where(FILE)}: term {number}, {term_id}: expected {problem}")


def _is_human(term_id: str, term: Term) -> bool:
    return not term["deprecated"] and (term_id == ROOT or ROOT in term["ancestors"])


def _former_ids(table: Mapping[str, Term]) -> dict[str, list[str]]:
    """Live term -> deprecated ids that it replaces, directly or through others."""
    former: dict[str, list[str]] = defaultdict(list)
    for term_id in table:
        target, seen = term_id, {term_id}
        while table.get(target, {}).get("deprecated") and "replaced_by" in table[target]:
            target = table[target]["replaced_by"]
            if target in seen:
                break
            seen.add(target)
        if target != term_id and target in table and not table[target]["deprecated"]:
            former[target].append(term_id)
    return former


def _entity(term_id: str, term: Term, former: Sequence[str]) -> Entity:
    synonyms = dict.fromkeys(term.get("synonyms", ()))
    return Entity(
        id=term_id,
        type=EntityType.DISEASE,
        name=term["label"],
        source=SOURCE,
        aliases=tuple(synonym for synonym in synonyms if synonym != term["label"]),
        definition=term.get("description") or "",
        equivalents=tuple(former),
    )
