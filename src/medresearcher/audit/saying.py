"""Whether the words of an English clue name the thing and the number of its condition."""

import re
from collections.abc import Iterator

from medresearcher.audit.facts import Facts
from medresearcher.records.question import Atom, Clue, Count

_WORDS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty
"""
_NUMBERS = _WORDS.split()
# Running text has articles where a name has none: "agenesis of the corpus callosum".
_ARTICLE = re.compile(r"\b(?:an?|the) ")
_WORD = re.compile(r"\w+")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?(?:%|per ?cent)")
_ROUNDED = 0.005


def misstated(clue: Clue, facts: Facts) -> str | None:
    """What the words of a clue say that its condition does not; `None` if nothing is found."""
    if isinstance(clue.condition, Count):
        return _number(clue.text, clue.condition)
    if isinstance(clue.condition, Atom):
        return _name(clue, clue.condition, facts) or _share(clue.text, clue.condition)
    return None


def _name(clue: Clue, condition: Atom, facts: Facts) -> str | None:
    node = facts.nodes.get(condition.object)
    if not clue.name or node is None:
        return None
    name = clue.name.casefold()
    if name not in {one.casefold() for one in (node.name, *node.aliases)}:
        return f"{clue.name!r} is no name of {condition.object} ({node.name})"
    said = _ARTICLE.sub("", clue.text.casefold())
    return None if _ARTICLE.sub("", name) in said else f"{clue.name!r} is not in {clue.text!r}"


def _number(text: str, condition: Count) -> str | None:
    numbers = list(_numbers(text))
    if not numbers or any(condition.low <= one <= condition.high for one in numbers):
        return None
    return f"{text!r} is said for {condition.low} to {condition.high}"


def _numbers(text: str) -> Iterator[int]:
    for word in _WORD.findall(text.casefold()):
        if word in _NUMBERS:
            yield _NUMBERS.index(word)
        elif word.isdecimal():
            yield int(word)


def _share(text: str, condition: Atom) -> str | None:
    if condition.share is None:
        return None
    low, high = condition.share
    stated = [float(one) / 100 for one in _PERCENT.findall(text)]
    if all(low - _ROUNDED <= one <= high + _ROUNDED for one in stated):
        return None
    return f"{text!r} is said for a share of {low:g} to {high:g}"
