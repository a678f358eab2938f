"""What a model reads in a question, compared with its certificate.

The reading is a query of its own: unnamed entities with types, relations between them, what is said
of each, and which is asked for. It must equal the certificate's query up to the names of the
variables; `words` are then the part of the text that states each clue.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import permutations, product
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from medresearcher.llm.prompts import prompt
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Choice, Clue, Count, Query, Question

Names = Sequence[frozenset[str]]
"""Per clue the names, in small letters, under which its constant is known; empty without one."""

RELATIONS: Mapping[Predicate, str] = {
    Predicate.CAUSES: "gene to disease",
    Predicate.MEMBER_OF: "gene to gene_group",
    Predicate.PARTICIPATES_IN: "gene to pathway",
    Predicate.TREATS: "drug to disease",
    Predicate.AFFECTS: "drug to gene",
    Predicate.HAS_PHENOTYPE: "disease to phenotype",
    Predicate.HAS_INHERITANCE: "disease to inheritance",
    Predicate.HAS_ONSET: "disease to onset",
}
_TYPES = (
    EntityType.DISEASE,
    EntityType.GENE,
    EntityType.GENE_GROUP,
    EntityType.PATHWAY,
    EntityType.DRUG,
    EntityType.PHENOTYPE,
    EntityType.INHERITANCE,
    EntityType.ONSET,
)
CHOICES = {
    ("onset", "least"): "earliest_onset",
    ("onset", "most"): "latest_onset",
    ("edges", "most"): "most",
    ("edges", "least"): "fewest",
    ("share", "most"): "most_often",
    ("share", "least"): "least_often",
}
_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n\s*```\s*", re.DOTALL | re.IGNORECASE)
_ROUNDED = 0.5


class Reason(StrEnum):
    """Why a wording was rejected."""

    MALFORMED = "malformed"
    CLUE_MISSING = "clue_missing"
    NUMBER_CHANGED = "number_changed"
    NUMBER_ADDED = "number_added"
    NEGATION_CHANGED = "negation_changed"
    NAME_LEAKED = "name_leaked"
    ENTITY_ADDED = "entity_added"
    UNREADABLE = "unreadable"
    STRUCTURE_CHANGED = "structure_changed"
    CLUE_LOST = "clue_lost"
    CLUE_ADDED = "clue_added"
    OTHER_QUESTION = "other_question"
    WORDS_NOT_IN_TEXT = "words_not_in_text"
    SEARCHABLE = "searchable"


class Fact(BaseModel):
    """What is said of one entity: a named thing, a number of relations, or a choice."""

    of: str
    words: str = Field(min_length=1)
    relation: str | None = None
    term: str | None = None
    absent: bool = False
    percent: tuple[float, float] | None = None
    count: tuple[int, int] | None = None
    choice: Literal[
        "earliest_onset", "latest_onset", "most", "fewest", "most_often", "least_often", None
    ] = None


class Reading(BaseModel):
    """A question as a model read it."""

    entities: dict[str, EntityType]
    links: list[tuple[str, str, str]]
    facts: list[Fact]
    asked: str


def read_back_prompt(text: str) -> str:
    """What to ask a model for the reading of a text."""
    return prompt(
        "read_back",
        question=text,
        types=", ".join(_TYPES),
        relations="\n".join(f"- {one.value}: {types}" for one, types in RELATIONS.items()),
        choices=", ".join(CHOICES.values()),
    )


def parse(reply: str) -> Reading | None:
    """The reading in a model's reply; `None` if it holds none."""
    fenced = _FENCED.fullmatch(reply)
    try:
        return Reading.model_validate(json.loads(fenced[1] if fenced else reply))
    except (ValidationError, ValueError, RecursionError):
        return None


def compare(question: Question, names: Names, reading: Reading) -> tuple[str, ...] | Reason:
    """The words that state each clue, or how the reading differs from the certificate."""
    query = question.certificate.query
    fitting = [one for one in _renamings(query, reading) if _links(reading, one) == _joins(query)]
    if not fitting:
        return Reason.STRUCTURE_CHANGED
    reasons: list[Reason] = []
    for renamed in fitting:
        stated = _stated(question.clues, names, reading.facts, renamed)
        if len(stated) < len(question.clues):
            reasons.append(Reason.CLUE_LOST)
        elif len(stated) < len(reading.facts):
            reasons.append(Reason.CLUE_ADDED)
        elif renamed.get(reading.asked) != query.answer:
            reasons.append(Reason.OTHER_QUESTION)
        else:
            return tuple(stated[place].words for place in range(len(question.clues)))
    # What the nearest renaming says: the order of the reasons is that of nearness.
    return max(reasons, key=(Reason.CLUE_LOST, Reason.CLUE_ADDED, Reason.OTHER_QUESTION).index)


def _renamings(query: Query, reading: Reading) -> Iterator[dict[str, str]]:
    """Every way to take the letters of the reading for the masks of the query, type by type."""
    letters, masks = _by_type(reading.entities), _by_type(query.variables)
    if {kind: len(some) for kind, some in letters.items()} != {
        kind: len(some) for kind, some in masks.items()
    }:
        return
    kinds = sorted(masks)
    for orders in product(*(permutations(masks[kind]) for kind in kinds)):
        renamed: dict[str, str] = {}
        for kind, order in zip(kinds, orders, strict=True):
            renamed.update(zip(letters[kind], order, strict=True))
        yield renamed


def _by_type(variables: Mapping[str, EntityType]) -> dict[EntityType, list[str]]:
    found: dict[EntityType, list[str]] = defaultdict(list)
    for name, kind in variables.items():
        found[kind].append(name)
    return dict(found)


def _joins(query: Query) -> set[tuple[str | None, str, str | None]]:
    return {(one.subject, str(one.predicate), one.object) for one in query.joins}


def _links(reading: Reading, renamed: Mapping[str, str]) -> set[tuple[str | None, str, str | None]]:
    return {(renamed.get(one), relation, renamed.get(two)) for one, relation, two in reading.links}


def _stated(
    clues: Sequence[Clue], names: Names, facts: Sequence[Fact], renamed: Mapping[str, str]
) -> dict[int, Fact]:
    """Which fact states each clue; a fact states one clue."""
    left = list(facts)
    found: dict[int, Fact] = {}
    for place, clue in enumerate(clues):
        fits = (
            one
            for one in left
            if renamed.get(one.of) == clue.mask and _states(one, clue, names[place])
        )
        fact = next(fits, None)
        if fact is not None:
            left.remove(fact)
            found[place] = fact
    return found


def _states(fact: Fact, clue: Clue, names: frozenset[str]) -> bool:
    condition = clue.condition
    if isinstance(condition, Choice):
        same = condition.predicate is None or fact.relation in (None, condition.predicate)
        return fact.choice == CHOICES[condition.measure, condition.extreme] and same
    if fact.choice is not None or fact.relation != condition.predicate:
        return False
    if isinstance(condition, Count):
        return fact.count == (condition.low, condition.high)
    return fact.count is None and _names(fact, condition, names)


def _names(fact: Fact, atom: Atom, names: frozenset[str]) -> bool:
    term = " ".join((fact.term or "").casefold().split())
    named = term in names or term.removesuffix("s") in names
    return named and fact.absent == atom.negated and _same_share(fact.percent, atom.share)


def _same_share(percent: tuple[float, float] | None, share: tuple[float, float] | None) -> bool:
    if percent is None or share is None:
        return percent is None and share is None
    pairs = zip(percent, share, strict=True)
    return all(abs(one - 100 * other) < _ROUNDED for one, other in pairs)
