"""The masked chain: everything that the question says, and no name of what it hides."""

import pytest

from medresearcher.agent.guide import guide_text, mask
from medresearcher.agent.notebook import relation_of
from medresearcher.questions.leaks import leaks
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Question
from medresearcher.records.trajectory import GuideStep


def check(question: Question) -> None:
    guide = mask(question)
    for text in (guide.model_dump_json(), guide_text(guide)):
        assert leaks(text, question.entities) == []
        assert not any(entity.id in text for entity in question.entities)
    assert list(guide.masks) == [entity.mask for entity in question.entities]
    assert guide.answer == question.entities[-1].mask
    ids = {entity.mask: entity.id for entity in question.entities}
    for step, hop in zip(guide.steps, question.hops, strict=True):
        ends = (ids[step.start], ids[step.end])
        assert (hop.subject, hop.object) == (ends if step.forward else ends[::-1])
        relation_of(step.predicate, forward=step.forward)
    assert [(one.mask, one.predicate, one.text) for one in guide.clues] == [
        (one.mask, one.predicate, one.text) for one in question.clues
    ]
    assert all(clue.text in question.question for clue in guide.clues)


def test_the_guide_of_every_shape_is_masked(questions: list[Question]) -> None:
    for question in questions:
        check(question)


@pytest.mark.slow
def test_the_guide_of_real_questions_is_masked(real_questions: list[Question]) -> None:
    assert len(real_questions) == 24
    for question in real_questions:
        check(question)


def test_steps_run_in_the_order_of_reasoning(questions: list[Question]) -> None:
    guide = mask(questions[6])
    causes, member = Predicate.CAUSES, Predicate.MEMBER_OF
    assert guide.steps == (
        GuideStep(start="Entity_A", predicate=causes, end="Entity_B", forward=False),
        GuideStep(start="Entity_B", predicate=member, end="Entity_C", forward=True),
        GuideStep(start="Entity_C", predicate=member, end="Entity_D", forward=False),
        GuideStep(start="Entity_D", predicate=causes, end="Entity_E", forward=True),
    )
    assert guide.masks["Entity_C"] is EntityType.GENE_GROUP


def test_the_guide_as_text(questions: list[Question]) -> None:
    assert guide_text(mask(questions[3])) == (
        "- Entity_A: a disease\n"
        "- Entity_B: a gene\n"
        "- Entity_C: a gene group\n"
        "- Entity_D: a gene\n"
        "- Entity_B gene_associated_with_condition Entity_A\n"
        "- Entity_B member_of Entity_C\n"
        "- Entity_D member_of Entity_C\n"
        "- Entity_A has_phenotype: wide nose\n"
        "- Entity_A has_phenotype: short neck\n"
        "- Entity_A has_phenotype: long face\n"
        "- Entity_A has_mode_of_inheritance: autosomal recessive\n"
        "- Entity_A has_onset: infantile onset\n"
        "- Entity_D member_of: Quartz subunits\n"
        "- the answer is Entity_D"
    )
