"""The grammar that says a pattern and its clues in English.

A question is an opening that describes the rare disease, sentences for the steps, and the
question itself. Sentences refer back with "the second disorder", "this gene" and the like; no
name of a hidden entity is ever at hand here. The text of a clue stands in the question as it is,
so it never begins a sentence.
"""

from collections.abc import Sequence
from random import Random

from medresearcher.graph.chains import Step
from medresearcher.questions.patterns import Pattern
from medresearcher.questions.wording import article
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Choice, Clue, Count, Masked

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
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
# What is counted of an entity, behind its noun; of a disorder it is something that it is "with".
_COUNTED = {
    EntityType.GENE: "recorded for {count} {noun}s",
    EntityType.DISEASE: "{count} recorded genes",
    EntityType.GENE_GROUP: "of {count} genes",
    EntityType.PHENOTYPE: "recorded in {count} {noun}s",
}


def listed(items: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`; with another word than `and` if `last` says so."""
    return f" {last} ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


class Teller:
    """Tells one pattern; all choices are drawn from `rng`."""

    def __init__(
        self, entities: Sequence[Masked], pattern: Pattern, clues: Sequence[Clue], rng: Random
    ) -> None:
        self.pattern = pattern
        self.rng = rng
        self.noun = rng.choice(("disorder", "condition", "disease"))
        self.register = rng.choice(("research", "vignette", "report", "story"))
        self.types = {entity.id: entity.type for entity in entities}
        self.clues = {
            entity.id: [clue for clue in clues if clue.mask == entity.mask] for entity in entities
        }
        self.met: dict[EntityType, list[str]] = {}
        self.last = ""
        # What the last sentence was about, and the steps that were said.
        self.subject = ""
        self.told: list[Step] = []

    def tell(self) -> str:
        """The question, in one paragraph."""
        anchor = self.pattern.nodes[0]
        sentences = [self.opening(anchor)]
        self._meet(anchor)
        steps = list(self.pattern.steps)
        asked = False
        while steps:
            sentence, used, asked = self._next(steps)
            sentences.append(sentence)
            self.told += steps[:used]
            steps = steps[used:]
        if not asked:
            sentences.append(self._question())
        return " ".join(sentences)

    # The opening.

    def opening(self, disease: str) -> str:
        """Describe the rare disease by its clues, in the manner of the register."""
        signs, kind = self._signs(disease), self._kind(disease)
        if self.register == "research":
            start = self.rng.choice(("Consider", "Start from", "Take", "I am looking into"))
            timed = bool(self._said(disease, Predicate.HAS_ONSET))
            marked = "and features such as" if timed else self.rng.choice(_MARKED)
            return f"{start} {kind} {marked} {signs}."
        choices = {
            "vignette": (
                f"A patient presents with {signs}; the suspected diagnosis is {kind}.",
                f"A patient is evaluated for {signs}, and the findings suggest {kind}.",
                f"A clinical work-up shows {signs}; the findings suggest {kind}.",
            ),
            "report": (
                f"The reported features of {kind} include {signs}.",
                f"Among the reported features of {kind} are {signs}.",
                f"Published descriptions of {kind} list {signs}.",
            ),
            "story": (
                f"My doctors have noticed {signs}, and they suspect {kind}.",
                f"In our family we see {signs}, which our doctors put down to {kind}.",
                f"Our geneticist has noted {signs} and suspects {kind}.",
            ),
        }
        return self.rng.choice(choices[self.register])

    def _kind(self, disease: str) -> str:
        """The first disorder with inheritance and onset, without its signs."""
        onset = self._said(disease, Predicate.HAS_ONSET)
        timing = f" with {listed(onset)}" if onset else ""
        adjectives = ", ".join(("rare", *self._inherited(disease)))
        return f"a {adjectives} {self.noun}{timing}"

    # The middle.

    def _next(self, steps: list[Step]) -> tuple[str, int, bool]:
        """The next sentence, how many steps it says, and whether it is the question."""
        first = steps[0]
        second = steps[1] if len(steps) > 1 else None
        if second is not None and second.start == first.end:
            if self._closes(second):
                return self._shared(first, second), 2, False
            if self._is_between(first.end):
                asked = len(steps) == 2 and second.end == self.pattern.answer
                if asked and self.rng.random() < 0.5:
                    return self._ask_through(first, second), 2, True
                return self._link(first, second), 2, False
        if len(steps) == 1 and first.end == self.pattern.answer:
            return self._ask(first), 1, True
        return self._single(first), 1, False

    def _closes(self, step: Step) -> bool:
        return any(step.end in nodes for nodes in self.met.values())

    def _is_between(self, node: str) -> bool:
        """Whether a gene is only passed through: two steps, and not asked for."""
        uses = sum(node in (step.start, step.end) for step in self.pattern.steps)
        return self.types[node] is EntityType.GENE and uses == 2 and node != self.pattern.answer

    def _link(self, first: Step, second: Step) -> str:
        """Two steps through a gene: "A gene linked to it is also associated with …"."""
        one, another = self.rng.sample(_LINKED, 2)
        lead = _capital(self._through(first, one))
        self._meet(second.end)
        self.subject = second.start
        also = "also " if first.predicate is second.predicate else ""
        return f"{lead} {self._verb(second, another, also)} {self._described(second.end)}."

    def _through(self, step: Step, linked: str) -> str:
        """The gene at the end of a step, which the next step leaves again."""
        gene, start = step.end, self._back(step.start)
        other = self.met.get(EntityType.GENE, [])
        self._meet(gene)
        counted, family = self._counted(gene), self._said(gene, Predicate.MEMBER_OF)
        new = f"{'a different' if other else 'a'} gene{self._about(gene)}"
        if step.predicate is Predicate.CAUSES:
            # "implicated in this disorder, and in exactly two disorders in all,"
            both = counted.replace("recorded for", f", and {linked.split()[-1]}")
            return f"{new} {linked} {start}{both}{' in all,' if both else ''}"
        if step.predicate is Predicate.AFFECTS:
            return f"{new} targeted by {start}{f', {counted},' if counted else ''}"
        said = [f"listed in the HGNC group {_quoted(family)}"] if family else []
        said += [counted] if counted else []
        another = "yet another" if self._came_from(step.start) else "another"
        aside = f", {listed(said)}," if said else ""
        return f"{another if other else 'a'} gene of {start}{aside}"

    def _came_from(self, node: str) -> bool:
        """Whether the pattern was led on from an entity before."""
        return any(one.start == node for one in self.told)

    def _single(self, step: Step) -> str:
        """One step that leads to an entity which is taken up again later, or to a side branch."""
        same = step.start == self.subject and self.last != step.start
        start = (
            f"the same {self._plain(self.types[step.start])}" if same else self._back(step.start)
        )
        also = "also " if self._again(step) else ""
        linked = self.rng.choice(_LINKED[1:])
        self._meet(step.end)
        self.subject = step.start
        what = self._described(step.end)
        return f"{_capital(start)} {self._verb(step, linked, also)} {what}."

    def _again(self, step: Step) -> bool:
        """Whether an earlier step told of the same relation of an entity."""
        return any(
            one.predicate is step.predicate and step.start in (one.start, one.end)
            for one in self.told
        )

    def _shared(self, first: Step, second: Step) -> str:
        """Two steps that close a cycle: what two entities share."""
        kind, both = self.types[first.start], sorted((first.start, second.end), key=self._place)
        ordinals = " and ".join(_ORDINALS[self._place(one)] for one in both)
        self._meet(first.end)
        verb = _of_several(self._verb(first, self.rng.choice(_LINKED[1:])))
        verb = f"are both {verb[4:]}" if verb.startswith("are ") else f"both {verb}"
        if first.predicate is Predicate.HAS_PHENOTYPE:
            verb = "share"
        return f"The {ordinals} {_plural(self._plain(kind))} {verb} {self._described(first.end)}."

    def _verb(self, step: Step, linked: str, also: str = "") -> str:
        """What stands between the start and the end of a step."""
        return {
            (Predicate.CAUSES, False): f"is {also}{linked}",
            (Predicate.CAUSES, True): f"is {also}{linked}",
            (Predicate.MEMBER_OF, True): f"{also}belongs to",
            (Predicate.MEMBER_OF, False): f"{also}includes",
            (Predicate.PARTICIPATES_IN, True): f"{also}takes part in",
            (Predicate.PARTICIPATES_IN, False): f"{also}involves",
            (Predicate.TREATS, False): f"is {also}treated with",
            (Predicate.TREATS, True): f"is {also}used to treat",
            (Predicate.AFFECTS, False): f"is {also}targeted by",
            (Predicate.AFFECTS, True): f"{also}acts on",
            (Predicate.HAS_PHENOTYPE, True): f"{also}shows",
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
        return self._which(step, start, self.rng.choice(_LINKED[1:]))

    def _ask_through(self, first: Step, second: Step) -> str:
        """Ask for the end of two steps through a gene."""
        one, another = self.rng.sample(_LINKED[1:], 2)
        return self._which(second, self._through(first, one).removesuffix(","), another)

    def _which(self, step: Step, start: str, linked: str) -> str:
        """Ask for the end of a step, told from its end: "Which gene is linked to …?"."""
        node, kind = step.end, self.types[step.end]
        choice = self._choice(node)
        back = Step(step.end, step.predicate, step.start, not step.forward)
        verb = self._verb(back, linked)
        other = "other " if self.met.get(kind) else ""
        inherited = "".join(f" of {one} inheritance" for one in self._inherited(node))
        noun = _plural(self._plain(kind)) if choice else self._plain(kind)
        which = f"{other}{noun}{inherited}{self._about(node)}{self._aside(node)}"
        if choice:
            return f"Of all {which} that {_of_several(verb)} {start}, which {choice}?"
        return f"Which {which} {verb} {start}?"

    def _ask_sign(self, sign: str, start: str) -> str:
        about = self._about(sign)
        if self._choice(sign):
            asked = [f"Which sign{about} has been counted most often in patients with {start}?"]
            if not about:
                asked.append(f"Of the signs counted in {start}, which is seen most often?")
            return self.rng.choice(asked)
        return f"Which sign of {start} is{about}?" if about else f"Name a sign of {start}."

    def _question(self) -> str:
        """Ask for an answer that the sentences before have described."""
        node = self.pattern.answer
        name, noun, choice = self._name(node), self._plain(self.types[node]), self._choice(node)
        alone = len(self.met[self.types[node]]) == 1
        if choice:
            fitting = f"{_plural(noun)} that fit" if alone else f"candidates for {name}"
            return f"Of all {fitting}, which {choice}?"
        if alone and node == self.last:
            asked = [f"Which {noun} is this?", f"What is this {noun} called?", f"Name {name}."]
        else:
            asked = [f"What is {name}?", f"Identify {name}.", f"Name {name}."]
        asked += {
            "story": [f"Can you tell me what {name} is?"],
            "research": [f"I need to identify {name}."],
        }.get(self.register, [])
        return self.rng.choice(asked)

    # Noun phrases.

    def _meet(self, node: str) -> None:
        self.met.setdefault(self.types[node], []).append(node)
        self.last = node

    def _place(self, node: str) -> int:
        """The place of an entity among those of its type."""
        return self.met[self.types[node]].index(node)

    def _plain(self, kind: EntityType) -> str:
        return self.noun if kind is EntityType.DISEASE else _NOUNS[kind]

    def _described(self, node: str) -> str:
        """An entity that has just been met, with everything that its clues say."""
        kind, place = self.types[node], self._place(node)
        before = [_ORDINALS[place]] if place else []
        before += self._inherited(node)
        noun = f"{', '.join(before)} {self._plain(kind)}".strip()
        aside = self._aside(node).removesuffix(",")
        return f"{article(noun)}{noun}{self._about(node)}{aside}"

    def _about(self, node: str) -> str:
        """What the clues say of an entity, to stand behind its noun; empty if they say nothing."""
        kind = self.types[node]
        if kind is EntityType.DISEASE:
            return self._of_disease(node)
        if kind is EntityType.GENE:
            families = self._said(node, Predicate.MEMBER_OF)
            return f" from the HGNC group {_quoted(families)}" if families else ""
        counted = self._counted(node)
        return f" {counted}" if counted else ""

    def _of_disease(self, disease: str) -> str:
        signs, counted = self._signs(disease), self._counted(disease)
        lacking = listed([one.text for one in self._atoms(disease) if _lacks(one)], "or")
        having = [*([counted] if counted else []), *self._said(disease, Predicate.HAS_ONSET)]
        parts: list[str] = []
        if having:
            having += [f"features such as {signs}"] if signs else []
            parts.append(f" with {listed(having)}")
        elif signs:
            parts.append(f" {self.rng.choice(_MARKED)} {signs}")
        if lacking:
            parts.append(f"{' but' if parts else ''} without {lacking}")
        return "".join(parts)

    def _counted(self, node: str) -> str:
        """What is counted of an entity: "recorded for exactly three disorders"."""
        clue = next((one for one in self.clues[node] if isinstance(one.condition, Count)), None)
        if clue is None:
            return ""
        return _COUNTED[self.types[node]].format(count=clue.text, noun=self.noun)

    def _aside(self, node: str) -> str:
        """What is counted of a gene, behind all else that is said of it."""
        counted = self._counted(node) if self.types[node] is EntityType.GENE else ""
        if not counted:
            return ""
        return f", {counted}," if self._about(node) else f" {counted}"

    def _choice(self, node: str) -> str:
        """What sets an answer apart from all others that fit: "has the earliest onset"."""
        clue = next((one for one in self.clues[node] if isinstance(one.condition, Choice)), None)
        if clue is None:
            return ""
        if self.types[node] is EntityType.GENE:
            return f"is linked to {clue.text} {self.noun}s"
        return f"has {clue.text}"

    def _name(self, node: str) -> str:
        """A reference to an entity by its place among those of its type."""
        kind = self.types[node]
        if len(self.met[kind]) == 1:
            return f"{'this' if node == self.last else 'the'} {self._plain(kind)}"
        return f"the {_ORDINALS[self._place(node)]} {self._plain(kind)}"

    def _back(self, node: str) -> str:
        """A reference to an entity: a pronoun where nothing else was spoken of."""
        if sum(map(len, self.met.values())) == 1:
            return self.rng.choice(("it", self._name(node)))
        name = self._name(node)
        return self.rng.choice((name, name.replace("gene family", "family")))

    def _inherited(self, disease: str) -> list[str]:
        return self._said(disease, Predicate.HAS_INHERITANCE)

    def _signs(self, disease: str) -> str:
        """The signs of a disorder: those with a share of patients first, "a and b" last."""
        shown = [one for one in self._atoms(disease) if _shows(one)]
        texts = [one.text for one in sorted(shown, key=lambda one: not _has_share(one))]
        double = [one for one in texts if " and " in one or " or " in one]
        single = [one for one in texts if one not in double]
        return " as well as ".join(filter(None, (listed(single), *double)))

    def _atoms(self, node: str) -> list[Clue]:
        return [one for one in self.clues[node] if isinstance(one.condition, Atom)]

    def _said(self, node: str, predicate: Predicate) -> list[str]:
        return [clue.text for clue in self._atoms(node) if clue.predicate is predicate]


def _shows(clue: Clue) -> bool:
    atom = clue.condition
    return isinstance(atom, Atom) and atom.predicate is Predicate.HAS_PHENOTYPE and not atom.negated


def _lacks(clue: Clue) -> bool:
    return isinstance(clue.condition, Atom) and clue.condition.negated


def _has_share(clue: Clue) -> bool:
    return isinstance(clue.condition, Atom) and clue.condition.share is not None


def _quoted(names: Sequence[str]) -> str:
    return listed([f"“{one}”" for one in names])


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") and not noun.endswith("ay") else f"{noun}s"


def _of_several(verb: str) -> str:
    """A verb that is said of one, said of several: `are linked to`, `belong to`."""
    first, _, rest = verb.partition(" ")
    return " ".join(filter(None, ("are" if first == "is" else first.removesuffix("s"), rest)))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
