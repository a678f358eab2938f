"""What a question must not give away, asked while questions are made.

A question is refused if one search of its words, or of one of its clues, already finds the
answer: the same measure as in `shortcuts`.
"""

from dataclasses import dataclass
from pathlib import Path

from medresearcher.audit.formats import item_of
from medresearcher.audit.shortcuts import Meter
from medresearcher.kb import INDEX, KnowledgeBase
from medresearcher.records.question import Question
from medresearcher.retrieval.index import Index
from medresearcher.settings import SynthesisSettings

_METERS: dict[Path, Meter] = {}


@dataclass(frozen=True, slots=True)
class NotSearchable:
    """Accepts questions that one search in the index at `index` does not solve; picklable."""

    index: Path

    def __call__(self, question: Question) -> bool:
        """Whether neither the question nor one of its clues, as a query, finds the answer."""
        if self.index not in _METERS:
            _METERS[self.index] = Meter(Index.open(self.index), None)
        found = _METERS[self.index].measure(item_of(question))
        return not any(one is not None and one.either for one in (found.by_question, found.by_clue))


def acceptance(base: KnowledgeBase, settings: SynthesisSettings) -> NotSearchable | None:
    """What questions over a knowledge base must pass, as the settings say."""
    if not settings.controls.unsearchable:
        return None
    return NotSearchable((base.folder / INDEX).resolve())
