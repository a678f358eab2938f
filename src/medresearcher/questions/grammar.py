"""The grammar that says a chain and its clues in English.

A question is an opening that describes the rare disease, one sentence for each two steps of the
chain, and the question itself. Every sentence refers back with "the first disorder", "that
family" and the like; no name of a hidden entity is ever at hand here.
"""

from collections.abc import Sequence
from random import Random

from medresearcher.graph.chains import Step
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Clue, Masked

_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def with_article(words: str) -> str:
    """The words behind `a` or `an`."""
    return f"{'an' if words[0].lower() in 'aeiou' or words.startswith('X-') else 'a'} {words}"


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
        return self.rng.choice((self._as_research, self._as_vignette, self._as_riddle))(disease)

    def _as_research(self, disease: str) -> str:
        start = self.rng.choice(("Consider", "Start from", "Take"))
        return f"{start} {self.disorder(disease, 'rare')}."

    def _as_vignette(self, disease: str) -> str:
        signs, inheritance, onset = self._parts(disease)
        patient = self.rng.choice(("A patient", "A family", "A person under evaluation"))
        finding = f"{patient} has a rare {self.noun} whose features include {listed(signs)}"
        context = [*(f"{one} inheritance" for one in inheritance), *onset]
        return f"{finding}; it is reported with {listed(context)}." if context else f"{finding}."

    def _as_riddle(self, disease: str) -> str:
        signs, inheritance, onset = self._parts(disease)
        kind = with_article(" ".join(("rare", *inheritance, self.noun)))
        timing = f" with {listed(onset)}" if onset else ""
        verb = self.rng.choice(("are among the reported features of", "have been described in"))
        text = listed(signs)
        return f"{text[0].upper()}{text[1:]} {verb} {kind}{timing}."

    # The middle.

    def link(self, first: Step, second: Step) -> str:
        """Say two steps: through a gene to another disorder or to a gene family, or out of one."""
        start = self._back(first.start)
        gene = self.gene(first.end)
        if first.predicate is Predicate.MEMBER_OF:
            lead = f"another gene of {start}{gene}"
            if second.predicate is Predicate.MEMBER_OF:
                return f"{_capital(lead)} also belongs to {self.family(second.end)}."
            return f"{_capital(lead)} is linked to {self.further(second.end)}."
        lead = self.rng.choice(
            (f"a gene implicated in {start}{gene}", f"one of the genes behind {start}{gene}")
        )
        if len(self.diseases) > 1:
            lead = f"a different gene implicated in {start}{gene}"
        if second.predicate is Predicate.MEMBER_OF:
            return f"{_capital(lead)} belongs to {self.family(second.end)}."
        verb = self.rng.choice(("is also linked to", "is also associated with", "also underlies"))
        return f"{_capital(lead)} {verb} {self.further(second.end)}."

    # The question.

    def closing(self, rest: Sequence[Step]) -> str:
        """Ask for the end of the last one or two steps."""
        if len(rest) == 1:
            return self._ask_gene(rest[0])
        statement = self.link(rest[0], rest[1])
        noun = self.noun
        if self.entities[rest[1].end].type is EntityType.GENE_GROUP:
            noun = "gene family"
        asked = (f"Which {noun} is this?", f"What is this {noun} called?", f"Name this {noun}.")
        return f"{statement} {self.rng.choice(asked)}"

    def _ask_gene(self, step: Step) -> str:
        start, other = self._back(step.start), "other " if len(self.chain) > 1 else ""
        families = [clue.text for clue in self.clues[step.end]]
        listing = f"does HGNC also list under “{listed(families)}”"
        if step.predicate is Predicate.MEMBER_OF:
            if families:
                return f"Which {other}gene of {start} {listing}?"
            return f"Which {other}gene belongs to {start}?"
        return f"Which {other}gene{self.gene(step.end)} is implicated in {start}?"

    # Noun phrases.

    def disorder(self, disease: str, adjective: str = "") -> str:
        """A disorder with everything that its clues say."""
        signs, inheritance, onset = self._parts(disease)
        adjectives = ", ".join(filter(None, (adjective, *inheritance)))
        phrase = with_article(f"{adjectives} {self.noun}")
        if onset:
            phrase += f" with {listed(onset)}"
        if signs:
            verb = self.rng.choice(("marked by", "characterised by", "featuring"))
            phrase += f"{',' if onset else ''} {verb} {listed(signs)}"
        return phrase

    def further(self, disease: str) -> str:
        """A disorder that is not the ones before."""
        self.diseases.append(disease)
        ordinal = _ORDINALS[len(self.diseases) - 1]
        return self.disorder(disease, ordinal)

    def family(self, family: str) -> str:
        """A gene family that is not the ones before."""
        self.families.append(family)
        return "a gene family" if len(self.families) == 1 else "a second gene family"

    def gene(self, gene: str) -> str:
        """What the clues say of a gene, to stand behind the word."""
        families = [clue.text for clue in self.clues[gene]]
        return f", listed by HGNC under “{listed(families)}”," if families else ""

    def _back(self, node: str) -> str:
        """A reference to an entity that was already introduced."""
        if node in self.families:
            return "that second family" if len(self.families) > 1 else "that family"
        if len(self.diseases) == 1:
            return self.rng.choice(("it", f"this {self.noun}"))
        return f"the {_ORDINALS[self.diseases.index(node)]} one"

    def _parts(self, disease: str) -> tuple[list[str], list[str], list[str]]:
        def said(predicate: Predicate) -> list[str]:
            return [one.text for one in self.clues[disease] if one.predicate is predicate]

        return (
            said(Predicate.HAS_PHENOTYPE),
            said(Predicate.HAS_INHERITANCE),
            said(Predicate.HAS_ONSET),
        )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
