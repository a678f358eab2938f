"""The way to the answer in sentences, with masks for all that is hidden: a cheat sheet.

Each sentence is one clue or one hop, in the order in which they are reasoned; with the names of
the entities put in place of the masks it tells the solution.
"""

from medresearcher.graph.chains import Step
from medresearcher.questions.compose import Draft
from medresearcher.records.knowledge import Predicate
from medresearcher.records.question import Atom, Clue, Count

_HOPS = {
    (Predicate.CAUSES, True): "{start} is a gene associated with {end}.",
    (Predicate.CAUSES, False): "{end} is a gene associated with {start}.",
    (Predicate.MEMBER_OF, True): "{start} belongs to the family {end}.",
    (Predicate.MEMBER_OF, False): "{end} is a member of the family {start}.",
    (Predicate.PARTICIPATES_IN, True): "{start} takes part in the pathway {end}.",
    (Predicate.PARTICIPATES_IN, False): "{end} takes part in the pathway {start}.",
    (Predicate.TREATS, True): "{start} is used to treat {end}.",
    (Predicate.TREATS, False): "{end} is used to treat {start}.",
    (Predicate.AFFECTS, True): "{start} acts on {end}.",
    (Predicate.AFFECTS, False): "{end} acts on {start}.",
    (Predicate.HAS_PHENOTYPE, True): "{start} shows {end}.",
    (Predicate.HAS_PHENOTYPE, False): "{start} is also seen in {end}.",
    (Predicate.HAS_INHERITANCE, True): "{start} is inherited as {end}.",
    (Predicate.HAS_ONSET, True): "{start} begins at {end}.",
}


def reasoning(draft: Draft) -> tuple[str, ...]:
    """The sentences of a draft, ending with the answer."""
    masks = {entity.id: entity.mask for entity in draft.entities}
    told: set[str] = set()
    lines: list[str] = []

    def tell(node: str) -> None:
        if node not in told:
            told.add(node)
            lines.extend(_clue(one) for one in draft.clues if one.mask == masks[node])

    tell(draft.pattern.nodes[0])
    for step in draft.pattern.steps:
        lines.append(_hop(step, masks))
        tell(step.end)
    return (*lines, f"The answer is {masks[draft.pattern.answer]}.")


def _hop(step: Step, masks: dict[str, str]) -> str:
    sentence = _HOPS[step.predicate, step.forward]
    return sentence.format(start=masks[step.start], end=masks[step.end])


def _clue(clue: Clue) -> str:
    condition = clue.condition
    if isinstance(condition, Atom):
        verb = "is stated to lack" if condition.negated else _VERBS[condition.predicate]
        return f"{clue.mask} {verb} {clue.text}."
    if isinstance(condition, Count):
        side = "subject" if condition.forward else "object"
        return f"{clue.mask} is the {side} of `{condition.predicate}` for {clue.text} entities."
    return f"Of all that fit, {clue.mask} is the one with {clue.text}."


_VERBS = {
    Predicate.HAS_PHENOTYPE: "shows",
    Predicate.HAS_INHERITANCE: "is inherited as",
    Predicate.HAS_ONSET: "has",
    Predicate.MEMBER_OF: "belongs to the family",
}
