"""The BM25 index: order against a brute-force oracle, safety of queries, damage, determinism."""

import json
import math
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medresearcher.errors import InputError
from medresearcher.records.knowledge import Document
from medresearcher.retrieval.index import MAX_TERMS, PAIR_BOOST, TITLE_BOOST, Index, build_index

WORDS = ["rash", "fever", "cough", "pain", "gene", "aorta", "lens", "tall"]


def corpus(count: int, seed: int) -> list[Document]:
    rng = random.Random(seed)
    return [
        Document(
            id=f"D{rng.randrange(10**9):09}",
            type=rng.choice(["abstract", "disease_page"]),
            title=" ".join(rng.choices(WORDS, k=rng.randint(1, 4))),
            text=" ".join(rng.choices(WORDS, k=rng.randint(1, 30))),
            source=rng.choice(["hpo", "mondo", "hpo, mondo"]),
        )
        for _ in range(count)
    ]


def opened(folder: Path, documents: list[Document]) -> Index:
    assert build_index(folder, documents) == len(documents)
    return Index.open(folder)


def bm25(
    documents: list[Document],
    field: str,
    units: list[tuple[str, ...]],
    k1: float = 1.2,
    b: float = 0.75,
) -> list[float]:
    """Robertson's BM25 as tantivy counts it; exact for fields of up to 40 words.

    A unit is a word or a pair of words side by side; the weight of a pair is that of both words.
    """
    texts = [getattr(document, field).split() for document in documents]
    mean = sum(map(len, texts)) / len(texts)
    scores = [0.0] * len(texts)
    for unit in units:
        having = [sum(word in text for text in texts) for word in unit]
        idf = sum(math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for n in having)
        for number, text in enumerate(texts):
            windows = zip(*(text[start:] for start in range(len(unit))), strict=False)
            count = sum(window == unit for window in windows)
            norm = k1 * (1 - b + b * len(text) / mean)
            scores[number] += idf * count * (k1 + 1) / (count + norm)
    return scores


@pytest.mark.parametrize(
    "query", ["aorta", "fever cough", "tall lens gene gene pain", "rash zebra"]
)
def test_order_and_scores_are_those_of_brute_force_bm25(tmp_path: Path, query: str) -> None:
    documents = corpus(60, seed=3)
    index = opened(tmp_path / "i", documents)
    words = [(word,) for word in dict.fromkeys(query.split())]
    title, text = (bm25(documents, field, words) for field in ("title", "text"))
    near = bm25(documents, "text", list(dict.fromkeys(pairwise(query.split()))))
    total = {
        one.id: TITLE_BOOST * a + b + PAIR_BOOST * c
        for one, a, b, c in zip(documents, title, text, near, strict=True)
        if a + b
    }
    expected = sorted(total, key=lambda one: (-float(f"{total[one]:.5g}"), one))
    hits = index.search(query, 60)
    assert [hit.score for hit in hits] == pytest.approx([total[one] for one in expected], rel=1e-4)
    assert {hit.id: hit.score for hit in hits} == pytest.approx(total, rel=1e-4)
    assert [hit.id for hit in index.search(query, 7)] == [hit.id for hit in hits[:7]]


def test_ties_are_broken_by_id_even_beyond_the_cut(tmp_path: Path) -> None:
    ids = [f"T{number:04}" for number in range(900)]
    random.Random(1).shuffle(ids)
    index = opened(tmp_path / "i", [Document(one, "t", "same", "same words", "s") for one in ids])
    assert [hit.id for hit in index.search("same", 5)] == sorted(ids)[:5]


def test_ties_are_broken_by_id_when_segments_were_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With little memory tantivy writes and merges several segments, not in order of id."""
    monkeypatch.setattr("medresearcher.retrieval.index._HEAP_BYTES", 15_000_000)
    ids = [f"T{number:04}" for number in range(6_000)]
    texts = {one: "same " + " ".join(f"{one}x{word}" for word in range(120)) for one in ids}
    index = opened(tmp_path / "i", [Document(one, "t", "", texts[one], "s") for one in ids])
    assert [hit.id for hit in index.search("same", 5)] == ids[:5]


def test_builds_agree_whatever_the_order_and_the_process(tmp_path: Path) -> None:
    documents = corpus(300, seed=9)
    one = opened(tmp_path / "a", documents)
    two = opened(tmp_path / "b", documents[::-1])
    code = (
        "import sys, json; from pathlib import Path\n"
        "from medresearcher.retrieval.index import Index\n"
        "hits = Index.open(Path(sys.argv[1])).search('fever cough lens', 50)\n"
        "print(json.dumps([[hit.id, hit.score] for hit in hits]))"
    )
    expected = [[hit.id, hit.score] for hit in one.search("fever cough lens", 50)]
    assert [[hit.id, hit.score] for hit in two.search("fever cough lens", 50)] == expected
    for seed in ("0", "77"):
        out = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "b")],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        assert json.loads(out.stdout) == expected


def test_filters_keep_types_and_single_sources(tmp_path: Path) -> None:
    documents = corpus(60, seed=5)
    index = opened(tmp_path / "i", documents)
    kept = {d.id for d in documents if d.type == "abstract" and "mondo" in d.source.split(", ")}
    hits = index.search(" ".join(WORDS), 60, types=["abstract"], sources=["mondo"])
    assert {hit.id for hit in hits} == kept
    every = {hit.id: hit.score for hit in index.search(" ".join(WORDS), 60)}
    assert all(hit.score == every[hit.id] for hit in hits)
    assert index.search("fever", 5, types=[]) == []
    assert index.search("fever", 5, sources=["nobody"]) == []


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Index:
    texts = {
        "A": "Sjögren's syndrome and \u03b11-antitrypsin deficiency (HP:0001250)",
        "B": "Patients with seizures AND fever",
        "C": "病 一 disease",
    }
    documents = [Document(key, "t", f"Title {key}", text, "s") for key, text in texts.items()]
    folder = tmp_path_factory.mktemp("odd")
    return opened(folder / "i", documents)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("sjogren", "A"),
        ("SJÖGREN'S", "A"),
        ("HP:0001250", "A"),
        ('"\u03b11-antitrypsin"', "A"),
        ("seizure", "B"),
        ("-seizures", "B"),
        ("title:(seizure", "B"),
        ("病", "C"),
    ],
)
def test_queries_are_words_and_never_syntax(odd: Index, query: str, first: str) -> None:
    assert odd.search(query, 1)[0].id == first


@given(query=st.text(alphabet=st.characters(), max_size=60))
def test_any_text_is_a_query(odd: Index, query: str) -> None:
    hits = odd.search(query, 3)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits == odd.search(query, 3)


@pytest.mark.parametrize("query", ["", "  ", "--- ()", '"":*'])
def test_a_query_without_words_finds_nothing(odd: Index, query: str) -> None:
    assert odd.search(query, 5) == []


def test_a_huge_query_is_capped(odd: Index) -> None:
    query = " ".join(f"word{number}" for number in range(12_000)) + " seizure"
    assert len(query) > 100_000
    assert len(odd.terms(query)) == MAX_TERMS
    assert odd.search(query, 5) == []
    assert odd.search("seizure " * 13_000, 5)[0].id == "B"


def test_limits_below_one_are_refused(odd: Index) -> None:
    with pytest.raises(ValueError, match="`limit`"):
        odd.search("fever", 0)


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    documents=st.lists(
        st.builds(
            Document,
            id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
            type=st.just("t"),
            title=_TEXT,
            text=_TEXT,
            source=_TEXT,
            year=st.none() | st.integers(-3000, 3000),
            url=_TEXT,
            journal=_TEXT,
            entities=st.lists(_TEXT, max_size=3).map(tuple),
        ),
        max_size=5,
        unique_by=lambda document: document.id,
    )
)
def test_reading_gives_back_the_whole_document(tmp_path: Path, documents: list[Document]) -> None:
    index = opened(tmp_path / "i", documents)
    assert [index.read(document.id) for document in documents] == documents
    assert index.read("no such id") is None
    assert len(index) == len(documents)


def test_duplicate_ids_are_refused(tmp_path: Path) -> None:
    twice = [Document("A", "t", "x", "y", "s"), Document("A", "t", "z", "y", "s")]
    with pytest.raises(InputError, match="`A`"):
        build_index(tmp_path / "i", twice)


def test_a_rebuild_replaces_but_never_deletes_what_is_no_index(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    opened(folder, corpus(5, seed=1))
    assert len(opened(folder, corpus(3, seed=2))) == 3
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("years of work")
    with pytest.raises(InputError, match="holds no search index"):
        build_index(other, [])
    assert (other / "chapter.txt").exists()


def test_a_missing_index_says_how_to_make_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="run `medresearcher build`"):
            Index.open(folder)


def replace(path: Path, content: bytes) -> None:
    """Put another file in the place; an index that is still open keeps the old one mapped."""
    other = path.with_name(".other")
    other.write_bytes(content)
    other.replace(path)


def test_every_damaged_file_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    opened(folder, corpus(50, seed=1))
    hidden = {path.name for path in folder.iterdir() if path.name.startswith(".")}
    files = [path for path in folder.iterdir() if path.name not in hidden]
    assert len(files) > 5
    for path in files:
        whole = path.read_bytes()
        flipped = whole[:10] + bytes([whole[10] ^ 1]) + whole[11:]
        for damage in (b"", whole[:-3], flipped):
            replace(path, damage)
            with pytest.raises(InputError, match="medresearcher build"):
                Index.open(folder)
        path.unlink()
        with pytest.raises(InputError, match="medresearcher build"):
            Index.open(folder)
        replace(path, whole)
    assert len(Index.open(folder)) == 50
