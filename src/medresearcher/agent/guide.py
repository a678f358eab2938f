"""Masked trajectory guidance: the chain of a question with every entity masked.

The guide keeps relations, the order of the steps and the clues as the question words them
(Masked Trajectory Guidance, MedResearcher-R1, section on trajectory synthesis). It holds no
name and no id of a hidden entity, so a teacher that follows it still has to find each of them.
"""

from medresearcher.records.question import Atom, Choice, Clue, Count, Hop, Question
from medresearcher.records.trajectory import Guide, GuideClue, GuideStep


def mask(question: Question) -> Guide:
    """The guide of a question."""
    masks = {entity.id: entity.mask for entity in question.entities}
    return Guide(
        masks={entity.mask: entity.type for entity in question.entities},
        steps=tuple(_step(hop, masks) for hop in question.hops),
        clues=tuple(_clue(clue) for clue in question.clues),
        answer=question.certificate.query.answer,
    )


def _step(hop: Hop, masks: dict[str, str]) -> GuideStep:
    return GuideStep(
        start=hop.start,
        predicate=hop.predicate,
        end=hop.end,
        forward=masks[hop.subject] == hop.start,
    )


def _clue(clue: Clue) -> GuideClue:
    condition = clue.condition
    if isinstance(condition, Atom):
        condition = condition.model_copy(update={"object": clue.name})
    return GuideClue(mask=clue.mask, condition=condition, text=clue.text)


def guide_text(guide: Guide) -> str:
    """The guide as text for a language model."""
    lines = [f"- {mask}: a {kind.replace('_', ' ')}" for mask, kind in guide.masks.items()]
    for step in guide.steps:
        subject, obj = (step.start, step.end) if step.forward else (step.end, step.start)
        lines.append(f"- {subject} {step.predicate} {obj}")
    lines += [f"- {_said(clue)}" for clue in guide.clues]
    return "\n".join([*lines, f"- the answer is {guide.answer}"])


def _said(clue: GuideClue) -> str:
    condition = clue.condition
    if isinstance(condition, Atom):
        verb = "is stated to lack" if condition.negated else condition.predicate
        return f"{clue.mask} {verb}: {clue.text}"
    if isinstance(condition, Count):
        side = "subject" if condition.forward else "object"
        return f"{clue.mask} is the {side} of {condition.predicate} for {clue.text} entities"
    return f"{clue.mask} is, of all that fit, the one with {_measure(condition)}: {clue.text}"


def _measure(choice: Choice) -> str:
    return f"the {choice.extreme} {choice.measure}"
