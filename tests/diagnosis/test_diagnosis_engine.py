"""The differential: what counts, what does not, and where each number is from."""

import math

import numpy as np
import pytest
from diagnosis_world import ROOT, TERMS, disease
from hypothesis import given, settings
from hypothesis import strategies as st

from medresearcher.diagnosis.annotations import counted
from medresearcher.diagnosis.baselines import Baselines
from medresearcher.diagnosis.engine import Diagnoser
from medresearcher.diagnosis.model import Patient
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Predicate

MARFANOID = ["HP:0000005", "HP:0000008", "HP:0000010"]
SOME = st.lists(st.sampled_from(sorted(TERMS)), min_size=1, max_size=5, unique=True)


def ranking(diagnoser: Diagnoser, *given: list[str]) -> list[tuple[str, float]]:
    found = diagnoser.diagnose(*given, top=10)
    return [(one.id, one.probability) for one in found.candidates]


def test_the_disease_that_explains_all_findings_comes_first_with_its_rows(
    diagnoser: Diagnoser,
) -> None:
    found = diagnoser.diagnose(MARFANOID, age=30, sex="female")
    first = found.candidates[0]
    assert first.id == disease(1)
    assert first.low <= first.probability <= first.high
    assert {row.reference for one in first.present for row in one.rows} == {"PMID:1"}
    assert {row.frequency for one in first.present for row in one.rows} == {"8/10", "9/10", "7/10"}
    assert all(one.log_ratio > 0 and one.match == "stated" for one in first.present)
    assert [one.id for one in found.genes] == ["HGNC:1"]


def test_probabilities_add_up_to_one(diagnoser: Diagnoser) -> None:
    found = diagnoser.diagnose(["HP:0000004"], top=3)
    total = sum(one.probability for one in found.candidates)
    assert math.isclose(total + found.none_of_these + found.others, 1.0, abs_tol=1e-9)


def test_the_parts_of_two_scores_explain_the_odds_between_the_diseases(
    diagnoser: Diagnoser,
) -> None:
    found = diagnoser.diagnose(MARFANOID, ["HP:0000012"], age=5, top=10)
    # The first disease shares nothing with "none of these", the others do: compare among those.
    totals = {
        one.id: sum(each.log_ratio for each in (*one.present, *one.absent, *one.prior))
        for one in found.candidates
    }
    second, third = found.candidates[1:3]
    expected = totals[second.id] - totals[third.id]
    assert math.isclose(math.log(second.probability / third.probability), expected, abs_tol=1e-6)


@settings(max_examples=40)
@given(some=SOME, data=st.data())
def test_order_and_repetition_change_nothing(
    diagnoser: Diagnoser, some: list[str], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations([*some, some[0]]))
    assert ranking(diagnoser, some) == ranking(diagnoser, shuffled)


@settings(max_examples=40)
@given(some=SOME)
def test_an_ancestor_of_a_present_finding_changes_nothing_and_is_noted(
    diagnoser: Diagnoser, some: list[str]
) -> None:
    graph = diagnoser.graph
    above = [
        graph.curie(code)
        for one in some
        for code in graph.above(graph.code(one)) - {graph.code(one)}
    ]
    found = diagnoser.diagnose([*some, *above], top=10)
    assert [(one.id, one.probability) for one in found.candidates] == ranking(diagnoser, some)
    implied = {note.given.partition(" ")[0] for note in found.notes}
    assert set(above) - {one.id for one in found.present} <= implied


def test_a_more_specific_or_more_general_finding_still_counts_for_a_disease(
    diagnoser: Diagnoser,
) -> None:
    general = diagnoser.diagnose(["HP:0000011"], top=10)
    specific = diagnoser.diagnose(["HP:0000012"], top=10)
    by_id = {one.id: one for one in general.candidates}
    assert by_id[disease(5)].present[0].match == "stated"  # focal seizures are seizures
    by_id = {one.id: one for one in specific.candidates}
    assert by_id[disease(6)].present[0].match == "broader"
    through = by_id[disease(6)].present[0].through
    assert through is not None
    assert through.id == "HP:0000011"
    ratios = {one.id: one.present[0].log_ratio for one in specific.candidates}
    assert ratios[disease(5)] > ratios[disease(6)] > ratios[disease(8)]


def test_a_frequent_sign_that_is_absent_counts_against(diagnoser: Diagnoser) -> None:
    evidence = diagnoser.model.evidence
    lens, heart = (diagnoser.model.terms.number[one] for one in ("HP:0000005", "HP:0000010"))
    with_it = evidence(Patient((heart,), (lens,))).parts["absent"]
    number = {one: row for row, one in enumerate(diagnoser.model.diseases)}
    assert with_it[number[disease(2)]] < with_it[number[disease(4)]]


def test_a_duplicate_finding_adds_less_than_a_new_one(diagnoser: Diagnoser) -> None:
    number = diagnoser.model.terms.number
    near = diagnoser.model.worth([number["HP:0000004"], number["HP:0000005"]])
    far = diagnoser.model.worth([number["HP:0000004"], number["HP:0000010"]])
    assert near.sum() < far.sum() <= 2


def test_rows_of_the_own_publication_do_not_count(diagnoser: Diagnoser) -> None:
    number = {one: row for row, one in enumerate(diagnoser.model.diseases)}
    terms = tuple(diagnoser.model.terms.number[one] for one in MARFANOID)
    evidence = diagnoser.model.evidence(Patient(terms), "PMID:1")
    assert evidence.gone.tolist() == [number[disease(1)]]
    assert evidence.parts["identical"][number[disease(1)]] == 0
    # What a publication does not concern stays as it is.
    other = diagnoser.model.evidence(Patient(terms), "PMID:77")
    assert np.array_equal(other.score, diagnoser.model.evidence(Patient(terms)).score)


def test_leaving_a_publication_out_equals_a_graph_without_its_rows(
    diagnoser: Diagnoser, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    import diagnosis_world

    kept = {
        number: [row for row in rows if row[2] != "PMID:4"] or [("HP:0000006", "0/9", "X:1", True)]
        for number, rows in diagnosis_world.ROWS.items()
    }
    kept[4] = [row for row in diagnosis_world.ROWS[4] if row[2] != "PMID:4"]
    assert kept[4] == []
    term = diagnoser.model.terms.number["HP:0000010"]
    left = diagnoser.model.evidence(Patient((term,)), "PMID:4")
    number = {one: row for row, one in enumerate(diagnoser.model.diseases)}
    empty = left.parts["present"][number[disease(4)]]
    unrelated = left.parts["present"][number[disease(3)]]
    assert math.isclose(empty, unrelated)  # nothing is known of either about the heart


def test_counts_of_patients_are_what_the_row_says() -> None:
    assert counted("7/10", denied=False) == (7.0, 10.0)
    assert counted("", denied=False) == (0.0, 0.0)
    seen, asked = counted("HP:0040282", denied=False)
    assert math.isclose(seen / asked, 0.545)
    variance = (seen / asked) * (1 - seen / asked) / (asked + 1)
    assert math.isclose(variance, 0.49**2 / 12)
    assert counted("", denied=True)[0] == 0 < counted("", denied=True)[1]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("HP:1234567", "no term of this release"),
        ("HP:0009999", "replaced by HP:0000008"),
        ("HP:0003577", "no finding but onset"),
        ("nonsense word", "no HPO id or name"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_rest_is_used(
    diagnoser: Diagnoser, given: str, reason: str
) -> None:
    found = diagnoser.diagnose(["HP:0000005", given])
    assert reason in found.notes[0].reason
    assert found.candidates


def test_contradictions_are_said(diagnoser: Diagnoser) -> None:
    both = diagnoser.diagnose(["HP:0000005", "HP:0000011"], ["HP:0000005"])
    assert "neither is used" in both.notes[0].reason
    assert [one.id for one in both.present] == ["HP:0000011"]
    kind = diagnoser.diagnose(["HP:0000012"], ["HP:0000011"])
    assert "contradicts its kind" in kind.notes[0].reason
    assert not kind.absent


@pytest.mark.parametrize("given", [[], ["HP:7777777"]])
def test_no_finding_gives_no_differential_but_the_reason(
    diagnoser: Diagnoser, given: list[str]
) -> None:
    found = diagnoser.diagnose(given)
    assert not found.candidates
    assert found.reason


def test_all_findings_at_once(diagnoser: Diagnoser) -> None:
    found = diagnoser.diagnose([*TERMS, ROOT] * 20)
    assert found.candidates


def test_questions_tell_and_are_not_settled(diagnoser: Diagnoser) -> None:
    found = diagnoser.diagnose(["HP:0000005"])
    asked = [one.id for one in found.questions]
    assert not {"HP:0000005", "HP:0000003", "HP:0000002", ROOT} & set(asked)
    bits = [one.bits for one in found.questions]
    assert bits == sorted(bits, reverse=True)
    assert 0 <= bits[-1] <= bits[0] <= 1


def test_baselines_put_the_right_disease_first(diagnoser: Diagnoser, world: Graph) -> None:
    baselines = Baselines(diagnoser.model)
    patient = Patient(tuple(diagnoser.model.terms.number[one] for one in MARFANOID))
    for ranking_of in (baselines.information_content, baselines.likelihood_ratio):
        assert diagnoser.model.diseases[int(ranking_of(patient).argmax())] == disease(1)
        without = ranking_of(patient, "PMID:1")
        assert diagnoser.model.diseases[int(without.argmax())] != disease(1)
    # Resnik by hand: the information content of the best common ancestor, over sets of ids.
    term = "HP:0000004"
    marks = {
        one: {
            world.curie(code)
            for sign in world.objects(one, Predicate.HAS_PHENOTYPE)
            for code in world.above(world.code(sign))
        }
        for one in diagnoser.model.diseases
    }
    # A denied sign is a row with a small share, so its ancestors are in the matrix as well.
    marks[disease(1)] |= {"HP:0000012", "HP:0000011", ROOT}
    above = {world.curie(code) for code in world.above(world.code(term))}
    size = len(marks)
    for row, one in enumerate(diagnoser.model.diseases):
        common = above & marks[one]
        best = (
            max(-math.log(sum(each in some for some in marks.values()) / size) for each in common)
            if common
            else 0
        )
        single = Patient((diagnoser.model.terms.number[term],))
        assert math.isclose(baselines.information_content(single)[row], best, abs_tol=1e-9)
