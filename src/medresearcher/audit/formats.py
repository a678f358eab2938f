"""Question files of this and of other projects, read into one form.

JSONL, or one JSON array. Which fields are read of each format stands in `FORMATS`; other fields
are ignored. A file has one format: that of its first question, unless it is named.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from medresearcher.errors import InputError
from medresearcher.records.question import Question
from medresearcher.runs import read_json_lines

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that the file gives along with a question."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One question of any format.

    `clues` are what the question states, one by one, if the file tells; `hidden` names of entities
    between question and answer; `hops` the steps, if known; `record` the certified question.
    """

    id: str
    format: str
    question: str
    answer: str
    aliases: tuple[str, ...] = ()
    clues: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    hops: int | None = None
    record: Question | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name under which the answer is accepted."""
        return (self.answer, *self.aliases)

    @property
    def kind(self) -> str:
        """The type of the answer entity, or the format where none is known."""
        if self.record is None:
            return self.format
        return str(self.record.certificate.query.variables[self.record.certificate.query.answer])


class Format(NamedTuple):
    """How a format is told from others (`marks`), and how one object of it is read."""

    marks: str
    fits: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Any, str], Item]


def read(path: Path, fmt: str = AUTO) -> list[Item]:
    """The questions of a file.

    Raises `InputError` for a format that is not known, and with file and line (or the place in the
    array) for an object that does not have the fields of the format.
    """
    if fmt not in (AUTO, *FORMATS):
        raise InputError(f"no question format is called `{fmt}`; {_known()}")
    found = list(objects(path))
    if not found:
        raise InputError(f"{path}: holds no question; expected JSONL, or a JSON array of objects")
    name = detect(*found[0]) if fmt == AUTO else fmt
    return [_read(FORMATS[name], name, where, value) for where, value in found]


def objects(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield (`file:line`, value) of JSONL, or (`file: item k`, value) of an array."""
    if not _starts_array(path):
        for line, value in read_json_lines(path):
            yield f"{path}:{line}", value
        return
    try:
        values = json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: not valid JSON ({error.msg})") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error})") from error
    for number, value in enumerate(values, 1):
        yield f"{path}: item {number}", value


def _starts_array(path: Path) -> bool:
    """Whether the first character is that of an array."""
    try:
        with path.open("rb") as stream:
            return stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def detect(where: str, value: Any) -> str:
    """The format of an object; `InputError` naming the formats if it has none of them."""
    if isinstance(value, Mapping):
        for name, one in FORMATS.items():
            if one.fits(value):
                return name
    shown = (
        f"the fields {', '.join(map(repr, value))}" if isinstance(value, Mapping) else "no object"
    )
    raise InputError(f"{where}: the format is not known: {shown}; {_known()}")


def _known() -> str:
    return "the formats are " + "; ".join(
        f"`{name}` ({one.marks})" for name, one in FORMATS.items()
    )


def _read(one: Format, name: str, where: str, value: Any) -> Item:
    try:
        return one.read(value, where)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "record"
        raise InputError(
            f"{where}: not a question of format `{name}`: `{field}`: {first['msg']}"
        ) from error


# What is read of each format.


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value


Text = Annotated[str, BeforeValidator(_as_text), Field(min_length=1)]
Answers = Annotated[list[Text], BeforeValidator(_as_list), Field(min_length=1)]


class _Plain(BaseModel):
    question: Text
    answer: Answers
    id: Text | None = None
    aliases: list[Text] = []


class _Authors(BaseModel):
    question: Text
    answer: Text
    run_id: Text | None = None
    entity_mapping: dict[str, Any] = {}


class _Node(BaseModel):
    entity: str | None = None
    claims: list["_Claim"] = []
    children: list["_Node"] = []
    id: str = ""


class _Claim(BaseModel):
    claim: Text
    target_id: str = ""


class _Root(BaseModel):
    entity: Text
    question: Text
    claims: list[_Claim] = []
    children: list[_Node] = []
    id: str = ""


class _Tree(BaseModel):
    root: _Root
    id: Text | None = None


class _Columns(BaseModel):
    title: list[str]
    sentences: list[list[str]]


class _Titles(BaseModel):
    title: list[str]


class _Hotpot(BaseModel):
    question: Text
    answer: Text
    id: Text | None = Field(default=None, alias="_id")
    context: list[tuple[str, list[str]]] | _Columns
    supporting_facts: list[tuple[str, int]] | _Titles


def _certified(value: Any, where: str) -> Item:
    if isinstance(value, Mapping) and value.get("schema") != Question.SCHEMA:
        raise InputError(
            f"{where}: `schema`: expected {Question.SCHEMA!r}, found {value.get('schema')!r}"
        )
    return item_of(Question.model_validate(value))


def item_of(found: Question) -> Item:
    """A question of ours as an item."""
    hidden = [one for one in found.entities if one.id != found.answer.id]
    return Item(
        id=found.id,
        format="medresearcher",
        question=found.question,
        answer=found.answer.name,
        aliases=found.answer.aliases,
        clues=tuple(clue.text for clue in found.clues),
        hidden=tuple(name for one in hidden for name in (one.name, *one.aliases)),
        hops=len(found.hops),
        record=found,
    )


def _plain(name: str) -> Callable[[Any, str], Item]:
    def read_one(value: Any, where: str) -> Item:
        if isinstance(value, Mapping) and "answer" not in value:
            other = next((key for key in _ANSWERS if key in value), "answer")
            value = {**value, "answer": value.get(other)}
        found = _Plain.model_validate(value)
        answer, *others = found.answer
        return Item(
            id=found.id or where,
            format=name,
            question=found.question,
            answer=answer,
            aliases=(*others, *found.aliases),
        )

    return read_one


def _authors(value: Any, where: str) -> Item:
    found = _Authors.model_validate(value)
    mapped = {key: str(one) for key, one in found.entity_mapping.items() if one}
    entities = [one for key, one in mapped.items() if "Entity" in key and one != found.answer]
    return Item(
        id=found.run_id or where,
        format="authors",
        question=found.question,
        answer=found.answer,
        clues=tuple(one for key, one in mapped.items() if key.startswith("Clue")),
        hidden=tuple(dict.fromkeys(entities)),
    )


def _infoseek(value: Any, where: str) -> Item:
    found = _Tree.model_validate(value)
    root = found.root
    nodes = list(_walk(root))
    marks = re.compile(
        rf"\b(?:{'|'.join(re.escape(node.id) for node in nodes if node.id) or '-'})\b"
    )
    claims = (marks.sub(" ", claim.claim) for node in nodes for claim in node.claims)
    names = (node.entity for node in nodes[1:] if node.entity and node.entity != "None")
    return Item(
        id=found.id or where,
        format="infoseek",
        question=root.question,
        answer=root.entity,
        clues=tuple(" ".join(claim.split()) for claim in claims),
        hidden=tuple(dict.fromkeys(name for name in names if name != root.entity)),
        hops=_depth(root),
    )


def _walk(node: _Node | _Root) -> Iterator[_Node | _Root]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _depth(node: _Node | _Root) -> int:
    return 1 + max((_depth(child) for child in node.children), default=-1)


def _hotpot(value: Any, where: str) -> Item:
    if isinstance(value, Mapping) and "_id" not in value and "id" in value:
        value = {**value, "_id": value["id"]}
    found = _Hotpot.model_validate(value)
    context, facts = found.context, found.supporting_facts
    if isinstance(context, _Columns):
        context = list(zip(context.title, context.sentences, strict=False))
    titles = facts.title if isinstance(facts, _Titles) else [title for title, _ in facts]
    return Item(
        id=found.id or where,
        format="hotpotqa",
        question=found.question,
        answer=found.answer,
        passages=tuple(Passage(title, "".join(sentences)) for title, sentences in context),
        hops=len(set(titles)),
    )


_ANSWERS = ("golden_answers", "answers")


def _has(*fields: str) -> Callable[[Mapping[str, Any]], bool]:
    def has(value: Mapping[str, Any]) -> bool:
        return all(field in value for field in fields)

    return has


def _is_certified(value: Mapping[str, Any]) -> bool:
    return str(value.get("schema", "")).startswith("medresearcher/question/")


def _is_authors(value: Mapping[str, Any]) -> bool:
    return _has("question", "answer")(value) and bool(
        {"entity_mapping", "reasoning_path", "sampling_algorithm"} & value.keys()
    )


def _is_question(value: Mapping[str, Any]) -> bool:
    return "question" in value and any(field in value for field in ("answer", *_ANSWERS))


FORMATS: Mapping[str, Format] = {
    "medresearcher": Format(
        "`schema`: medresearcher/question/…",
        _is_certified,
        _certified,
    ),
    "infoseek": Format(
        "`root` with `entity`, `question`, `claims`, `children`", _has("root"), _infoseek
    ),
    "hotpotqa": Format(
        "`question`, `answer`, `context`, `supporting_facts`",
        _has("question", "answer", "context", "supporting_facts"),
        _hotpot,
    ),
    "authors": Format(
        "`question`, `answer` with `entity_mapping`, `reasoning_path` or `sampling_algorithm`",
        _is_authors,
        _authors,
    ),
    "deepdive": Format(
        "`question`, `answer`, `conversations`",
        _has("question", "answer", "conversations"),
        _plain("deepdive"),
    ),
    "qa": Format(
        "`question` and `answer`, `answers` or `golden_answers`, a text or a list",
        _is_question,
        _plain("qa"),
    ),
}

NAMES: Sequence[str] = (AUTO, *FORMATS)
