"""Findings in a clinical note: mentions of HPO terms, with negation and family history.

Mentions come from the dictionary of the knowledge base (`graph/mentions.py`). A finding is absent
if a word of denial stands before it in its clause, or one after it; it is left out, and shown, if
the sentence is about a relative, or the clause about what is only feared or planned. The cue words
are few, in the manner of NegEx (Chapman 2001); a person can correct what was understood.
"""

import re
from collections.abc import Callable, Sequence

from medresearcher.graph.mentions import Mention
from medresearcher.graph.sentences import sentences
from medresearcher.records.base import Frozen

_BEFORE = re.compile(
    r"\b(?:no|not|without|denie[sd]|denying|absent|absence of|lack(?:s|ed|ing)?(?: of)?|"
    r"negative for|free of|never|neither|nor|non|ruled out|rules out|excluded?|"
    r"fails? to (?:show|reveal)|(?:is|was|were|are|does|did|has|had|have|do)n['\u2019]t)\b",
    re.IGNORECASE,
)
_NO_DENIAL = re.compile(
    r"\b(?:not only|no (?:increase|change|longer)|without difficulty)\b", re.IGNORECASE
)
_AFTER = re.compile(
    r"\W*(?:(?:is|was|are|were|has been|have been) )?(?:absent|negative|ruled out|excluded|denied|"
    r"not (?:present|seen|observed|noted|found))\b|\W*: ?(?:no|absent|negative|none)\b",
    re.IGNORECASE,
)
_FAMILY = re.compile(
    r"\b(?:family history|familial history|mother|father|parents?|brothers?|sisters?|siblings?|"
    r"aunts?|uncles?|cousins?|grand(?:mother|father|parents?)|maternal|paternal|relatives?|"
    r"sons?|daughters?|wife|husband)\b",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"\b(?:suspected|possible|possibly|rule out|to exclude|risk of|screen(?:ed|ing)? for|"
    r"concern(?:s|ed)? (?:for|about)|if|unless|worried about|may develop|prophylaxis)\b",
    re.IGNORECASE,
)
_TURN = re.compile(
    r"\b(?:but|however|although|though|except|apart from|who|which|presented|presents|with a|"
    r"she|he)\b|[;:]",
    re.IGNORECASE,
)


class Read(Frozen):
    """A finding in a note: `said` is `present`, `absent`, `family` or `unsure`."""

    id: str
    text: str
    start: int
    said: str


def read_note(text: str, detect: Callable[[str], Sequence[Mention]]) -> list[Read]:
    """The HPO findings that a note names, in order; a mention of several terms gives the first."""
    found: list[Read] = []
    spans = sentences(text)
    for one in detect(text):
        terms = [node for node in one.nodes if node.startswith("HP:")]
        if terms:
            start, end = next(((a, b) for a, b in spans if a <= one.start < b), (0, len(text)))
            said = _said(text[start : one.start], text[one.end : end])
            found.append(Read(id=terms[0], text=one.text, start=one.start, said=said))
    return found


def _said(before: str, after: str) -> str:
    clause = _TURN.split(before)[-1]
    if _FAMILY.search(before) and not _patient_again(before):
        return "family"
    if _UNSURE.search(clause):
        return "unsure"
    denied = _BEFORE.search(_NO_DENIAL.sub(" ", clause)) is not None
    return "absent" if denied or _AFTER.match(after) else "present"


def _patient_again(before: str) -> bool:
    """Whether the sentence has come back to the patient after the relative."""
    last = [one.end() for one in _FAMILY.finditer(before)][-1]
    return (
        re.search(r"\b(?:the patient|she|he|proband)\b", before[last:], re.IGNORECASE) is not None
    )


def findings_of(read: Sequence[Read]) -> tuple[list[str], list[str]]:
    """Ids of present and of absent findings; what is both in a note counts as present."""
    present = list(dict.fromkeys(one.id for one in read if one.said == "present"))
    absent = dict.fromkeys(one.id for one in read if one.said == "absent")
    return present, [one for one in absent if one not in present]
