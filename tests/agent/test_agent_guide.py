"""The masked chain: everything that the question says, and no name of what it hides."""

import pytest
from agent_world import CASES

from medresearcher.agent.guide import guide_text, mask
from medresearcher.agent.notebook import relation_of
from medresearcher.questions.leaks import leaks
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Question
from medresearcher.records.trajectory import GuideStep

PLACES = list(CASES)


def check(question: Question) -> None:
    guide = mask(question)
    hidden = [one.object for one in question.clues if one.object]
    for text in (guide.model_dump_json(), guide_text(guide)):
        assert leaks(text, question.entities) == []
        assert not any(entity.id in text for entity in question.entities)
        # Nor what the clues name, but in the words of the question.
        assert not any(f'"{one}"' in text or f" {one}" in text for one in hidden)
    assert list(guide.masks) == [entity.mask for entity in question.entities]
    assert guide.answer == question.certificate.query.answer
    ids = {entity.mask: entity.id for entity in question.entities}
    for step, hop in zip(guide.steps, question.hops, strict=True):
        ends = (ids[step.start], ids[step.end])
        assert (hop.subject, hop.object) == (ends if step.forward else ends[::-1])
        relation_of(step.predicate, forward=step.forward)
    for told, clue in zip(guide.clues, question.clues, strict=True):
        assert (told.mask, told.predicate, told.text) == (clue.mask, clue.predicate, clue.text)
        assert told.text in question.question
        assert told.words == clue.name
        assert told.words in told.text
        fields = {"object"} if isinstance(clue.condition, Atom) else set()
        assert told.condition.model_dump(exclude=fields) == clue.condition.model_dump(
            exclude=fields
        )


def test_the_guide_of_every_shape_is_masked(questions: list[Question]) -> None:
    for question in questions:
        check(question)


@pytest.mark.slow
def test_the_guide_of_real_questions_is_masked(real_questions: list[Question]) -> None:
    for question in real_questions[:24]:
        check(question)


def test_steps_run_in_the_order_of_reasoning(questions: list[Question]) -> None:
    guide = mask(questions[PLACES.index("disease of a family")])
    causes, member = Predicate.CAUSES, Predicate.MEMBER_OF
    assert guide.steps == (
        GuideStep(start="Entity_A", predicate=causes, end="Entity_B", forward=False),
        GuideStep(start="Entity_B", predicate=member, end="Entity_C", forward=True),
        GuideStep(start="Entity_C", predicate=member, end="Entity_D", forward=False),
        GuideStep(start="Entity_D", predicate=causes, end="Entity_E", forward=True),
    )
    assert guide.masks["Entity_C"] is EntityType.GENE_GROUP


def test_a_step_may_start_anywhere_that_was_reached(questions: list[Question]) -> None:
    cycle = mask(questions[PLACES.index("cycle")])
    assert [(one.start[-1], one.end[-1]) for one in cycle.steps] == [
        ("A", "B"),
        ("B", "C"),
        ("C", "D"),
        ("B", "E"),
        ("E", "D"),
    ]
    assert cycle.answer == "Entity_D"


@pytest.mark.parametrize(
    ("case", "lines"),
    [
        (
            "gene of a family",
            (
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
            ),
        ),
        ("absence", "- Entity_C is stated to lack: fever\n- the answer is Entity_C"),
        (
            "share",
            "- Entity_E has_phenotype: cataract in 70% to 80% of the patients counted\n"
            "- the answer is Entity_E",
        ),
        (
            "count",
            "- Entity_D is the subject of gene_associated_with_condition for exactly three "
            "entities\n- the answer is Entity_D",
        ),
        (
            "earliest",
            "- Entity_C is, of all that fit, the one with the least onset: the earliest onset\n"
            "- the answer is Entity_C",
        ),
    ],
)
def test_the_guide_as_text(questions: list[Question], case: str, lines: str) -> None:
    told = guide_text(mask(questions[PLACES.index(case)]))
    assert told.endswith(lines)
    assert told.startswith("- Entity_A: a disease\n")
