"""Masked trajectory guidance: the chain of a question with every entity masked.

The guide keeps relations, the order of the steps and the clues as the question words them
(Masked Trajectory Guidance, MedResearcher-R1, section on trajectory synthesis). It holds no
name and no id of a hidden entity, so a teacher that follows it still has to find each of them.
"""

from medresearcher.records.question import Hop, Question
from medresearcher.records.trajectory import Guide, GuideClue, GuideStep


def mask(question: Question) -> Guide:
    """The guide of a question."""
    masks = {entity.id: entity.mask for entity in question.entities}
    return Guide(
        masks={entity.mask: entity.type for entity in question.entities},
        steps=tuple(_step(hop, masks) for hop in question.hops),
        clues=tuple(
            GuideClue(mask=clue.mask, predicate=clue.predicate, text=clue.text)
            for clue in question.clues
        ),
        answer=question.certificate.query.answer,
    )


def _step(hop: Hop, masks: dict[str, str]) -> GuideStep:
    return GuideStep(
        start=hop.start,
        predicate=hop.predicate,
        end=hop.end,
        forward=masks[hop.subject] == hop.start,
    )


def guide_text(guide: Guide) -> str:
    """The guide as text for a language model."""
    lines = [f"- {mask}: a {kind.replace('_', ' ')}" for mask, kind in guide.masks.items()]
    for step in guide.steps:
        subject, obj = (step.start, step.end) if step.forward else (step.end, step.start)
        lines.append(f"- {subject} {step.predicate} {obj}")
    lines += [f"- {clue.mask} {clue.predicate}: {clue.text}" for clue in guide.clues]
    return "\n".join([*lines, f"- the answer is {guide.answer}"])
