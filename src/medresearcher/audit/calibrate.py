"""The stage `calibrate`: questions that reference solvers answer too often are made harder.

Each solver attempts each question. One that a solver answers in more than half of its attempts is
made harder from the same rare disease, proven again (also by the second solver of the audit) and
attempted again; after `rounds` of that, or where the graph gives nothing harder, it is dropped.
Kept questions carry the history in `difficulty`; dropped ones stand in a file of their own.

An attempt that failed is no failure of the solver to answer: its question waits, and the run stays
open until the same command has asked again.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from medresearcher.audit.acceptance import acceptance
from medresearcher.audit.certificates import Auditor
from medresearcher.audit.facts import Facts
from medresearcher.audit.formats import item_of
from medresearcher.audit.prior import Respondent, closed_book, respondent_named
from medresearcher.audit.shortcuts import Meter
from medresearcher.engines.progress import Advance, progress
from medresearcher.errors import InputError, MedResearcherError
from medresearcher.kb import GRAPH, KnowledgeBase
from medresearcher.questions.escalate import Escalation
from medresearcher.questions.synthesize import REPEATABLE, plan_of
from medresearcher.records.base import digest
from medresearcher.records.question import Difficulty, Question, Trial
from medresearcher.runs import Ledger, Run, file_digest, read_records
from medresearcher.settings import Settings

logger = logging.getLogger(__name__)

# The name under which the solver that only searches is asked for.
SEARCH = "search"
SOLVERS = (SEARCH, "local")

_TOO_OFTEN = Fraction(1, 2)
_BATCH = 64


class Tried(NamedTuple):
    """How many attempts a solver made at a question, and how many of them were right."""

    attempts: int
    solved: int


class Solver(Protocol):
    """A reference solver; `identity` tells its attempts from those of others."""

    @property
    def name(self) -> str:
        """What it is called in the history of a question."""
        ...

    @property
    def identity(self) -> str:
        """Name, and all else that decides how it answers."""
        ...

    def attempt(self, questions: Sequence[Question]) -> dict[str, Tried]:
        """By id what came of it; a question with an attempt that failed is left out."""
        ...


@dataclass(frozen=True)
class SearchSolver:
    """One search for the question, and one for each clue: solved if any finds the answer.

    It does the same every time, so it has one attempt; none where a search cannot tell (a
    language without spaces).
    """

    meter: Meter
    name: str = SEARCH

    @property
    def identity(self) -> str:
        """The name says it all: the index belongs to the knowledge base."""
        return self.name

    def attempt(self, questions: Sequence[Question]) -> dict[str, Tried]:
        """By id whether a search finds the answer."""
        return {one.id: self._tried(one) for one in questions}

    def _tried(self, question: Question) -> Tried:
        measured = self.meter.measure(item_of(question))
        found = [one for one in (measured.by_question, measured.by_clue) if one is not None]
        return Tried(1, int(any(one.either for one in found))) if found else Tried(0, 0)


@dataclass(frozen=True)
class ClosedBookSolver:
    """A language model that answers from memory; replies are kept, so none is asked for twice."""

    name: str
    asked: Respondent
    ledger: Path
    attempts: int
    seed: int

    @property
    def identity(self) -> str:
        """The model with its weights or endpoint."""
        return self.asked.identity

    def attempt(self, questions: Sequence[Question]) -> dict[str, Tried]:
        """By id how many replies were right."""
        priors = closed_book(
            [item_of(one) for one in questions],
            self.asked.model,
            identity=self.asked.identity,
            ledger=self.ledger,
            attempts=self.attempts,
            seed=self.seed,
            workers=self.asked.workers,
            advance=_silently,
        )
        return {
            name: Tried(one.attempts, one.correct)
            for name, one in priors.items()
            if one.attempts == self.attempts
        }


def _silently(steps: float = 1, note: str = "") -> None:
    """Show no bar: that of the stage counts questions."""


def solver_named(name: str, base: KnowledgeBase, settings: Settings, k: int, seed: int) -> Solver:
    """`search`, else the language model of this name (`local`: the embedded one)."""
    if name == SEARCH:
        return SearchSolver(Meter(base.index, None))
    asked = respondent_named(name, settings, k)
    ledger = settings.home / "closed_book" / f"{digest(asked.identity)}.jsonl"
    return ClosedBookSolver(name, asked, ledger, k, seed)


class Case(NamedTuple):
    """A question under calibration, the id that it came with, and what was tried so far."""

    question: Question
    origin: str
    history: tuple[Trial, ...] = ()
    version: int = 0

    def tried(self, trials: Sequence[Trial]) -> "Case":
        """The case with the trials of its present version."""
        return self._replace(history=(*self.history, *trials))

    def harder(self, question: Question) -> "Case":
        """The case with a harder question in place of the present one."""
        return self._replace(question=question, version=self.version + 1)

    @property
    def too_easy(self) -> bool:
        """Whether a solver answered the present version in more than half of its attempts."""
        return any(_share(one) > _TOO_OFTEN for one in self._present)

    def record(self) -> Question:
        """The question with its difficulty."""
        shares = [_share(one) for one in self._present if one.attempts]
        difficulty = Difficulty(
            score=float(1 - max(shares)) if shares else None,
            origin=self.origin,
            history=self.history,
        )
        draft = self.question.model_copy(update={"difficulty": difficulty})
        return draft.model_copy(update={"id": draft.content_id()})

    @property
    def _present(self) -> list[Trial]:
        return [one for one in self.history if one.version == self.version]


def _share(trial: Trial) -> Fraction:
    return Fraction(trial.solved, trial.attempts) if trial.attempts else Fraction(0)


class Decided(NamedTuple):
    """What became of a question."""

    question: Question
    kept: bool


Harder = Callable[[Question, int], Question | None]


def calibrate(
    questions: Sequence[Question], solvers: Sequence[Solver], harder: Harder, rounds: int
) -> list[Decided]:
    """Calibrate a batch; questions with an attempt that failed are left out, to be tried again.

    `harder(question, step)` is the harder question in place of one, `None` if there is none.
    """
    cases = [Case(one, one.id) for one in questions]
    decided: dict[str, Decided] = {}
    while cases:
        following: list[Case] = []
        for case in _tried(cases, solvers):
            if not case.too_easy:
                decided[case.origin] = Decided(case.record(), kept=True)
                continue
            step = case.version + 1
            made = harder(case.question, step) if step <= rounds else None
            if made is None:
                decided[case.origin] = Decided(case.record(), kept=False)
            else:
                following.append(case.harder(made))
        cases = following
    return [decided[one.id] for one in questions if one.id in decided]


def _tried(cases: Sequence[Case], solvers: Sequence[Solver]) -> Iterator[Case]:
    """The cases with the attempts of all solvers; those with one that failed are left out."""
    asked = [case.question for case in cases]
    found = [(solver.name, solver.attempt(asked)) for solver in solvers]
    for case in cases:
        name = case.question.id
        if all(name in tried for _, tried in found):
            yield case.tried([_trial(case, solver, *tried[name]) for solver, tried in found])


def _trial(case: Case, solver: str, attempts: int, solved: int) -> Trial:
    return Trial(
        version=case.version,
        plan=plan_text(case.question),
        solver=solver,
        attempts=attempts,
        solved=solved,
    )


def plan_text(question: Question) -> str:
    """How a question is built: "cycle of 4 hops to a gene, broadened by 2"."""
    plan = plan_of(question)
    level = max((one.level for one in question.clues), default=0)
    return f"{plan.shape} of {plan.hops} hops to a {plan.answer}, broadened by {level}"


@dataclass(frozen=True)
class Harden:
    """Makes questions harder, with answers that no question of the file has."""

    escalation: Escalation
    auditor: Auditor
    taken: frozenset[str]

    def __call__(self, question: Question, step: int) -> Question | None:
        """The harder question; `None` if there is none, or if its proof does not hold."""
        made = self.escalation.harder(question, step, self.taken)
        if made is None:
            return None
        defects = self.auditor.check(made)
        if defects:
            logger.warning("%s made harder does not hold: %s", question.id, defects[0].detail)
            return None
        return made


def write_calibrated(
    questions: Path,
    out: Path,
    base: KnowledgeBase,
    settings: Settings,
    *,
    solvers: Sequence[str] = SOLVERS,
    attempts: int = 4,
    rounds: int = 3,
    seed: int = 0,
) -> dict[str, Any]:
    """The stage on disk: kept questions in the file `out`, resumed if it was stopped.

    Raises `InputError` for questions of another graph, `ModelError` for a solver that cannot be
    set up, `MedResearcherError` if all attempts of the run failed.
    """
    asked = list(read_records(questions, Question))
    _check(asked, questions, base)
    named = [solver_named(one, base, settings, attempts, seed) for one in dict.fromkeys(solvers)]
    options = {
        **settings.synthesis.model_dump(mode="json"),
        "solvers": [one.identity for one in named],
        "attempts": attempts,
        "rounds": rounds,
        "seed": seed,
    }
    inputs = {"questions": file_digest([questions]), "graph": base.graph.digest}
    with Run.beside(out, "calibrate", options, inputs) as run:
        if not run.done:
            books = Books.beside(out, fresh=not run.resumed)
            taken = frozenset(one.answer.id for one in asked)
            harden = _harden(base, settings, seed, taken)
            with progress("calibrate", len(asked)) as advance:
                _work(asked, books, lambda some: calibrate(some, named, harden, rounds), advance)
            _close(run, books, asked)
        return run.manifest.counts


@dataclass(frozen=True)
class Books:
    """Where decided questions are written: kept ones and dropped ones."""

    kept: Ledger[Question]
    dropped: Ledger[Question]

    @classmethod
    def beside(cls, out: Path, *, fresh: bool) -> "Books":
        """The ledgers of the run that writes `out`; emptied for a new run."""
        kept = Ledger(out, Question)
        dropped = Ledger(out.with_name(f"{out.stem}.dropped.jsonl"), Question)
        if fresh:
            kept.write([])
            dropped.write([])
        return cls(kept, dropped)

    def decided(self) -> list[Question]:
        """All decided questions, those kept first."""
        return [*self.kept.read(), *self.dropped.read()]

    def add(self, one: Decided) -> None:
        """Write one question."""
        (self.kept if one.kept else self.dropped).append(one.question)

    def order(self, asked: Sequence[Question]) -> None:
        """Put both files into the order of the input; drop what got the answer of one before it."""
        places = {one.id: place for place, one in enumerate(asked)}
        kept = sorted(self.kept.read(), key=lambda one: places[origin_of(one)])
        repeated = list(_repeated(kept))
        dropped = [*self.dropped.read(), *repeated]
        self.dropped.write(sorted(dropped, key=lambda one: places[origin_of(one)]))
        self.kept.write(one for one in kept if one not in repeated)


def _repeated(kept: Sequence[Question]) -> Iterator[Question]:
    """Questions made harder whose answer another one before them got too."""
    seen: set[str] = set()
    for one in kept:
        if one.difficulty and any(trial.version for trial in one.difficulty.history):
            if one.answer.id in seen and plan_of(one).answer not in REPEATABLE:
                yield one
            seen.add(one.answer.id)


def origin_of(question: Question) -> str:
    """The id that a calibrated question came with."""
    return question.difficulty.origin if question.difficulty else question.id


def _work(
    asked: Sequence[Question],
    books: Books,
    work: Callable[[Sequence[Question]], list[Decided]],
    advance: Advance,
) -> None:
    """Decide what is not decided yet, batch by batch."""
    done = {origin_of(one) for one in books.decided()}
    waiting = [one for one in asked if one.id not in done]
    advance(len(asked) - len(waiting), note="resumed" if done else "")
    for start in range(0, len(waiting), _BATCH):
        some = waiting[start : start + _BATCH]
        for one in work(some):
            books.add(one)
        advance(len(some))
    books.order(asked)


def _harden(base: KnowledgeBase, settings: Settings, seed: int, taken: frozenset[str]) -> Harden:
    accept = acceptance(base, settings.synthesis)
    escalation = Escalation(base.graph, settings.synthesis, seed, accept)
    return Harden(escalation, Auditor(Facts.load(base.folder / GRAPH)), taken)


def _check(asked: Sequence[Question], path: Path, base: KnowledgeBase) -> None:
    if not asked:
        raise InputError(f"{path}: holds no question; make some with `medresearcher synthesize`")
    for one in asked:
        if one.difficulty is not None:
            raise InputError(f"{path}: question {one.id} is calibrated already; give the original")
        if one.certificate.graph != base.graph.digest:
            raise InputError(
                f"{path}: question {one.id} was certified over graph {one.certificate.graph}, "
                f"the knowledge base {base.folder} holds graph {base.graph.digest}; "
                "choose its --kb, or synthesize anew"
            )


def _close(run: Run, books: Books, asked: Sequence[Question]) -> None:
    """Finish the run, or leave it open if questions wait."""
    run.lap("calibrate_s")
    counts = summary(asked, books.kept.read(), books.dropped.read())
    waiting: int = counts["waiting"]
    if not waiting:
        run.finish(counts)
        return
    run.update(status="stopped", counts=counts)
    said = f"{run.path}: {waiting} of {len(asked)} questions wait, a solver failed at them"
    if waiting == len(asked):
        raise MedResearcherError(f"{said}; mend the endpoint and run the same command again")
    logger.warning("%s; run the same command to ask again", said)


def summary(
    asked: Sequence[Question], kept: Sequence[Question], dropped: Sequence[Question]
) -> dict[str, Any]:
    """Counts of questions by what became of them, and of attempts by solver."""
    decided = [one.difficulty for one in (*kept, *dropped) if one.difficulty]
    trials = [trial for one in decided for trial in one.history]
    versions = Counter(max((t.version for t in one.history), default=0) for one in decided)
    made: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for one in trials:
        made[one.solver] += one.attempts
        right[one.solver] += one.solved
    return {
        "questions": len(asked),
        "kept": len(kept),
        "dropped": len(dropped),
        "waiting": len(asked) - len(decided),
        "by_escalations": {str(k): n for k, n in sorted(versions.items())},
        "attempts": dict(sorted(made.items())),
        "solved": {name: right[name] for name in sorted(made)},
    }
