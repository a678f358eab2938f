"""The grammar that says a pattern and its clues in English.

A question is an opening that describes the rare disease, sentences for the steps, and the
question itself. Sentences refer back with "the second disorder", "that gene" and the like; no
name of a hidden entity is ever at hand here. The text of a clue stands in the question as it is,
so it never begins a sentence.
"""

from collections.abc import Sequence
from random import Random

from medresearcher.graph.chains import Step
from medresearcher.questions.patterns import Pattern
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Choice, Clue, Count, Masked

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
# Genes are said to be any of these, disorders only the last two.
_LINKED = ("implicated in", "linked to", "associated with")
_MARKED = ("marked by", "characterised by", "featuring", "with features such as")
_NOUNS = {
    EntityType.GENE: "gene",
    EntityType.GENE_GROUP: "gene family",
    EntityType.PATHWAY: "pathway",
    EntityType.DRUG: "drug",
    EntityType.PHENOTYPE: "sign",
    EntityType.INHERITANCE: "mode of inheritance",
    EntityType.ONSET: "age of onset",
}
# What is counted of an entity, as a clause of its own or (families) right behind the noun.
_COUNTED = {
    EntityType.GENE: "one recorded for {count} {noun}s",
    EntityType.DISEASE: "for which {count} genes are recorded",
    EntityType.GENE_GROUP: "of {count} genes",
    EntityType.PHENOTYPE: "recorded in {count} {noun}s",
}
_ASIDE = frozenset({EntityType.GENE, EntityType.DISEASE})


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


class Teller:
    """Tells one pattern; all choices are drawn from `rng`."""

    def __init__(
        self, entities: Sequence[Masked], pattern: Pattern, clues: Sequence[Clue], rng: Random
    ) -> None:
        self.pattern = pattern
        self.rng = rng
        self.noun = rng.choice(("disorder", "condition", "disease"))
        self.types = {entity.id: entity.type for entity in entities}
        self.clues = {
            entity.id: [clue for clue in clues if clue.mask == entity.mask] for entity in entities
        }
        self.met: dict[EntityType, list[str]] = {}
        self.last = ""

    def tell(self) -> str:
        """The question, in one paragraph."""
        anchor = self.pattern.nodes[0]
        sentences = [self.opening(anchor)]
        self._meet(anchor)
        steps = list(self.pattern.steps)
        while steps:
            asked, used = self._next(steps)
            sentences.append(asked)
            steps = steps[used:]
        if not sentences[-1].endswith(("?", "!")):
            sentences.append(self._question())
        return " ".join(sentences)

    # The opening.

    def opening(self, disease: str) -> str:
        """Describe the rare disease by its clues."""
        signs = self._signs(disease)
        registers = (self._as_research, self._as_vignette, self._as_report, self._as_story)
        return self.rng.choice(registers)(disease, signs)

    def _as_research(self, disease: str, signs: str) -> str:
        start = self.rng.choice(("Consider", "Start from", "Take", "I am looking into"))
        with_signs = f" {self.rng.choice(_MARKED)} {signs}"
        return f"{start} {self._kind(disease, 'rare')}{with_signs}."

    def _as_vignette(self, disease: str, signs: str) -> str:
        seen = self.rng.choice(("A patient presents with", "A clinical work-up shows"))
        cause = self.rng.choice(("the suspected diagnosis is", "the findings suggest"))
        return f"{seen} {signs}; {cause} {self._kind(disease, 'rare')}."

    def _as_report(self, disease: str, signs: str) -> str:
        kind = self._kind(disease, "rare")
        return self.rng.choice(
            (
                f"The reported features of {kind} include {signs}.",
                f"Among the reported features of {kind} are {signs}.",
                f"Published descriptions of {kind} list {signs}.",
            )
        )

    def _as_story(self, disease: str, signs: str) -> str:
        told = self.rng.choice(
            ("My doctors have noticed", "In our family we see", "Our geneticist has noted")
        )
        return f"{told} {signs}, and the working diagnosis is {self._kind(disease, 'rare')}."

    # The middle.

    def _next(self, steps: list[Step]) -> tuple[str, int]:
        """The next sentence, and how many steps it says."""
        first = steps[0]
        second = steps[1] if len(steps) > 1 else None
        if second is not None and self._closes(second) and second.start == first.end:
            return self._shared(first, second), 2
        if second is not None and second.start == first.end and self._is_between(first.end):
            asked = len(steps) == 2 and second.end == self.pattern.answer
            if asked and self.rng.random() < 0.5:
                return self._ask_through(first, second), 2
            return self._link(first, second), 2
        if len(steps) == 1 and first.end == self.pattern.answer:
            return self._ask(first), 1
        return self._single(first), 1

    def _closes(self, step: Step) -> bool:
        return any(step.end in nodes for nodes in self.met.values())

    def _is_between(self, node: str) -> bool:
        """Whether a gene is only passed through: two steps, and not asked for."""
        uses = sum(node in (step.start, step.end) for step in self.pattern.steps)
        return self.types[node] is EntityType.GENE and uses == 2 and node != self.pattern.answer

    def _link(self, first: Step, second: Step) -> str:
        """Two steps through a gene: "A gene linked to it is also associated with …"."""
        one, another = self.rng.sample(_LINKED[1:], 2)
        lead = _capital(self._through(first, one))
        self._meet(second.end)
        what = self._described(second.end)
        if second.predicate is Predicate.CAUSES:
            also = "" if first.predicate is Predicate.MEMBER_OF else "also "
            return f"{lead} is {also}{another} {what}."
        also = "also " if first.predicate is second.predicate else ""
        verb = {
            Predicate.MEMBER_OF: f"{also}belongs to",
            Predicate.PARTICIPATES_IN: f"{also}takes part in",
            Predicate.AFFECTS: f"is {also}a target of",
        }[second.predicate]
        return f"{lead} {verb} {what}."

    def _through(self, step: Step, linked: str) -> str:
        """The gene at the end of a step, which the next step leaves again."""
        gene, start = step.end, self._back(step.start)
        among = self.met.get(EntityType.GENE, [])
        self._meet(gene)
        about, aside = self._about(gene), self._aside(gene)
        if step.predicate is Predicate.CAUSES:
            which = "a different gene" if among else self.rng.choice(("a gene", "one of the genes"))
            return f"{which}{about} {linked} {start}{aside}"
        other = "another gene" if among else "a gene"
        joined = {
            Predicate.MEMBER_OF: f"of {start}",
            Predicate.PARTICIPATES_IN: f"of {start}",
            Predicate.AFFECTS: f"targeted by {start}",
        }[step.predicate]
        return f"{other} {joined}{about}{aside}"

    def _single(self, step: Step) -> str:
        """One step that leads to an entity which is taken up again later, or to a side branch."""
        start = self._back(step.start)
        self._meet(step.end)
        what = self._described(step.end)
        return f"{_capital(self._relation(step, start, what))}."

    def _shared(self, first: Step, second: Step) -> str:
        """Two steps that close a cycle: what two entities share."""
        one, other = self._name(first.start), self._name(second.end)
        self._meet(first.end)
        what = self._described(first.end)
        kind = self.types[first.end]
        if kind is EntityType.PHENOTYPE:
            return f"{_capital(one)} and {other} have {what} in common."
        if kind in _ASIDE:
            return f"{_capital(one)} and {other} are both also linked to {what}."
        joined = "take part in" if kind is EntityType.PATHWAY else "belong to"
        if kind is EntityType.DRUG:
            joined = (
                "are both acted on by"
                if self.types[first.start] is EntityType.GENE
                else ("are both treated with")
            )
        return f"{_capital(one)} and {other} {joined} {what}."

    def _relation(self, step: Step, start: str, what: str) -> str:
        """A step as a main clause from what is known to what is new."""
        linked = self.rng.choice(_LINKED[1:])
        return {
            (Predicate.CAUSES, False): f"{start} is {linked} {what}",
            (Predicate.CAUSES, True): f"{start} is also {linked} {what}",
            (Predicate.MEMBER_OF, True): f"{start} belongs to {what}",
            (Predicate.MEMBER_OF, False): f"{start} includes {what}",
            (Predicate.PARTICIPATES_IN, True): f"{start} takes part in {what}",
            (Predicate.PARTICIPATES_IN, False): f"{start} involves {what}",
            (Predicate.TREATS, False): f"{start} is treated with {what}",
            (Predicate.TREATS, True): f"{start} is also used to treat {what}",
            (Predicate.AFFECTS, False): f"{start} is a target of {what}",
            (Predicate.AFFECTS, True): f"{start} also acts on {what}",
            (Predicate.HAS_PHENOTYPE, True): f"{start} shows {what}",
        }[step.predicate, step.forward]

    # The question.

    def _ask(self, step: Step) -> str:
        """Ask for the end of the last step."""
        start, kind = self._back(step.start), self.types[step.end]
        if kind is EntityType.PHENOTYPE:
            return self._ask_sign(step.end, start)
        if kind is EntityType.INHERITANCE:
            return self.rng.choice(
                (f"How is {start} inherited?", f"How does {start} run in families?")
            )
        if kind is EntityType.ONSET:
            return f"At what stage of life does {start} begin?"
        noun = self._kind_of(step.end)
        other = "other " if self.met.get(kind) else ""
        which = f"Which {other}{noun}{self._about(step.end)}{self._aside(step.end)}"
        linked = self.rng.choice(_LINKED[1:])
        verb = {
            (Predicate.CAUSES, False): f"is {linked}",
            (Predicate.CAUSES, True): f"is {linked}",
            (Predicate.MEMBER_OF, True): "includes",
            (Predicate.MEMBER_OF, False): "belongs to",
            (Predicate.PARTICIPATES_IN, True): "involves",
            (Predicate.PARTICIPATES_IN, False): "takes part in",
            (Predicate.TREATS, False): "is used to treat",
            (Predicate.TREATS, True): "is treated with",
            (Predicate.AFFECTS, False): "acts on",
            (Predicate.AFFECTS, True): "is a target of",
        }[step.predicate, step.forward]
        return f"{which} {verb} {start}{self._choice(step.end)}?"

    def _ask_sign(self, sign: str, start: str) -> str:
        about = self._about(sign)
        if self._choice(sign):
            return self.rng.choice(
                (
                    f"Which sign{about} has been counted most often in patients with {start}?",
                    f"Of the signs counted in {start}, which{about} is seen most often?",
                )
            )
        return (
            f"Which sign of {start} is{about}?" if about else f"Which sign is recorded in {start}?"
        )

    def _ask_through(self, first: Step, second: Step) -> str:
        """Ask for the end of two steps through a gene."""
        one, another = self.rng.sample(_LINKED[1:], 2)
        gene = self._through(first, one)
        end, kind = second.end, self.types[second.end]
        which = f"{self._kind_of(end)}{self._about(end)}{self._aside(end)}"
        other = "other " if self.met.get(kind) else ""
        verb = {
            Predicate.CAUSES: f"is {another}",
            Predicate.MEMBER_OF: "includes",
            Predicate.PARTICIPATES_IN: "involves",
            Predicate.AFFECTS: "acts on",
        }[second.predicate]
        return f"Which {other}{which} {verb} {gene.removesuffix(',')}{self._choice(end)}?"

    def _question(self) -> str:
        """Ask for an answer that the sentences before have described."""
        name = self._name(self.pattern.answer)
        kind = self.types[self.pattern.answer]
        asked = [f"What is {name}?", f"Name {name}.", f"Identify {name}."]
        if self.last == self.pattern.answer:
            noun = self._plain(kind)
            asked = [f"Which {noun} is this?", f"What is this {noun} called?", f"Name this {noun}."]
        return self.rng.choice(asked)

    # Noun phrases.

    def _meet(self, node: str) -> None:
        self.met.setdefault(self.types[node], []).append(node)
        self.last = node

    def _plain(self, kind: EntityType) -> str:
        return self.noun if kind is EntityType.DISEASE else _NOUNS[kind]

    def _kind_of(self, node: str) -> str:
        """The noun of an entity that is asked for, with its inheritance."""
        noun = self._plain(self.types[node])
        return " ".join((*self._said(node, Predicate.HAS_INHERITANCE), noun))

    def _described(self, node: str) -> str:
        """An entity that has just been met, with everything that its clues say."""
        kind = self.types[node]
        place = len(self.met[kind]) - 1
        ordinal = f"{_ORDINALS[place]} " if place else ""
        choice, aside = self._choice(node), self._aside(node).removesuffix(",")
        if kind is EntityType.DISEASE:
            words = ", ".join(filter(None, (ordinal.strip(), *self._inherited(node))))
            noun = f"{_article(words or self.noun)}{words}{' ' if words else ''}{self.noun}"
            return f"{noun}{self._about(node)}{aside}{choice}"
        noun = f"{ordinal}{self._plain(kind)}"
        return f"{_article(noun)}{noun}{self._about(node)}{aside}{choice}"

    def _kind(self, disease: str, adjective: str) -> str:
        """The first disorder with inheritance and onset, without its signs."""
        onset = self._said(disease, Predicate.HAS_ONSET)
        timing = f" with {listed(onset)}" if onset else ""
        adjectives = ", ".join((adjective, *self._inherited(disease)))
        return f"a {adjectives} {self.noun}{timing}"

    def _about(self, node: str) -> str:
        """What the clues say of an entity, to stand behind its noun; empty if they say nothing."""
        kind = self.types[node]
        if kind is EntityType.DISEASE:
            return self._of_disease(node)
        parts: list[str] = []
        families = self._said(node, Predicate.MEMBER_OF)
        if families and kind is EntityType.GENE:
            parts.append(f" from the HGNC group {listed([f'“{one}”' for one in families])}")
        if kind not in _ASIDE and self._counted(node):
            parts.append(f" {self._counted(node)}")
        return "".join(parts)

    def _of_disease(self, disease: str) -> str:
        onset, signs = self._said(disease, Predicate.HAS_ONSET), self._signs(disease)
        lacking = listed([one.text for one in self._atoms(disease) if _lacks(one)])
        parts: list[str] = []
        if onset and signs:
            parts.append(f" with {listed(onset)} and features such as {signs}")
        elif onset:
            parts.append(f" with {listed(onset)}")
        elif signs:
            parts.append(f" {self.rng.choice(_MARKED)} {signs}")
        if lacking:
            parts.append(f"{', but' if parts else ''} without {lacking}")
        return "".join(parts)

    def _counted(self, node: str) -> str:
        """What is counted of an entity: "one recorded for exactly three disorders"."""
        clue = next((one for one in self.clues[node] if isinstance(one.condition, Count)), None)
        if clue is None:
            return ""
        return _COUNTED[self.types[node]].format(count=clue.text, noun=self.noun)

    def _aside(self, node: str) -> str:
        """What is counted of a gene or disorder, between commas; empty if nothing is."""
        counted = self._counted(node) if self.types[node] in _ASIDE else ""
        return f", {counted}," if counted else ""

    def _choice(self, node: str) -> str:
        """What sets an answer apart from others: ", the one with the earliest onset"."""
        clue = next((one for one in self.clues[node] if isinstance(one.condition, Choice)), None)
        if clue is None:
            return ""
        if self.types[node] is EntityType.DISEASE:
            return f", being the one with {clue.text}"
        if self.types[node] is EntityType.GENE:
            return f", being the one linked to {clue.text} {self.noun}s"
        return f", the one seen {clue.text}"

    def _name(self, node: str) -> str:
        """A reference to an entity by its place among those of its type."""
        kind = self.types[node]
        if len(self.met[kind]) == 1:
            return f"{'this' if node == self.last else 'the'} {self._plain(kind)}"
        return f"the {_ORDINALS[self.met[kind].index(node)]} {self._plain(kind)}"

    def _back(self, node: str) -> str:
        """A reference to an entity: a pronoun where nothing else can be meant."""
        kind = self.types[node]
        if node == self.last and kind is not EntityType.GENE:
            plain = self._plain(kind)
            return self.rng.choice(("it", f"this {plain}", self._name(node)))
        return self._name(node)

    def _inherited(self, disease: str) -> list[str]:
        return self._said(disease, Predicate.HAS_INHERITANCE)

    def _signs(self, disease: str) -> str:
        atoms = self._atoms(disease)
        return listed([one.text for one in atoms if _shows(one)])

    def _atoms(self, node: str) -> list[Clue]:
        return [one for one in self.clues[node] if isinstance(one.condition, Atom)]

    def _said(self, node: str, predicate: Predicate) -> list[str]:
        return [clue.text for clue in self._atoms(node) if clue.predicate is predicate]


def _shows(clue: Clue) -> bool:
    atom = clue.condition
    return isinstance(atom, Atom) and atom.predicate is Predicate.HAS_PHENOTYPE and not atom.negated


def _lacks(clue: Clue) -> bool:
    return isinstance(clue.condition, Atom) and clue.condition.negated


def _article(words: str) -> str:
    return "an " if words[0].lower() in "aeio" else "a "


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
