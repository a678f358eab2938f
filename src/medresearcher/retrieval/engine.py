"""The medical retrieval engine: relevance and clinical authority, each between 0 and 1.

    Score = λ · Rel + (1 - λ) · Auth

1. BM25 over title and text as one field, for the words of the query (common ones left out) and,
   for names that the documents hardly use, for other names of the same thing (`expansion`).
2. The documents found are compared with the query by their vectors. Where fewer than `NEAREST`
   share a word with it, the nearest others join them.
3. Feedback: frequent rare words of the first few are searched for as well (RM3, Lavrenko and
   Croft 2001; Abdul-Jaleel et al. 2004), and step 2 is done again.
4. Rel is a logistic function of the weighted sum of both scores, fitted on the dev half of BioASQ
   so that it tells how likely a document is relevant; Auth is that of `authority`.

Of what is shown, retracted documents come last and say so. Everything is deterministic, and threads
may share an engine. The weights and what each part gives: docs/benchmarks.md.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Document
from medresearcher.retrieval.authority import RETRACTED, authority, reasons
from medresearcher.retrieval.dense import MINILM, STATIC, Embedder, load_embedder
from medresearcher.retrieval.expansion import Named, names_in
from medresearcher.retrieval.filters import Filters, Specialists, query_of
from medresearcher.retrieval.index import Index
from medresearcher.retrieval.passages import Passage, best, passages
from medresearcher.retrieval.vectors import Vectors
from medresearcher.settings import LlmSettings

if TYPE_CHECKING:
    import tantivy

CANDIDATES = 200
NEAREST = 50
MAX_QUERY = 20_000
# A word that more than this share of the documents has is left out, unless all are.
COMMON = 0.2
# Documents with the rarest word of a name from which on it counts as in use.
USUAL = 5
FEEDBACK_DOCUMENTS = 5
FEEDBACK_TERMS = 30
FEEDBACK_CHARACTERS = 4_000
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Weights:
    """The parts of the score; a weight of 0 turns a part off.

    `relevance` is λ. `dense` is the share of the cosine in the relevance, `None` for that which
    suits the embedder; `feedback` that of the added words in the second search; `synonyms` and
    `classes` weigh other names, where they are searched for, against a word of the query.
    """

    relevance: float = 0.9
    dense: float | None = None
    feedback: float = 0.2
    synonyms: float = 0.5
    classes: float = 0.0


class Calibration(NamedTuple):
    """For one embedder: the share of the cosine, and Rel = 1 / (1 + exp(-(slope · s + offset)))."""

    dense: float
    slope: float
    offset: float


_LEXICAL = Calibration(0.0, 8.5, -7.1)
_CALIBRATIONS: Mapping[str, Calibration] = {
    STATIC: Calibration(0.25, 10.0, -7.6),
    MINILM: Calibration(0.7, 15.7, -9.5),
}
_OTHER = Calibration(0.5, 12.0, -8.5)


@dataclass(frozen=True, slots=True)
class Found:
    """A document found, and why it stands where it does.

    `score` is λ·`relevance` + (1-λ)·`authority`; `lexical` is BM25 as a share of the best one,
    `cosine` that of the vectors (`None` without). `evidence` says where the authority comes from.
    """

    document: Document
    passage: Passage
    snippet: str
    score: float
    relevance: float
    authority: float
    lexical: float
    cosine: float | None
    evidence: Sequence[str]
    retracted: bool

    @property
    def id(self) -> str:
        """The id of the document."""
        return self.document.id

    def to_json(self) -> dict[str, Any]:
        """What a person or a program is shown: the document without its text, scores, passage."""
        names = ("id", "type", "title", "source", "year", "url", "journal", "licence", "entities")
        scores = ("score", "relevance", "authority", "lexical", "cosine", "retracted", "snippet")
        return {
            **{name: getattr(self.document, name) for name in names},
            **{name: getattr(self, name) for name in scores},
            "evidence": list(self.evidence),
            "passage": self.passage.id,
        }


class _Asked(NamedTuple):
    """A query: its terms with weights, the terms as said, its vector, what is kept."""

    words: Mapping[str, float]
    said: Sequence[str]
    vector: np.ndarray | None
    only: "tantivy.Query | None"


class _Pool(NamedTuple):
    """The candidates of a query, a row each: address, rank, BM25 share, cosine, weighted sum."""

    addresses: "Sequence[tantivy.DocAddress]"
    ranks: np.ndarray
    lexical: np.ndarray
    cosines: np.ndarray
    sums: np.ndarray


class _Place(NamedTuple):
    """A row of the pool with its score, Rel and Auth."""

    place: int
    score: float
    relevance: float
    authority: float


class Engine:
    """Searches one index; `graph` gives other names and filters, `specialists` the specialties."""

    def __init__(
        self,
        index: Index,
        vectors: Vectors | None = None,
        embedder: Embedder | None = None,
        graph: Graph | None = None,
        specialists: Specialists | None = None,
        weights: Weights = Weights(),
    ) -> None:
        self.index = index
        self.weights = weights
        self._vectors = vectors
        self._embedder = embedder
        self._graph = graph
        self._specialists = specialists
        name = embedder.name if embedder else ""
        self._calibration = _CALIBRATIONS.get(name, _OTHER) if name else _LEXICAL

    @classmethod
    def open(
        cls,
        folder: Path,
        models: Path,
        graph: Graph | None = None,
        specialists: Specialists | None = None,
        endpoint: LlmSettings | None = None,
    ) -> Self:
        """Open the index in `folder` and, if it has vectors, the embedder in `models`.

        Raises `InputError` if the index is damaged or the embedder cannot be had.
        """
        index = Index.open(folder)
        name = index.marker.embedder
        if not name:
            return cls(index, graph=graph, specialists=specialists)
        vectors = Vectors.open(folder, len(index))
        return cls(index, vectors, load_embedder(name, models, endpoint), graph, specialists)

    def search(
        self,
        query: str,
        limit: int = 10,
        filters: Filters = Filters(),  # noqa: B008 - frozen
        weights: Weights | None = None,
    ) -> list[Found]:
        """The best `limit` documents, best first; none for a query without words.

        Of a query longer than `MAX_QUERY` characters the first ones count. Raises `InputError`
        for a filter that nothing can meet, `ValueError` if `limit` is below 1.
        """
        if limit < 1:
            raise ValueError(f"`limit` must be at least 1, got {limit}")
        chosen = weights or self.weights
        asked = self._ask(query[:MAX_QUERY], filters, chosen)
        if not asked.said:
            return []
        pool = self._candidates(asked, limit, chosen)
        terms = {term: self.index.weight(term) for term in asked.said}
        return [self._found(pool, one, terms) for one in self._order(pool, limit, chosen)]

    def ranking(self, query: str, limit: int, weights: Weights | None = None) -> list[str]:
        """The ids of the documents that `search` gives, without their passages."""
        chosen = weights or self.weights
        asked = self._ask(query[:MAX_QUERY], Filters(), chosen)
        if not asked.said:
            return []
        pool = self._candidates(asked, limit, chosen)
        order = self._order(pool, limit, chosen)
        return [self.index.document(pool.addresses[one.place]).id for one in order]

    def names(self, query: str) -> list[Named]:
        """What the query names, with the other names that are searched for."""
        return names_in(query, self._graph) if self._graph else []

    def span(self, document: Document, query: str, limit: int = 1) -> list[Passage]:
        """The passages of a document that fit a query best, in the order of the text."""
        weights = {term: self.index.weight(term) for term in self.index.terms(query)}
        found = passages(document, weights, self.index.analyze)
        return best([one for one in found if one.weight > 0] or found[:1], limit)

    def _ask(self, query: str, filters: Filters, weights: Weights) -> _Asked:
        clean = query.encode("utf-8", "ignore").decode()
        terms = self.index.terms(clean)
        most = COMMON * len(self.index)
        kept = [one for one in terms if 0 < self.index.frequency(one) <= most] or terms
        words = dict.fromkeys(kept, 1.0)
        for name in self.names(clean):
            self._add(words, name.said, name.synonyms, weights.synonyms)
            self._add(words, name.said, name.classes, weights.classes)
        only = query_of(filters, self.index, self._graph, self._specialists)
        if not kept or not self._embedder or not self._vectors or self._share(weights) <= 0:
            return _Asked(words, kept, None, only)
        (vector,) = self._embedder.embed([clean])
        return _Asked(words, kept, vector, only)

    def _add(
        self, words: dict[str, float], said: str, others: Sequence[str], weight: float
    ) -> None:
        """Add the words of other names, if the documents hardly use the one that was said.

        A name with more words than was said weighs no more than it.
        """
        terms_said = set(self.index.analyze(said))
        if weight <= 0 or min(map(self.index.frequency, terms_said), default=USUAL) >= USUAL:
            return
        size = len(terms_said)
        for other in others:
            terms = set(self.index.analyze(other))
            for term in terms:
                share = weight * min(1.0, size / len(terms))
                words[term] = max(words.get(term, 0.0), share)

    def _share(self, weights: Weights) -> float:
        return self._calibration.dense if weights.dense is None else weights.dense

    def _candidates(self, asked: _Asked, limit: int, weights: Weights) -> _Pool:
        """The candidates of both searches, without and with the words fed back."""
        size = max(CANDIDATES, 2 * limit)
        pool = self._pool(asked, asked.words, size, weights)
        if weights.feedback <= 0 or not len(pool.ranks):
            return pool
        words = self._fed_back(asked.words, pool, weights.feedback)
        return self._pool(asked, words, size, weights)

    def _pool(
        self, asked: _Asked, words: Mapping[str, float], size: int, weights: Weights
    ) -> _Pool:
        """Candidates by words, and by nearness where there are vectors."""
        found = self.index.weighted(words, size, asked.only)
        addresses = [address for _, address in found]
        scores = np.array([score for score, _ in found])
        ranks = np.array(self.index.column("rank", addresses), np.int64)
        if asked.vector is None or self._vectors is None:
            lexical = scores / max(scores[0], _LEAST) if len(scores) else scores
            return _Pool(addresses, ranks, lexical, np.zeros(len(ranks)), lexical)
        more: list[tantivy.DocAddress] = []
        if len(found) < NEAREST:
            near = self._vectors.nearest(asked.vector, NEAREST)
            more = self.index.ranked(np.setdiff1d(near, ranks).tolist(), asked.only)
        ranks = np.concatenate([ranks, np.array(self.index.column("rank", more), np.int64)])
        lexical = np.zeros(len(ranks))
        if len(scores):
            lexical[: len(scores)] = scores / max(scores[0], _LEAST)
        cosines = np.maximum(self._vectors.cosines(asked.vector, ranks), 0.0)
        share = self._share(weights)
        return _Pool(
            [*addresses, *more], ranks, lexical, cosines, (1 - share) * lexical + share * cosines
        )

    def _fed_back(self, words: Mapping[str, float], pool: _Pool, share: float) -> dict[str, float]:
        """The words of the query with those that mark the first documents (RM3)."""
        order = np.lexsort((pool.ranks, -pool.sums.round(6)))[:FEEDBACK_DOCUMENTS]
        model: dict[str, float] = {}
        total = float(pool.sums[order].sum()) or 1.0
        for place in order.tolist():
            found = self.index.document(pool.addresses[place])
            terms = self.index.analyze(f"{found.title}\n{found.text}"[:FEEDBACK_CHARACTERS])
            part = float(pool.sums[place]) / total / max(len(terms), 1)
            for term in terms:
                model[term] = model.get(term, 0.0) + part
        strength = {term: p * self.index.weight(term) for term, p in model.items()}
        chosen = sorted(strength, key=lambda term: (-strength[term], term))[:FEEDBACK_TERMS]
        mass = sum(model[term] for term in chosen) or 1.0
        said = sum(words.values())
        fed = {term: (1 - share) * weight / said for term, weight in words.items()}
        for term in chosen:
            fed[term] = fed.get(term, 0.0) + share * model[term] / mass
        return fed

    def _order(self, pool: _Pool, limit: int, weights: Weights) -> list[_Place]:
        """The best candidates by score, equal ones by id; of these the retracted come last."""
        if not len(pool.ranks):
            return []
        slope, offset = self._calibration.slope, self._calibration.offset
        rel = 1 / (1 + np.exp(-(slope * pool.sums + offset)))
        levels = np.array(self.index.column("authority", pool.addresses), float)
        years = np.array(self.index.column("year", pool.addresses), float)
        auth = authority(levels, years)
        scores = weights.relevance * rel + (1 - weights.relevance) * auth
        order = np.lexsort((pool.ranks, -pool.sums.round(6), -scores.round(6)))[:limit]
        order = order[np.argsort(levels[order] == 0, kind="stable")]
        return [
            _Place(one, float(scores[one]), float(rel[one]), float(auth[one]))
            for one in order.tolist()
        ]

    def _found(self, pool: _Pool, one: _Place, terms: Mapping[str, float]) -> Found:
        document = self.index.document(pool.addresses[one.place])
        (passage,) = best(passages(document, terms, self.index.analyze), 1)
        return Found(
            document=document,
            passage=passage,
            snippet=" ".join(document.text[passage.start : passage.end].split()),
            score=_short(one.score),
            relevance=_short(one.relevance),
            authority=_short(one.authority),
            lexical=_short(float(pool.lexical[one.place])),
            cosine=_short(float(pool.cosines[one.place])) if self._vectors else None,
            evidence=reasons(document),
            retracted=document.type == RETRACTED,
        )


Searchable = Index | Engine


def engine_of(searchable: Searchable) -> Engine:
    """An engine as it is; over a bare index one with neither vectors nor graph."""
    return searchable if isinstance(searchable, Engine) else Engine(searchable)


def _short(value: float) -> float:
    return float(f"{value:.6f}") if math.isfinite(value) else 0.0
