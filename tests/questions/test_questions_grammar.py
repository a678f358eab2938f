"""The grammar: every shape of pattern, with every kind of clue, reads as English."""

import re
from collections import defaultdict
from itertools import product
from pathlib import Path
from random import Random

import pytest
from grammar_samples import INHERITANCE, M, O, Sample, any_sample, sample
from hypothesis import given
from hypothesis import strategies as st
from question_checks import check_text

from medresearcher.questions.grammar import Teller, listed
from medresearcher.records.knowledge import EntityType

MAX_HOPS = 8
_KIND = rf"(, ({'|'.join(INHERITANCE)}))?"
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
NOUNS = {
    EntityType.GENE: r"gene(?! famil)",
    EntityType.GENE_GROUP: "famil",
    EntityType.PATHWAY: "pathway",
    EntityType.DRUG: "drug",
    EntityType.PHENOTYPE: "sign",
}
# What must be said sooner or later, if every kind of step, clue and question has its words.
SAID = """
A patient presents with|A patient is evaluated for|A clinical work-up shows|Our geneticist has|
Published descriptions of|My doctors have noticed|In our family we see|I am looking into|
A gene linked to it is also implicated in|, and with exactly two diseases in all,|
belongs to a gene family|of exactly eleven genes|Another gene of this family|
Yet another gene of|Another gene of this gene family, listed in the HGNC group “|
is linked to a gene|This gene is also associated with|The same gene is also|
also includes a second gene|takes part in a pathway|This pathway also involves|
is targeted by a drug|This drug acts on|is treated with a drug|This drug is also used to treat|
A gene targeted by this drug|from the HGNC group “Cyclins” targeted by|disorders share a sign|
genes both belong to|genes are both targeted by|genes both take part in|
genes are both linked to|diseases are both treated with|pathways both involve|drugs both act on|
drugs are both used to treat|families both include|a rare, autosomal dominant d|
a second, X-linked recessive d|of mitochondrial inheritance|
with exactly three recorded genes, adult onset and features such as|
but without a short neck or fever|as well as nausea and vomiting|
such as tremor in 30% to 40% of the patients counted,|
Which other gene from the HGNC group “Cyclins”, recorded for exactly two conditions, is|
Which drug is used to treat|Which other drug acts on|Which pathway involves|
Which gene is targeted by|Which gene family includes a gene|Which other disease is treated with|
Which other gene takes part in|Of all other genes that belong to|Of all other diseases|
that take part in|which has the latest onset?|which is linked to the most disorders?|
Of all candidates for the second gene|Which sign recorded in exactly eight d|
has been counted most often in patients with|is seen most often?|is recorded in exactly eight|
Name a sign of|How is the second d|run in families?|At what stage of life does|
Can you tell me what|I need to identify|What is this pathway called?|Identify the second gene.
"""


def whole_chains() -> list[str]:
    """D-G, then a disease or family and a gene again, up to the longest chain."""
    return [
        "D" + "".join(f"G{turn}" for turn in turns) + "G" * (hops % 2)
        for hops in range(2, MAX_HOPS + 1)
        for turns in product("DF", repeat=hops // 2)
    ]


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.?]) (?=[A-Z])", text)


def check(one: Sample, text: str) -> None:
    """Sentences, clues, no hidden name; the question last, about the right kind of thing."""
    check_text(text, [clue.text for clue in one.clues])
    assert "Hidden" not in text
    assert text.count("?") <= 1
    asked = sentences(text)[-1]
    opening = r"(Which |What is |Name |Identify |Of (all|the) |How |At what |Can you |I need to )"
    assert re.match(opening, asked), text
    kind = next(entity.type for entity in one.entities if entity.id == one.pattern.answer)
    if kind in NOUNS:
        assert re.search(NOUNS[kind], asked), text
    check_references(text)


def check_references(text: str) -> None:
    """`the second disorder` stands behind `a second …disorder`; `it` right behind the opening."""
    for noun in ("disorder", "disease", "condition", *NOUNS.values()):
        for place, ordinal in enumerate(ORDINALS):
            back = re.search(rf"\b[Tt]he {ordinal} (and \w+ )?(gene )?{noun}", text)
            if back and place:
                new = re.search(rf"\ba {ordinal}{_KIND} (gene )?{noun}", text)
                assert new, (back, text)
                assert new.start() < back.start(), text
            elif back:
                assert re.search(rf"\b[Aa] (rare[\w, -]* |different )?(gene )?{noun}", text), text
        # With two of a kind there is no saying which one is "this".
        several = re.search(rf"\ba second{_KIND} (gene )?{noun}", text)
        assert not (several and re.search(rf"[Tt]his (gene )?{noun}(?!ly)", text[several.end() :]))
    told = sentences(text)
    assert not any(re.search(r"\b[Ii]t\b", one) for one in [told[0], *told[2:]]), text


@pytest.mark.parametrize("kinds", whole_chains())
@pytest.mark.parametrize("full", [False, True, None])
def test_every_chain_through_genes_reads_as_english(kinds, full):
    for seed in range(8):
        one = sample(kinds, rng=Random(f"{kinds}/{seed}"), full=full)
        check(one, one.tell(seed))


@pytest.mark.parametrize("full", [False, True, None])
def test_every_other_pattern_reads_as_english(full):
    shapes = defaultdict(int)
    for seed in range(700):
        one = any_sample(Random(seed), full=full)
        check(one, one.tell(seed))
        shapes[one.pattern.shape, one.entities[-1].type in (M, O)] += 1
    assert len(shapes) == 4
    assert min(shapes.values()) >= 15, shapes


def test_every_step_clue_and_question_has_its_words():
    texts = []
    for seed in range(6000):
        one = any_sample(Random(seed), full=None if seed % 3 else bool(seed % 2))
        texts.append(one.tell(seed))
    every = "\n".join(texts)
    wanted = [phrase for phrase in SAID.replace("\n", "").split("|") if phrase]
    assert len(wanted) == 70
    assert [phrase for phrase in wanted if phrase not in every] == []


def test_a_sentence_says_what_was_asked_to_be_said_and_no_more():
    """Without clues only the signs of the first disease are told, and the steps."""
    for seed in range(60):
        one = sample("DGFGD", rng=Random(seed), full=False)
        text = one.tell(seed)
        assert not re.search(r"inherit|recorded|HGNC|without|patients counted|onset|dominant", text)


def test_the_wording_varies_with_the_generator_alone():
    one = sample("DGD", rng=Random(1), full=False)
    texts = {one.tell(seed) for seed in range(60)}
    assert len({text.split()[0] for text in texts}) >= 6  # openings
    assert len(texts) >= 50
    assert one.tell(3) == one.tell(3)


def test_teller_does_not_need_the_names():
    one = sample("DGF", rng=Random(1), full=True)
    renamed = tuple(
        entity.model_copy(update={"name": "x", "aliases": ()}) for entity in one.entities
    )
    assert Teller(renamed, one.pattern, one.clues, Random(2)).tell() == one.tell(2)


GOLDEN = Path(__file__).parent / "golden" / "questions.txt"
TOLD = (
    ("DGD", 5),
    ("DGFG", 3),
    ("DGFGD", 8),
    ("DGDGF", 2),
    ("DGDP", 5),
    ("DRDM", 1),
    ("DGWG", 4),
    ("DGD", 3, (1, "D"), 2),
    ("DGFG", 6, (2, "GD"), 3),
    ("DGDG", 1, (1, "F3"), 3),
    ("DGDGD", 7, (0, "P4"), 4),
)


def test_questions_in_words():
    """Read the golden file when it changes: the sentences are to sound as people write."""
    told = []
    for kinds, seed, *branch in TOLD:
        grown, asked = ([branch[0]], branch[1]) if branch else ([], None)
        one = sample(kinds, *grown, answer=asked, rng=Random(seed), full=None)
        told.append(one.tell(seed))
    assert told == GOLDEN.read_text("utf-8").splitlines()


@given(st.lists(st.text("abc ", min_size=1), max_size=5), st.sampled_from(["and", "or"]))
def test_a_list_joins_with_commas_and_one_word(items, last):
    text = listed(items, last)
    assert text.count(f" {last} ") == max(len(items) > 1, 0)
    assert text.replace(f" {last} ", ", ") == ", ".join(items)
