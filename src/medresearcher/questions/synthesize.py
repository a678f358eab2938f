"""The stage `synthesize`: certified questions, balanced over specialties, shapes and answers.

Every rare disease and plan has its own random generator, drawn from the seed; a
question therefore does not depend on what was made before it, and a run that was stopped goes
on where it was and ends with the same bytes.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from medresearcher.engines.progress import Advance, progress
from medresearcher.errors import MedResearcherError
from medresearcher.graph.rarity import rarity
from medresearcher.graph.store import Graph
from medresearcher.questions.compose import Composer, Plan
from medresearcher.questions.grammar import Teller
from medresearcher.questions.leaks import leaks
from medresearcher.questions.patterns import SHAPES
from medresearcher.questions.specialties import SPECIALTIES, Classifier
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Question
from medresearcher.runs import Ledger, Run
from medresearcher.settings import SynthesisSettings

_MIN_SIGNS = 4

Made = Mapping[tuple[str, Plan], Question]
Accept = Callable[[Question], bool]

# How often each shape and each type of answer is wanted, relative to the others. A mode of
# inheritance or an age of onset can be guessed, so few questions ask for one.
_SHAPES = {"chain": 2.0, "fork": 1.0, "cycle": 1.0}
_ANSWERS = {
    EntityType.DISEASE: 10.0,
    EntityType.GENE: 6.0,
    EntityType.GENE_GROUP: 3.0,
    EntityType.DRUG: 3.0,
    EntityType.PATHWAY: 3.0,
    EntityType.PHENOTYPE: 1.5,
    EntityType.INHERITANCE: 0.3,
    EntityType.ONSET: 0.3,
}
_ENDS = frozenset({EntityType.PHENOTYPE, EntityType.INHERITANCE, EntityType.ONSET})
_PLANS_TRIED = 8
# A failure counts as this part of a question made.
_FAILED = 0.05


class Balance:
    """Which plan to try next, so that shapes, lengths and answers come as often as wanted."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._plans = plans
        self._made: Counter[tuple[str, object]] = Counter()
        self._failed: Counter[Plan] = Counter()

    def plans(self) -> list[Plan]:
        """The plans, those that are most behind first."""
        return sorted(self._plans, key=lambda one: self._ahead(one))

    def count(self, plan: Plan) -> None:
        """Note that a question of this plan was made."""
        self._made.update((("shape", plan.shape), ("hops", plan.hops), ("answer", plan.answer)))

    def fail(self, plan: Plan) -> None:
        """Note that a plan could not be carried out, so that it is tried less often."""
        self._failed[plan] += 1

    def _ahead(self, plan: Plan) -> float:
        return (
            self._made["shape", plan.shape] / _SHAPES[plan.shape]
            + self._made["hops", plan.hops]
            + self._made["answer", plan.answer] / _ANSWERS[plan.answer]
            + self._failed[plan] * _FAILED
        )


class Synthesizer:
    """Draws questions from one graph.

    `made` holds those of an earlier start of the run; a question that `accept` refuses is left
    out, and another one is tried in its place.
    """

    def __init__(
        self,
        graph: Graph,
        settings: SynthesisSettings,
        seed: int,
        made: Made | None = None,
        accept: Accept | None = None,
    ) -> None:
        self.graph = graph
        self.settings = settings
        self.seed = seed
        self.made = made or {}
        self.accept = accept
        self.composer = Composer(graph, settings.controls)
        self.classifier = Classifier(graph)
        self.refused: Counter[str] = Counter()

    def anchors(self) -> dict[str, list[str]]:
        """Diseases that a question may start from, by specialty, in an order set by the seed."""
        found: dict[str, list[str]] = {specialty.name: [] for specialty in SPECIALTIES}
        for disease in self.graph.ids(EntityType.DISEASE):
            signs = self.graph.objects(disease, Predicate.HAS_PHENOTYPE)
            genes = self.graph.subjects(disease, Predicate.CAUSES)
            if len(signs) >= _MIN_SIGNS and genes:
                specialty = self.classifier.specialty(disease)
                if specialty:
                    found[specialty].append(disease)
        for name, diseases in found.items():
            Random(f"{self.seed}/{name}").shuffle(diseases)
        return found

    def plans(self) -> list[Plan]:
        """Every plan that the settings allow and the graph has entities for."""
        shapes = SHAPES if self.settings.controls.cycles else SHAPES[:1]
        lengths = range(self.settings.min_hops, self.settings.max_hops + 1)
        return [
            Plan(shape, hops, answer)
            for hops in lengths
            for shape in shapes
            for answer in _ANSWERS
            if self.graph.codes_of(answer)
            and (shape == "chain" or (hops > 2 and answer not in _ENDS))
            and not (shape == "cycle" and hops == 3)
        ]

    def draw(self) -> Iterator[Question]:
        """Yield questions, one specialty after the other in turn, until the graph has no more.

        No two share their answer or the disease they start from; modes of inheritance, ages of
        onset and signs may be asked for again.
        """
        answers: set[str] = set()
        balance = Balance(self.plans())
        lines = [self._of_specialty(*pair, answers, balance) for pair in self.anchors().items()]
        while lines:
            for line in list(lines):
                question = next(line, None)
                if question is None:
                    lines.remove(line)
                else:
                    yield question

    def _of_specialty(
        self, specialty: str, anchors: list[str], answers: set[str], balance: Balance
    ) -> Iterator[Question]:
        for anchor in anchors:
            for plan in balance.plans()[:_PLANS_TRIED]:
                question = self.make(specialty, anchor, plan)
                if question and question.answer.id not in answers:
                    if plan.answer not in _ENDS:
                        answers.add(question.answer.id)
                    balance.count(plan)
                    yield question
                    break
                balance.fail(plan)

    def make(self, specialty: str, anchor: str, plan: Plan) -> Question | None:
        """The question of one plan from `anchor`; `None` if it is not rare or nothing is unique."""
        if (anchor, plan) in self.made:
            return self.made[anchor, plan]
        rare = rarity(self.graph, anchor, self.settings.max_publications)
        if not rare.rare:
            return None
        rng = Random(f"{self.seed}/{anchor}/{plan}")
        draft = self.composer.compose(anchor, plan, rng)
        if draft is None:
            return None
        text = Teller(draft.entities, draft.pattern, draft.clues, rng).tell()
        if leaks(text, draft.entities):
            self.refused["leak"] += 1
            return None
        question = Question.create(
            question=text,
            answer=draft.answer,
            specialty=specialty,
            shape=plan.shape,
            entities=draft.entities,
            hops=draft.hops,
            clues=draft.clues,
            certificate=draft.certificate,
            rarity=rare,
        )
        if self.accept and not self.accept(question):
            self.refused["shortcut"] += 1
            return None
        return question


def plan_of(question: Question) -> Plan:
    """The plan that a question was made by."""
    kind = question.certificate.query.variables[question.certificate.query.answer]
    return Plan(question.shape, len(question.hops), kind)


def synthesize(
    graph: Graph,
    settings: SynthesisSettings,
    ledger: Ledger[Question],
    *,
    count: int,
    seed: int,
    advance: Advance,
) -> dict[str, Any]:
    """Write `count` questions to `ledger`, going on after those it has; return what was made.

    Raises `MedResearcherError` when the graph gives fewer; those it gives are kept.
    """
    kept = {(one.entities[0].id, plan_of(one)): one for one in ledger.read()}
    questions: list[Question] = []
    for question in Synthesizer(graph, settings, seed, kept).draw():
        if len(questions) == count:
            break
        if (question.entities[0].id, plan_of(question)) not in kept:
            ledger.append(question)
        questions.append(question)
        advance(note=question.specialty)
    if len(questions) < count:
        raise MedResearcherError(
            f"the graph gives {len(questions)} questions of {count}: no rare disease is left with "
            f"a chain of {settings.min_hops} to {settings.max_hops} hops and an answer of its own; "
            "ask for fewer, or raise `synthesis.max_publications`"
        )
    return summary(questions)


def write_questions(
    graph: Graph, out: Path, settings: SynthesisSettings, *, count: int, seed: int
) -> dict[str, Any]:
    """The stage on disk: `count` questions in the file `out`, resumed if it was stopped."""
    options = {**settings.model_dump(), "count": count, "seed": seed}
    with Run.beside(out, "synthesize", options, {"graph": graph.digest}) as run:
        if not run.done:
            with progress("synthesize", count) as advance:
                ledger = Ledger(out, Question)
                counts = synthesize(
                    graph, settings, ledger, count=count, seed=seed, advance=advance
                )
            run.lap("synthesize_s")
            run.finish(counts)
        return run.manifest.counts


def summary(questions: list[Question]) -> dict[str, Any]:
    """Counts of questions by specialty, chain length and type of answer."""
    types = (plan_of(one).answer for one in questions)
    return {
        "questions": len(questions),
        "by_specialty": dict(sorted(Counter(one.specialty for one in questions).items())),
        "by_hops": {str(k): n for k, n in sorted(Counter(len(q.hops) for q in questions).items())},
        "by_shape": dict(sorted(Counter(one.shape for one in questions).items())),
        "by_answer": dict(sorted(Counter(map(str, types)).items())),
    }
