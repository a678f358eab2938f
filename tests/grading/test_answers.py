"""The grader: whole names and identifiers, and the published defects that it must not repeat."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medresearcher.grading.answers import extract_answer, grade, normalise
from medresearcher.records.question import Answer

MARFAN = Answer(
    id="MONDO:0007947", name="Marfan syndrome", aliases=("MFS", "Marfan's syndrome", "OMIM:154700")
)
DIABETES = Answer(id="MONDO:0005148", name="type 2 diabetes mellitus", aliases=("NIDDM",))
FACTOR = Answer(id="HGNC:3546", name="F8", aliases=("coagulation factor VIII",))
CYCLOSPORIN = Answer(id="CHEBI:4031", name="cyclosporin A", aliases=("ciclosporin",))
HEPATITIS = Answer(id="MONDO:0005344", name="hepatitis B", aliases=("hepatitis B infection",))


def judge(answer: Answer, text: str) -> bool | None:
    return grade(answer, f"I looked it up.\nAnswer: {text}").correct


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (MARFAN, "Marfan syndrome"),
        (MARFAN, "the MARFAN  syndrome."),
        (MARFAN, "**Marfan\u2019s syndrome**"),
        (MARFAN, '"Marfan-syndrome"'),
        (MARFAN, "Marfan syndrome (MFS)"),
        (MARFAN, "Marfan syndrome (MONDO:0007947)"),
        (MARFAN, "MONDO:0007947"),
        (MARFAN, "mondo:0007947."),
        (MARFAN, "MONDO:0007947 (Marfan syndrome)"),
        (MARFAN, "classic Marfan disease (MONDO:0007947)"),
        (MARFAN, "OMIM:154700"),
        (CYCLOSPORIN, "cyclosporin A"),
        (CYCLOSPORIN, "Cyclosporin A (CHEBI:4031)"),
        (HEPATITIS, "Hepatitis B"),
        (DIABETES, "Type 2 diabetes mellitus"),
        (FACTOR, "Coagulation Factor VIII"),
        (Answer(id="MONDO:1", name="Sjögren syndrome", aliases=()), "Sjogren Syndrome"),
        (Answer(id="MONDO:1", name="\u03b1-thalassemia", aliases=()), "\u03b1 thalassemia"),
        (Answer(id="MONDO:1", name="A-beta amyloidosis", aliases=()), "A-beta amyloidosis"),
        (Answer(id="MONDO:1", name="rock and roll disease", aliases=()), "Rock and roll disease"),
    ],
)
def test_right_answers(answer: Answer, text: str) -> None:
    assert judge(answer, text) is True


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (MARFAN, "not Marfan syndrome"),
        (MARFAN, "Marfan syndrome or Loeys-Dietz syndrome"),
        (MARFAN, "Marfan syndrome, Loeys-Dietz syndrome"),
        (MARFAN, "neonatal Marfan syndrome"),
        (MARFAN, "Marfan"),
        (MARFAN, "Marfan syndrome (MONDO:0017309)"),
        (MARFAN, "MONDO:00079471"),
        (MARFAN, "MONDO:0007947 or MONDO:0017309"),
        (MARFAN, "not MONDO:0007947"),
        (MARFAN, "Marfan syndrome (MONDO:0007947), Loeys-Dietz syndrome"),
        (MARFAN, "Marfan syndrome (MONDO:0007947) or Loeys-Dietz syndrome"),
        (MARFAN, "Loeys-Dietz syndrome; MONDO:0007947"),
        (MARFAN, "Marfan syndrome (Loeys-Dietz syndrome)"),
        (MARFAN, "???"),
        (CYCLOSPORIN, "cyclosporin"),
        (CYCLOSPORIN, "cyclosporin B"),
        (CYCLOSPORIN, "cyclosporin A, correct: no"),
        (HEPATITIS, "hepatitis"),
        (HEPATITIS, "hepatitis C"),
        (HEPATITIS, "hepatitis B, correct: yes"),
        (DIABETES, "type 12 diabetes mellitus"),
        (DIABETES, "type II diabetes mellitus"),
        (DIABETES, "type 1 diabetes mellitus"),
        (FACTOR, "coagulation factor 8"),
        (FACTOR, "coagulation factor VII"),
        (Answer(id="X:1", name="1.5 mg", aliases=()), "15 mg"),
        (Answer(id="X:1", name="-5", aliases=()), "5"),
        (Answer(id="X:1", name="HbA1c <7%", aliases=()), "HbA1c 7"),
        (Answer(id="X:1", name="???", aliases=("!",)), "..."),
    ],
)
def test_wrong_answers(answer: Answer, text: str) -> None:
    verdict = grade(answer, f"Answer: {text}")
    assert verdict.correct is False
    assert verdict.predicted


@pytest.mark.parametrize(
    ("text", "correct"),
    [
        ("Increased CD4:CD8 ratio", True),
        ("Increased CD4:CD8 ratio (HP:0033221)", True),
        ("HP:0033221", True),
        ("Decreased CD4:CD8 ratio", False),
        ("Increased CD4:CD8 ratio (HP:0033222)", False),
        ("Decreased CD4:CD8 ratio or increased CD4:CD8 ratio (HP:0033221)", False),
    ],
)
def test_what_only_looks_like_an_identifier_is_a_part_of_its_name(text: str, correct: bool) -> None:
    ratio = Answer(id="HP:0033221", name="Increased CD4:CD8 ratio", aliases=())
    assert grade(ratio, f"Answer: {text}").correct is correct


@pytest.mark.parametrize(
    "text", [None, "", "It is Marfan syndrome.", "Answer:", "<answer> </answer>"]
)
def test_no_answer_is_not_correct(text: str | None) -> None:
    verdict = grade(MARFAN, text)
    assert verdict.correct is False
    assert verdict.predicted is None
    assert verdict.method == "none"
    assert verdict.reason == "no answer"


def test_verdicts_say_how_they_were_reached() -> None:
    assert grade(MARFAN, "Answer: MFS").method == "name"
    found = grade(MARFAN, "Answer: Marfan syndrome (HP:0001166)")
    assert (found.method, found.reason) == ("identifier", "HP:0001166 is not the answer")
    assert found.predicted == "Marfan syndrome (HP:0001166)"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Answer: a\nAnswer: b", "b"),
        ("answer : a\r\nBye.", "a"),
        ("**Answer:** a", "a"),
        ("> **Answer**: a", "a"),
        ("The final Answer: a", None),
        ("x <answer>a\nb</answer> y", "a\nb"),
        ("<answer>\nAnswer: a\n</answer>", "a"),
        ("Answer: <answer>a</answer>", "a"),
        ("<answer>a</answer>\nAnswer: b", "b"),
        ("Answer: b\n<answer>a</answer>", "a"),
        ("<answer>a", None),
        ("<answer><answer>a</answer>", "a"),
        ("Answer: a\nAnswer:", None),
    ],
)
def test_the_last_answer_counts(text: str, found: str | None) -> None:
    assert extract_answer(text) == found


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("HbA1c <7% (p<0.05) and IL-6 >3 pg/mL", "hba1c <7% p<0.05 and il 6 >3 pg/ml"),
        ("\u03b2-catenin\u00b2", "\u03b2 catenin2"),
        ("Loeys\u2013Dietz, type I;", "loeys dietz type i"),
        ("Na\u207a/K+-ATPase", "na+/k+ atpase"),
        ("5\u2032-nucleotidase", "5 nucleotidase"),
        ("Behçet\u2019s", "behcets"),
    ],
)
def test_normal_forms(text: str, form: str) -> None:
    assert normalise(text) == form


@given(st.text())
def test_a_normal_form_is_its_own(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(), st.text("0123456789", min_size=1), st.text("0123456789", min_size=1))
def test_numbers_are_never_confused(name: str, one: str, other: str) -> None:
    first, second = (normalise(f"{name} type {number}") for number in (one, other))
    assert (first == second) == (one == other)


@given(st.text())
def test_any_message_is_judged(text: str) -> None:
    verdict = grade(MARFAN, text)
    assert verdict.correct in (True, False)
    assert (verdict.predicted is None) == (verdict.method == "none")


@given(
    st.text("abc XYZ-'\u03b1", min_size=1).filter(normalise),
    st.sampled_from(["{}", "{}.", "the {}", "**{}**", "{} (MONDO:0000001)"]),
)
def test_the_name_itself_is_always_right(name: str, form: str) -> None:
    answer = Answer(id="MONDO:0000001", name=name, aliases=())
    assert judge(answer, form.format(name)) is True
