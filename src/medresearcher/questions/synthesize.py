"""The stage `synthesize`: certified questions, balanced over specialties and chain lengths.

Every rare disease and chain length has its own random generator, drawn from the seed; a
question therefore does not depend on what was made before it, and a run that was stopped goes
on where it was and ends with the same bytes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from medresearcher.engines.progress import Advance, progress
from medresearcher.errors import MedResearcherError
from medresearcher.graph.rarity import rarity
from medresearcher.graph.store import Graph
from medresearcher.questions.compose import Composer
from medresearcher.questions.grammar import Teller
from medresearcher.questions.leaks import leaks
from medresearcher.questions.specialties import SPECIALTIES, Classifier
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Question
from medresearcher.runs import Ledger, Run
from medresearcher.settings import SynthesisSettings

_MIN_SIGNS = 4

Made = Mapping[tuple[str, int], Question]


class Synthesizer:
    """Draws questions from one graph. `made` holds those of an earlier start of the run."""

    def __init__(
        self, graph: Graph, settings: SynthesisSettings, seed: int, made: Made | None = None
    ) -> None:
        self.graph = graph
        self.settings = settings
        self.seed = seed
        self.made = made or {}
        self.composer = Composer(graph)
        self.classifier = Classifier(graph)

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

    def draw(self) -> Iterator[Question]:
        """Yield questions, one specialty after the other in turn, until the graph has no more.

        No two share their answer or the disease they start from.
        """
        answers: set[str] = set()
        lines = [self._of_specialty(*pair, answers) for pair in self.anchors().items()]
        while lines:
            for line in list(lines):
                question = next(line, None)
                if question is None:
                    lines.remove(line)
                else:
                    yield question

    def _of_specialty(
        self, specialty: str, anchors: list[str], answers: set[str]
    ) -> Iterator[Question]:
        lengths = range(self.settings.min_hops, self.settings.max_hops + 1)
        made = Counter(dict.fromkeys(lengths, 0))
        for anchor in anchors:
            for hops in sorted(lengths, key=lambda one: (made[one], one)):
                question = self.make(specialty, anchor, hops)
                if question and question.answer.id not in answers:
                    answers.add(question.answer.id)
                    made[hops] += 1
                    yield question
                    break

    def make(self, specialty: str, anchor: str, hops: int) -> Question | None:
        """The question that starts at `anchor`; `None` if it is not rare or nothing is unique."""
        if (anchor, hops) in self.made:
            return self.made[anchor, hops]
        rare = rarity(self.graph, anchor, self.settings.max_publications)
        rng = Random(f"{self.seed}/{anchor}/{hops}")
        draft = self.composer.compose(anchor, hops, rng) if rare.rare else None
        if draft is None:
            return None
        text = Teller(draft.entities, draft.chain, draft.clues, rng).tell()
        if leaks(text, draft.entities):
            return None
        return Question.create(
            question=text,
            answer=draft.answer,
            specialty=specialty,
            entities=draft.entities,
            hops=draft.hops,
            clues=draft.clues,
            certificate=draft.certificate,
            rarity=rare,
        )


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
    kept = {(one.entities[0].id, len(one.hops)): one for one in ledger.read()}
    questions: list[Question] = []
    for question in Synthesizer(graph, settings, seed, kept).draw():
        if len(questions) == count:
            break
        if (question.entities[0].id, len(question.hops)) not in kept:
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
    types = (one.entities[-1].type for one in questions)
    return {
        "questions": len(questions),
        "by_specialty": dict(sorted(Counter(one.specialty for one in questions).items())),
        "by_hops": {str(k): n for k, n in sorted(Counter(len(q.hops) for q in questions).items())},
        "by_answer": dict(sorted(Counter(map(str, types)).items())),
    }
