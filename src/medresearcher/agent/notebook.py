"""What a rollout has read so far, taken only from the texts of the tools."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from medresearcher.records.knowledge import Predicate

_PAGES = re.compile(r"· page (\d+) of (\d+)\]$")
# Patients counted, in what sources say of a fact.
_COUNTED = re.compile(r"(?<![\w/])(\d+)/([1-9]\d*)(?![\w/])")
_RELATIONS = {
    (Predicate.CAUSES, True): "causes",
    (Predicate.CAUSES, False): "causal_genes",
    (Predicate.MEMBER_OF, True): "gene_groups",
    (Predicate.MEMBER_OF, False): "genes",
    (Predicate.HAS_PHENOTYPE, True): "phenotypes",
    (Predicate.HAS_PHENOTYPE, False): "diseases",
    (Predicate.HAS_INHERITANCE, True): "inheritance",
    (Predicate.HAS_ONSET, True): "onset",
    (Predicate.HAS_INHERITANCE, False): "diseases",
    (Predicate.HAS_ONSET, False): "diseases",
    (Predicate.PARTICIPATES_IN, True): "pathways",
    (Predicate.PARTICIPATES_IN, False): "genes",
    (Predicate.TREATS, True): "treats",
    (Predicate.TREATS, False): "treatments",
    (Predicate.AFFECTS, True): "targets",
    (Predicate.AFFECTS, False): "drugs",
}


def relation_of(predicate: Predicate, *, forward: bool) -> str:
    """The word of the tools for a predicate seen from one of its ends."""
    return _RELATIONS[predicate, forward]


def shares_in(details: str) -> list[float]:
    """The shares of patients in all counts that stand in a text."""
    return [int(seen) / int(patients) for seen, patients in _COUNTED.findall(details)]


def share_in(details: str) -> float | None:
    """The share in the largest count that stands in a text; `None` without one."""
    counts = [(int(patients), int(seen)) for seen, patients in _COUNTED.findall(details)]
    if not counts:
        return None
    patients, seen = max(counts)
    return seen / patients


class Notebook:
    """Names by identifier, and the facts that were read of each entity and relation."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        # What the sources say of a fact, by its two entities in either order.
        self.details: dict[tuple[str, str], str] = {}
        self._ends: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._counts: dict[tuple[str, str], int] = {}
        self._read: set[tuple[str, str]] = set()

    def add_edges(self, relation: str, edges: Iterable[tuple[str, str, str, str]]) -> None:
        """Note facts: (start, end, name of the end, what the sources say)."""
        for start, end, name, details in edges:
            self.names[end] = name
            self.details[start, end] = details
            self.details.setdefault((end, start), details)
            self._ends[start, relation].append(end)

    def add_counts(self, relation: str, counts: Mapping[str, int]) -> None:
        """Note of some entities how many facts there are, too many to be listed."""
        self._counts.update({(one, relation): count for one, count in counts.items()})

    def count(self, entity: str, relation: str) -> int:
        """How many facts of a relation an entity has, as far as it was read."""
        return self._counts.get((entity, relation), len(self.ends(entity, relation)))

    def is_unlisted(self, entity: str, relation: str) -> bool:
        """Whether the number of facts is known and the facts are not."""
        return (entity, relation) in self._counts and not self.ends(entity, relation)

    def set_read(self, entities: Iterable[str], relation: str) -> None:
        """Note that all facts of a relation were read of some entities."""
        self._read.update((one, relation) for one in entities)

    def has_read(self, entity: str, relation: str) -> bool:
        """Whether all facts of a relation were read of an entity."""
        return (entity, relation) in self._read

    def ends(self, entity: str, relation: str) -> list[str]:
        """Where a relation leads from an entity, as far as it was read."""
        return self._ends.get((entity, relation), [])

    @staticmethod
    def pages_left(text: str) -> int:
        """How many pages of a list follow the one in a text."""
        pages = _PAGES.search(text)
        return int(pages[2]) - int(pages[1]) if pages else 0
