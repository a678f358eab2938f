"""BM25 over the documents of the knowledge base, in one tantivy index on disk.

The index holds the whole documents, so searching, snippets and reading need nothing else. A
query is words, never syntax: it goes through the analyzer of the documents (lower case, accents
folded, English stems). Equal scores are ordered by document id, and a build from the same
documents, in any order and in any process, answers every query the same.
"""

import math
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Self

from medresearcher.errors import InputError
from medresearcher.records.knowledge import Document
from medresearcher.retrieval.dense import Embedder
from medresearcher.retrieval.snippets import best_passage
from medresearcher.retrieval.sorting import sorted_documents
from medresearcher.retrieval.storage import (
    ANALYZER,
    FACETS,
    REBUILD,
    Marker,
    analyzer,
    check_files,
    clear,
    count_facets,
    from_stored,
    schema,
    seal,
    to_stored,
)
from medresearcher.retrieval.vectors import VectorWriter

if TYPE_CHECKING:
    import tantivy

MAX_TERMS = 256
TITLE_BOOST = 2.0
PAIR_BOOST = 1.0

_PHRASE_END = re.compile(r"[;,.:?!()\[\]\n]")
_HEAP_BYTES = 1_000_000_000
_UNMARKED = Marker(0, {}, "")


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found: its BM25 score and the passage that fits the query best.

    `snippet` is plain text on one line, at most 240 characters, cut between words.
    """

    id: str
    title: str
    type: str
    source: str
    year: int | None
    url: str
    entities: tuple[str, ...]
    score: float
    snippet: str


def build_index(
    folder: Path, documents: Iterable[Document], embedder: Embedder | None = None
) -> int:
    """Write the index of `documents` to `folder`, in place of an older one; return their number.

    With an embedder, the vectors of title and text are written beside it. Raises `InputError` if
    two documents share an id, or if `folder` holds something else.
    """
    import tantivy

    clear(folder)
    index = tantivy.Index(schema(), path=str(folder), reuse=False)
    index.register_tokenizer(ANALYZER, analyzer())
    writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
    vectors = VectorWriter(folder, embedder) if embedder else None
    facets = {field: Counter[str]() for field in FACETS.values()}
    total = 0
    with tempfile.TemporaryDirectory(prefix=".sorting-", dir=folder.parent) as runs:
        for document in _without_duplicates(sorted_documents(documents, Path(runs))):
            writer.add_document(to_stored(document, total))
            count_facets(document, facets)
            if vectors:
                vectors.add(f"{document.title}\n{document.text}")
            total += 1
    writer.commit()
    writer.wait_merging_threads()
    if vectors:
        vectors.close()
    name = embedder.name if embedder else ""
    counts = {field: dict(sorted(values.items())) for field, values in facets.items()}
    seal(folder, Marker(total, counts, name))
    return total


class Index:
    """An open index; reading it from several threads is safe."""

    def __init__(self, index: "tantivy.Index", marker: Marker = _UNMARKED) -> None:
        self.marker = marker
        index.register_tokenizer(ANALYZER, analyzer())
        index.reload()
        self._schema = index.schema
        self._searcher = index.searcher()
        self._analyzer = analyzer()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the index in `folder`; `InputError` if there is none or it is damaged."""
        import tantivy

        marker = check_files(folder)
        try:
            index = cls(tantivy.Index.open(str(folder)), marker)
        except (ValueError, OSError) as error:
            raise InputError(f"{folder}: the search index is damaged ({error}); {REBUILD}") from (
                error
            )
        if len(index) != marker.documents:
            problem = f"holds {len(index)} of {marker.documents} documents"
            raise InputError(f"{folder}: {problem}; {REBUILD}")
        return index

    def __len__(self) -> int:
        return self._searcher.num_docs

    def terms(self, query: str) -> list[str]:
        """The distinct terms of `query` in order, the first `MAX_TERMS` of them."""
        clean = query.encode("utf-8", "ignore").decode()
        return list(dict.fromkeys(self._analyzer.analyze(clean)))[:MAX_TERMS]

    def pairs(self, query: str) -> list[tuple[str, str]]:
        """The distinct pairs of terms that stand side by side in one phrase of `query`.

        Phrases end at punctuation; at most `MAX_TERMS` pairs.
        """
        clean = query.encode("utf-8", "ignore").decode()
        phrases = (self._analyzer.analyze(part) for part in _PHRASE_END.split(clean))
        found = dict.fromkeys(pair for phrase in phrases for pair in pairwise(phrase))
        return list(found)[:MAX_TERMS]

    def search(
        self,
        query: str,
        limit: int,
        *,
        types: Sequence[str] | None = None,
        sources: Sequence[str] | None = None,
    ) -> list[Hit]:
        """The best `limit` documents for any of the words of `query`, best first.

        `types` and `sources` keep only documents of these types and with one of these sources;
        `None` keeps all. Only the first `MAX_TERMS` distinct terms of a longer query count. A
        query without words finds nothing. Raises `ValueError` if `limit` is below 1.
        """
        ranked = self._best(query, limit, {"type": types, "parts": sources})
        weights = {term: self._weight(term) for term in self.terms(query)}
        return [self._hit(score, address, weights) for score, address in ranked]

    def documents(self, query: str, limit: int) -> list[Document]:
        """The best `limit` documents as `search` ranks them, whole and without a passage."""
        ranked = self._best(query, limit, {})
        return [from_stored(self._searcher.doc(address)) for _, address in ranked]

    def read(self, document_id: str) -> Document | None:
        """The document with this id, or `None`."""
        import tantivy

        query = tantivy.Query.term_query(self._schema, "id", document_id, index_option="basic")
        hits = self._searcher.search(query, 1, count=False).hits
        return from_stored(self._searcher.doc(hits[0][1])) if hits else None

    def weighted(
        self, words: Mapping[str, float], limit: int, only: "tantivy.Query | None" = None
    ) -> "list[tuple[float, tantivy.DocAddress]]":
        """Plain BM25 over title and text as one field, each term with its weight; best first."""
        from tantivy import Occur, Query

        parts: list[tuple[Occur, Query]] = []
        for term, weight in words.items():
            one = Query.term_query(self._schema, "body", term, index_option="freq")
            parts.append((Occur.Should, Query.boost_query(one, weight)))
        return self._ranked(self.limited(Query.boolean_query(parts), only), limit)

    def limited(self, query: "tantivy.Query", only: "tantivy.Query | None") -> "tantivy.Query":
        """`query` among the documents of `only`, with unchanged scores."""
        from tantivy import Occur, Query

        if only is None:
            return query
        kept = Query.const_score_query(only, 0.0)
        return Query.boolean_query([(Occur.Must, query), (Occur.Must, kept)])

    def ranked(
        self, ranks: Sequence[int], only: "tantivy.Query | None" = None
    ) -> "list[tantivy.DocAddress]":
        """Where the documents with these ranks lie, of those that `only` keeps; in no order."""
        from tantivy import Query

        if not ranks:
            return []
        wanted = Query.term_set_query(self._schema, "rank", list(ranks))
        found = self._searcher.search(self.limited(wanted, only), len(ranks), count=False)
        return [address for _, address in found.hits]

    def column(self, name: str, addresses: "Sequence[tantivy.DocAddress]") -> list[int]:
        """The numbers in a fast field, 0 where a document has none."""
        return [int(one or 0) for one in self._searcher.fast_field_values(name, list(addresses))]

    def document(self, address: "tantivy.DocAddress") -> Document:
        """The document there."""
        return from_stored(self._searcher.doc(address))

    def analyze(self, text: str) -> list[str]:
        """The terms of a text, in order, with repetitions."""
        return self._analyzer.analyze(text)

    def weight(self, term: str) -> float:
        """The inverse document frequency of a term over title and text."""
        found = self.frequency(term)
        return math.log(1 + (len(self) - found + 0.5) / (found + 0.5))

    def frequency(self, term: str) -> int:
        """How many documents have a term in title or text."""
        return self._searcher.doc_freq("body", term)

    @property
    def schema(self) -> "tantivy.Schema":
        """The fields, for queries that filter."""
        return self._schema

    def _best(
        self, query: str, limit: int, filters: Mapping[str, Sequence[str] | None]
    ) -> list[tuple[float, "tantivy.DocAddress"]]:
        if limit < 1:
            raise ValueError(f"`limit` must be at least 1, got {limit}")
        terms = self.terms(query)
        if not terms:
            return []
        words = self._near(self._any_of(terms), self.pairs(query))
        return self._ranked(self._filtered(words, filters), limit)

    def _any_of(self, terms: Sequence[str]) -> "tantivy.Query":
        from tantivy import Occur, Query

        parts: list[tuple[Occur, Query]] = []
        for term in terms:
            title = Query.term_query(self._schema, "title", term, index_option="freq")
            text = Query.term_query(self._schema, "text", term, index_option="freq")
            parts += [(Occur.Should, Query.boost_query(title, TITLE_BOOST)), (Occur.Should, text)]
        return Query.boolean_query(parts)

    def _near(self, words: "tantivy.Query", pairs: Sequence[tuple[str, str]]) -> "tantivy.Query":
        """The words, with a bonus for pairs that stand side by side in the text as well.

        The sequential dependence of Metzler and Croft (2005), ordered window of two.
        """
        from tantivy import Occur, Query

        parts = [(Occur.Must, words)]
        for pair in pairs:
            together = Query.phrase_query(self._schema, "text", list(pair))
            parts.append((Occur.Should, Query.boost_query(together, PAIR_BOOST)))
        return Query.boolean_query(parts) if pairs else words

    def _filtered(
        self, words: "tantivy.Query", wanted: Mapping[str, Sequence[str] | None]
    ) -> "tantivy.Query":
        from tantivy import Occur, Query

        parts = [(Occur.Must, words)]
        for field, values in wanted.items():
            if values is not None:
                keep = Query.term_set_query(self._schema, field, list(values))
                parts.append((Occur.Must, Query.const_score_query(keep, 0.0)))
        return Query.boolean_query(parts) if len(parts) > 1 else words

    def _ranked(
        self, query: "tantivy.Query", limit: int
    ) -> list[tuple[float, "tantivy.DocAddress"]]:
        """Exact top hits: fetch until no document beyond the fetched can tie with the last kept.

        Scores count to 5 digits, because 32-bit sums depend on the order of the terms.
        """
        size = 2 * limit + 16
        while True:
            hits = self._searcher.search(query, size, count=False).hits
            if len(hits) < size or _score(hits[-1]) < _score(hits[limit - 1]):
                break
            size *= 4
        ranks = self._searcher.fast_field_values("rank", [address for _, address in hits])
        order = sorted(
            zip(hits, ranks, strict=True), key=lambda pair: (-_score(pair[0]), pair[1] or 0)
        )
        return [(_score(hit), hit[1]) for hit, _ in order[:limit]]

    def _weight(self, term: str) -> float:
        """The inverse document frequency of a term in the texts."""
        found = self._searcher.doc_freq("text", term)
        return math.log(1 + (len(self) - found + 0.5) / (found + 0.5))

    def _hit(
        self, score: float, address: "tantivy.DocAddress", weights: Mapping[str, float]
    ) -> Hit:
        found = from_stored(self._searcher.doc(address))
        return Hit(
            id=found.id,
            title=found.title,
            type=found.type,
            source=found.source,
            year=found.year,
            url=found.url,
            entities=found.entities,
            score=score,
            snippet=best_passage(found.text, weights, self._analyzer.analyze),
        )


def _score(hit: "tuple[float, tantivy.DocAddress]") -> float:
    return float(f"{hit[0]:.5g}")


def _without_duplicates(ordered: Iterable[Document]) -> Iterator[Document]:
    last = None
    for one in ordered:
        if one.id == last:
            raise InputError(f"two documents share the id `{one.id}`; ids must be unique")
        last = one.id
        yield one
