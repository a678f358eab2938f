"""How names of the graph stand in running text, and which are fit to.

HPO writes names in sentence case. Inside a sentence the first letter goes lower-case, unless the
word is a proper name. Those are learnt from the graph: words that stand with a capital inside
names and definitions, and never without.
"""

import re

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate

_WORD = re.compile(r"[A-Za-z]{2,}")
_ODD = re.compile(r"[(),/;:%<>\[\]\"]|\d")
_VAGUE = re.compile(
    r"^(abnormal|abnormality|obsolete|phenotypic|constitutional|functional abnormality)\b", re.I
)
_MAX_LENGTH = 48
_INHERITANCE = re.compile(
    r"^(Autosomal (?:dominant|recessive)|X-linked(?: dominant| recessive)?|Mitochondrial)"
    r" inheritance$"
)
_ONSET = re.compile(r"^[A-Z][a-z]+(?: [a-z]+)* onset$")


class Wording:
    """Turns nodes of one graph into words for a question."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._proper = _proper_names(graph)

    def clue(self, predicate: Predicate, node: str) -> str | None:
        """The words for a clue; `None` if the name does not read well in a sentence."""
        name = self.graph.name(node)
        if predicate is Predicate.HAS_PHENOTYPE:
            if _ODD.search(name) or _VAGUE.match(name) or len(name) > _MAX_LENGTH:
                return None
            return self.lower(name)
        if predicate is Predicate.HAS_INHERITANCE:
            match = _INHERITANCE.match(name)
            return self.lower(match[1]) if match else None
        if predicate is Predicate.HAS_ONSET:
            return self.lower(name) if _ONSET.match(name) else None
        return name

    def lower(self, name: str) -> str:
        """The name inside a sentence: ordinary first words lose their capital."""
        first = _WORD.match(name)
        if first and first[0][1:].islower() and first[0] not in self._proper:
            return name[0].lower() + name[1:]
        return name


def _proper_names(graph: Graph) -> frozenset[str]:
    capital: set[str] = set()
    lower: set[str] = set()
    for kind in (EntityType.PHENOTYPE, EntityType.DISEASE):
        for curie in graph.ids(kind):
            entity = graph.entity(curie)
            for text in (entity.name, entity.definition):
                for word in _WORD.finditer(text):
                    if word[0].islower():
                        lower.add(word[0])
                    elif _inside(text, word.start()) or kind is EntityType.DISEASE:
                        capital.add(word[0])
    return frozenset(word for word in capital if word.lower() not in lower)


def _inside(text: str, place: int) -> bool:
    """Whether a word at `place` stands inside a sentence, not at its start."""
    return text[:place].rstrip()[-1:] not in ("", ".", "?", "!", ":")
