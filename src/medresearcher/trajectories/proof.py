"""A question's hidden chain and certificate in words, for people who check it."""

from dataclasses import dataclass

from medresearcher.records.knowledge import Evidence, Predicate
from medresearcher.records.question import Clue, Hop, Question, Rarity

WORDS: dict[Predicate, str] = {
    Predicate.HAS_PHENOTYPE: "has the feature",
    Predicate.HAS_INHERITANCE: "is inherited as",
    Predicate.HAS_ONSET: "has its onset in",
    Predicate.HAS_MODIFIER: "is modified by",
    Predicate.CAUSES: "is a gene associated with",
    Predicate.MEMBER_OF: "belongs to the group",
    Predicate.SUBCLASS_OF: "is a kind of",
}
MAX_SOURCES = 4


@dataclass(frozen=True, slots=True)
class ChainHop:
    """One hop as a statement, with the masks it runs between and its sources."""

    masks: str
    statement: str
    sources: tuple[str, ...]


def chain(question: Question) -> list[ChainHop]:
    """The hops of the hidden chain, in the order of reasoning."""
    names = _names(question)
    return [_hop(hop, names) for hop in question.hops]


def certificate(question: Question) -> list[str]:
    """The proof in sentences: the one answer, and what each clue rules out."""
    proof = question.certificate
    atoms = len(proof.query.joins) + len(proof.query.conditions)
    return [
        f"The question is a query with {len(proof.query.variables)} unknowns and {atoms} "
        f"conditions over the graph {proof.graph}.",
        f"Exactly one entity answers it: {question.answer.name} ({question.answer.id}).",
        *(_needed(question, one.clue, one.answers) for one in proof.dropped),
        f"The chain starts from a rare disease by the rule {question.rarity.rule}: "
        f"{question.rarity.why or _compared(question.rarity)}.",
    ]


def _compared(rarity: Rarity) -> str:
    return f"{rarity.value}, allowed at most {rarity.limit}"


def _names(question: Question) -> dict[str, str]:
    return {one.id: f"{one.name} ({one.id})" for one in question.entities}


def _hop(hop: Hop, names: dict[str, str]) -> ChainHop:
    subject, obj = names.get(hop.subject, hop.subject), names.get(hop.object, hop.object)
    cited = list(dict.fromkeys(map(_source, hop.evidence)))
    more = [f"and {len(cited) - MAX_SOURCES} more rows"] if len(cited) > MAX_SOURCES else []
    return ChainHop(
        masks=f"{hop.start} → {hop.end}",
        statement=f"{subject} {WORDS[hop.predicate]} {obj}",
        sources=(*cited[:MAX_SOURCES], *more),
    )


def _source(evidence: Evidence) -> str:
    cited = f", citing {evidence.reference}" if evidence.reference else ""
    place = f"{evidence.record}, row {evidence.row}"
    return f"{evidence.source}: {place}{cited} ({evidence.licence})"


def _needed(question: Question, number: int, answers: tuple[str, ...]) -> str:
    clue = question.clues[number] if number < len(question.clues) else None
    said = _clue(clue) if clue else f"clue {number + 1}"
    return f"Without {said}, it would also be answered by {', '.join(answers)}."


def _clue(clue: Clue) -> str:
    return f"the clue “{clue.text}” on {clue.mask}"
