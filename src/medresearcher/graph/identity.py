"""One node per real thing: source ids joined through exact mappings, nothing guessed.

Diseases take their MONDO id, genes their HGNC id, phenotypes their current HPO id. Only exact
mappings join; narrow and broad ones never do. An id with no exact partner, or with several,
stays a node of its own, and both cases are counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from medresearcher.records.knowledge import (
    Designation,
    Entity,
    EntityType,
    Mapping,
    MatchKind,
    Statement,
)

# Where two sources describe one thing, the earlier one gives name and definition.
_PREFERRED = ("mondo", "hgnc", "hpo", "uniprot")
# Ids of these name a thing that another source names too; other ids are nodes themselves.
_JOINED = frozenset({"OMIM", "ORPHA", "DECIPHER"})


class Identity:
    """Joins source ids into nodes, as the entities and exact mappings say."""

    def __init__(self, entities: Iterable[Entity], mappings: Iterable[Mapping]) -> None:
        entities = list(entities)
        known = {entity.id for entity in entities}
        self._equivalents: dict[str, set[str]] = defaultdict(set)
        for mapping in mappings:
            if mapping.kind is MatchKind.EXACT and mapping.subject in known:
                self._equivalents[mapping.object].add(mapping.subject)
        for entity in entities:
            if entity.type is not EntityType.DISEASE:
                for other in entity.equivalents:
                    self._equivalents[other].add(entity.id)
        symbols = {
            f"SYMBOL:{entity.name}": entity.id
            for entity in entities
            if entity.type is EntityType.GENE
        }
        self.ambiguous = 0
        self._nodes = symbols
        for curie, nodes in self._equivalents.items():
            if curie in known and curie.partition(":")[0] not in _JOINED:
                continue
            if len(nodes) == 1:
                self._nodes[curie] = next(iter(nodes))
            else:
                self.ambiguous += curie in known

    def node(self, curie: str) -> str:
        """The node that a source id belongs to; the id itself if it was not joined."""
        return self._nodes.get(curie, curie)

    def merge(
        self, entities: Iterable[Entity], designations: Iterable[Designation] = ()
    ) -> list[Entity]:
        """One entity per node: one name and definition, all aliases and source ids; sorted."""
        groups: dict[str, list[Entity]] = defaultdict(list)
        for entity in entities:
            groups[self.node(entity.id)].append(entity)
        others: dict[str, set[str]] = defaultdict(set)
        for curie, nodes in self._equivalents.items():
            for node in nodes:
                others[node].add(curie)
        labels: dict[str, set[str]] = defaultdict(set)
        for one in designations:
            labels[self.node(one.subject)].add(one.label)
        return [
            _merge(node, group, others[node], labels[node])
            for node, group in sorted(groups.items())
        ]

    def join(self, statements: Iterable[Statement]) -> Iterator[Statement]:
        """Statements between nodes; `record` keeps the id that the source used."""
        for one in statements:
            yield one._replace(subject=self.node(one.subject), object=self.node(one.object))


def _merge(node: str, group: list[Entity], others: set[str], labels: set[str]) -> Entity:
    group = sorted(group, key=lambda one: (one.id != node, _rank(one), one.id))
    first = group[0]
    names = [name for one in group for name in (one.name, *one.aliases)]
    aliases = {name.casefold(): name for name in reversed(names)}
    aliases.pop(first.name.casefold(), None)
    definition = next((one.definition for one in group if one.definition), "")
    equivalents = others | {other for one in group for other in (one.id, *one.equivalents)}
    return replace(
        first,
        id=node,
        aliases=tuple(sorted(aliases.values(), key=lambda name: (name.casefold(), name))),
        definition=definition,
        equivalents=tuple(sorted(equivalents - {node})),
        designations=tuple(sorted(labels.union(*(one.designations for one in group)))),
    )


def _rank(entity: Entity) -> int:
    return _PREFERRED.index(entity.source) if entity.source in _PREFERRED else len(_PREFERRED)
