"""What the search benchmark measures: the raw peer ranks as the index does; copies have own ids."""

from pathlib import Path

from medresearcher.bench_search import copies, measure_latency, over_copies, raw_tantivy
from medresearcher.records.knowledge import Document

WORDS = ("fever", "cough", "rash", "pain", "edema", "chills")
DOCUMENTS = [
    Document(f"D:{n}", "article", "", " ".join((*WORDS[: 1 + n % 6], f"w{n}")), "x")
    for n in range(30)
]


def test_copies_have_ids_of_their_own() -> None:
    made = list(copies(DOCUMENTS, 75))
    assert len({one.id for one in made}) == 75
    assert [one.text for one in made[60:]] == [one.text for one in DOCUMENTS[:15]]


def test_the_raw_peer_finds_what_the_index_finds(tmp_path: Path) -> None:
    made = over_copies(DOCUMENTS, 30, None, tmp_path)
    index = made.engine.index
    ask = raw_tantivy(made.folder)
    for query in ("w7 chills", "w21", "w3 w4 fever"):
        terms = dict.fromkeys(index.terms(query), 1.0)
        mine = [index.document(address).id for _, address in index.weighted(terms, 1)]
        assert ask(query)[0] == mine, query  # type: ignore[index]


def test_every_query_is_timed_once() -> None:
    asked: list[str] = []
    found = measure_latency(asked.append, [str(n) for n in range(50)], 8)
    assert sorted(asked, key=int) == [str(n) for n in range(50)]
    assert 0 <= found.p50 <= found.p95 <= found.p99
    assert found.rate > 0
