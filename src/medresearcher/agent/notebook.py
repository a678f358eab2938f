"""What a rollout has read so far, taken only from the texts of the tools."""

import re

from medresearcher.records.knowledge import Predicate
from medresearcher.tools.facts import parse_facts

_MORE = re.compile(r'^… \d+ more: call again with relation "(\w+)"$', re.MULTILINE)
_COUNT = re.compile(r"^(\w+) \((\d+)\):$", re.MULTILINE)
_PAGES = re.compile(r"· page (\d+) of (\d+)\]$")
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
# A fact with what its sources say of it; in it, patients counted.
_DETAILS = re.compile(r"^- .*? \(([^\s():]+:[^\s()]+)\) · (.*)$", re.MULTILINE)
_COUNTED = re.compile(r"(?<![\w/])(\d+)/([1-9]\d*)(?![\w/])")


def relation_of(predicate: Predicate, *, forward: bool) -> str:
    """The word of `lookup_entity` for a predicate seen from one of its ends."""
    return _RELATIONS[predicate, forward]


class Notebook:
    """Names by identifier, and the facts of (entity, relation) that were read in full."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._whole: dict[tuple[str, str], list[str]] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._partly: dict[tuple[str, str], list[str]] = {}
        self._details: dict[tuple[str, str], str] = {}
        # Whether an entity came back when the signs of a mask were asked for.
        self.fitting: dict[tuple[str, str], bool] = {}

    def facts(self, entity: str, relation: str) -> list[str] | None:
        """Identifiers at the other end; `None` if they were not read in full."""
        return self._whole.get((entity, relation))

    def seen(self, entity: str, relation: str) -> list[str]:
        """Identifiers at the other end as far as they were read."""
        return self._whole.get((entity, relation)) or self._partly.get((entity, relation), [])

    def count(self, entity: str, relation: str) -> int:
        """How many facts a heading said there are; 0 if none was read."""
        return self._counts.get((entity, relation), 0)

    def share(self, entity: str, fact: str) -> float | None:
        """The share of patients in the largest count that was read of a fact."""
        counts = _COUNTED.findall(self._details.get((entity, fact), ""))
        if not counts:
            return None
        seen, patients = max(counts, key=lambda pair: (int(pair[1]), int(pair[0])))
        return int(seen) / int(patients)

    def shares(self, entity: str, fact: str) -> list[float]:
        """The shares of patients in all counts that were read of a fact."""
        counts = _COUNTED.findall(self._details.get((entity, fact), ""))
        return [int(seen) / int(patients) for seen, patients in counts]

    def add_summary(self, entity: str, text: str) -> None:
        """Note a look-up without a relation; relations that it does not list have no facts."""
        self._counts.update(((entity, name), int(count)) for name, count in _COUNT.findall(text))
        self._details.update(((entity, curie), said) for curie, said in _DETAILS.findall(text))
        unfinished = set(_MORE.findall(text))
        for relation in set(_RELATIONS.values()):
            self._whole.setdefault((entity, relation), [])
        for relation, pairs in parse_facts(text).items():
            self.names.update((curie, name) for name, curie in pairs)
            target = self._partly if relation in unfinished else self._whole
            target[entity, relation] = [curie for _, curie in pairs]
            if relation in unfinished:
                self._whole.pop((entity, relation), None)

    def add_page(self, entity: str, relation: str, text: str) -> int:
        """Note one page of a relation; return how many pages follow."""
        pairs = parse_facts(text).get(relation, [])
        self._details.update(((entity, curie), said) for curie, said in _DETAILS.findall(text))
        self.names.update((curie, name) for name, curie in pairs)
        page, total = _page_of(text)
        before = self._partly.get((entity, relation), []) if page > 1 else []
        read = [*before, *(curie for _, curie in pairs)]
        (self._whole if page == total else self._partly)[entity, relation] = read
        return total - page

    def has(self, entity: str, relation: str, words: str) -> bool:
        """Whether a fact read so far bears these words as its name, as a question words it."""
        wanted = {words.casefold(), f"{words} inheritance".casefold()}
        known = self.seen(entity, relation)
        return any(self.names[curie].casefold() in wanted for curie in known)

    @staticmethod
    def pages_left(text: str) -> int:
        """How many pages of a list follow the one in a text."""
        page, total = _page_of(text)
        return total - page


def _page_of(text: str) -> tuple[int, int]:
    pages = _PAGES.search(text)
    return (int(pages[1]), int(pages[2])) if pages else (1, 1)
