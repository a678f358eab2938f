"""The stage `phrase`: questions in a language model's words, each proven to say the same.

A wording is accepted if it passes the checks of `rewording`, and if the model, shown the text
alone, reads exactly the certificate's query in it (`readback`). Otherwise the model is told why and
tries again; after `tries` the question keeps the grammar's words. Either way `Question.phrasing`
says what happened. A failing endpoint also leaves the grammar's words, with its error; those
questions are asked about again when the same command is run again.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medresearcher.engines.local import map_items
from medresearcher.engines.progress import Advance, progress
from medresearcher.errors import InputError, MedResearcherError, ModelError
from medresearcher.graph.store import Graph
from medresearcher.llm.chat import ChatModel
from medresearcher.llm.prompts import VERSIONS, prompt
from medresearcher.questions.readback import Reason, compare, parse, read_back_prompt
from medresearcher.questions.rewording import (
    Detect,
    Wordcheck,
    folded,
    numbers_in,
    numbers_of,
    places,
)
from medresearcher.questions.synthesize import Accept
from medresearcher.records.base import digest
from medresearcher.records.question import Atom, Clue, Phrasing, Question
from medresearcher.records.trajectory import Message
from medresearcher.runs import Ledger, Run, file_digest, read_records

logger = logging.getLogger(__name__)

STYLES: Mapping[str, str] = {
    "vignette": "a vignette of a board examination: a patient seen by a physician, told in neutral "
    "clinical language, that ends in the question",
    "research": "a query that a clinical geneticist would put to a literature service",
    "story": "the story of a patient or a relative, who tells in plain words what the doctors "
    "found, and asks",
}
_PROMPTS = " ".join(f"{name}.v{VERSIONS[name]}" for name in ("phrase", "read_back"))
_NAMES_SHOWN = 4
_WHY: Mapping[Reason, str] = {
    Reason.MALFORMED: "it is not one paragraph that ends in a question, or is far too long",
    Reason.CLUE_MISSING: "something that must be said is missing, or said in other words",
    Reason.NUMBER_CHANGED: "a number is missing or changed",
    Reason.NUMBER_ADDED: "it has a number that the question does not have",
    Reason.NEGATION_CHANGED: "what is absent was made present, or the other way round",
    Reason.NAME_LEAKED: "it names something that the question leaves unnamed",
    Reason.ENTITY_ADDED: "it mentions a disorder, sign, gene or drug that the question does not",
    Reason.STRUCTURE_CHANGED: "the relations between the unnamed things are no longer the same",
    Reason.CLUE_LOST: "something is no longer said of the thing that it was said of",
    Reason.CLUE_ADDED: "it says something that the question does not say",
    Reason.OTHER_QUESTION: "it asks for something else",
    Reason.SEARCHABLE: "its words give the answer away to a search",
}


@dataclass(frozen=True)
class Reworded:
    """New words of a question: the text, and the words and the name of each clue in it."""

    text: str
    clues: tuple[Clue, ...]


class Phraser:
    """Words English questions with a chat model.

    `detect` finds what a text mentions; `accept`, if given, judges the reworded question.
    """

    def __init__(
        self,
        model: ChatModel,
        graph: Graph,
        detect: Detect,
        *,
        tries: int = 3,
        accept: Accept | None = None,
    ) -> None:
        self.model = model
        self.check = Wordcheck(graph, detect)
        self.tries = tries
        self.accept = accept

    def phrase(self, question: Question, style: str, seed: int) -> Question:
        """The question in new words, or in its own ones, and how that came about."""
        rejected: Counter[Reason] = Counter()
        wording: Reworded | None = None
        error: str | None = None
        messages = [Message(role="user", content=self._prompt(question, style))]
        try:
            while wording is None and rejected.total() < self.tries:
                text = self._ask(messages, seed)
                found = self._tried(question, text, seed)
                if isinstance(found, Reworded):
                    wording = found
                else:
                    rejected[found] += 1
                    messages += _rejection(text, found)
        except ModelError as failure:
            error = str(failure)
        phrasing = Phrasing(
            method="model" if wording else "grammar",
            origin=question.id,
            model=self.model.name,
            style=style,
            prompts=_PROMPTS,
            tries=rejected.total() + (wording is not None),
            rejected={str(reason): rejected[reason] for reason in sorted(rejected)},
            error=error,
        )
        return _reworded(question, wording, phrasing)

    def _ask(self, messages: Sequence[Message], seed: int) -> str:
        reply = self.model.complete(messages, (), seed).message.content or ""
        return reply.strip()

    def _tried(self, question: Question, text: str, seed: int) -> Reworded | Reason:
        """The wording that a text is, or the reason to reject it."""
        problem = self.check.problem(question, text)
        if problem:
            return problem
        asked = [Message(role="user", content=read_back_prompt(text))]
        reading = parse(self._ask(asked, seed))
        if reading is None:
            return Reason.UNREADABLE
        names = [self.check.names(clue) for clue in question.clues]
        words = compare(question, folded(names), reading)
        if isinstance(words, Reason):
            return words
        clues = [
            _said(clue, text, quoted, some)
            for clue, quoted, some in zip(question.clues, words, names, strict=True)
        ]
        known = tuple(clue for clue in clues if clue is not None)
        if len(known) < len(clues):
            return Reason.WORDS_NOT_IN_TEXT
        draft = question.model_copy(update={"question": text, "clues": known})
        if self.accept and not self.accept(draft):
            return Reason.SEARCHABLE
        return Reworded(text, known)

    def _prompt(self, question: Question, style: str) -> str:
        lines = (f"- {self._line(clue)}" for clue in question.clues)
        return prompt(
            "phrase", style=STYLES[style], clues="\n".join(lines), question=question.question
        )

    def _line(self, clue: Clue) -> str:
        """A clue with the names under which it may be said."""
        others = [name for name in self.check.names(clue) if name.casefold() not in clue.text]
        absent = isinstance(clue.condition, Atom) and clue.condition.negated
        shown = "; or ".join((clue.text, *others[:_NAMES_SHOWN]))
        return f"(absent) {shown}" if absent else shown


def _rejection(text: str, reason: Reason) -> list[Message]:
    why = _WHY.get(reason, "what it says could not be read back")
    return [
        Message(role="assistant", content=text),
        Message(role="user", content=f"That cannot be used: {why}. Reword the question again."),
    ]


def _said(clue: Clue, text: str, quoted: str, names: Sequence[str]) -> Clue | None:
    """A clue in the words that now state it; `None` if they do not stand in the text."""
    words = " ".join(quoted.split())
    if words.casefold() not in " ".join(text.split()).casefold():
        return None
    if set(numbers_of(clue)) - set(numbers_in(words)):
        return None
    if not clue.name:
        return clue.model_copy(update={"text": words})
    name = max((one for one in names if places([one], words)), key=len, default=None)
    return clue.model_copy(update={"text": words, "name": name}) if name else None


def _reworded(question: Question, wording: Reworded | None, phrasing: Phrasing) -> Question:
    changes: dict[str, Any] = {"phrasing": phrasing}
    if wording:
        changes |= {"question": wording.text, "clues": wording.clues}
    draft = question.model_copy(update=changes)
    return draft.model_copy(update={"id": draft.content_id()})


def write_phrased(
    questions: Path,
    out: Path,
    phraser: Phraser,
    *,
    styles: Sequence[str] = tuple(STYLES),
    seed: int = 0,
    workers: int = 1,
) -> dict[str, Any]:
    """The stage on disk: the questions of a file in new words, resumed if it was stopped.

    The styles are given out in turn. Raises `InputError` for questions that cannot be reworded,
    `MedResearcherError` if the model failed at every question.
    """
    asked = list(read_records(questions, Question))
    _check(asked, questions, phraser.check.graph, styles)
    options = {
        "model": phraser.model.name,
        "prompts": _PROMPTS,
        "styles": list(styles),
        "tries": phraser.tries,
        "seed": seed,
    }
    inputs = {"questions": file_digest([questions]), "graph": phraser.check.graph.digest}
    with Run.beside(out, "phrase", options, inputs) as run:
        if not run.done:
            with progress("phrase", len(asked)) as advance:
                made = _work(asked, Ledger(out, Question), phraser, styles, seed, workers, advance)
            run.lap("phrase_s")
            _close(run, made)
        return run.manifest.counts


def _work(
    asked: Sequence[Question],
    ledger: Ledger[Question],
    phraser: Phraser,
    styles: Sequence[str],
    seed: int,
    workers: int,
    advance: Advance,
) -> list[Question]:
    """Word what is not worded yet; the file ends in the order of the input."""
    style_of = {one.id: styles[place % len(styles)] for place, one in enumerate(asked)}
    done = {_origin(one): one for one in ledger.read() if not _failed(one)}
    waiting = [one for one in asked if one.id not in done]
    advance(len(asked) - len(waiting), note="resumed" if done else "")

    def phrase(question: Question) -> Question:
        own = int(digest([seed, question.id], 7), 16)
        return phraser.phrase(question, style_of[question.id], own)

    for item, result, failure in map_items(phrase, waiting, workers=workers):
        if result is None:
            raise MedResearcherError(f"{item.id}: {failure}")
        ledger.append(result)
        done[item.id] = result
        advance()
    made = [done[one.id] for one in asked]
    ledger.write(made)
    return made


def _origin(question: Question) -> str:
    return question.phrasing.origin if question.phrasing else question.id


def _failed(question: Question) -> bool:
    return question.phrasing is not None and question.phrasing.error is not None


def _check(asked: Sequence[Question], path: Path, graph: Graph, styles: Sequence[str]) -> None:
    unknown = [one for one in styles if one not in STYLES]
    if unknown or not styles:
        raise InputError(f"expected styles of {', '.join(STYLES)}; got {', '.join(unknown) or '-'}")
    if not asked:
        raise InputError(f"{path}: holds no question; make some with `medresearcher synthesize`")
    for one in asked:
        if one.certificate.graph != graph.digest:
            raise InputError(
                f"{path}: question {one.id} was certified over graph {one.certificate.graph}, "
                f"not {graph.digest}; choose its --kb, or synthesize anew"
            )
        if one.language != "en":
            raise InputError(f"{path}: question {one.id} is not English (`{one.language}`)")
        if one.phrasing or one.difficulty:
            raise InputError(
                f"{path}: question {one.id} was reworded or calibrated before; "
                "give the questions as `synthesize` wrote them, and calibrate after rewording"
            )


def _close(run: Run, made: Sequence[Question]) -> None:
    """Finish the run, or leave it open if the model failed at some questions."""
    counts = summary(made)
    failed: int = counts["failed"]
    if not failed:
        run.finish(counts)
        return
    run.update(status="stopped", counts=counts)
    first = next(one.phrasing.error for one in made if one.phrasing and one.phrasing.error)
    said = f"{run.path}: the model failed at {failed} of {len(made)} questions ({first})"
    if failed == len(made):
        raise MedResearcherError(f"{said}; mend the endpoint and run the same command again")
    logger.warning("%s; they keep the grammar's words until the same command is run again", said)


def summary(made: Sequence[Question]) -> dict[str, Any]:
    """Counts of questions by who worded them, and of rejected wordings by reason."""
    phrasings = [one.phrasing for one in made if one.phrasing]
    rejected: Counter[str] = Counter()
    for one in phrasings:
        rejected.update(one.rejected)
    return {
        "questions": len(made),
        "by_method": dict(sorted(Counter(one.method for one in phrasings).items())),
        "by_style": dict(sorted(Counter(one.style for one in phrasings).items())),
        "failed": sum(one.error is not None for one in phrasings),
        "tries": sum(one.tries for one in phrasings),
        "rejected": {str(reason): rejected[reason] for reason in Reason},
    }
