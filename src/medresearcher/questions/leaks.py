"""Finds names of hidden entities in a text that must not have them."""

import re
from collections.abc import Iterable

from medresearcher.records.question import Masked

_SHORT = 5
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
# A letter of a script with spaces between words; next to a Chinese character a word ends.
_IS_LETTER = re.compile(rf"[^\W{_UNSPACED}]")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")


def leaks(text: str, hidden: Iterable[Masked]) -> list[str]:
    """Names and aliases of hidden entities that stand in `text` as whole words.

    Symbols must agree in case, so that the word "rest" is not taken for the gene REST.
    """
    return [
        name
        for entity in hidden
        for name in (entity.name, *entity.aliases, entity.id)
        if stands_in(name, text)
    ]


def stands_in(name: str, text: str) -> bool:
    """Whether `name` stands in `text` as whole words, a Chinese name anywhere."""
    if name.casefold() not in text.casefold():
        return False
    flags = re.NOFLAG if _is_symbol(name) else re.IGNORECASE
    # Overlapping places, too: the first may be the middle of a word.
    found = re.finditer(f"(?={re.escape(name)})", text, flags)
    return any(_is_whole(name, text, one.start()) for one in found)


def _is_whole(name: str, text: str, start: int) -> bool:
    """Whether words end on both sides of a name that stands at `start`."""
    end = start + len(name)
    inside = start and not _IS_UNSPACED.match(name) and _IS_LETTER.match(text, start - 1)
    goes_on = not _IS_UNSPACED.match(name[-1:]) and _IS_LETTER.match(text, end)
    return not inside and not goes_on


def _is_symbol(name: str) -> bool:
    """Whether a name is short and spelt as no word is: with a digit, or more than one capital."""
    marked = sum(one.isupper() for one in name) > 1 or any(one.isdigit() for one in name)
    return len(name) <= _SHORT and " " not in name and marked
