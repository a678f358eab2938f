"""Builds the graph from the items that the sources yield.

Source ids are joined into nodes, statements are moved onto the nodes, and statements about
things that no source describes are left out and counted. Documents pass through untouched,
but for the nodes that they are about.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from medresearcher.errors import SourceError
from medresearcher.graph.hierarchy import without_circles
from medresearcher.graph.identity import Identity
from medresearcher.graph.store import Graph
from medresearcher.graph.translations import write_translations
from medresearcher.records.knowledge import (
    Designation,
    Document,
    Entity,
    EntityType,
    Item,
    Mapping,
    Prevalence,
    Statement,
    Translation,
)


@dataclass
class Collected:
    """The items of all sources, sorted by kind."""

    entities: list[Entity] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    mappings: list[Mapping] = field(default_factory=list)
    designations: list[Designation] = field(default_factory=list)
    prevalences: list[Prevalence] = field(default_factory=list)
    translations: list[Translation] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)

    def add(self, item: Item) -> None:
        """Put one item where it belongs."""
        if isinstance(item, Statement):
            self.statements.append(item)
        elif isinstance(item, Entity):
            self.entities.append(item)
        elif isinstance(item, Mapping):
            self.mappings.append(item)
        elif isinstance(item, Designation):
            self.designations.append(item)
        elif isinstance(item, Prevalence):
            self.prevalences.append(item)
        elif isinstance(item, Translation):
            self.translations.append(item)
        else:
            self.documents.append(item)


@dataclass(frozen=True, slots=True)
class Built:
    """A built graph, the documents of the sources, and what happened on the way."""

    graph: Graph
    documents: list[Document]
    counts: dict[str, Any]
    identity: Identity

    def about_nodes(self, document: Document) -> Document:
        """The document with the nodes that it is about in place of its source's ids."""
        return replace(document, entities=self.identity.about(document.entities))


def build_graph(folder: Path, items: Iterable[Item]) -> Built:
    """Write the graph of all items to `folder`; `SourceError` if is_a has a cycle."""
    found = Collected()
    for item in items:
        found.add(item)
    identity = Identity(found.entities, found.mappings)
    entities = identity.merge(found.entities, found.designations)
    known = {entity.id for entity in entities}
    left_out = LeftOut(identity, known)
    joined = list(left_out.kept_statements(identity.join(found.statements)))
    statements = without_circles(joined)
    prevalences = [one._replace(subject=identity.disease(one.subject)) for one in found.prevalences]
    matches = [one for one in identity.matches() if one.subject in known]
    counts = {
        "source_entities": len(found.entities),
        "nodes": len(entities),
        **_outside(entities),
        "ambiguous_ids": dict(sorted(identity.ambiguous().items())),
        "matches": dict(Counter(str(one.kind) for one in matches)),
        "statements": len(statements),
        "is_a_against_backbone": len(joined) - len(statements),
        **left_out.counts(),
        "prevalences": sum(one.subject in known for one in prevalences),
        "prevalences_of_unknown": sum(one.subject not in known for one in prevalences),
        "designations_of_unknown": sum(
            identity.disease(one.subject) not in known for one in found.designations
        ),
    }
    graph = Graph.build(
        folder, entities, statements, [one for one in prevalences if one.subject in known], matches
    )
    translations = [one for one in found.translations if one.subject in known]
    if found.translations:
        write_translations(folder, translations)
        counts["translations"] = len(translations)
        counts["translations_of_unknown"] = len(found.translations) - len(translations)
    cycle = graph.cycle()
    if cycle:
        raise SourceError(f"is_a runs in a circle: {' > '.join(cycle)}; check the ontology files")
    built = Built(graph, [], counts, identity)
    built.documents.extend(map(built.about_nodes, found.documents))
    return built


class LeftOut:
    """Keeps the statements between two known nodes, and counts the others by source and prefix."""

    def __init__(self, identity: Identity, known: Collection[str]) -> None:
        self._identity = identity
        self._known = known
        self._unknown: _BySource = defaultdict(Counter)
        self._ambiguous: _BySource = defaultdict(Counter)
        self._about_itself = 0

    def kept_statements(self, statements: Iterable[Statement]) -> Iterator[Statement]:
        """The statements, joined before, that the graph can hold."""
        for one in statements:
            lost = [end for end in (one.subject, one.object) if end not in self._known]
            for end in lost[:1]:
                several = self._identity.is_ambiguous(end)
                table = self._ambiguous if several else self._unknown
                table[one.source][end.partition(":")[0]] += 1
            if one.subject == one.object:
                self._about_itself += 1
            elif not lost:
                yield one

    def counts(self) -> dict[str, Any]:
        """What was left out: `{source: {prefix: statements}}` for the ends that are no node."""
        return {
            "statements_about_itself": self._about_itself,
            "statements_about_unknown": _plain(self._unknown),
            "statements_about_ambiguous": _plain(self._ambiguous),
        }


_BySource = dict[str, Counter[str]]


def _plain(counts: _BySource) -> dict[str, dict[str, int]]:
    return {source: dict(sorted(some.items())) for source, some in sorted(counts.items())}


def _outside(merged: list[Entity]) -> dict[str, Any]:
    """The diseases and drugs that no home vocabulary has, by the prefix of their ids."""
    homes = {EntityType.DISEASE: "MONDO", EntityType.DRUG: "DRUGBANK"}
    unjoined: _BySource = defaultdict(Counter)
    for one in merged:
        prefix = one.id.partition(":")[0]
        if homes.get(one.type, prefix) != prefix:
            unjoined[one.source][prefix] += 1
    diseases = (one.id for one in merged if one.type is EntityType.DISEASE)
    return {
        "diseases_outside_mondo": sum(not curie.startswith("MONDO:") for curie in diseases),
        "unjoined": _plain(unjoined),
    }
