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
from medresearcher.graph.usual import usual_names
from medresearcher.graph.variants import variants
from medresearcher.records.knowledge import Entity, EntityType, Predicate


class Entry(NamedTuple):
    """What a key names.

    `forms`: the only spellings that count, for short forms; else empty. `vague`: a short form
    that says too little unless the text defines it (two letters, a gene symbol, several nodes).
    """

    nodes: tuple[str, ...]
    type: EntityType
    forms: frozenset[str] = frozenset()
    vague: bool = False


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


def keys(name: str) -> dict[str, int]:
    """The keys of a name and of its variants, each with its cost (see `variants`)."""
    found: dict[str, int] = {}
    for variant, cost in variants(name.lower()).items():
        key = normalise(variant).strip()
        if len(key) > 2 and not key.isdigit():
            found.setdefault(key, cost)
    return found


# A class above this many others is no diagnosis: a text that names one says next to nothing.
MOST_DESCENDANTS = 8_000
# Words that are also plain English, or name no condition, when they stand alone; an acronym that
# is spelled like one ("CAN", "AIDS") still counts in its own case.
_PLAIN_WORDS = (
    "aid aids amyloid arms blind bouncing can charge chi collecting condition corn dependence "
    "disease disorder dissociation fall falls finding form jumping mass mental mole moles mono "
    "ordering pituitary pituitaries sensitive short syndrome syndromes toxic trait unresponsive"
)
PLAIN = frozenset(_PLAIN_WORDS.split())
_SHORT = re.compile(r"(?=.*[A-Z].*[A-Z0-9])(?!.*[A-Z]{6})[A-Za-z0-9/.+-]{2,8}")
_NAMED = {EntityType.DISEASE: 0, EntityType.PHENOTYPE: 1}
_SYNONYM, _DERIVED = 2, 4


class _Claim(NamedTuple):
    """A node that a key may name; the lowest `rank` wins. `form`: the only spelling meant."""

    rank: int
    node: str
    form: str = ""


_Claims = dict[str, list[_Claim]]


def dictionary(
    graph: Graph,
    kinds: Iterable[EntityType] = (EntityType.DISEASE, EntityType.PHENOTYPE),
    most_descendants: int = MOST_DESCENDANTS,
) -> dict[str, Entry]:
    """What to look for in texts, key by key, with the names of all nodes of these types."""
    ancestors = Ancestors(graph)
    genes = _gene_symbols(graph)
    claims: _Claims = defaultdict(list)
    types: dict[str, EntityType] = {}
    for kind in sorted(set(kinds), key=lambda one: (_NAMED.get(one, len(_NAMED)), one)):
        nodes = graph.ids(kind)
        types.update(dict.fromkeys(nodes, kind))
        general = ancestors.general(nodes, most_descendants)
        for node in nodes:
            if node not in general:
                _claim(graph.entity(node), _NAMED.get(kind, len(_NAMED)), claims)
                if kind is EntityType.DISEASE:
                    _claim_deficiencies(graph, node, claims)
    return {
        key: entry
        for key, found in claims.items()
        if (entry := _entry(key, found, ancestors, types, genes))
    }


def _claim(entity: Entity, order: int, claims: _Claims) -> None:
    """Every key of one entity with its rank: name, synonym, variant; `order` of the type last."""
    names = (entity.name, *entity.aliases, *usual_names(entity.name))
    for level, name in enumerate(names):
        rank = order + (_SYNONYM if level else 0)
        if _SHORT.fullmatch(name):
            for form in (name, f"{name}s"):
                claims[normalise(form).strip()].append(_Claim(rank, entity.id, form))
        else:
            for key, cost in keys(name).items():
                claims[key].append(_Claim(rank + _DERIVED * cost, entity.id))


def _claim_deficiencies(graph: Graph, disease: str, claims: _Claims) -> None:
    """A deficiency is also named by the symbol of its one gene: "VLCAD deficiency"."""
    genes = graph.subjects(disease, Predicate.CAUSES)
    if len(genes) != 1 or "deficiency" not in graph.name(disease):
        return
    gene = graph.entity(genes[0])
    for name in (gene.name, *gene.aliases):
        for ending in ("deficiency", "deficient"):
            key = normalise(f"{name} {ending}").strip()
            claims[key].append(_Claim(_SYNONYM + _DERIVED, disease))


def _gene_symbols(graph: Graph) -> frozenset[str]:
    genes = (graph.entity(node) for node in graph.ids(EntityType.GENE))
    return frozenset(name for gene in genes for name in (gene.name, *gene.aliases))


def _entry(
    key: str,
    claims: list[_Claim],
    ancestors: "Ancestors",
    types: Mapping[str, EntityType],
    genes: frozenset[str],
) -> Entry | None:
    """What the key names; `None` if it is no name to look for."""
    words = [] if key in PLAIN else [claim for claim in claims if not claim.form]
    claims = words or [claim for claim in claims if claim.form]
    if not claims:
        return None
    if len(claims) == 1:  # most keys
        best = [claims[0].node]
    else:
        lowest = min(claims)[0]
        best = sorted({claim.node for claim in claims if claim.rank == lowest})
    if len(best) > 1:
        others = set(best)
        best = [node for node in best if not others & ancestors.of(node)] or best
    forms = frozenset(claim.form for claim in claims)
    usable = frozenset() if words else forms
    vague = not words and (len(best) > 1 or len(key) < 3 or bool(forms & genes))
    return Entry(tuple(best), types[best[0]], usable, vague)


class Ancestors:
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
