"""The answer grader: by identifier, or by the whole name. The one for curation, RL, evaluation.

Nothing is matched inside a longer text: "not Marfan syndrome", or two names at once, is wrong.
Names differ where a digit, a letter or a Roman numeral differs (`type 2`, `type 12`,
`type II`); letter case, accents, dashes and quotes do not count.
"""

import re
import unicodedata
from itertools import pairwise

from medresearcher.records.question import Answer
from medresearcher.records.verdict import Verdict

_LINE = re.compile(r"^[ \t*_#>`-]*answer[ \t]*(?:\*\*|__)?[ \t]*:(.*)$", re.I | re.M)
_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_MARKDOWN = " \t\r\n*_`"
_CURIE = re.compile(r"(?<![\w:])[A-Za-z][A-Za-z0-9.]*:[A-Za-z]{0,3}\d[\w.]*\b")
_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
# Beside a right identifier these say that it is not the one answer.
_HEDGES = frozenset(
    ("not", "no", "or", "nor", "neither", "either", "and", "versus", "vs", "except", "unlikely")
)
_IN_BRACKETS = re.compile(r"(.+?)\s*\(([^()]+)\)")

_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
_APOSTROPHES = re.compile("(?<=[^\\W\\d_])['\u2018\u2019\u02bc\u2032](?=[^\\W\\d_])")
_DASHES = re.compile("[-\u2010-\u2015]")
# A sign, comma or point belongs to a number; elsewhere these marks only part words.
_MARKS = re.compile(
    r"(?<!\d)[.,]|[.,](?!\d)|[;:!?\"'()\[\]{}_`*\u2018\u2019\u201c\u201d\u00b4\u2032]"
)
_HYPHENS = re.compile(r"(?<=\w)-|-(?!\d)")


def normalise(text: str) -> str:
    """The form in which names are compared: NFKC, no case, no accents on Latin letters.

    Dashes and marks between words become one space; apostrophes inside words go. Kept are all
    letters (Greek too), digits, decimal points, signs before numbers, and `+ % / < > =`.
    """
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    text = unicodedata.normalize("NFKC", _ACCENTS.sub("", text)).casefold()
    text = _DASHES.sub("-", _APOSTROPHES.sub("", text))
    text = _HYPHENS.sub(" ", _MARKS.sub(" ", text))
    return " ".join(text.split())


def extract_answer(message_text: str) -> str | None:
    """The text after the last `Answer:` line or in the last `<answer>…</answer>`; else `None`."""
    line = max(_LINE.finditer(message_text), key=lambda match: match.start(), default=None)
    start, found = (line.start(), line[1]) if line else (-1, "")
    for opening, closing in pairwise(_TAG.finditer(message_text)):
        if closing[1] and not opening[1] and closing.start() > start:
            inner = message_text[opening.end() : closing.start()].strip()
            named = _LINE.fullmatch(inner)
            found = named[1] if named else inner
    return found.strip(_MARKDOWN) or None


def grade(answer: Answer, message_text: str | None) -> Verdict:
    """Judge the answer in a final message against the one right answer.

    An identifier in the answer decides: it must be `answer.id`, or a CURIE among the aliases.
    Without one, the whole answer must be the name or an alias, or two of them as `name (alias)`.
    No answer is not correct, and `predicted` is then `None`.
    """
    predicted = extract_answer(message_text) if message_text else None
    if predicted is None:
        return Verdict(correct=False, method="none", predicted=None, reason="no answer")
    names = {form for name in (answer.name, *answer.aliases) if (form := normalise(name))}
    cited = _cited(answer, predicted)
    if cited:
        return _by_identifier(answer, names, predicted, cited)
    correct = _is_named(predicted, names)
    reason = "a name of the answer" if correct else "not a name of the answer"
    return Verdict(correct=correct, method="name", predicted=predicted, reason=reason)


def _cited(answer: Answer, predicted: str) -> list[str]:
    """The identifiers in a text, but for what only looks so in a name: "CD4:CD8 ratio"."""
    names = (one for one in (answer.name, *answer.aliases) if not _CURIE.fullmatch(one))
    inside = {part.casefold() for name in names for part in _CURIE.findall(name)}
    return [one for one in _CURIE.findall(predicted) if one.casefold() not in inside]


def _by_identifier(answer: Answer, names: set[str], predicted: str, cited: list[str]) -> Verdict:
    aliases = {one.casefold() for one in answer.aliases if _CURIE.fullmatch(one)}
    wrong = [one for one in cited if one.casefold() not in aliases | {answer.id.casefold()}]
    if wrong:
        correct, reason = False, f"{wrong[0]} is not the answer"
    elif _says_more(predicted, names, cited):
        correct, reason = False, "the identifier is not the only answer"
    else:
        correct, reason = True, "the identifier of the answer"
    return Verdict(correct=correct, method="identifier", predicted=predicted, reason=reason)


def _says_more(predicted: str, names: set[str], cited: list[str]) -> bool:
    """Whether more than one name stands around the identifier, or a doubt or denial."""
    pieces = re.split("|".join(map(re.escape, cited)), predicted)
    if _is_named(" ".join(pieces), names):
        return False
    parts = [part for part in pieces if normalise(part)]
    words = set(normalise(" ".join(parts)).split())
    return len(parts) > 1 or ";" in predicted or bool(_HEDGES & words)


def _is_named(text: str, names: set[str]) -> bool:
    """Whether all of `text` is one of `names`, or a name with another in brackets after it."""
    forms = (text, _ARTICLE.sub("", text.strip()))
    if any(normalise(form) in names for form in forms):
        return True
    match = _IN_BRACKETS.fullmatch(text.strip(" ."))
    return bool(match) and _is_named(match[1], names) and normalise(match[2]) in names
