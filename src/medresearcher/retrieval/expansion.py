"""Other words for what a query names, from the graph.

The longest names in a query that the graph knows are looked up; what they name gives its other
names (synonyms), and a disease or phenotype the names of its direct classes (is_a).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate

WORDS = 7
SYNONYMS = 3
AMBIGUOUS = 2

_WORD = re.compile(r"[^\s,;.?!()\[\]:]+")
_CLASSES = (EntityType.DISEASE, EntityType.PHENOTYPE)
_SHORT = 4


class Named(NamedTuple):
    """A name in a query, what it names, and other names: of the thing, and of its classes."""

    said: str
    nodes: tuple[str, ...]
    synonyms: tuple[str, ...]
    classes: tuple[str, ...]


def names_in(query: str, graph: Graph) -> list[Named]:
    """The things that a query names, from left to right, the longest name first; none overlap."""
    words = [(one.start(), one.end()) for one in _WORD.finditer(query)]
    found: list[Named] = []
    place = 0
    while place < len(words):
        match = next(_names_from(query, words, place, graph), None)
        if match:
            found.append(match[0])
        place = match[1] if match else place + 1
    return found


def _names_from(
    query: str, words: list[tuple[int, int]], place: int, graph: Graph
) -> Iterator[tuple[Named, int]]:
    for after in range(min(place + WORDS, len(words)), place, -1):
        said = query[words[place][0] : words[after - 1][1]]
        if len(said) < _SHORT and not said.isupper():
            continue
        nodes = graph.resolve(said)
        if 0 < len(nodes) <= AMBIGUOUS:
            yield _named(said, tuple(nodes), graph), after


def _named(said: str, nodes: tuple[str, ...], graph: Graph) -> Named:
    synonyms = dict[str, None]()
    classes = dict[str, None]()
    for node in nodes:
        entity = graph.entity(node)
        synonyms |= dict.fromkeys((entity.name, *entity.aliases))
        if entity.type in _CLASSES:
            parents = graph.objects(node, Predicate.SUBCLASS_OF)
            classes |= dict.fromkeys(graph.name(one) for one in parents)
    others = [one for one in synonyms if one.casefold() != said.casefold()]
    return Named(said, nodes, tuple(others[:SYNONYMS]), tuple(classes))
