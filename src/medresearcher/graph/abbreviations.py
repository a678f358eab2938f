"""Short forms that a text defines itself: "ataxia telangiectasia (A-T)", as Schwartz and Hearst do.

A. Schwartz, M. Hearst: A simple algorithm for identifying abbreviation definitions in biomedical
text, PSB 2003. The letters of the short form are looked for in the words before the bracket, from
right to left; the first one must begin a word. Pure: only offsets into the given text come back.
"""

import re
from typing import NamedTuple

_BRACKET = re.compile(r"\(([^()]{2,30})\)")
_SENTENCE = re.compile(r"[.!?;]\s|[()]")
_STOP = re.compile(r"[;,:]\s|\s(?:and|or|in|see)\s")


class Definition(NamedTuple):
    """`text[start:end]` is the long form of `short`."""

    short: str
    start: int
    end: int


def definitions(text: str) -> list[Definition]:
    """Every definition in the text, in order. A short form may be defined more than once."""
    found: list[Definition] = []
    for bracket in _BRACKET.finditer(text):
        short = _STOP.split(bracket[1])[0].strip()
        if not _is_short(short):
            continue
        end = bracket.start()
        while end and text[end - 1].isspace():
            end -= 1
        start = _long_form(text, end, short)
        if start is not None:
            found.append(Definition(short, start, end))
    return found


def _is_short(form: str) -> bool:
    """Two to ten characters and at most two words, a letter among them, no sentence."""
    return (
        2 <= len(form) <= 10
        and len(form.split()) <= 2
        and form[0].isalnum()
        and any(letter.isupper() for letter in form)
    )


def _long_form(text: str, end: int, short: str) -> int | None:
    """Where the long form that ends at `end` begins; `None` if no words before it fit."""
    letters = [letter.lower() for letter in short if letter.isalnum()]
    if len(letters) > 2 and letters[-1] == "s" and short[-1] == "s":
        letters.pop()  # the plural of a short form
    floor = _floor(text, end, min(len(letters) + 5, 2 * len(letters)))
    at = end
    for number, letter in reversed(list(enumerate(letters))):
        at -= 1
        while at >= floor and not (
            text[at].lower() == letter and (number or at == 0 or not text[at - 1].isalnum())
        ):
            at -= 1
        if at < floor:
            return None
    return at if end - at > len(short) else None


def _floor(text: str, end: int, words: int) -> int:
    """The beginning of the last `words` words of the sentence that ends at `end`."""
    window = max(0, end - 200)
    breaks = [match.end() for match in _SENTENCE.finditer(text, window, end)]
    floor = max([window, *breaks])
    before, *last = text[floor:end].rsplit(None, words) or [""]
    if len(last) < words:
        return floor
    start = floor + len(before)
    while text[start].isspace():
        start += 1
    return start
