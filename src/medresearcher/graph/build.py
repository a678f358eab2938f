"""Builds the graph from the items that the sources yield.

Source ids are joined into nodes, statements are moved onto the nodes, and statements about
things that no source describes are left out and counted. Documents pass through untouched,
but for the nodes that they are about.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from medresearcher.errors import SourceError
from medresearcher.graph.identity import Identity
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import (
    Designation,
    Document,
    Entity,
    EntityType,
    Item,
    Mapping,
    Prevalence,
    Statement,
)


@dataclass
class Collected:
    """The items of all sources, sorted by kind."""

    entities: list[Entity] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    mappings: list[Mapping] = field(default_factory=list)
    designations: list[Designation] = field(default_factory=list)
    prevalences: list[Prevalence] = field(default_factory=list)
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
        else:
            self.documents.append(item)


@dataclass(frozen=True, slots=True)
class Built:
    """A built graph, the documents of the sources, and what happened on the way."""

    graph: Graph
    documents: list[Document]
    counts: dict[str, int]


def build_graph(folder: Path, items: Iterable[Item]) -> Built:
    """Write the graph of all items to `folder`; `SourceError` if is_a has a cycle."""
    found = Collected()
    for item in items:
        found.add(item)
    identity = Identity(found.entities, found.mappings)
    entities = identity.merge(found.entities, found.designations)
    known = {entity.id for entity in entities}
    kept: list[Statement] = []
    counts = Counter(_identity_counts(entities, found.entities, identity))
    for one in identity.join(found.statements):
        if one.subject not in known or one.object not in known:
            counts["statements_about_unknown"] += 1
        elif one.subject == one.object:
            counts["statements_about_itself"] += 1
        else:
            kept.append(one)
    counts["statements"] = len(kept)
    prevalences = [one._replace(subject=identity.node(one.subject)) for one in found.prevalences]
    unknown = sum(one.subject not in known for one in prevalences)
    counts["prevalences_of_unknown"] = unknown
    prevalences = [one for one in prevalences if one.subject in known]
    counts["prevalences"] = len(prevalences)
    graph = Graph.build(folder, entities, kept, prevalences)
    cycle = graph.cycle()
    if cycle:
        raise SourceError(f"is_a runs in a circle: {' > '.join(cycle)}; check the ontology files")
    return Built(graph, [_about_nodes(one, identity) for one in found.documents], dict(counts))


def _about_nodes(document: Document, identity: Identity) -> Document:
    return replace(document, entities=tuple(identity.node(curie) for curie in document.entities))


def _identity_counts(
    merged: list[Entity], before: list[Entity], identity: Identity
) -> dict[str, int]:
    diseases = [one for one in merged if one.type is EntityType.DISEASE]
    return {
        "source_entities": len(before),
        "nodes": len(merged),
        "diseases_outside_mondo": sum(not one.id.startswith("MONDO:") for one in diseases),
        "ambiguous_ids": identity.ambiguous,
    }
