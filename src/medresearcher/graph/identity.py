"""One node per real thing: source ids joined through exact mappings, nothing guessed.

Diseases take their MONDO id, genes their HGNC id, phenotypes their current HPO id, drugs their
DrugBank id. Only exact mappings join: those of the home vocabulary first, then those of other
sources where they contradict nothing. Narrow and broad ones, and exact ones that would melt two
nodes, become `matches` between nodes. An id with no exact partner, or several, stays a node of
its own. One id may stand for things of several types (UMLS: a disease and a sign); the type that
a statement expects decides which is meant.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from medresearcher.records.knowledge import (
    Designation,
    Entity,
    EntityType,
    Mapping,
    MatchKind,
    Predicate,
    Statement,
)

# Where two sources describe one thing, the earlier one gives name and definition.
_PREFERRED = ("mondo", "hgnc", "orphanet", "hpo", "uniprot", "drug_names")
# Ids of these are nodes themselves; other ids may name a thing that one of these names too.
_HOMES = frozenset({"MONDO", "HGNC", "HGNC.FAMILY", "HP", "DRUGBANK"})

_SYMBOL = "SYMBOL:"

_DISEASE, _GENE, _PHENOTYPE, _DRUG = (
    (EntityType.DISEASE,),
    (EntityType.GENE,),
    (EntityType.PHENOTYPE,),
    (EntityType.DRUG,),
)
# The types that a predicate expects of its subject and its object, the likeliest first; a
# predicate that is not here joins things of one vocabulary, whose ids are plain.
_EXPECTED: dict[Predicate, tuple[tuple[EntityType, ...], tuple[EntityType, ...]]] = {
    Predicate.HAS_PHENOTYPE: (_DISEASE, _PHENOTYPE),
    Predicate.HAS_INHERITANCE: (_DISEASE, (EntityType.INHERITANCE,)),
    Predicate.HAS_ONSET: (_DISEASE, (EntityType.ONSET,)),
    Predicate.HAS_MODIFIER: (_DISEASE, (EntityType.MODIFIER,)),
    Predicate.CAUSES: (_GENE, _DISEASE),
    Predicate.PARTICIPATES_IN: (_GENE, (EntityType.PATHWAY,)),
    Predicate.TREATS: (_DRUG, _DISEASE + _PHENOTYPE),
    Predicate.AFFECTS: (_DRUG, _GENE),
    Predicate.HAS_SIDE_EFFECT: (_DRUG, _PHENOTYPE + _DISEASE),
    Predicate.HAS_ROLE: (_DRUG, (EntityType.DRUG_CLASS,)),
}
# What a text that names an id is about, if the id stands for several things.
_ABOUT = _DISEASE + _GENE + _PHENOTYPE + _DRUG

_Candidates = dict[str, dict[str, EntityType]]


class Identity:
    """Joins source ids into nodes, as the entities and exact mappings say."""

    def __init__(self, entities: Iterable[Entity], mappings: Iterable[Mapping]) -> None:
        entities = list(entities)
        mappings = list(mappings)
        self._known = {entity.id: entity.type for entity in entities}
        exact = {(m.subject, m.object) for m in mappings if m.kind is MatchKind.EXACT}
        exact |= {(one.id, other) for one in entities for other in one.equivalents}
        exact = {pair for pair in exact if pair[0] in self._known}
        self._candidates: _Candidates = defaultdict(dict)
        for subject, other in exact:
            if _is_home(subject):
                self._candidates[other][subject] = self._known[subject]
        for entity in entities:
            if entity.type is EntityType.GENE:  # a symbol in use is no former one of another gene
                self._candidates[f"{_SYMBOL}{entity.name}"] = {entity.id: entity.type}
        self._joined = {
            curie: nodes for curie, found in self._candidates.items() if (nodes := self._one(found))
        }
        away = sorted(pair for pair in exact if not _is_home(pair[0]))
        self._unlike = self._join_others(away)
        self._loose = [m for m in mappings if m.kind is not MatchKind.EXACT]
        self._loose += [m for m in mappings if (m.subject, m.object) in self._unlike]

    def node(self, curie: str, expected: Sequence[EntityType] = ()) -> str:
        """The node that a source id belongs to; the id itself if it was not joined.

        An id that stands for things of several types is the first `expected` one.
        """
        kind = self._known.get(curie)
        if self._at_home(curie):
            return curie
        nodes = self._joined.get(curie)
        if not nodes:
            return curie
        if not expected:
            expected = (kind,) if kind else tuple(nodes) if len(nodes) == 1 else ()
        found = next((nodes[one] for one in expected if one in nodes), curie)
        return found if found == curie else self.node(found, expected)

    def is_ambiguous(self, curie: str) -> bool:
        """Whether an id has several exact partners."""
        return len(self._candidates.get(curie, ())) > 1

    def ambiguous(self) -> Counter[str]:
        """The entities that several exact partners keep from joining any, by prefix of the id."""
        stuck = (one for one in self._known if not self._at_home(one) and self.node(one) == one)
        return Counter(_prefix(curie) for curie in stuck if self.is_ambiguous(curie))

    def about(self, curies: Iterable[str]) -> tuple[str, ...]:
        """The nodes that a text is about, given the ids that its source names."""
        return tuple(dict.fromkeys(self.node(curie, _ABOUT) for curie in curies))

    def disease(self, curie: str) -> str:
        """The node of an id that a source gives to a disease."""
        return self.node(curie, _DISEASE)

    def merge(
        self, entities: Iterable[Entity], designations: Iterable[Designation] = ()
    ) -> list[Entity]:
        """One entity per node: one name and definition, all aliases and source ids; sorted."""
        groups: dict[str, list[Entity]] = defaultdict(list)
        for entity in entities:
            groups[self.node(entity.id)].append(entity)
        others: dict[str, set[str]] = defaultdict(set)
        for curie, found in self._candidates.items():
            for node, kind in found.items():
                others[self.node(node, (kind,))].add(curie)
        labels: dict[str, set[str]] = defaultdict(set)
        for one in designations:
            labels[self.disease(one.subject)].add(one.label)
        merged: list[Entity] = []
        for node, group in sorted(groups.items()):
            named = others[node].union(*((one.id, *one.equivalents) for one in group))
            equivalents = {curie for curie in named if self._stands_for(curie, node)}
            merged.append(_merge(node, group, equivalents, labels[node]))
        return merged

    def _stands_for(self, curie: str, node: str) -> bool:
        """Whether an id may be shown as another one of the node; a node of its own may not."""
        apart = curie in self._known and self.node(curie) == curie
        return curie != node and not apart and not curie.startswith(_SYMBOL)

    def join(self, statements: Iterable[Statement]) -> Iterator[Statement]:
        """Statements between nodes; `record` keeps the id that the source used."""
        for one in statements:
            subject, obj = _EXPECTED.get(one.predicate, ((), ()))
            yield one._replace(
                subject=self.node(one.subject, subject), object=self.node(one.object, obj)
            )

    def matches(self) -> list[Mapping]:
        """Mappings of nodes that join nothing: narrow, broad, and exact ones that disagree.

        The other end is a node, or the plain id of a thing that no source describes.
        """
        moved = (
            one._replace(subject=self.disease(one.subject), object=self.disease(one.object))
            for one in self._loose
        )
        return sorted({one for one in moved if one.subject != one.object})

    def _one(self, found: dict[str, EntityType]) -> dict[EntityType, str]:
        """The one node of each type among the candidates; types with several have none."""
        kinds = Counter(found.values())
        return {kind: node for node, kind in found.items() if kinds[kind] == 1}

    def _join_others(self, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Join along the exact mappings of other vocabularies; return those that disagree.

        Such a mapping moves an id that no home vocabulary has placed, if it has one such
        partner and the partner has no other entity of the same vocabulary.
        """
        unlike: set[tuple[str, str]] = set()
        moves: dict[str, dict[str, EntityType]] = defaultdict(dict)
        because: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for subject, other in pairs:
            kind = self._known[subject]
            ends = sorted(
                {self.node(subject, (kind,)), self.node(other, (kind,))}, key=self._last_moves
            )
            if len(ends) == 2 and self._at_home(ends[1]):
                unlike.add((subject, other))
            elif len(ends) == 2:
                moves[ends[1]][ends[0]] = kind
                because[ends[1]].append((subject, other))
        taken = self._taken(moves)
        for curie, targets in moves.items():
            self._candidates[curie].update(targets)
            free = {
                target: kind
                for target, kind in targets.items()
                if curie not in self._known or taken[target, _prefix(curie)] == 1
            }
            nodes = self._one(free) if len(free) == len(targets) else {}
            if nodes:
                self._joined[curie] = {**nodes, **self._joined.get(curie, {})}
            else:
                unlike.update(because[curie])
        return unlike

    def _at_home(self, curie: str) -> bool:
        return curie in self._known and _is_home(curie)

    def _last_moves(self, curie: str) -> tuple[bool, bool, str]:
        return not self._at_home(curie), curie not in self._known, curie

    def _taken(self, moves: dict[str, dict[str, EntityType]]) -> Counter[tuple[str, str]]:
        """How many entities of each vocabulary are, or are to be, part of each node."""
        taken: Counter[tuple[str, str]] = Counter()
        for curie, kind in self._known.items():
            taken[self.node(curie, (kind,)), _prefix(curie)] += 1
        for curie, targets in moves.items():
            if curie in self._known:
                taken.update((target, _prefix(curie)) for target in targets)
        return taken


def _prefix(curie: str) -> str:
    return curie.partition(":")[0]


def _is_home(curie: str) -> bool:
    return _prefix(curie) in _HOMES


def _merge(node: str, group: list[Entity], equivalents: set[str], labels: set[str]) -> Entity:
    group = sorted(group, key=lambda one: (one.id != node, _rank(one), one.id, one.source))
    first = group[0]
    names = [name for one in group for name in (one.name, *one.aliases)]
    aliases = {name.casefold(): name for name in reversed(names)}
    aliases.pop(first.name.casefold(), None)
    definition = next((one.definition for one in group if one.definition), "")
    return replace(
        first,
        id=node,
        aliases=tuple(sorted(aliases.values(), key=lambda name: (name.casefold(), name))),
        definition=definition,
        equivalents=tuple(sorted(equivalents)),
        designations=tuple(sorted(labels.union(*(one.designations for one in group)))),
    )


def _rank(entity: Entity) -> int:
    return _PREFERRED.index(entity.source) if entity.source in _PREFERRED else len(_PREFERRED)
