"""Whether a trajectory names what its question hides before a tool has shown it.

Hidden are the names, aliases and identifiers of the masked entities, the source ids joined into
them, and what describes one alone: the record, variant or publication that states a hop, and the
proper name inside a disease's name. Texts are compared as words and numbers: case, accents,
punctuation, invisible characters, JSON escapes and Roman numerals do not count. A short symbol of
letters alone needs its case (the word "rest" is not the gene REST), but as a whole argument.

A form may be said once an observation had it. Once the identifier was seen, all forms of the
entity may; once a name was seen, its other names may.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from medresearcher.agent.guide import guide_text
from medresearcher.records.knowledge import EntityType
from medresearcher.records.question import Masked, Question
from medresearcher.records.trajectory import Message, Trajectory

Place = Literal["system", "question", "guide", "thought", "arguments", "answer"]

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W\d_{_UNSPACED}]+|\d+")
_POSSESSIVE = re.compile("['\u2019]s\\b")
_UNSEEN_MARKS = frozenset(("Mn", "Cf"))
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_PREFIXES = {"orpha": ("orpha", "orphanet")}

_SHORT = 3
_SYMBOL = 6
_OWN_NUMBER = 6
_PROPER = 6


class Leak(NamedTuple):
    """`form` of the entity `mask` stands in message `message` before any tool showed it."""

    mask: str
    form: str
    place: Place
    message: int


class Words(NamedTuple):
    """A text as its words and numbers, with one space around each: as spelt, and folded."""

    cased: str
    folded: str


@dataclass(slots=True)
class _Form:
    """One way to name an entity, and the message from which on it may be said."""

    mask: str
    text: str
    words: Words
    kind: Literal["id", "equivalent", "name", "hint"]
    cased: bool = False
    free: float = field(default=float("inf"))

    def stands_in(self, words: Words) -> bool:
        return self.words.cased in words.cased if self.cased else self.words.folded in words.folded

    def is_all_of(self, words: Words) -> bool:
        return self.words.folded == words.folded


def find_leaks(trajectory: Trajectory, question: Question) -> list[Leak]:
    """What is named too early, in the order of the messages; the guide counts as message 0."""
    found: list[Leak] = []
    forms = _forms(question)
    if trajectory.guide:
        found += _named(forms, "guide", 0, words_of(guide_text(trajectory.guide)))
    for number, message in enumerate(trajectory.messages):
        for place, text in _said(message):
            found += _named(forms, place, number, words_of(text))
        if message.role in ("tool", "user"):
            _shown(forms, words_of(message.content or ""), number)
    return found


def words_of(text: str) -> Words:
    """The words and numbers of a text without accents and invisible characters."""
    if not text.isascii():
        marks = (one for one in unicodedata.normalize("NFKD", text))
        text = "".join(one for one in marks if unicodedata.category(one) not in _UNSEEN_MARKS)
        text = unicodedata.normalize("NFC", text)
    cased = f" {' '.join(_WORD.findall(_POSSESSIVE.sub('', text)))} "
    folded = cased.casefold()
    for roman, number in _ROMAN.items():
        folded = folded.replace(f" {roman} ", f" {number} ")
    return Words(cased, folded)


def _said(message: Message) -> Iterator[tuple[Place, str]]:
    """What a message says that no tool has said."""
    if message.role == "system":
        yield "system", message.content or ""
    elif message.role == "user":
        yield "question", message.content or ""
    elif message.role == "assistant":
        yield "thought" if message.tool_calls else "answer", message.content or ""
        for call in message.tool_calls or ():
            for text in _argument_texts(call.function.arguments):
                yield "arguments", text


def _argument_texts(raw: str) -> list[str]:
    """Every key and value of the arguments, repeated keys too; the raw text if it is no JSON."""
    try:
        return list(_leaves(json.loads(raw, object_pairs_hook=_pairs)))
    except (ValueError, RecursionError):
        return [raw]


def _pairs(members: list[tuple[str, Any]]) -> list[Any]:
    """The members of an object as a list, so that a repeated key hides nothing."""
    return [part for member in members for part in member]


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield str(value)


def _named(forms: Iterable[_Form], place: Place, number: int, said: Words) -> list[Leak]:
    whole = place == "arguments"
    return [
        Leak(form.mask, form.text, place, number)
        for form in forms
        if form.free > number
        and (form.stands_in(said) or (whole and form.cased and form.is_all_of(said)))
    ]


def _shown(forms: list[_Form], seen: Words, number: int) -> None:
    """Free what a text shows, for the messages after it."""
    identified: set[str] = set()
    named: set[str] = set()
    for form in forms:
        if form.free > number and form.stands_in(seen):
            form.free = number
            if form.kind == "id":
                identified.add(form.mask)
            elif form.kind == "name" and (form.words.folded.count(" ") > _SHORT or not form.cased):
                named.add(form.mask)
    for form in forms:
        if form.mask in identified or (form.mask in named and form.kind == "name"):
            form.free = min(form.free, number)


def _forms(question: Question) -> list[_Form]:
    """All forms of a question; those of one mask that read alike are one.

    A hint that is a form of an entity is no hint. The entities' forms come first.
    """
    made: dict[tuple[str, str], _Form] = {}
    entities: set[str] = set()
    for form in _all_forms(question):
        text = form.words.folded
        if not text.strip() or (form.kind == "hint" and text in entities):
            continue
        made.setdefault((form.mask, text), form)
        if form.kind != "hint":
            entities.add(text)
    return list(made.values())


def _all_forms(question: Question) -> Iterator[_Form]:
    equivalents = question.certificate.equivalents
    for entity in question.entities:
        yield from _id_forms(entity.mask, entity.id, "id")
        yield from _names(entity)
        for curie in equivalents.get(entity.id, ()):
            yield from _id_forms(entity.mask, curie, "equivalent")
    for hop in question.hops:
        for row in hop.evidence:
            for curie in (row.record, row.reference or ""):
                yield from _id_forms(f"{hop.start}-{hop.end}", curie, "hint")


def _names(entity: Masked) -> Iterator[_Form]:
    for name in (entity.name, *entity.aliases):
        words = words_of(name)
        letters = words.cased.replace(" ", "")
        if ":" in name and any(map(str.isdigit, name)) and " " not in name:
            yield from _id_forms(entity.mask, name, "equivalent")
        elif len(letters) >= _SHORT or name == entity.name:
            yield _Form(entity.mask, name, words, "name", _is_symbol(letters, words))
    if entity.type is EntityType.DISEASE and entity.id.startswith("MONDO:"):
        for part in words_of(entity.name).cased.split():
            if part.istitle() and len(part) >= _PROPER:
                yield _Form(entity.mask, part, words_of(part), "hint", cased=True)


def _is_symbol(letters: str, words: Words) -> bool:
    """Whether only the case tells a name from a word: short, in one piece, not all small."""
    one_word = words.cased.count(" ") == len((" ", " "))
    short = len(letters) <= _SYMBOL if one_word else len(letters) < _SHORT
    return short and any(map(str.isupper, letters))


def _id_forms(mask: str, curie: str, kind: Literal["id", "equivalent", "hint"]) -> Iterator[_Form]:
    """An identifier without its prefix if that is unmistakable, else under each of its prefixes."""
    prefix, _, local = curie.rpartition(":")
    number = words_of(local)
    if sum(map(str.isdigit, local)) >= _OWN_NUMBER or (len(local) >= _OWN_NUMBER and not prefix):
        yield _Form(mask, curie, number, kind)
        return
    if prefix and local:
        for name in _PREFIXES.get(prefix.casefold(), (prefix,)):
            yield _Form(mask, curie, words_of(f"{name} {local}"), kind)
