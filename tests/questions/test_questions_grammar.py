"""The grammar: every shape of chain, with every kind of clue, reads as English."""

import re
from collections import defaultdict
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from question_checks import check_text

from medresearcher.graph.chains import Step
from medresearcher.questions.grammar import Teller, listed
from medresearcher.records.knowledge import EntityType, Evidence, Predicate
from medresearcher.records.question import Clue, Masked

D, G, F = EntityType.DISEASE, EntityType.GENE, EntityType.GENE_GROUP
LETTERS = {D: "D", G: "G", F: "F"}
MAX_HOPS = 8
SIGNS = ("wide nose", "Raynaud phenomenon", "EEG with burst suppression", "apnea")
INHERITANCE = ("autosomal dominant", "X-linked", "X-linked recessive", "mitochondrial")
ONSET = ("adult onset", "infantile onset", "late first trimester onset")
FAMILIES = ("Cyclins", "Paf1/RNA polymerase II complex")
# ruff: noqa: E501 - golden sentences stay whole
GOLDEN = (
    (
        (D, G, D),
        5,
        "A patient presents with EEG with burst suppression, wide nose, apnea and Raynaud phenomenon; the suspected diagnosis is a rare disease. "
        "One of the genes linked to this disease is also implicated in a second, mitochondrial disease with features such as Raynaud phenomenon. "
        "Identify this disease.",
    ),
    (
        (D, G, F),
        4,
        "Among the reported features of a rare disease with late first trimester onset are EEG with burst suppression and Raynaud phenomenon. "
        "One of the genes linked to it belongs to a gene family. "
        "What is this gene family called?",
    ),
    (
        (D, G, F, G),
        5,
        "Start from a rare, mitochondrial disease with infantile onset and features such as wide nose and apnea. "
        "A gene from the HGNC group “Cyclins” associated with this disease belongs to a gene family. "
        "Which other gene of that family does HGNC also list under “Paf1/RNA polymerase II complex”?",
    ),
    (
        (D, G, D, G),
        5,
        "A patient presents with apnea and EEG with burst suppression; the suspected diagnosis is a rare disease with infantile onset. "
        "A gene from the HGNC group “Cyclins” linked to it is also implicated in a second, X-linked recessive disease with infantile onset and features such as EEG with burst suppression, Raynaud phenomenon and apnea. "
        "Which other gene is linked to the second disease?",
    ),
    (
        (D, G, F, G, D),
        5,
        "Start from a rare disease with features such as EEG with burst suppression and apnea. "
        "One of the genes linked to it belongs to a gene family. "
        "Which other disease with adult onset and features such as wide nose, Raynaud phenomenon and EEG with burst suppression is associated with another gene of that family that HGNC lists under “Cyclins”?",
    ),
    (
        (D, G, D, G, D),
        1,
        "A patient presents with EEG with burst suppression and wide nose; the findings suggest a rare condition. "
        "A gene from the HGNC group “Cyclins” associated with this condition is also linked to a second condition with late first trimester onset. "
        "Which other condition marked by Raynaud phenomenon, wide nose and EEG with burst suppression is associated with a different gene linked to the second condition?",
    ),
    (
        (D, G, F, G, F),
        1,
        "Published descriptions of a rare condition with infantile onset list apnea, Raynaud phenomenon and EEG with burst suppression. "
        "A gene linked to it belongs to a gene family. "
        "Another gene of that family that HGNC lists under “Cyclins” also belongs to a second gene family. "
        "Identify this gene family.",
    ),
    (
        (D, G, D, G, F, G),
        6,
        "A patient presents with EEG with burst suppression, wide nose and Raynaud phenomenon; the findings suggest a rare disorder. "
        "One of the genes from the HGNC group “Cyclins” linked to this disorder is also associated with a second, autosomal dominant disorder. "
        "A different gene from the HGNC group “Cyclins” linked to the second disorder belongs to a gene family. "
        "Which other gene belongs to that family?",
    ),
)
EVIDENCE = Evidence(source="hpo", licence="x", record="OMIM:1", row=1)


def shapes() -> list[tuple[EntityType, ...]]:
    """D-G, then a disease or family and a gene again, up to the longest chain."""
    found = []
    for hops in range(2, MAX_HOPS + 1):
        for turns in product((D, F), repeat=hops // 2):
            middle = [kind for turn in turns for kind in (G, turn)]
            found.append((D, *middle, *((G,) if hops % 2 else ())))
    return found


def steps(kinds: tuple[EntityType, ...]) -> tuple[Step, ...]:
    nodes = [f"N:{place}" for place in range(len(kinds))]
    return tuple(
        Step(
            nodes[place],
            Predicate.MEMBER_OF if F in kinds[place : place + 2] else Predicate.CAUSES,
            nodes[place + 1],
            kinds[place] is G,
        )
        for place in range(len(kinds) - 1)
    )


def clues_of(kinds: tuple[EntityType, ...], rng: Random, *, full: bool | None) -> list[Clue]:
    """Clues as the composer makes them; `full` for all kinds everywhere, `None` by chance."""

    def some() -> bool:
        return rng.random() < 0.5 if full is None else full

    found = []
    for place, kind in enumerate(kinds):
        said: list[tuple[Predicate, str]] = []
        if kind is D:
            least = 2 if place == 0 else 0
            count = rng.randint(least, 4) if full is None else (4 if full else least)
            said += [(Predicate.HAS_PHENOTYPE, one) for one in rng.sample(SIGNS, count)]
            said += [(Predicate.HAS_INHERITANCE, rng.choice(INHERITANCE))] * some()
            said += [(Predicate.HAS_ONSET, rng.choice(ONSET))] * some()
        if kind is G:
            said += [(Predicate.MEMBER_OF, rng.choice(FAMILIES))] * some()
        found += [
            Clue(
                mask=f"Entity_{place}",
                predicate=predicate,
                object="HP:1",
                text=text,
                evidence=(EVIDENCE,),
            )
            for predicate, text in said
        ]
    return found


def told(kinds: tuple[EntityType, ...], seed: int, full: bool | None) -> tuple[str, list[str]]:
    rng = Random(f"{kinds}/{seed}")
    entities = [
        Masked(
            mask=f"Entity_{n}",
            id=f"N:{n}",
            type=kind,
            name=f"Hidden{n}",
            aliases=(f"Hidden alias{n}",),
        )
        for n, kind in enumerate(kinds)
    ]
    clues = clues_of(kinds, rng, full=full)
    return Teller(entities, steps(kinds), clues, rng).tell(), [clue.text for clue in clues]


@pytest.mark.parametrize("kinds", shapes(), ids=lambda kinds: "".join(LETTERS[k] for k in kinds))
@pytest.mark.parametrize("full", [False, True, None])
def test_every_shape_reads_as_english(kinds, full):
    for seed in range(20):
        text, clues = told(kinds, seed, full)
        check_text(text, clues)
        assert "Hidden" not in text
        question = re.split(r"(?<=[.?]) ", text)[-1]
        assert question.startswith(("Which ", "What is ", "Name ", "Identify ")), text
        if kinds[-1] is not D:
            assert ("gene" if kinds[-1] is G else "gene family") in question, text


@pytest.mark.parametrize("kinds", shapes(), ids=lambda kinds: "".join(LETTERS[k] for k in kinds))
def test_every_reference_was_introduced(kinds):
    """`the second disorder` stands behind `a second disorder`, and so with families."""
    for seed in range(20):
        text, _ = told(kinds, seed, None)
        for ordinal in ("second", "third", "fourth", "fifth"):
            for back, lead in (
                (f"the {ordinal} ", f" a {ordinal}"),
                (f"that {ordinal} family", f"a {ordinal} gene family"),
            ):
                if back in text:
                    assert lead in text[: text.index(back)], text
        if "that family" in text:
            assert "a gene family" in text[: text.index("that family")], text


def test_the_wording_varies_with_the_generator_alone():
    texts = defaultdict(set)
    for seed in range(60):
        text, _ = told((D, G, D), seed, False)
        assert text == told((D, G, D), seed, False)[0]
        texts[text.split()[0]].add(text)
    assert len(texts) >= 6  # openings
    assert sum(map(len, texts.values())) >= 50


@pytest.mark.parametrize(("kinds", "seed", "text"), GOLDEN)
def test_chains_in_words(kinds, seed, text):
    assert told(kinds, seed, None)[0] == text


@given(st.lists(st.text("abc ", min_size=1), max_size=5))
def test_a_list_joins_with_commas_and_one_and(items):
    text = listed(items)
    assert text.count(" and ") == max(len(items) > 1, 0)
    assert text.replace(" and ", ", ") == ", ".join(items)
