"""Composing: drafts are as planned and proven; each control does what it says."""

from collections import Counter
from itertools import product
from random import Random

import pytest
import sql_oracle
from question_checks import is_sign, rows_of

from medresearcher.questions.compose import Composer, Draft, Plan
from medresearcher.questions.patterns import SHAPES, answers
from medresearcher.questions.synthesize import Synthesizer
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Choice, Count
from medresearcher.settings import Controls, SynthesisSettings

ANCHORS = 10


def plans_of(graph) -> list[Plan]:
    return [
        Plan(shape, hops, answer)
        for hops, shape in product((2, 3, 4, 5), SHAPES)
        for answer in sorted(answers(graph, shape, hops))
    ]


@pytest.fixture(scope="module")
def composed(small):
    """Drafts of every plan under some controls, from the same diseases."""

    def compose(**controls) -> list[tuple[Plan, Draft]]:
        composer = Composer(small, Controls(**controls))
        found = []
        for place, plan in enumerate(plans_of(small)):
            for anchor in small.ids(EntityType.DISEASE)[place % 5 :: 80 // ANCHORS]:
                draft = composer.compose(anchor, plan, Random(f"{anchor}/{plan}"))
                if draft:
                    found.append((plan, draft))
                    break
        return found

    return compose


@pytest.fixture(scope="module")
def drafts(composed) -> list[tuple[Plan, Draft]]:
    return composed()


def test_a_draft_is_as_planned(small, drafts):
    assert {plan.answer for plan, _ in drafts} >= set(EntityType) & {
        EntityType.DISEASE,
        EntityType.GENE,
        EntityType.GENE_GROUP,
        EntityType.PATHWAY,
        EntityType.DRUG,
        EntityType.INHERITANCE,
        EntityType.ONSET,
    }
    assert {(plan.shape, plan.hops) for plan, _ in drafts} >= {
        *product(["chain"], (2, 3, 4, 5)),
        *product(["fork"], (3, 4, 5)),
        ("cycle", 5),
    }
    for plan, draft in drafts:
        assert draft.pattern.shape == plan.shape
        assert len(draft.hops) == len(draft.pattern.steps) == plan.hops
        assert small.type(draft.answer.id) is plan.answer
        assert draft.pattern.answer == draft.answer.id == draft.certificate.answer
        assert [entity.id for entity in draft.entities] == list(draft.pattern.nodes)


def test_a_draft_is_proven_by_sql_as_well(small_tables, drafts):
    database = sql_oracle.connect(small_tables)
    for _, draft in drafts:
        query = draft.certificate.query
        assert sql_oracle.answers(database, query) == {draft.answer.id}
        for place in range(len(draft.clues)):
            assert len(sql_oracle.answers(database, query, without=place)) > 1, draft.clues[place]


def test_the_first_disease_is_opened_with_two_signs_that_fit_a_few(small, drafts):
    rows = rows_of(small)
    for _, draft in drafts:
        first = [one for one in draft.clues if one.mask == "Entity_A" and is_sign(one)]
        assert len(first) >= 2
        fitting = [
            {d for d in small.ids(EntityType.DISEASE) if rows.holds(one.condition, d)}
            for one in first
        ]
        assert any(3 <= len(a & b) <= 12 for n, a in enumerate(fitting) for b in fitting[:n]), first


def test_no_fact_is_said_twice_and_one_choice_at_most(drafts):
    for _, draft in drafts:
        said = [(one.mask, one.predicate, one.object) for one in draft.clues]
        assert len(set(said)) == len(said)
        assert sum(isinstance(one.condition, Choice) for one in draft.clues) <= 1


def test_clues_come_in_the_order_of_the_entities(drafts):
    for _, draft in drafts:
        masks = [one.mask for one in draft.clues]
        assert masks == sorted(masks)


def said_most(draft: Draft) -> float:
    """The share of clues that the entity with most of them has."""
    return max(Counter(one.mask for one in draft.clues).values()) / len(draft.clues)


def test_scatter_keeps_clues_from_piling_up_on_one_entity(composed, drafts):
    assert max(said_most(draft) for _, draft in drafts) <= 0.5
    piled = [said_most(draft) for _, draft in composed(scatter=False)]
    assert sum(piled) / len(piled) > 0.6


def nameless(draft: Draft) -> int:
    return sum(isinstance(one.condition, Count | Choice) for one in draft.clues)


def test_withhold_gives_clues_that_name_nothing(composed, drafts):
    assert sum(nameless(draft) for _, draft in drafts) >= len(drafts) / 2
    assert sum(nameless(draft) for _, draft in composed(withhold=False)) == 0


def test_obfuscation_says_signs_in_broader_terms(small, composed, drafts):
    def levels(found) -> list[int]:
        return [one.level for _, draft in found for one in draft.clues]

    assert set(levels(composed(obfuscation=0))) == {0}
    assert sum(levels(drafts)) > 0
    assert max(levels(drafts)) == 1
    rows = rows_of(small)
    for clue in [one for _, draft in drafts for one in draft.clues]:
        assert (clue.level > 0) is (clue.witness is not None)
        if clue.witness:
            assert isinstance(clue.condition, Atom)
            assert clue.witness in rows.below(clue.condition.object) - {clue.condition.object}


def test_nothing_comes_of_a_disease_without_signs_or_genes(small):
    composer = Composer(small, Controls())
    plan = Plan("chain", 6, EntityType.PHENOTYPE)
    assert (
        composer.compose(
            small.ids(EntityType.DISEASE)[0], Plan("fork", 3, EntityType.ONSET), Random(1)
        )
        is None
    )
    lonely = [d for d in small.ids(EntityType.DISEASE) if not small.objects(d, "has_phenotype")]
    assert all(composer.compose(one, plan, Random(1)) is None for one in lonely)


def test_without_cycles_there_are_chains_only(small):
    plans = Synthesizer(small, SynthesisSettings(controls=Controls(cycles=False)), 1).plans
    assert {plan.shape for plan in plans} == {"chain"}
    assert {plan.shape for plan in Synthesizer(small, SynthesisSettings(), 1).plans} == set(SHAPES)


def test_with_rare_off_any_disease_may_be_the_first(small):
    rare = Synthesizer(small, SynthesisSettings(), 1).anchors
    any_of = Synthesizer(small, SynthesisSettings(controls=Controls(rare=False)), 1).anchors
    well_studied = {one for some in any_of.values() for one in some} - {
        one for some in rare.values() for one in some
    }
    assert len(well_studied) == 5
    for disease in well_studied:
        cited = {row.reference for row in small.statements_of(disease, Predicate.HAS_PHENOTYPE)}
        assert len(cited - {""}) == 10
