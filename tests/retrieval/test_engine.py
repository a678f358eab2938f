"""The engine: what it finds, why, what it refuses, and that callers do not disturb each other."""

import re
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medresearcher.errors import InputError
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Document, EntityType
from medresearcher.retrieval.engine import Engine, Weights
from medresearcher.retrieval.filters import Filters
from medresearcher.retrieval.index import Index, build_index
from medresearcher.retrieval.pages import definition_documents, fact_pages
from medresearcher.retrieval.passages import parse_passage
from medresearcher.retrieval.vectors import Vectors, VectorWriter

LEXICAL = Weights(relevance=1.0, dense=0.0, feedback=0.0, synonyms=0.0)


class Hashed:
    """An embedder without weights: a text is the sum of the signs that its words hash to."""

    name = "hashed"

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.stack([self._sum(text) for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def _sum(self, text: str) -> np.ndarray:
        total = np.full(64, 1e-3)
        for word in re.findall(r"\w+", text.casefold()):
            total += np.random.default_rng(zlib.crc32(word.encode())).choice([-1.0, 1.0], 64)
        return total


def study(number: int, kind: str, text: str, year: int | None = 2000, **fields: str) -> Document:
    return Document(f"PMID:{number}", kind, "", text, "pubmed", year, **fields)


TREATED = "Losartan slows aortic root dilatation in the syndrome."
STUDIES = [
    study(1, "case_report", TREATED),
    study(2, "guideline", TREATED),
    study(3, "retracted", TREATED, 2020),
    study(4, "randomised_trial", TREATED, 1990),
    study(5, "article", "Nothing in common with anything else here, at all.", None),
    replace(study(6, "article", TREATED, 2000), core=True),
    study(7, "article", TREATED, 2000, licence="CC-BY-4.0"),
]

Open = Callable[..., Engine]


@pytest.fixture
def over(tmp_path: Path) -> Open:
    """An engine over some documents, with vectors if asked for."""

    def build(documents: Sequence[Document], graph: Graph | None = None, *, dense: bool = False):
        folder = tmp_path / f"index-{len(list(tmp_path.iterdir()))}"
        embedder = Hashed() if dense else None
        build_index(folder, documents, embedder)
        index = Index.open(folder)
        vectors = Vectors.open(folder, len(index)) if dense else None
        specialists = {"cardiology": ["MONDO:0007947"]}
        return Engine(index, vectors, embedder, graph, lambda: specialists)

    return build


def test_authority_orders_equal_relevance_and_a_retraction_comes_last(over: Open) -> None:
    engine = over(STUDIES)
    found = engine.search("losartan aortic dilatation", weights=Weights(feedback=0.0))
    assert [one.id for one in found] == [f"PMID:{n}" for n in (2, 4, 6, 7, 1, 3)]
    assert [one.retracted for one in found] == [False] * 5 + [True]
    assert found[-1].authority == 0
    assert len({one.relevance for one in found}) == 1
    for one in found:
        assert 0 <= one.relevance <= 1
        assert 0 <= one.authority <= 1
        expected = 0.9 * one.relevance + 0.1 * one.authority
        assert one.score == pytest.approx(expected, abs=2e-6)
    assert found[0].evidence == ["practice guideline"]
    assert found[2].evidence == ["journal article", "core clinical journal"]


def test_without_authority_and_extras_it_is_bm25(over: Open) -> None:
    texts = ["fever", "fever fever cough", "cough " * 5, "fever and a long tail of other words"]
    engine = over([study(n, "article", text) for n, text in enumerate(texts)])
    found = engine.search("fever cough", weights=LEXICAL)
    expected = _bm25(["fever", "cough"], [re.findall(r"\w+", text) for text in texts])
    assert [one.id for one in found] == [f"PMID:{n}" for n in expected]


def _bm25(query: list[str], texts: list[list[str]], k1: float = 1.2, b: float = 0.75) -> list[int]:
    """The ranks by the formula of Robertson, straight from the words."""
    mean = sum(map(len, texts)) / len(texts)
    scores = [0.0] * len(texts)
    for term in query:
        df = sum(term in text for text in texts)
        idf = np.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
        for place, text in enumerate(texts):
            tf = text.count(term)
            scores[place] += idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * len(text) / mean))
    return [n for n in sorted(range(len(texts)), key=lambda n: -scores[n]) if scores[n] > 0]


def test_vectors_find_what_shares_no_word(over: Open) -> None:
    plain = over(STUDIES)
    dense = over(STUDIES, dense=True)
    query = "losartan"
    assert "PMID:5" not in [one.id for one in plain.search(query, weights=LEXICAL)]
    found = dense.search(query, 20, weights=Weights(feedback=0.0, dense=0.5))
    assert {one.id for one in found} == {one.id for one in STUDIES}
    (other,) = (one for one in found if one.id == "PMID:5")
    assert other.lexical == 0
    vector = Hashed().embed([query])[0]
    row = Hashed().embed([f"\n{STUDIES[4].text}"])[0]
    assert other.cosine == pytest.approx(max(float(row @ vector), 0.0), abs=1e-5)


def test_nearest_rows_are_those_of_brute_force(tmp_path: Path) -> None:
    pytest.importorskip("usearch")
    texts = [f"word{n % 37} other{n % 11} {n}" for n in range(400)]
    rows = Hashed().embed(texts)
    for name, exact in (("exact", 1_000), ("graph", 100)):
        folder = tmp_path / name
        folder.mkdir()
        writer = VectorWriter(folder, Hashed(), exact)
        for text in texts:
            writer.add(text)
        writer.close()
        vectors = Vectors.open(folder, len(texts))
        shares: list[float] = []
        for query in rows[::40]:
            best = set(np.argsort(-(rows @ query))[:10].tolist())
            shares.append(len(best & set(vectors.nearest(query, 10).tolist())) / 10)
        assert np.mean(shares) >= (1.0 if exact > len(texts) else 0.9), name


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def test_another_name_of_what_a_query_names_is_searched(over: Open, graph: Graph) -> None:
    node, alias = next(
        (node, alias)
        for kind in EntityType
        for node in graph.ids(kind)
        for alias in graph.entity(node).aliases
        if graph.resolve(alias) == [node] and not _words(alias) & _words(graph.name(node))
    )
    name = graph.name(node)
    documents = [study(1, "article", f"On {name}."), study(2, "article", "Else.")]
    engine = over(documents, graph)
    (named,) = engine.names(alias)
    assert named.nodes == (node,)
    assert name in named.synonyms
    assert (
        engine.search(f"zzz {alias}", weights=LEXICAL) == [] or name.casefold() in alias.casefold()
    )
    found = engine.search(f"zzz {alias}", weights=replace(LEXICAL, synonyms=0.5))
    assert [one.id for one in found] == ["PMID:1"]


def test_filters_keep_what_they_say(over: Open, graph: Graph) -> None:
    documents = [*STUDIES, *fact_pages(graph), *definition_documents(graph)]
    engine = over(documents, graph)

    def ids(query: str, **fields: object) -> set[str]:
        return {one.id for one in engine.search(query, 50, Filters(**fields), LEXICAL)}  # type: ignore[arg-type]

    assert ids("losartan", types=["guideline", "article"]) == {"PMID:2", "PMID:6", "PMID:7"}
    assert ids("losartan", licences=["CC-BY-4.0"]) == {"PMID:7"}
    assert ids("losartan", first_year=1991, last_year=2019) == {f"PMID:{n}" for n in (1, 2, 6, 7)}
    assert ids("losartan", sources=["hpo"]) == set()
    about = ids("syndrome", entities=["Marfan syndrome"])
    assert about
    assert about <= {
        one.id
        for one in documents
        if "MONDO:0007947" in one.entities or "Marfan syndrome" in one.text
    }
    assert ids("syndrome", specialties=["cardiology"]) <= about


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (Filters(types=["guidline"]), "no document has type `guidline`; nearest: `guideline`"),
        (Filters(sources=["pubmet"]), "no document has source `pubmet`; nearest: `pubmed`"),
        (Filters(entities=["Marfan syndrom"]), "nearest: Marfan syndrome (MONDO:0007947)"),
        (
            Filters(specialties=["cardiolgy"]),
            "no document has specialty `cardiolgy`; nearest: `car",
        ),
        (Filters(first_year=2001, last_year=1999), "got 2001 to 1999"),
    ],
)
def test_an_unknown_filter_value_offers_the_nearest(
    over: Open, graph: Graph, filters: Filters, said: str
) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        over(STUDIES, graph).search("losartan", filters=filters)


@pytest.mark.parametrize("query", ["", " \n", "?!…", "()", '"', "\ud800"])
def test_a_query_without_words_finds_nothing(over: Open, query: str) -> None:
    assert over(STUDIES, dense=True).search(query) == []


@pytest.mark.parametrize(
    "query",
    ['"losartan', "losartan AND (", "text:losartan^9 OR", "+losartan -\\", "losartan " * 12_000],
)
def test_syntax_and_size_have_no_meaning(over: Open, query: str) -> None:
    found = over(STUDIES, dense=True).search(query, 1)
    assert found[0].id == "PMID:2"


def test_a_passage_is_the_span_that_it_names(over: Open) -> None:
    text = (
        "A first sentence of no use. " * 10
        + "\nThe second names losartan and dilatation. "
        + "Tail. " * 80
    )
    engine = over([study(1, "article", text)])
    (found,) = engine.search("losartan dilatation", weights=LEXICAL)
    passage = parse_passage(found.passage.id)
    assert passage
    document = engine.index.read(passage.document)
    assert document
    span = document.text[passage.start : passage.end]
    assert "losartan and dilatation" in span
    assert " ".join(span.split()) == found.snippet
    assert len(span) <= 240


def test_64_callers_get_what_one_gets(over: Open) -> None:
    words = ["losartan", "aortic", "nothing", "anything", "dilatation"]
    engine = over(STUDIES, dense=True)
    queries = [f"{words[n % 5]} {words[(n + 1) % 5]}" for n in range(320)]
    alone = [engine.search(one) for one in queries]
    with ThreadPoolExecutor(64) as pool:
        together = list(pool.map(engine.search, queries))
    assert together == alone


def test_a_damaged_index_is_not_served(over: Open, tmp_path: Path) -> None:
    over(STUDIES, dense=True)
    (folder,) = (one for one in tmp_path.iterdir() if one.name.startswith("index-"))
    file = folder / "vectors.f32"
    content = bytearray(file.read_bytes())
    content[8] ^= 1
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"damaged \(`vectors.f32`\); run `medresearcher build`"):
        Engine.open(folder, tmp_path)
