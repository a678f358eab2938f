"""What a model knows without research: its closed-book answers to the questions of a file.

An answer counts as the answer grader says; a reply without an answer line is graded by its first
line. Replies are kept in a ledger by model, prompt, question, attempt and seed, so a stopped run
goes on where it was. A question that the model failed to answer (an endpoint that is down) has no
result and is asked again the next time; it never counts as unsolved.
"""

import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from medresearcher.audit.figures import Figure, share
from medresearcher.audit.formats import Item
from medresearcher.audit.naming import Names, Text
from medresearcher.engines.local import map_items
from medresearcher.engines.progress import Advance, progress
from medresearcher.grading.answers import extract_answer, grade
from medresearcher.llm.chat import ChatModel
from medresearcher.llm.endpoint import EndpointModel
from medresearcher.llm.local import LocalModel, model_file
from medresearcher.llm.prompts import VERSIONS, prompt
from medresearcher.records.base import Record, digest
from medresearcher.records.question import Answer
from medresearcher.records.trajectory import Message
from medresearcher.runs import Ledger
from medresearcher.settings import LlmSettings, Settings

logger = logging.getLogger(__name__)

# The name under which the embedded model is asked for.
LOCAL = "local"

_PROMPT = "closed_book"
# Shows the form of a reply; without it a small model explains and never names.
_EXAMPLE = ("Which hormone lowers the glucose in the blood?", "Answer: insulin")
_MAX_TOKENS = 24


def closed_book_settings(attempts: int) -> LlmSettings:
    """Short replies; greedy for a single attempt, else at temperature 0.7."""
    return LlmSettings(temperature=0.0 if attempts == 1 else 0.7, max_tokens=_MAX_TOKENS)


class ClosedBook(Record):
    """One reply. `model` names the model and its weights or endpoint, `question` is a hash."""

    SCHEMA: ClassVar[str] = "medresearcher/closed_book/1"
    PREFIX: ClassVar[str] = "c"

    model: str
    prompt: int
    question: str
    attempt: int
    seed: int
    reply: str


class Prior(NamedTuple):
    """The attempts at one question: how many there were, were right, and named the answer.

    `named` counts replies with a name of the answer anywhere, and so is at least `correct`.
    """

    attempts: int
    correct: int
    named: int


class _Task(NamedTuple):
    question: str
    attempt: int


def closed_book(
    items: Sequence[Item],
    model: ChatModel,
    *,
    identity: str,
    ledger: Path,
    attempts: int = 1,
    seed: int = 0,
    workers: int = 1,
    advance: Advance | None = None,
) -> dict[str, Prior]:
    """Ask the model each question `attempts` times; by item id what came of it.

    `identity` says which model it is, with what decides its replies (weights or endpoint,
    temperature). Items without any reply are left out, and each error is logged. Without
    `advance` there is a progress bar.
    """
    book = Ledger(ledger, ClosedBook)
    key = (identity, VERSIONS[_PROMPT], seed)
    known = {
        (one.question, one.attempt): one.reply
        for one in book.read()
        if (one.model, one.prompt, one.seed) == key
    }
    hashes = {digest(item.question): item.question for item in items}
    tasks = [_Task(one, attempt) for one in hashes for attempt in range(attempts)]
    open_tasks = [task for task in tasks if task not in known]

    def ask(task: _Task) -> str:
        asked = _messages(hashes[task.question])
        own = int(digest([seed, task.question, task.attempt], 7), 16)
        return model.complete(asked, (), own).message.content or ""

    shown = nullcontext(advance) if advance else progress("closed book", len(tasks))
    with shown as advance:
        advance(len(tasks) - len(open_tasks))
        for done in map_items(ask, open_tasks, workers=workers):
            advance()
            if done.result is None:
                logger.warning("closed book: %s: no reply: %s", done.item.question, done.failure)
                continue
            known[done.item] = done.result
            book.append(_record(key, done.item, done.result))
    return _judged(items, known, attempts)


@dataclass(frozen=True, slots=True)
class Respondent:
    """A model that answers closed-book, and what tells its replies from those of others."""

    model: ChatModel
    identity: str
    workers: int


def respondent_named(name: str, settings: Settings, attempts: int = 1) -> Respondent:
    """The embedded model for `local`, else the model of this name at the set endpoint.

    Raises `ModelError` if the extra or the endpoint is missing. An endpoint keeps its setting of
    completion tokens, since reasoning counts there; a single attempt is greedy for both.
    """
    if name == LOCAL:
        copies = os.cpu_count() or 1
        local = LocalModel(model_file(settings.home), closed_book_settings(attempts), copies)
        return Respondent(local, local.identity, copies)
    llm = settings.llm
    if attempts == 1:
        llm = llm.model_copy(update={"temperature": 0.0})
    identity = f"{name}@{llm.base_url}/t{llm.temperature:g}/n{llm.max_tokens}"
    return Respondent(EndpointModel(name, llm), identity, settings.rollout.workers)


def ask_prior(
    items: Sequence[Item], name: str, settings: Settings, *, attempts: int = 1, seed: int = 0
) -> dict[str, Prior]:
    """`closed_book` with a model by name; replies are kept below the home of the settings."""
    asked = respondent_named(name, settings, attempts)
    return closed_book(
        items,
        asked.model,
        identity=asked.identity,
        ledger=settings.home / "closed_book" / f"{digest(asked.identity)}.jsonl",
        attempts=attempts,
        seed=seed,
        workers=asked.workers,
    )


def solved_from_prior(priors: Iterable[Prior]) -> Figure:
    """The share of questions with a right answer in any attempt."""
    every = list(priors)
    return share(sum(one.correct > 0 for one in every), len(every))


def named_from_prior(priors: Iterable[Prior]) -> Figure:
    """The share of questions whose answer is named in a reply to any attempt: an upper bound."""
    every = list(priors)
    return share(sum(one.named > 0 for one in every), len(every))


def _messages(question: str) -> list[Message]:
    shown, reply = _EXAMPLE
    return [
        Message(role="user", content=prompt(_PROMPT, question=shown)),
        Message(role="assistant", content=reply),
        Message(role="user", content=prompt(_PROMPT, question=question)),
    ]


def _record(key: tuple[str, int, int], task: _Task, reply: str) -> ClosedBook:
    identity, version, seed = key
    return ClosedBook.create(
        model=identity,
        prompt=version,
        question=task.question,
        attempt=task.attempt,
        seed=seed,
        reply=reply,
    )


def _judged(
    items: Sequence[Item], known: dict[tuple[str, int], str], attempts: int
) -> dict[str, Prior]:
    found: dict[str, Prior] = {}
    replies: dict[str, list[str]] = defaultdict(list)
    for (question, attempt), reply in sorted(known.items()):
        if attempt < attempts:
            replies[question].append(reply)
    for item in items:
        said = replies.get(digest(item.question), [])
        if said:
            found[item.id] = judge(item, said)
    return found


def judge(item: Item, replies: Sequence[str]) -> Prior:
    """Grade the replies to one question."""
    answer = item.record.answer if item.record else None
    answer = answer or Answer(id="", name=item.answer, aliases=item.aliases)
    names = Names(item.names)
    right = [_is_right(answer, reply) for reply in replies]
    named = [
        correct or names.first_in(Text(reply)) is not None
        for correct, reply in zip(right, replies, strict=True)
    ]
    return Prior(len(replies), sum(right), sum(named))


def _is_right(answer: Answer, reply: str) -> bool:
    lines = reply.strip().splitlines()
    if extract_answer(reply) is None and lines:
        reply = f"Answer: {lines[0]}"
    return bool(grade(answer, reply).correct)
