"""The grammar that says a chain and its clues in English.

A question is an opening that describes the rare disease, one sentence for each two steps of the
chain, and the question itself. Every sentence refers back with "the second disorder", "that
family" and the like; no name of a hidden entity is ever at hand here. The text of a clue stands
in the question as it is, so it never begins a sentence.
"""

from collections.abc import Sequence
from random import Random

from medresearcher.graph.chains import Step
from medresearcher.records.knowledge import Predicate
from medresearcher.records.question import Clue, Masked

_ORDINALS = ("first", "second", "third", "fourth", "fifth")
# Genes are said to be any of these, disorders only the last two.
_LINKED = ("implicated in", "linked to", "associated with")
_MARKED = ("marked by", "characterised by", "featuring", "with features such as")


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


class Teller:
    """Tells one chain; all choices are drawn from `rng`."""

    def __init__(
        self, entities: Sequence[Masked], chain: Sequence[Step], clues: Sequence[Clue], rng: Random
    ) -> None:
        self.chain = chain
        self.rng = rng
        self.noun = rng.choice(("disorder", "condition", "disease"))
        self.entities = {entity.id: entity for entity in entities}
        self.clues = {
            entity.id: [clue for clue in clues if clue.mask == entity.mask] for entity in entities
        }
        self.diseases: list[str] = []
        self.families: list[str] = []

    def tell(self) -> str:
        """The question, in one paragraph."""
        anchor = self.chain[0].start
        self.diseases.append(anchor)
        sentences = [self.opening(anchor)]
        rest = list(self.chain)
        while len(rest) > 2:
            sentences.append(self.link(rest[0], rest[1]))
            rest = rest[2:]
        sentences.append(self.closing(rest))
        return " ".join(sentences)

    # The opening.

    def opening(self, disease: str) -> str:
        """Describe the rare disease by its clues."""
        registers = (self._as_research, self._as_vignette, self._as_report)
        return self.rng.choice(registers)(disease)

    def _as_research(self, disease: str) -> str:
        start = self.rng.choice(("Consider", "Start from", "Take", "I am looking into"))
        return f"{start} {self.disorder(disease, 'rare')}."

    def _as_vignette(self, disease: str) -> str:
        signs = listed(self._said(disease, Predicate.HAS_PHENOTYPE))
        seen = self.rng.choice(("A patient presents with", "A clinical work-up shows"))
        cause = self.rng.choice(("the suspected diagnosis is", "the findings suggest"))
        return f"{seen} {signs}; {cause} {self._kind(disease, 'rare')}."

    def _as_report(self, disease: str) -> str:
        signs = listed(self._said(disease, Predicate.HAS_PHENOTYPE))
        kind = self._kind(disease, "rare")
        return self.rng.choice(
            (
                f"The reported features of {kind} include {signs}.",
                f"Among the reported features of {kind} are {signs}.",
                f"Published descriptions of {kind} list {signs}.",
            )
        )

    # The middle.

    def link(self, first: Step, second: Step) -> str:
        """Say two steps: through a gene to another disorder or to a gene family, or out of one."""
        one, another = self.rng.sample(_LINKED, 2)
        lead = _capital(self._through(first, self._back(first.start), one))
        if second.predicate is Predicate.MEMBER_OF:
            also = "also " if first.predicate is Predicate.MEMBER_OF else ""
            return f"{lead} {also}belongs to {self.family(second.end)}."
        also = "" if first.predicate is Predicate.MEMBER_OF else "also "
        return f"{lead} is {also}{another} {self.further(second.end)}."

    def _through(self, step: Step, start: str, linked: str) -> str:
        """The gene at the end of a step from `start`, a reference to a disorder or family."""
        if step.predicate is Predicate.MEMBER_OF:
            families = self._listing(step.end)
            also = f" that HGNC lists under {families}" if families else ""
            return f"another gene of {start}{also}"
        firsts = ("a gene", "one of the genes")
        which = "a different gene" if len(self.diseases) > 1 else self.rng.choice(firsts)
        return f"{which}{self._gene(step.end)} {linked} {start}"

    # The question.

    def closing(self, rest: Sequence[Step]) -> str:
        """Ask for the end of the last one or two steps."""
        if len(rest) == 1:
            return self._ask_gene(rest[0])
        first, second = rest
        if self.rng.choice((True, False)):
            return self._ask_at_once(first, second)
        noun = "gene family" if second.predicate is Predicate.MEMBER_OF else self.noun
        asked = (
            f"Which {noun} is this?",
            f"What is this {noun} called?",
            f"Name this {noun}.",
            f"Identify this {noun}.",
        )
        return f"{self.link(first, second)} {self.rng.choice(asked)}"

    def _ask_at_once(self, first: Step, second: Step) -> str:
        one, another = self.rng.sample(_LINKED[1:], 2)
        gene = self._through(first, self._back(first.start, near=False), one)
        if second.predicate is Predicate.MEMBER_OF:
            other = "other " if self.families else ""
            return f"Which {other}gene family includes {gene}?"
        end = second.end
        words = ("other", *self._said(end, Predicate.HAS_INHERITANCE), self.noun)
        which = f"Which {' '.join(words)}{self._details(end)}"
        return f"{which} is {another} {gene}?"

    def _ask_gene(self, step: Step) -> str:
        start, families = self._back(step.start), self._listing(step.end)
        linked = self.rng.choice(_LINKED)
        if step.predicate is Predicate.CAUSES:
            return f"Which other gene{self._gene(step.end)} is {linked} {start}?"
        if not families:
            return f"Which other gene belongs to {start}?"
        return self.rng.choice(
            (
                f"Which other gene of {start} does HGNC also list under {families}?",
                f"Which other member of {start} also belongs to the HGNC gene group {families}?",
            )
        )

    # Noun phrases.

    def disorder(self, disease: str, adjective: str) -> str:
        """A disorder with everything that its clues say."""
        return f"{self._with_inheritance(disease, adjective)}{self._details(disease)}"

    def further(self, disease: str) -> str:
        """A disorder that is not the ones before."""
        self.diseases.append(disease)
        return self.disorder(disease, _ORDINALS[len(self.diseases) - 1])

    def family(self, family: str) -> str:
        """A gene family that is not the ones before."""
        self.families.append(family)
        if len(self.families) == 1:
            return "a gene family"
        return f"a {_ORDINALS[len(self.families) - 1]} gene family"

    def _kind(self, disease: str, adjective: str) -> str:
        """A disorder with inheritance and onset, without its signs."""
        onset = self._said(disease, Predicate.HAS_ONSET)
        timing = f" with {listed(onset)}" if onset else ""
        return f"{self._with_inheritance(disease, adjective)}{timing}"

    def _with_inheritance(self, disease: str, adjective: str) -> str:
        adjectives = ", ".join((adjective, *self._said(disease, Predicate.HAS_INHERITANCE)))
        return f"a {adjectives} {self.noun}"

    def _details(self, disease: str) -> str:
        """Onset and signs, to stand behind the noun; empty if no clue says any."""
        onset = self._said(disease, Predicate.HAS_ONSET)
        signs = self._said(disease, Predicate.HAS_PHENOTYPE)
        if onset and signs:
            return f" with {listed(onset)} and features such as {listed(signs)}"
        if onset:
            return f" with {listed(onset)}"
        return f" {self.rng.choice(_MARKED)} {listed(signs)}" if signs else ""

    def _gene(self, gene: str) -> str:
        """What the clues say of a gene, to stand behind the word."""
        families = self._listing(gene)
        return f" from the HGNC group {families}" if families else ""

    def _listing(self, gene: str) -> str:
        return listed([f"“{family}”" for family in self._said(gene, Predicate.MEMBER_OF)])

    def _back(self, node: str, *, near: bool = True) -> str:
        """A reference to an entity that was already introduced; `near` if just before."""
        if node in self.families:
            place = self.families.index(node)
            return f"that {_ORDINALS[place]} family" if place else "that family"
        if len(self.diseases) == 1:
            return self.rng.choice(("it", f"this {self.noun}")) if near else f"this {self.noun}"
        return f"the {_ORDINALS[self.diseases.index(node)]} {self.noun}"

    def _said(self, node: str, predicate: Predicate) -> list[str]:
        return [clue.text for clue in self.clues[node] if clue.predicate is predicate]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
