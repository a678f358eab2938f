"""The names to look for in texts: names and synonyms of the graph, with cheap variants of each.

A key is a normalised name (see `normalise`). What stands behind it is decided once, here:
a name beats a synonym, a synonym beats a derived variant, a disease beats a phenotype, and of
nodes that are still equal the more general one stays. Over-general classes, ordinary English
words and fragments are left out.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from medresearcher.graph.store import Graph
from medresearcher.graph.variants import variants
from medresearcher.records.knowledge import Entity, EntityType, Predicate


class Entry(NamedTuple):
    """What a key names. `forms`: the only spellings that count, for short forms; else empty."""

    nodes: tuple[str, ...]
    type: EntityType
    forms: frozenset[str] = frozenset()

    @property
    def ambiguous(self) -> bool:
        """Whether several nodes share the name."""
        return len(self.nodes) > 1


Dictionary = Mapping[str, Entry]


class _Letters(dict[int, str]):
    """One character for one: a letter or digit without case and accent, or else a blank."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        base = unicodedata.normalize("NFKD", letter)[0].lower()
        value = base if len(base) == 1 and base.isalnum() else " "
        self[code] = value
        return value


_LETTERS = _Letters()


def normalise(text: str) -> str:
    """The text without case, accents and punctuation; every character keeps its place."""
    return text.translate(_LETTERS)


# Classes above this many others are no diagnosis: a text that names one says next to nothing.
MOST_DESCENDANTS = 8_000
_SHORT = re.compile(r"(?=.*[A-Z].*[A-Z0-9]|[A-Z]{2})[A-Za-z0-9/.+-]{2,7}")
_SUFFIX = re.compile(r",? (?:susceptibility to|somatic|protection against).*$")
_BLANKS = re.compile(r" +")
# Words of plain English, of anatomy or of time that some vocabulary gives as a name.
_PLAIN = frozenset(
    "disease diseases disorder disorders syndrome syndromes condition conditions".split()
)


class _Claim(NamedTuple):
    """A node that a key may name; the lowest `rank` wins."""

    rank: int
    node: str
    type: EntityType


def dictionary(
    graph: Graph,
    kinds: Iterable[EntityType] = (EntityType.DISEASE, EntityType.PHENOTYPE),
    most_descendants: int = MOST_DESCENDANTS,
) -> dict[str, Entry]:
    """What to look for in texts, key by key, with the names of all nodes of these types."""
    ancestors = _Ancestors(graph)
    claims: dict[str, set[_Claim]] = defaultdict(set)
    forms: dict[str, set[str]] = defaultdict(set)
    for order, kind in enumerate(kinds):
        nodes = graph.ids(kind)
        general = ancestors.general(nodes, most_descendants)
        for node in nodes:
            if node not in general:
                _claim(graph.entity(node), order, claims, forms)
    return {
        key: Entry(*_winners(found, ancestors), frozenset(forms.get(key, ())))
        for key, found in claims.items()
        if key not in _PLAIN
    }


def _claim(
    entity: Entity, order: int, claims: dict[str, set[_Claim]], forms: dict[str, set[str]]
) -> None:
    """Every key of one entity with its rank: name, synonym, variant; `order` of the type last."""
    for level, name in enumerate((entity.name, *entity.aliases)):
        if _SHORT.fullmatch(name) and level:
            key = normalise(name)
            claims[key].add(_Claim(2 + order, entity.id, entity.type))
            forms[key].update((name, f"{name}s"))
            claims[f"{key}s"].add(_Claim(2 + order, entity.id, entity.type))
            forms[f"{key}s"].update((f"{name}s",))
            continue
        for variant, cost in variants(name.lower()).items():
            key = normalise(variant).strip()
            if len(key) > 2 and not key.isdigit():
                rank = 4 * cost + 2 * bool(level) + order
                claims[key].add(_Claim(rank, entity.id, entity.type))


def _winners(claims: set[_Claim], ancestors: "_Ancestors") -> tuple[tuple[str, ...], EntityType]:
    lowest = min(claims).rank
    best = sorted(one for one in claims if one.rank == lowest)
    nodes = [one.node for one in best]
    if len(nodes) > 1:
        others = set(nodes)
        nodes = [node for node in nodes if not others & ancestors.of(node)] or nodes
    return tuple(dict.fromkeys(nodes)), best[0].type


class _Ancestors:
    """What stands above a node in its ontology, the node itself left out."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[str, frozenset[str]] = {}

    def of(self, node: str) -> frozenset[str]:
        """All nodes above `node`."""
        if node not in self._known:
            self._known[node] = frozenset()  # ends a circle, should the ontology hold one
            parents = self._graph.objects(node, Predicate.SUBCLASS_OF)
            above = frozenset(parents).union(*(self.of(parent) for parent in parents))
            self._known[node] = above - {node}
        return self._known[node]

    def general(self, nodes: Iterable[str], most: int) -> set[str]:
        """The nodes above more than `most` others."""
        counts = Counter(above for node in nodes for above in self.of(node))
        return {node for node, count in counts.items() if count > most}
