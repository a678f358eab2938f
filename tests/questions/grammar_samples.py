"""Patterns of invented entities with clues of every kind, as the composer makes them."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

from medresearcher.graph.chains import STEPS, Step
from medresearcher.questions.grammar import Teller
from medresearcher.questions.patterns import Pattern
from medresearcher.records.knowledge import EntityType, Evidence, Predicate
from medresearcher.records.question import Atom, Choice, Clue, Condition, Count, Masked

D, G, F = EntityType.DISEASE, EntityType.GENE, EntityType.GENE_GROUP
W, R, P = EntityType.PATHWAY, EntityType.DRUG, EntityType.PHENOTYPE
M, O = EntityType.INHERITANCE, EntityType.ONSET  # noqa: E741
ENDS = {P: Predicate.HAS_PHENOTYPE, M: Predicate.HAS_INHERITANCE, O: Predicate.HAS_ONSET}
LETTERS = {"D": D, "G": G, "F": F, "W": W, "R": R, "P": P, "M": M, "O": O}

SIGNS = (
    "a wide nose",
    "Raynaud phenomenon",
    "an EEG with burst suppression",
    "apnea",
    "nausea and vomiting",
    "focal seizures",
)
INHERITANCE = ("autosomal dominant", "X-linked", "X-linked recessive", "mitochondrial")
ONSET = ("adult onset", "infantile onset", "late first trimester onset")
FAMILIES = ("Cyclins", "Paf1/RNA polymerase II complex", "Solute carriers, family 7")
EVIDENCE = (Evidence(source="hpo", licence="x", record="OMIM:1", row=1),)


class Sample(NamedTuple):
    """What a teller is given."""

    entities: tuple[Masked, ...]
    pattern: Pattern
    clues: tuple[Clue, ...]

    def tell(self, seed: int = 0) -> str:
        return Teller(self.entities, self.pattern, self.clues, Random(seed)).tell()


def step(start: str, end: str, kinds: dict[str, EntityType]) -> Step:
    """The edge between two nodes, as their types allow it."""
    one, other = kinds[start], kinds[end]
    if other in ENDS:
        return Step(start, ENDS[other], end, forward=True)
    if one in ENDS:
        return Step(start, ENDS[one], end, forward=False)
    predicate, forward = next((p, f) for p, f, kind in STEPS[one] if kind is other)
    return Step(start, predicate, end, forward)


def sample(
    kinds: str,
    *branches: tuple[int, str],
    answer: int | None = None,
    rng: Random,
    full: bool | None,
) -> Sample:
    """A chain of types, one letter each, with branches: (place that it hangs on, types).

    A branch that ends in a digit closes a cycle at the entity of that place. `full` is for all
    kinds of clues everywhere, `None` for clues by chance.
    """
    nodes = [f"N:{place}" for place in range(len(kinds))]
    types = {node: LETTERS[letter] for node, letter in zip(nodes, kinds, strict=True)}
    steps = [step(one, other, types) for one, other in pairwise(nodes)]
    shape, length = "chain", 0
    for place, letters in branches:
        grown = [nodes[place]]
        for letter in letters:
            node = nodes[int(letter)] if letter.isdigit() else f"N:{len(types)}"
            types.setdefault(node, LETTERS.get(letter, D))
            grown.append(node)
        steps += [step(one, other, types) for one, other in pairwise(grown)]
        shape, length = "cycle" if letters[-1].isdigit() else "fork", len(letters)
    asked = nodes[-1 if answer is None else answer]
    pattern = Pattern(shape, tuple(steps), asked, length)
    entities = tuple(
        Masked(
            mask=f"Entity_{place}",
            id=node,
            type=types[node],
            name=f"Hidden{place}",
            aliases=(f"Hidden alias{place}",),
        )
        for place, node in enumerate(pattern.nodes)
    )
    clues = [clue for one in entities for clue in clues_of(one, asked, nodes[0], rng, full=full)]
    return Sample(entities, pattern, tuple(clues))


def any_sample(rng: Random, *, full: bool | None = None) -> Sample:
    """A pattern of any shape, by types alone."""
    kinds = "D"
    for _ in range(rng.randint(2, 5)):
        kinds += rng.choice(_next_letters(kinds[-1]))
    shape = rng.choice(("chain", "end", "fork", "cycle"))
    if shape == "end" and kinds[-1] == "D":
        kinds += rng.choice("PMO")
    if shape == "fork":
        place = rng.randrange(1, len(kinds))
        branch = rng.choice(_next_letters(kinds[place]))
        branch += rng.choice(["", *_next_letters(branch)])
        return sample(kinds, (place, branch), rng=rng, full=full)
    pairs = [
        (one, other)
        for one in range(len(kinds))
        for other in range(one + 2, len(kinds))
        if kinds[one] == kinds[other]
    ]
    if shape == "cycle" and pairs:
        one, other = rng.choice(pairs)
        shared = [*_next_letters(kinds[one]), *("P" if kinds[one] == "D" else "")]
        return sample(kinds, (one, f"{rng.choice(shared)}{other}"), rng=rng, full=full)
    return sample(kinds, rng=rng, full=full)


def _next_letters(letter: str) -> list[str]:
    names = {kind: one for one, kind in LETTERS.items()}
    return [names[kind] for _, _, kind in STEPS[LETTERS[letter]]]


def clues_of(
    entity: Masked, asked: str, first: str, rng: Random, *, full: bool | None
) -> list[Clue]:
    """Clues on one entity; the first has two signs or more, and the answer may have a choice."""

    def some() -> bool:
        return rng.random() < 0.4 if full is None else full

    said: list[tuple[Condition, str]] = []
    if entity.type is D:
        least = 2 if entity.id == first else 0
        signs = rng.sample(SIGNS, rng.randint(least, 4) if full is None else (4 if full else least))
        said += [(atom(Predicate.HAS_PHENOTYPE), one) for one in signs]
        said += [(atom(Predicate.HAS_INHERITANCE), rng.choice(INHERITANCE))] * some()
        said += [(atom(Predicate.HAS_ONSET), rng.choice(ONSET))] * some()
        if entity.id != first:
            share = "tremor in 30% to 40% of the patients counted"
            said += [(atom(Predicate.HAS_PHENOTYPE, share=(0.3, 0.4)), share)] * some()
            said += [(atom(Predicate.HAS_PHENOTYPE, negated=True), "a short neck")] * some()
            said += [(atom(Predicate.HAS_PHENOTYPE, negated=True), "fever")] * some()
            said += [(count(Predicate.CAUSES, forward=False), "exactly three")] * some()
    elif entity.type is G:
        said += [(atom(Predicate.MEMBER_OF), rng.choice(FAMILIES))] * some()
        if not (entity.id == asked and some()):
            said += [(count(Predicate.CAUSES, forward=True), "exactly two")] * some()
    elif entity.type is F:
        said += [(count(Predicate.MEMBER_OF, forward=False), "exactly eleven")] * some()
    elif entity.type is P:
        said += [(count(Predicate.HAS_PHENOTYPE, forward=False), "exactly eight")] * some()
    counted = any(isinstance(condition, Count) for condition, _ in said)
    if entity.id == asked and some():
        said += choice_of(entity.type, rng) if entity.type is not G or not counted else []
    return [
        Clue(mask=entity.mask, condition=condition, text=text, evidence=EVIDENCE)
        for condition, text in said
    ]


def atom(
    predicate: Predicate, *, negated: bool = False, share: tuple[float, float] | None = None
) -> Atom:
    return Atom(subject="X", predicate=predicate, object="HP:1", negated=negated, share=share)


def count(predicate: Predicate, *, forward: bool) -> Count:
    return Count(subject="X", predicate=predicate, forward=forward, low=3, high=3)


def choice_of(kind: EntityType, rng: Random) -> Sequence[tuple[Condition, str]]:
    """What may set an answer of this type apart from others that fit."""
    if kind is D:
        extreme, text = rng.choice((("least", "the earliest onset"), ("most", "the latest onset")))
        return [(Choice(subject="X", measure="onset", extreme=extreme), text)]
    if kind is G:
        most = Choice(subject="X", measure="edges", extreme="most", predicate=Predicate.CAUSES)
        return [(most, "the most")]
    if kind is P:
        most = Choice(
            subject="X",
            measure="share",
            extreme="most",
            predicate=Predicate.HAS_PHENOTYPE,
            of="Y",
        )
        return [(most, "most often")]
    return []
