"""Which language a policy writes in, as far as a filter needs it: English, Chinese, or another.

The script decides first, then the share of English function words. Names of genes and diseases
are neither, so the limits are wide and short texts are not judged.
"""

import re
from typing import Literal

from medresearcher.records.trajectory import Trajectory

Language = Literal["en", "zh", "other"]

_LETTER = re.compile(r"[^\W\d_]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA = re.compile("[\u3040-\u30ff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_WORD = re.compile(r"[^\W\d_]+")
# The commonest function words of English; no other language in Latin letters uses many of them.
_ENGLISH = frozenset(
    _WORD.findall(
        "the of and to is it that for with are as this by or from has have which what not be all "
        "its each one there so but was their them they i then next now only"
    )
)

_MIN_WORDS = 12
_MIN_HAN = 0.2
_MIN_LATIN = 0.7
_MIN_ENGLISH = 0.08


def language_of(text: str) -> Language | None:
    """The language of a text; `None` if it is too short to tell."""
    letters = len(_LETTER.findall(text))
    if not letters:
        return None
    if len(_HAN.findall(text)) >= _MIN_HAN * letters:
        return "other" if _KANA.search(text) else "zh"
    words = [one.casefold() for one in _WORD.findall(text)]
    if len(words) < _MIN_WORDS:
        return None
    if len(_LATIN.findall(text)) < _MIN_LATIN * letters:
        return "other"
    return "en" if sum(map(_ENGLISH.__contains__, words)) >= _MIN_ENGLISH * len(words) else "other"


def is_foreign(trajectory: Trajectory) -> bool:
    """Whether the policy writes neither in the language of the question nor in English."""
    asked = " ".join(one.content or "" for one in trajectory.messages if one.role == "user")
    said = " ".join(one.content or "" for one in trajectory.messages if one.role == "assistant")
    return language_of(said) not in (None, "en", language_of(asked))
