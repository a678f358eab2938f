"""The stage `synthesize`: certified questions, balanced over specialties, shapes and answers.

Rare diseases are worked on in batches; each batch, and each plan of a question, has its own
random generator, drawn from the seed. So questions do not depend on which process made them or
when, and a run that was stopped ends with the same bytes.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import count as count_from
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from medresearcher.engines.engine import Engine
from medresearcher.engines.progress import Advance, progress
from medresearcher.errors import MedResearcherError
from medresearcher.graph.rarity import rarity
from medresearcher.graph.store import Graph
from medresearcher.questions.compose import Composer, Draft, Plan
from medresearcher.questions.languages import check_language, language_of
from medresearcher.questions.leaks import leaks, stands_in
from medresearcher.questions.patterns import SHAPES
from medresearcher.questions.patterns import answers as possible_answers
from medresearcher.questions.reasoning import reasoning
from medresearcher.questions.specialties import SPECIALTIES, Classifier
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Clue, Question
from medresearcher.runs import Ledger, Run
from medresearcher.settings import SynthesisSettings

_MIN_SIGNS = 4

Accept = Callable[[Question], bool]

Part = str | int | EntityType
# How often each shape, length and type of answer is wanted, relative to the others of its sort. A
# mode of inheritance or an age of onset can be guessed, so few questions ask for one.
_WANTED: Mapping[Part, float] = {
    "chain": 2.0,
    2: 0.5,
    EntityType.DISEASE: 10.0,
    EntityType.GENE: 6.0,
    EntityType.GENE_GROUP: 3.0,
    EntityType.DRUG: 3.0,
    EntityType.PATHWAY: 3.0,
    EntityType.PHENOTYPE: 1.5,
    EntityType.INHERITANCE: 0.3,
    EntityType.ONSET: 0.3,
}
REPEATABLE = frozenset({EntityType.PHENOTYPE, EntityType.INHERITANCE, EntityType.ONSET})
_BATCH = 8
_PASSES = 12
_PLANS_TRIED = 8
# A failure counts as this part of a question made.
_FAILED = 0.05


class Balance:
    """Which plan to try next, so that shapes, lengths and answers come as often as wanted.

    Each begins as if a part of one, drawn from `rng`, were made: then what is wanted seldom is
    seldom first, also where only a few questions are made.
    """

    def __init__(self, plans: Sequence[Plan], rng: Random) -> None:
        self._plans = rng.sample(plans, len(plans))
        parts = {part: None for plan in self._plans for part in _parts(plan)}
        self._made: dict[Part, float] = {part: rng.random() for part in parts}
        self._failed: Counter[Plan] = Counter()

    def plans(self) -> list[Plan]:
        """The plans, those that are most behind first."""
        return sorted(self._plans, key=self._ahead)

    def count(self, plan: Plan) -> None:
        """Note that a question of this plan was made."""
        for part in _parts(plan):
            self._made[part] += 1

    def fail(self, plan: Plan) -> None:
        """Note that a plan could not be carried out, so that it is tried less often."""
        self._failed[plan] += 1

    def _ahead(self, plan: Plan) -> float:
        made = sum(self._made[part] / _WANTED.get(part, 1.0) for part in _parts(plan))
        return made + self._failed[plan] * _FAILED


def _parts(plan: Plan) -> tuple[Part, ...]:
    return plan.shape, plan.hops, plan.answer


class Batch(NamedTuple):
    """One work item: so many anchors of a specialty, counted from the first batch on."""

    specialty: str
    number: int


class Drawn(NamedTuple):
    """The questions of a batch; `last` if its specialty has no more anchors."""

    questions: tuple[Question, ...]
    last: bool


class Synthesizer:
    """Draws questions from one graph; one that `accept` refuses is left out."""

    def __init__(
        self, graph: Graph, settings: SynthesisSettings, seed: int, accept: Accept | None = None
    ) -> None:
        self.graph = graph
        self.settings = settings
        self.seed = seed
        self.accept = accept
        self.language = language_of(settings.language, graph)
        self.composer = Composer(graph, settings.controls, self.language)
        self.classifier = Classifier(graph)

    @cached_property
    def anchors(self) -> dict[str, list[str]]:
        """Diseases that a question may start from, by specialty, in an order set by the seed.

        One that belongs to several specialties goes to the one with the fewest to choose from.
        """
        open_to = {one: self.classifier.specialties(one) for one in self._rare()}
        choice = Counter(name for names in open_to.values() for name in names)
        found: dict[str, list[str]] = {specialty.name: [] for specialty in SPECIALTIES}
        for disease, names in open_to.items():
            if names:
                found[min(names, key=lambda name: choice[name])].append(disease)
        for name, diseases in found.items():
            Random(f"{self.seed}/{name}").shuffle(diseases)
        return found

    def _rare(self) -> Iterator[str]:
        """The rare diseases with enough signs to open with, and a gene to go on to."""
        for disease in self.graph.ids(EntityType.DISEASE):
            signs = self.graph.objects(disease, Predicate.HAS_PHENOTYPE)
            genes = self.graph.subjects(disease, Predicate.CAUSES)
            if len(signs) >= _MIN_SIGNS and genes and self._is_rare(disease):
                yield disease

    @cached_property
    def plans(self) -> list[Plan]:
        """Every plan that the settings allow and the graph has relations for."""
        shapes = SHAPES if self.settings.controls.cycles else SHAPES[:1]
        return [
            Plan(shape, hops, answer)
            for hops in range(self.settings.min_hops, self.settings.max_hops + 1)
            for shape in shapes
            for answer in sorted(possible_answers(self.graph, shape, hops))
            if self.graph.codes_of(answer)
        ]

    def batch(self, batch: Batch) -> Drawn:
        """The questions of one batch: from each anchor the first plan that can be carried out.

        When the anchors are through, they are gone through again, for other questions.
        """
        every = self.anchors[batch.specialty]
        start, stop = batch.number * _BATCH, (batch.number + 1) * _BATCH
        balance = Balance(self.plans, Random(f"{self.seed}/{batch}"))
        made: list[Question] = []
        for place in range(start, min(stop, _PASSES * len(every))):
            turn, number = divmod(place, len(every))
            for plan in balance.plans()[:_PLANS_TRIED]:
                question = self.make(batch.specialty, every[number], plan, turn)
                if question:
                    made.append(question)
                    balance.count(plan)
                    break
                balance.fail(plan)
        return Drawn(tuple(made), last=stop >= _PASSES * len(every))

    def make(self, specialty: str, anchor: str, plan: Plan, turn: int = 0) -> Question | None:
        """The question of one plan from `anchor`; `None` if none is unique, or it is refused."""
        rng = Random(f"{self.seed}/{anchor}/{plan}/{turn}")
        draft = self.composer.compose(anchor, plan, rng)
        if draft is None:
            return None
        clues = self._worded(draft)
        text = self.language.tell(draft.entities, draft.pattern, clues, rng)
        if leaks(text, draft.entities) or self._names_in(text, draft):
            return None
        question = Question.create(
            question=text,
            answer=draft.answer,
            specialty=specialty,
            shape=plan.shape,
            entities=draft.entities,
            hops=draft.hops,
            clues=clues,
            reasoning=reasoning(draft),
            certificate=draft.certificate,
            rarity=rarity(self.graph, anchor, self.settings.max_publications),
            language=self.settings.language,
        )
        return question if self.accept is None or self.accept(question) else None

    def _worded(self, draft: Draft) -> tuple[Clue, ...]:
        types = {one.mask: one.type for one in draft.entities}
        return tuple(self.language.worded(one, types[one.mask]) for one in draft.clues)

    def _names_in(self, text: str, draft: Draft) -> list[str]:
        """Names that hidden entities have in the language alone and that stand in the text."""
        names = (name for one in draft.entities for name in self.language.names(one.id))
        return [name for name in names if stands_in(name, text)]

    def _is_rare(self, disease: str) -> bool:
        if not self.settings.controls.rare:
            return True
        return bool(rarity(self.graph, disease, self.settings.max_publications).rare)


@dataclass(frozen=True, slots=True)
class DrawBatch:
    """The work on a batch, for any process: it loads the graph in `folder` once."""

    folder: Path
    settings: SynthesisSettings
    seed: int
    accept: Accept | None = None

    def prepare(self) -> None:
        """Load the graph now, and not with the first batch."""
        self._synthesizer()

    def __call__(self, batch: Batch) -> Drawn:
        """The questions of one batch."""
        return self._synthesizer().batch(batch)

    def _synthesizer(self) -> Synthesizer:
        key = str((self.folder, self.settings, self.seed))
        if key not in _LOADED:
            _LOADED.clear()
            graph = Graph.load(self.folder)
            _LOADED[key] = Synthesizer(graph, self.settings, self.seed, self.accept)
        return _LOADED[key]


_LOADED: dict[str, Synthesizer] = {}


class Supply:
    """The questions of each specialty, batch by batch, from one run of an engine.

    Which batches are worked on ahead depends on what is done first; what a specialty gives does
    not.
    """

    def __init__(self, engine: Engine, work: Callable[[Batch], Drawn]) -> None:
        self._open = {specialty.name: 0 for specialty in SPECIALTIES}
        self._ahead = Counter(dict.fromkeys(self._open, 0))
        self._drawn: dict[Batch, Drawn] = {}
        self._done = engine.map(work, self._orders())

    def close(self) -> None:
        """Stop the engine; what is in flight is dropped."""
        self._done.close()

    def of(self, specialty: str) -> Iterator[Question]:
        """Yield the questions of a specialty, to its end."""
        for number in count_from(0):
            drawn = self._take(Batch(specialty, number))
            self._ahead[specialty] -= len(drawn.questions)
            yield from drawn.questions
            if drawn.last:
                return

    def _orders(self) -> Iterator[Batch]:
        """The batches to work on: next always one of the specialty with the least in store."""
        while self._open:
            name = min(self._open, key=lambda one: self._ahead[one])
            self._ahead[name] += _BATCH // 2
            self._open[name] += 1
            yield Batch(name, self._open[name] - 1)

    def _take(self, batch: Batch) -> Drawn:
        while batch not in self._drawn:
            done = next(self._done)
            if done.result is None:
                raise MedResearcherError(f"{done.item.specialty}: {done.failure}")
            self._drawn[done.item] = done.result
            self._ahead[done.item.specialty] += len(done.result.questions) - _BATCH // 2
            if done.result.last:
                self._open.pop(done.item.specialty, None)
        return self._drawn.pop(batch)


def in_turn(supply: Supply) -> Iterator[Question]:
    """Yield one question of each specialty in turn, until none has more.

    No two share their answer, but for modes of inheritance, ages of onset and signs.
    """
    answers: set[str] = set()
    lines = [supply.of(specialty.name) for specialty in SPECIALTIES]
    while lines:
        for line in list(lines):
            question = next((one for one in line if _is_new(one, answers)), None)
            if question is None:
                lines.remove(line)
            else:
                answers.add(question.answer.id)
                yield question


def _is_new(question: Question, answers: set[str]) -> bool:
    """Whether the answer was not asked for before, or may be asked for again."""
    return plan_of(question).answer in REPEATABLE or question.answer.id not in answers


def plan_of(question: Question) -> Plan:
    """The plan that a question was made by."""
    kind = question.certificate.query.variables[question.certificate.query.answer]
    return Plan(question.shape, len(question.hops), kind)


def synthesize(
    work: Callable[[Batch], Drawn],
    ledger: Ledger[Question],
    engine: Engine,
    *,
    count: int,
    advance: Advance,
) -> list[Question]:
    """Write `count` questions to `ledger` as they come; return them.

    Questions that the ledger has already are not written again. Raises `MedResearcherError` when
    the graph gives fewer; those it gives are kept.
    """
    kept = len(ledger.read())
    made: list[Question] = []
    with closing(Supply(engine, work)) as supply:
        for question in in_turn(supply):
            if len(made) >= kept:
                ledger.append(question)
            made.append(question)
            advance(note=question.specialty)
            if len(made) == count:
                return made
    raise MedResearcherError(
        f"the graph gives {len(made)} questions of {count}: no rare disease is left with a pattern "
        "of the wanted lengths, two signs to open with, and an answer of its own; ask for fewer, "
        "or widen `synthesis.min_hops`, `synthesis.max_hops` or `synthesis.max_publications`"
    )


def write_questions(
    graph: Graph,
    out: Path,
    settings: SynthesisSettings,
    *,
    count: int,
    seed: int,
    engine: Engine | None = None,
    accept: Accept | None = None,
) -> dict[str, Any]:
    """The stage on disk: `count` questions in the file `out`, resumed if it was stopped."""
    check_language(settings.language, graph)
    options = {**settings.model_dump(), "count": count, "seed": seed}
    with Run.beside(out, "synthesize", options, {"graph": graph.digest}) as run:
        if not run.done:
            work = DrawBatch(graph.folder.resolve(), settings, seed, accept)
            with progress("synthesize", count) as advance:
                ledger = Ledger(out, Question)
                made = synthesize(work, ledger, engine or Engine(), count=count, advance=advance)
            run.lap("synthesize_s")
            run.finish(summary(made))
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
