"""Whether a text names something: whole words, any case.

Short symbols (with a digit or several capitals) must agree in case, so that the word "rest" is
not taken for the gene REST. In scripts without spaces between words (Chinese, Japanese)
a name may stand inside a run of characters.
"""

import re
from collections.abc import Iterable
from functools import cached_property

_SHORT = 5
_MIN = 2
UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNSPACED = re.compile(f"[{UNSPACED}]")
_LETTER = rf"[^\W{UNSPACED}]"


class Text:
    """A text that is asked about several times."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def folded(self) -> str:
        """The text without case."""
        return self.text.casefold()


class Names:
    """The names of one thing; those of one character are left out, they stand everywhere."""

    def __init__(self, names: Iterable[str]) -> None:
        distinct = dict.fromkeys(name.strip() for name in names)
        self.names = tuple(name for name in distinct if len(name) >= _MIN)

    def first_in(self, text: Text) -> str | None:
        """The first of the names that stands in the text."""
        return next((name for name in self.names if _stands_in(name, text)), None)


def unspaced(text: str) -> bool:
    """Whether the text has characters of a script without spaces between words."""
    return _UNSPACED.search(text) is not None


def _is_symbol(name: str) -> bool:
    marked = sum(one.isupper() for one in name) > 1 or any(one.isdigit() for one in name)
    return len(name) <= _SHORT and " " not in name and marked


def _stands_in(name: str, text: Text) -> bool:
    exact = _is_symbol(name)
    needle, hay = (name, text.text) if exact else (name.casefold(), text.folded)
    if needle not in hay:
        return False
    before = "" if unspaced(needle[0]) else f"(?<!{_LETTER})"
    after = "" if unspaced(needle[-1]) else f"(?!{_LETTER})"
    return re.search(f"{before}{re.escape(needle)}{after}", hay) is not None
