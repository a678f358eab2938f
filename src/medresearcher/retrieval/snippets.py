"""The passage of a text that fits a query best."""

from collections.abc import Callable, Mapping

from medresearcher.retrieval.passages import MAX_CHARACTERS, starts

_LONG = 4 * MAX_CHARACTERS


def best_passage(
    text: str, weights: Mapping[str, float], analyze: Callable[[str], list[str]]
) -> str:
    """The passage with the heaviest distinct terms, the first of equals; the start if none.

    `weights` gives the weight of each query term, `analyze` the terms of a text. The passage is
    on one line, at most 240 characters, and cut between words.
    """
    best, best_weight = "", 0.0
    for start in starts(text):
        passage = _one_line(text[start : start + _LONG])
        weight = sum(weights.get(term, 0.0) for term in set(analyze(passage)))
        if weight > best_weight * (1 + 1e-9):
            best, best_weight = passage, weight
    return best or _one_line(text[:_LONG])


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    if len(line) <= MAX_CHARACTERS:
        return line
    cut = line.rfind(" ", 0, MAX_CHARACTERS + 1)
    return line[: cut if cut > 0 else MAX_CHARACTERS]
