"""The shortcut meter: what a question gives away to a solver that does not follow its chain.

A search is one BM25 query for `k` documents. It finds the answer by its *page* (a document about
the answer) or because a document *names* it anywhere in its text; both are told apart, and
`solved_by_one_search` takes either. *Shown* is narrower: named in what the search tool prints. A
document covers a condition if the entity that it is about meets it (certified questions), else a
clue if it has all the clue's content words. What cannot be measured is `None`, never 0.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from functools import lru_cache

from medresearcher.audit.formats import Item
from medresearcher.audit.naming import Names, Text, unspaced
from medresearcher.audit.solver import Solver
from medresearcher.grading.answers import normalise
from medresearcher.records.base import Frozen
from medresearcher.records.knowledge import Document
from medresearcher.records.question import Choice, Question
from medresearcher.retrieval.index import Index
from medresearcher.retrieval.storage import analyzer

K = 10
_CLUES_KEPT = 1_000

# Words that a searcher leaves out: they match everywhere, and cost nine tenths of the time.
_WORDS = """
    a about all also an and another any are as at be because been but by can could did do does
    each for from had has have he her hers him his how i if in into is it its may me more most my
    no nor not of on one only or other our same she should so some such than that the their them
    then there these they this those to too was we were what when where which while who whom whose
    why will with without would you your
"""
FUNCTION_WORDS = frozenset(_WORDS.split())
# Answers that any text has.
_EVERYWHERE = frozenset(("yes", "no", "true", "false"))


class Found(Frozen):
    """How one search, or the best of several, finds the answer."""

    page: bool
    named: bool

    @property
    def either(self) -> bool:
        """By its page or by its name."""
        return self.page or self.named


class Shortcuts(Frozen):
    """What one question gives away; `kind` is the type of its answer, here in normal form.

    `cover` is the largest share of its clues that one document covers, `selectivity` the number
    of entities that meet its most selective condition alone, `leaks` the names of the answer and
    of hidden entities that stand in it, `calls` and `first_sight` what its rollouts say.
    """

    id: str
    kind: str
    answer: str
    by_question: Found | None
    shown: bool | None
    by_clue: Found | None
    cover: float | None
    selectivity: int | None
    leaks: tuple[str, ...]
    calls: int | None = None
    first_sight: float | None = None


def query_of(text: str) -> str:
    """The query that a searcher would make of a text: its words without function words."""
    words = (word for word in text.split())
    return " ".join(";" if _bare(word) in FUNCTION_WORDS else word for word in words)


def _bare(word: str) -> str:
    return word.strip(".,;:?!()\"'").casefold()


class Meter:
    """Measures questions against one search index, and certified ones against the graph."""

    def __init__(self, index: Index, solver: Solver | None, k: int = K) -> None:
        self._index = index
        self._solver = solver
        self._k = k
        self._analyze: Callable[[str], list[str]] = analyzer().analyze
        # Many questions share a clue ("exactly two", "autosomal recessive").
        self._clue_documents = lru_cache(maxsize=_CLUES_KEPT)(self._documents)

    def measure(self, item: Item) -> Shortcuts:
        """All static figures of one question."""
        names = Names(item.names)
        searched = _can_be_searched(item)
        found = self._documents(item.question) if searched else []
        by_question = _found(item, names, found) if searched else None
        clues = [self._clue_documents(clue) for clue in item.clues] if searched else []
        return Shortcuts(
            id=item.id,
            kind=item.kind,
            answer=normalise(item.answer),
            by_question=by_question,
            shown=self._shown(item, names, by_question),
            by_clue=_best(_found(item, names, documents) for documents in clues),
            cover=self._cover(item, found),
            selectivity=self._selectivity(item.record),
            leaks=leaks(item),
        )

    def _documents(self, text: str) -> list[Document]:
        return self._index.documents(query_of(text), self._k)

    def _shown(self, item: Item, names: Names, found: Found | None) -> bool | None:
        """Whether the hits of the question name the answer in title or passage."""
        if found is None or not found.either:
            return None if found is None else False
        hits = self._index.search(query_of(item.question), self._k)
        return any(names.first_in(Text(f"{hit.title}\n{hit.snippet}")) for hit in hits)

    def _cover(self, item: Item, found: Sequence[Document]) -> float | None:
        if item.record is not None:
            return self._graph_cover(item.record)
        texts = (f"{one.title}\n{one.text}" for one in (item.passages or found))
        units = [frozenset(self._terms(clue)) for clue in item.clues]
        if not any(units):
            units = [frozenset([term]) for term in self._terms(item.question)]
        return text_cover(
            [set(self._analyze(text)) for text in texts], [one for one in units if one]
        )

    def _graph_cover(self, question: Question) -> float | None:
        """The share of conditions that the best entity meets, each as the variable it is about.

        A choice compares several entities; it counts as covered by the one that is chosen.
        """
        if self._solver is None:
            return None
        query = question.certificate.query
        bound = {one.mask: one.id for one in question.entities}
        met: Counter[str] = Counter()
        for condition in query.conditions:
            if isinstance(condition, Choice):
                met.update([bound[condition.subject]])
            else:
                met.update(self._solver.meeting(condition, query.variables[condition.subject]))
        return max(met.values(), default=0) / len(query.conditions) if query.conditions else None

    def _selectivity(self, question: Question | None) -> int | None:
        if self._solver is None or question is None:
            return None
        query = question.certificate.query
        sizes = [
            len(self._solver.meeting(one, query.variables[one.subject]))
            for one in query.conditions
            if not isinstance(one, Choice)
        ]
        return min(sizes, default=None)

    def _terms(self, text: str) -> list[str]:
        return list(dict.fromkeys(self._analyze(query_of(text))))


def text_cover(documents: Sequence[Set[str]], clues: Sequence[Set[str]]) -> float | None:
    """The largest share of `clues` of which one document has all terms; `None` without either."""
    if not documents or not clues:
        return None
    return max(sum(clue <= document for clue in clues) for document in documents) / len(clues)


def leaks(item: Item) -> tuple[str, ...]:
    """Names of the answer and of hidden entities that stand in the question."""
    text = Text(item.question)
    names = dict.fromkeys((*item.names, *item.hidden))
    return tuple(
        name
        for name in names
        if name.casefold() not in _EVERYWHERE and Names([name]).first_in(text)
    )


def _can_be_searched(item: Item) -> bool:
    """Whether a search of English texts can tell: for an English question and a name as answer."""
    return item.answer.casefold() not in _EVERYWHERE and not unspaced(item.question)


def _found(item: Item, names: Names, documents: Sequence[Document]) -> Found:
    return Found(
        page=any(_is_page(one, item) for one in documents),
        named=any(names.first_in(Text(f"{one.title}\n{one.text}")) for one in documents),
    )


def _is_page(document: Document, item: Item) -> bool:
    """Whether a document is about the answer: by its entities, without ids by its title."""
    if item.record is not None:
        return item.record.answer.id in document.entities
    title = normalise(document.title.removesuffix(": facts"))
    return title in {normalise(name) for name in item.names}


def _best(found: Iterable[Found]) -> Found | None:
    """What the best of several searches finds; `None` if there was no search."""
    every = list(found)
    if not every:
        return None
    return Found(page=any(one.page for one in every), named=any(one.named for one in every))
