"""The benchmark of the diagnosis: its formats, its protocols, its figures."""

import json
from pathlib import Path

import numpy as np
import pytest
from diagnosis_world import build, disease

from medresearcher.diagnosis.calibration import lead
from medresearcher.errors import InputError
from medresearcher.evaluation.benchmarks import evaluate
from medresearcher.evaluation.diagnosis import evaluate_cases, rank_of, read_pairs
from medresearcher.kb import GRAPH, KnowledgeBase

CASES = [
    [["HP:0000005", "HP:0000008", "HP:0000010"], ["OMIM:1"]],
    [["HP:0000004", "HP:0000012"], ["ORPHANET:99", "OMIM:10"]],
    [["HP:0000005"], ["OMIM:404"]],
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """The small world without a search index: diagnosis needs none."""
    folder = tmp_path_factory.mktemp("base")
    build(folder / GRAPH)
    return KnowledgeBase(folder)


def test_pairs_of_phenobrain_are_scored_and_unknown_diseases_counted_out(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    data = tmp_path / "pairs.json"
    data.write_text(json.dumps(CASES))
    found = evaluate("phenobrain", data, base, tmp_path, 1)
    counts = found["cases"]
    assert (counts["given"], counts["in_graph"], counts["scored"]) == (3, 2, 2)
    assert found["top1"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 2}
    assert found["macro"]["top1"]["n"] == 2
    assert found["baselines"]["information_content"]["top10"]["value"] == 1.0
    assert set(found["ece_if_perfect"]) == {"cases", "macro"}
    assert read_pairs(data)[1].diseases == ("ORPHA:99", "OMIM:10")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "expected JSON"),
        ("[]", "expected a list of cases"),
        ('[[["HP:0000005"]]]', "case 0"),
        ('[[["HP:0000005"], ["OMIM:1"]], [[5], ["OMIM:1"]]]', "case 1"),
    ],
)
def test_malformed_pairs_name_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    data = tmp_path / "pairs.json"
    data.write_text(text)
    with pytest.raises(InputError, match=said):
        read_pairs(data)


def test_a_case_whose_disease_keeps_no_row_is_left_out(base: KnowledgeBase, tmp_path: Path) -> None:
    data = tmp_path / "pairs.json"
    data.write_text(json.dumps(CASES))
    first, second, _ = read_pairs(data)
    cases = [first._replace(references=("PMID:1",)), second]
    assert evaluate_cases(cases, base, 1, "all", "all")["cases"]["scored"] == 2
    left = evaluate_cases(cases, base, 1, "leave-publication-out", "all")
    assert left["cases"]["scored"] == 1
    with pytest.raises(InputError, match="expected a protocol"):
        evaluate_cases(cases, base, 1, "some", "all")


def test_nothing_in_the_graph_is_said(base: KnowledgeBase, tmp_path: Path) -> None:
    data = tmp_path / "pairs.json"
    data.write_text(json.dumps([[["HP:0000005"], [disease(99)]]]))
    with pytest.raises(InputError, match="none of 1 cases"):
        evaluate("phenobrain", data, base, tmp_path, 1)


def test_ties_share_their_mean_rank_and_the_lead_is_to_the_second() -> None:
    score = np.array([1.0, 3.0, 1.0, 2.5])
    assert [rank_of(score, one) for one in range(4)] == [3.5, 1.0, 3.5, 2.0]
    assert lead(score) == 0.5
    assert lead(np.array([7.0])) == 0.0
