"""Retrieval scores: the measures against trec_eval, the readers, the MED collection."""

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from medresearcher.errors import InputError
from medresearcher.evaluation.retrieval import (
    evaluate_retrieval,
    measures,
    read_test_set,
    score_retrieval,
)

MED = Path(__file__).parents[3] / "shared" / "data" / "med"


def beir(folder: Path, judged: str = "q1\td1\t1\nq2\td2\t2\n") -> Path:
    (folder / "qrels").mkdir(parents=True)
    documents = [
        {"_id": "d1", "title": "Marfan syndrome", "text": "aortic root"},
        {"_id": "d2", "title": "", "text": "cystic fibrosis of the lung", "metadata": {}},
    ]
    queries = [{"_id": "q1", "text": "aortic root?"}, {"_id": "q2", "text": "fibrosis"}]
    for name, rows in (("corpus", documents), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text(
        f"query-id\tcorpus-id\tscore\n{judged}", encoding="utf-8"
    )
    return folder


def test_measures_are_those_of_trec_eval() -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval")
    rng = Random(1)
    names = [f"d{n}" for n in range(300)]
    judged: dict[str, dict[str, int]] = {}
    runs: dict[str, list[str]] = {}
    for query in range(60):
        chosen = rng.sample(names, 30)
        judged[f"q{query}"] = {one: rng.choice([0, 0, 1, 1, 2]) for one in chosen} | {"gone": 1}
        runs[f"q{query}"] = rng.sample(names, rng.choice([0, 3, 100]))
    wanted = ("ndcg_cut_10", "map", "P_10", "recall_100")
    oracle = pytrec_eval.RelevanceEvaluator(judged, {"ndcg_cut.10", "map", "P.10", "recall.100"})
    scored = oracle.evaluate(
        {query: {one: 1.0 / (n + 1) for n, one in enumerate(run)} for query, run in runs.items()}
    )
    for query, run in runs.items():
        expected = [scored.get(query, dict.fromkeys(wanted, 0.0))[name] for name in wanted]
        assert measures(run, judged[query]) == pytest.approx(expected, abs=1e-6), query


def test_a_beir_folder_is_scored(tmp_path: Path) -> None:
    scores = evaluate_retrieval(beir(tmp_path / "set"), "none", tmp_path, 1)
    assert {name: one.value for name, one in scores.items()} == {
        "ndcg@10": 1.0,
        "map": 1.0,
        "p@10": 0.1,
        "recall@100": 1.0,
    }
    assert {one.n for one in scores.values()} == {2}


def test_intervals_come_from_the_queries(tmp_path: Path) -> None:
    tests = read_test_set(beir(tmp_path / "set"))
    one = score_retrieval(tests, lambda query: ["d1"] if "aortic" in query else [], 1)["ndcg@10"]
    assert (one.value, one.low, one.high, one.n) == (0.5, 0.0, 1.0, 2)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("corpus.jsonl", '{"_id": "d1"}', r"corpus.jsonl:1: expected an object with `_id` and"),
        ("queries.jsonl", "{", r"queries.jsonl:1: expected an object"),
        ("qrels/test.tsv", "q1 d1 1\nq1 d1\n", r"test.tsv:2: expected query, document, relevance"),
        ("qrels/test.tsv", "q9 d1 1\n", r"judge query 'q9', which has no text"),
        ("qrels/test.tsv", "q1 d1 0\n", r"expected documents and judged queries; found none"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, file: str, content: str, said: str) -> None:
    folder = beir(tmp_path / "set")
    (folder / file).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_test_set(folder)


def test_a_folder_without_a_test_set_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected corpus.jsonl, queries.jsonl and qrels"):
        read_test_set(tmp_path)


def test_med_is_read_whole_and_bm25_with_feedback_passes_the_target(tmp_path: Path) -> None:
    if not MED.exists():
        pytest.skip("needs the MED collection in shared/data")
    tests = read_test_set(MED)
    assert (len(tests.documents), len(tests.queries)) == (1_033, 30)
    assert sum(len(found) for found in tests.judged.values()) == 696
    scores = evaluate_retrieval(MED, "none", tmp_path, 1)
    assert scores["ndcg@10"].value is not None
    assert np.round(scores["ndcg@10"].value, 2) >= 0.74
