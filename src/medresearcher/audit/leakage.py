"""Whether a question's text gives away what it hides."""

import re
from collections.abc import Iterator
from functools import lru_cache

from medresearcher.audit.defects import Defect, Kind
from medresearcher.audit.facts import Facts
from medresearcher.audit.naming import UNSPACED, unspaced
from medresearcher.records.question import Masked, Question

_SHORT = 5
# Each character of a script without spaces is a word of its own.
_WORDS = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")


def leaks(question: Question, facts: Facts) -> Iterator[Defect]:
    """Yield names, aliases and ids of hidden entities, and masks, that stand in the text."""
    text = question.question
    for entity in question.entities:
        for name in _names(entity, facts):
            if stands_in_words(name, text):
                yield Defect(Kind.ALIAS_LEAK, f"{name!r} ({entity.mask}) is in the question")


def stands_in_words(name: str, text: str) -> bool:
    """Whether a name stands in a text as whole words.

    Words are compared without case and whatever stands between them. Short names without a space
    (gene symbols, abbreviations) must be spelled exactly so.
    """
    if len(name) <= _SHORT and " " not in name and not any(map(unspaced, name)):
        return _stands_in(name, text)
    words = _spaced(name)
    return bool(words.strip()) and words in _spaced(text)


def _names(entity: Masked, facts: Facts) -> list[str]:
    node = facts.nodes[entity.id]
    own = (entity.mask, entity.name, *entity.aliases, entity.id)
    others = (node.name, *node.aliases, *node.equivalents, *facts.translated.get(entity.id, ()))
    return list(dict.fromkeys((*own, *others)))


@lru_cache(1 << 14)
def _spaced(text: str) -> str:
    """The words of a text without case, one space around each."""
    return f" {' '.join(_WORDS.findall(text.casefold()))} "


def _stands_in(name: str, text: str) -> bool:
    """Whether a name stands in a text exactly so, with no letter or digit next to it."""
    start = text.find(name) if any(map(_is_word, name)) else -1
    while start >= 0:
        end = start + len(name)
        if not (_is_word(text[start - 1 : start]) or _is_word(text[end : end + 1])):
            return True
        start = text.find(name, start + 1)
    return False


def _is_word(character: str) -> bool:
    return (character.isalnum() or character == "_") and not unspaced(character)
