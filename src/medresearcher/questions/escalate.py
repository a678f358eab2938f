"""Makes a harder question from the rare disease of one that proved too easy.

Harder is a longer chain, a cycle or a fork before a chain, and signs in broader terms. The result
is proven like any other question.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice

from medresearcher.graph.store import Graph
from medresearcher.questions.patterns import SHAPES
from medresearcher.questions.patterns import answers as possible_answers
from medresearcher.questions.synthesize import REPEATABLE, Accept, Plan, Synthesizer, plan_of
from medresearcher.records.knowledge import EntityType
from medresearcher.records.question import Question
from medresearcher.settings import SynthesisSettings

MAX_HOPS = 8
# Last of all the same length, as another shape or in broader terms.
_LONGER = (1, 2, 0)
_MAX_OBFUSCATION = 3
_TRIED = 24
# Few values, so that they can be guessed whatever the chain: better to ask for something else.
_GUESSED = frozenset({EntityType.INHERITANCE, EntityType.ONSET})
_OTHERS = (EntityType.DISEASE, EntityType.GENE)


def harder_plans(graph: Graph, plan: Plan, *, cycles: bool = True) -> Iterator[Plan]:
    """Plans harder than `plan`, the nearest first, that the types of the graph allow."""
    own = (*_OTHERS, plan.answer) if plan.answer in _GUESSED else (plan.answer, *_OTHERS)
    for hops in (plan.hops + more for more in _LONGER if plan.hops + more <= MAX_HOPS):
        for answer in dict.fromkeys(own):
            for shape in reversed(SHAPES) if cycles else SHAPES[:1]:
                if answer in possible_answers(graph, shape, hops):
                    yield Plan(shape, hops, answer)


@dataclass
class Escalation:
    """Makes harder questions over one graph; those that `accept` refuses are left out."""

    graph: Graph
    settings: SynthesisSettings
    seed: int
    accept: Accept | None = None
    _makers: dict[tuple[int, str], Synthesizer] = field(
        default_factory=dict[tuple[int, str], Synthesizer]
    )

    def harder(self, question: Question, step: int, taken: Collection[str]) -> Question | None:
        """A harder question in place of `question`; `None` if the graph gives none.

        `step` counts how often the question was made harder, this time included; `taken` are the
        answers that other questions have.
        """
        level = min(self.settings.controls.obfuscation + step, _MAX_OBFUSCATION)
        maker = self._maker(level, question.language)
        cycles = self.settings.controls.cycles
        plans = harder_plans(self.graph, plan_of(question), cycles=cycles)
        anchor = question.entities[0].id
        for plan in islice(plans, _TRIED):
            made = maker.make(question.specialty, anchor, plan)
            if made and (plan.answer in REPEATABLE or made.answer.id not in taken):
                return made
        return None

    def _maker(self, obfuscation: int, language: str) -> Synthesizer:
        key = (obfuscation, language)
        if key not in self._makers:
            controls = self.settings.controls.model_copy(update={"obfuscation": obfuscation})
            changes = {"controls": controls, "language": language}
            settings = self.settings.model_copy(update=changes)
            self._makers[key] = Synthesizer(self.graph, settings, self.seed, self.accept)
        return self._makers[key]
