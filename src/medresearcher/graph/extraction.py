"""Relations read out of texts by a language model, kept only where the text itself bears them out.

The model is shown a document and the entities that the dictionary found in it, and answers with
relations and the span that states each. A relation is kept if its predicate fits the types of its
ends, both ends are among the entities shown, and the span stands verbatim in the title or the
text and contains a name of both. All else is dropped and counted by reason. An entity is shown only
where its name means it alone.

Each document is one record of an append-only ledger, named by what the model was asked: a run that
was stopped goes on, a changed text is asked about anew, and a call that failed is a record with an
error, tried again at the next start.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medresearcher.engines.local import map_items
from medresearcher.graph.mentions import Mention
from medresearcher.llm.chat import ChatModel
from medresearcher.llm.prompts import VERSIONS, prompt
from medresearcher.records.base import Frozen, Record, digest
from medresearcher.records.knowledge import Document, EntityType, Mined, Predicate
from medresearcher.records.trajectory import Message, Usage
from medresearcher.runs import Ledger

# A longer text is read up to here, and counted.
MAX_CHARACTERS = 12_000
PROMPT = "relations"

_D, _P, _G, _DRUG = (
    EntityType.DISEASE,
    EntityType.PHENOTYPE,
    EntityType.GENE,
    EntityType.DRUG,
)
ALLOWED: Mapping[Predicate, frozenset[tuple[EntityType, EntityType]]] = {
    Predicate.HAS_PHENOTYPE: frozenset({(_D, _P)}),
    Predicate.CAUSES: frozenset({(_G, _D)}),
    Predicate.TREATS: frozenset({(_DRUG, _D), (_DRUG, _P)}),
    Predicate.AFFECTS: frozenset({(_DRUG, _G)}),
    Predicate.HAS_SIDE_EFFECT: frozenset({(_DRUG, _P), (_DRUG, _D)}),
}
_PAIRS = frozenset[tuple[EntityType, EntityType]]().union(*ALLOWED.values())
_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n\s*```\s*", re.DOTALL | re.IGNORECASE)


class Reason(StrEnum):
    """Why an answer, or a relation in it, was dropped."""

    MALFORMED = "malformed"
    UNKNOWN_ENTITY = "unknown_entity"
    BAD_PREDICATE = "bad_predicate"
    NOT_VERBATIM = "not_verbatim"
    NAMES_NOT_IN_SPAN = "names_not_in_span"
    REPEATED = "repeated"


class Relation(Frozen):
    """One relation that a text states, and its words that do."""

    subject: str
    predicate: Predicate
    object: str
    span: str


class Extraction(Record):
    """What came of asking about one document; `request` is a hash of what was asked."""

    SCHEMA: ClassVar[str] = "medresearcher/extraction/1"
    PREFIX: ClassVar[str] = "x"

    document: str
    request: str
    method: str
    relations: tuple[Relation, ...] = ()
    dropped: dict[str, int] = Field(default_factory=dict)
    usage: Usage = Usage()
    error: str | None = None

    def mined(self) -> Iterator[Mined]:
        """The relations as rows of the knowledge base."""
        for one in self.relations:
            yield Mined(
                one.subject, one.predicate, one.object, self.document, one.span, self.method
            )


class _Claim(BaseModel):
    """One relation as the model writes it."""

    model_config = ConfigDict(strict=True)

    subject: str
    predicate: str
    object: str
    span: str = Field(min_length=1)


class Shown(NamedTuple):
    """An entity as the model sees it; `names` are its words in the passage."""

    node: str
    type: EntityType
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One document to ask about: its passage, the mentions in it and the entities shown."""

    document: str
    passage: str
    title: int
    mentions: tuple[Mention, ...]
    entities: Mapping[str, Shown]
    text: str
    cut: bool

    @property
    def has_pairs(self) -> bool:
        """Whether two of the entities could be related at all."""
        types = {one.type for one in self.entities.values()}
        return any(one in types and other in types for one, other in _PAIRS)


def task_of(document: Document, detect: Callable[[str], Sequence[Mention]]) -> Task:
    """What to ask about a document."""
    whole = f"{document.title}\n{document.text}"
    passage = whole[:MAX_CHARACTERS]
    mentions = tuple(one for one in detect(passage) if len(one.nodes) == 1)
    named: dict[str, dict[str, None]] = {}
    types = {one.nodes[0]: one.type for one in mentions}
    for one in mentions:
        named.setdefault(one.nodes[0], {})[" ".join(one.text.split())] = None
    entities = {
        f"E{number}": Shown(node, types[node], tuple(names))
        for number, (node, names) in enumerate(named.items(), 1)
    }
    lines = (f"- {key}: {one.type.value}, {'; '.join(one.names)}" for key, one in entities.items())
    text = prompt(PROMPT, entities="\n".join(lines), predicates=_allowed_words(), passage=passage)
    title = len(document.title)
    return Task(document.id, passage, title, mentions, entities, text, len(whole) > MAX_CHARACTERS)


def _allowed_words() -> str:
    return "\n".join(
        f"- {predicate.value}: {' or '.join(sorted({one.value for one, _ in pairs}))} to "
        f"{' or '.join(sorted({other.value for _, other in pairs}))}"
        for predicate, pairs in ALLOWED.items()
    )


def read_answer(task: Task, answer: str) -> tuple[tuple[Relation, ...], Counter[str]]:
    """The relations of a model's answer that the text bears out, and why others were dropped."""
    dropped: Counter[str] = Counter()
    kept: dict[Relation, None] = {}
    for value in _claims(answer):
        found = _checked(task, value)
        if isinstance(found, Relation) and found in kept:
            found = Reason.REPEATED
        if isinstance(found, Reason):
            dropped[found.value] += 1
        else:
            kept[found] = None
    return tuple(kept), dropped


def _claims(answer: str) -> list[object]:
    """The items of the answer; one that is no claim if the answer as a whole is malformed."""
    fenced = _FENCED.fullmatch(answer)
    try:
        value = json.loads(fenced[1] if fenced else answer)
    except (ValueError, RecursionError):
        return [None]
    found = value.get("relations") if isinstance(value, dict) else None
    return found if isinstance(found, list) else [None]


def _checked(task: Task, value: object) -> Relation | Reason:
    try:
        claim = _Claim.model_validate(value)
    except ValidationError:
        return Reason.MALFORMED
    subject, obj = task.entities.get(claim.subject), task.entities.get(claim.object)
    if subject is None or obj is None:
        return Reason.UNKNOWN_ENTITY
    allowed = {str(one): pairs for one, pairs in ALLOWED.items()}
    if (subject.type, obj.type) not in allowed.get(claim.predicate, ()):
        return Reason.BAD_PREDICATE
    places = list(_places(task, claim.span))
    if not places:
        return Reason.NOT_VERBATIM
    if not any({subject.node, obj.node} <= _named(task, *place) for place in places):
        return Reason.NAMES_NOT_IN_SPAN
    return Relation(
        subject=subject.node,
        predicate=Predicate(claim.predicate),
        object=obj.node,
        span=claim.span,
    )


def _places(task: Task, span: str) -> Iterator[tuple[int, int]]:
    """Where a span stands in the title or in the text, not across both."""
    start = task.passage.find(span)
    while start >= 0:
        end = start + len(span)
        if not start <= task.title < end:
            yield start, end
        start = task.passage.find(span, start + 1)


def _named(task: Task, start: int, end: int) -> set[str]:
    return {one.nodes[0] for one in task.mentions if start <= one.start and one.end <= end}


def extract(
    documents: Iterable[Document],
    detect: Callable[[str], Sequence[Mention]],
    model: ChatModel,
    out: Path,
    *,
    seed: int,
    workers: int = 1,
    advance: Callable[[], None] = lambda: None,
) -> dict[str, int | dict[str, int]]:
    """Ask about every document and write one `Extraction` each to `out`, in their order.

    `detect` finds the mentions in a text (`Detector.detect`). Documents that an earlier start has
    done are not asked about again. Failed calls are records with an error, and counted.
    """
    ledger = Ledger(out, Extraction)
    done = {one.request: one for one in ledger.read() if one.error is None}
    counts: Counter[str] = Counter()
    order: dict[str, None] = {}
    found: dict[str, Extraction] = {}

    def requests() -> Iterator[tuple[str, Task]]:
        for document in documents:
            task = task_of(document, detect)
            counts["documents"] += 1
            counts["documents_cut"] += task.cut
            if not task.has_pairs:
                counts["without_pairs"] += 1
                advance()
                continue
            request = digest([model.name, VERSIONS[PROMPT], seed, task.document, task.text])
            repeated = request in order
            order[request] = None
            if request in done:
                found[request] = done[request]
            if repeated or request in done:
                advance()
            else:
                yield request, task

    def ask(item: tuple[str, Task]) -> Extraction:
        return _ask(*item, model, seed)

    for item, result, failure in map_items(ask, requests(), workers=workers):
        request, task = item
        record = result or _failed(request, task, model, str(failure))
        ledger.append(record)
        found[request] = record
        advance()
    ledger.write(found[request] for request in order)
    return {**_zeros(counts), **_summary(list(found.values()))}


def _ask(request: str, task: Task, model: ChatModel, seed: int) -> Extraction:
    """One call; `ModelError` if the model cannot answer."""
    reply = model.complete([Message(role="user", content=task.text)], (), seed)
    relations, dropped = read_answer(task, reply.message.content or "")
    return Extraction.create(
        document=task.document,
        request=request,
        method=f"llm:{model.name}",
        relations=relations,
        dropped=dict(sorted(dropped.items())),
        usage=reply.usage,
    )


def _failed(request: str, task: Task, model: ChatModel, error: str) -> Extraction:
    return Extraction.create(
        document=task.document, request=request, method=f"llm:{model.name}", error=error
    )


def _zeros(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in ("documents", "documents_cut", "without_pairs")}


def _summary(records: Sequence[Extraction]) -> dict[str, int | dict[str, int]]:
    dropped: Counter[str] = Counter()
    for one in records:
        dropped.update(one.dropped)
    kinds = (one.error.partition(":")[0] for one in records if one.error)
    return {
        "asked": len(records),
        "failed": dict(sorted(Counter(kinds).items())),
        "relations": sum(len(one.relations) for one in records),
        "dropped": {reason.value: dropped[reason.value] for reason in Reason},
        "prompt_tokens": sum(one.usage.prompt_tokens or 0 for one in records),
        "completion_tokens": sum(one.usage.completion_tokens or 0 for one in records),
    }
