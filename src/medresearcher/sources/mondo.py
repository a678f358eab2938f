"""MONDO: human diseases and their hierarchy, from the official OBO file or from a JSON of it.

`mondo.obo` is read where it is there, else `mondo.json.zst` as `cellxgene-ontology-guide` packs
it: one object, term id -> {label, description, synonyms, ancestors {id: distance}, deprecated,
replaced_by}. The JSON has no lines that mean something, so there `row` is the 1-based ordinal of
the term. Ids of deprecated terms become equivalents of the term that replaces them. Only the OBO
says which bodies list a disease as rare.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import (
    Designation,
    Entity,
    EntityType,
    Item,
    Predicate,
    Statement,
)
from medresearcher.sources import obo
from medresearcher.sources.files import Files, RowError, binary, refuse

SOURCE = "mondo"
FILE = "mondo.json.zst"
OBO = "mondo.obo"
ROOT = "MONDO:0700096"

Term = Mapping[str, Any]


def read(files: Files) -> Iterator[Item]:
    """Yield each live human disease and its direct parents that are human diseases."""
    return _read_obo(files) if OBO in files.names else _read_json(files)


def _read_obo(files: Files) -> Iterator[Item]:
    terms = {term.id: term for term in obo.terms(files, OBO)}
    human = obo.below(ROOT, (term for term in terms.values() if not term.obsolete))
    if ROOT not in terms or terms[ROOT].obsolete:
        raise SourceError(f"{files.where(OBO)}: expected a live term {ROOT} (human disease)")
    live = {term.id for term in terms.values() if not term.obsolete}
    former = _former_ids({term.id: term.replaced_by for term in terms.values()}, live)
    for term in terms.values():
        if term.id not in human:
            continue
        yield _entity(
            term.id,
            term.name,
            [synonym.text for synonym in term.synonyms if synonym.scope == "EXACT"],
            term.definition,
            (*term.alternatives, *former.get(term.id, ())),
        )
        for parent, line in term.parents:
            if parent in human:
                yield Statement(term.id, Predicate.SUBCLASS_OF, parent, SOURCE, term.id, line)
        for subset in term.subsets:
            label = subset.rpartition("#")[2]
            if label.endswith("_rare"):
                yield Designation(term.id, label, SOURCE, term.line)


def _read_json(files: Files) -> Iterator[Item]:
    table = _load(files)
    for number, (term_id, term) in enumerate(list(table.items()), 1):
        problem = _problem(term)
        if problem:
            where = f"{files.where(FILE)}: term {number}, {term_id}"
            refuse(files, RowError(f"{where}: expected {problem}"))
            del table[term_id]
    human = {term_id for term_id, term in table.items() if _is_human(term_id, term)}
    if ROOT not in human:
        raise SourceError(f"{files.where(FILE)}: expected a live term {ROOT} (human disease)")
    live = {term_id for term_id, term in table.items() if not term["deprecated"]}
    former = _former_ids({one: term.get("replaced_by") or "" for one, term in table.items()}, live)
    for number, (term_id, term) in enumerate(table.items(), 1):
        if term_id in human:
            yield _entity(
                term_id,
                term["label"],
                term.get("synonyms", ()),
                term.get("description") or "",
                former.get(term_id, ()),
            )
            for parent, distance in term["ancestors"].items():
                if distance == 1 and parent in human:
                    predicate = Predicate.SUBCLASS_OF
                    yield Statement(term_id, predicate, parent, SOURCE, term_id, number)


def _load(files: Files) -> dict[str, Term]:
    import zstandard

    with binary(files, FILE) as stream:
        try:
            content = zstandard.ZstdDecompressor().stream_reader(stream).read()
            table = json.loads(content, object_pairs_hook=_without_duplicates)
        except zstandard.ZstdError as error:
            raise SourceError(f"{files.where(FILE)}: not a whole zstd file ({error})") from error
        except ValueError as error:
            raise SourceError(f"{files.where(FILE)}: not valid JSON ({error})") from error
    if not isinstance(table, dict):
        kind = type(table).__name__
        raise SourceError(f"{files.where(FILE)}: expected an object of terms; got {kind}")
    return cast("dict[str, Term]", table)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        key = next(key for key in keys if keys.count(key) > 1)
        first = keys.index(key)
        second = keys.index(key, first + 1)
        raise ValueError(f"entries {first + 1} and {second + 1} of an object are both `{key}`")
    return found


def _problem(term: object) -> str:
    """What is wrong with a term, empty if nothing is."""
    if not isinstance(term, dict):
        return f"an object; got {type(term).__name__}"
    if not isinstance(term.get("deprecated"), bool):
        return f"`deprecated` true or false; got {term.get('deprecated')!r}"
    if not isinstance(term.get("ancestors"), dict):
        return f"`ancestors` as id: distance; got {term.get('ancestors')!r}"
    if not term["deprecated"] and not (isinstance(term.get("label"), str) and term["label"]):
        return f"a `label`; got {term.get('label')!r}"
    if not isinstance(term.get("synonyms", []), list):
        return f"`synonyms` as a list; got {term.get('synonyms')!r}"
    return ""


def _is_human(term_id: str, term: Term) -> bool:
    return not term["deprecated"] and (term_id == ROOT or ROOT in term["ancestors"])


def _former_ids(successors: Mapping[str, str], live: set[str]) -> dict[str, list[str]]:
    """Live term -> deprecated ids that it replaces, directly or through others."""
    former: dict[str, list[str]] = defaultdict(list)
    for term_id in successors:
        target, seen = term_id, {term_id}
        while target not in live and successors.get(target):
            target = successors[target]
            if target in seen:
                break
            seen.add(target)
        if target != term_id and target in live:
            former[target].append(term_id)
    return former


def _entity(
    term_id: str, name: str, synonyms: Iterable[str], definition: str, former: Sequence[str]
) -> Entity:
    return Entity(
        id=term_id,
        type=EntityType.DISEASE,
        name=name,
        source=SOURCE,
        aliases=tuple(synonym for synonym in dict.fromkeys(synonyms) if synonym != name),
        definition=definition,
        equivalents=tuple(dict.fromkeys(former)),
    )
