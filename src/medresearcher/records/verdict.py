"""The judgement of an answer: right, wrong, or not judged."""

from typing import Literal

from medresearcher.records.base import Frozen


class Verdict(Frozen):
    """`correct` is `None` when no judgement was made; a judge that failed is not a wrong answer."""

    correct: bool | None
    method: Literal["name", "identifier", "none"]
    predicted: str | None
    reason: str
