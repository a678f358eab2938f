"""Finds names of hidden entities in a text that must not have them."""

import re
from collections.abc import Iterable

from medresearcher.records.question import Masked

_SHORT = 5


def leaks(text: str, hidden: Iterable[Masked]) -> list[str]:
    """Names and aliases of hidden entities that stand in `text` as whole words.

    Short names without a space (gene symbols, abbreviations) must agree in case, so that the
    word "rest" is not taken for the gene REST.
    """
    return [
        name
        for entity in hidden
        for name in (entity.name, *entity.aliases, entity.id)
        if stands_in(name, text)
    ]


def stands_in(name: str, text: str) -> bool:
    """Whether `name` stands in `text` as whole words."""
    flags = 0 if len(name) <= _SHORT and " " not in name else re.IGNORECASE
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, flags) is not None
