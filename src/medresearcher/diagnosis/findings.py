"""What a person or a file says of a patient, and which part of it the model can use.

Nothing is dropped in silence: every id that is unknown, replaced, implied, contradicted or no
finding leaves a note, and the rest is used.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from medresearcher.diagnosis.model import Patient
from medresearcher.diagnosis.terms import Terms
from medresearcher.errors import InputError
from medresearcher.graph.store import Graph
from medresearcher.records.base import Frozen
from medresearcher.records.knowledge import EntityType

_UNITS = {"y": 1.0, "m": 1 / 12, "w": 7 / 365, "d": 1 / 365}
_ISO = re.compile(r"P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T[\dHMS.]*)?")
_WORDS = re.compile(
    r"(\d+(?:\.\d+)?) ?(years?|yrs?|y|months?|mos?|m|weeks?|wks?|w|days?|d)\b ?(?:old)?,? ?"
)
_NAMED = {
    "prenatal": 0.0, "fetus": 0.0, "birth": 0.0, "newborn": 0.02, "neonate": 0.02, "neonatal": 0.02,
    "infant": 0.5, "child": 8.0, "adolescent": 15.0, "teenager": 15.0, "adult": 35.0,
    "elderly": 75.0,
}  # fmt: skip
_SEXES = {"male": "male", "m": "male", "female": "female", "f": "female"}
_UNKNOWN_SEX = ("", "unknown", "unknown_sex", "other_sex", "other")


class Note(Frozen):
    """Something that was not used as given: `given` is what came, `reason` what was done."""

    given: str
    reason: str


class Understood(NamedTuple):
    """The patient for the model, the terms by id in the same order, and the notes."""

    patient: Patient
    present: tuple[str, ...]
    absent: tuple[str, ...]
    notes: tuple[Note, ...]


def understand(
    graph: Graph,
    terms: Terms,
    present: Sequence[str],
    absent: Sequence[str] = (),
    age: float | None = None,
    sex: str | None = None,
) -> Understood:
    """Resolve ids or names, and leave out what says nothing of its own."""
    notes: list[Note] = []
    yes = _resolved(graph, terms, present, notes)
    no = _resolved(graph, terms, absent, notes)
    both = "both present and absent; neither is used"
    notes += [Note(given=_shown(graph, terms, one), reason=both) for one in sorted(yes & no)]
    yes, no = yes - no, no - yes
    yes, no = _consistent(graph, terms, yes, no, notes)
    kept = _most_specific(graph, terms, yes, notes)
    denied = _most_general(graph, terms, no, notes)
    patient = Patient(tuple(kept), tuple(denied), age, sex)
    shown, missing = (tuple(terms.ids[one] for one in some) for some in (kept, denied))
    return Understood(patient, shown, missing, tuple(notes))


def _resolved(graph: Graph, terms: Terms, given: Sequence[str], notes: list[Note]) -> set[int]:
    found: set[int] = set()
    for text in dict.fromkeys(one.strip() for one in given):
        curie = text.upper() if text.upper().startswith("HP:") else text
        node = graph.canonical(curie) or next(
            (one for one in graph.resolve(text) if one in terms.number), None
        )
        if node is None:
            notes.append(Note(given=text, reason=_unknown(graph, text)))
        elif graph.type(node) is not EntityType.PHENOTYPE or node not in terms.number:
            kind = str(graph.type(node))
            notes.append(
                Note(given=text, reason=f"`{graph.name(node)}` is no finding but {kind}; not used")
            )
        else:
            if node != curie and curie.startswith("HP:"):
                notes.append(Note(given=text, reason=f"replaced by {node} ({graph.name(node)})"))
            found.add(terms.number[node])
    return found


def _unknown(graph: Graph, text: str) -> str:
    if re.fullmatch(r"HP:\d{7}", text.upper()):
        return "no term of this release of HPO (unknown, obsolete or newer); not used"
    near = [one for one in graph.nearest(text[:200], 20) if one.startswith("HP:")][:3]
    names = "; ".join(f"{graph.name(one)} ({one})" for one in near)
    return f"no HPO id or name; not used; nearest: {names or 'none'}"


def _consistent(
    graph: Graph, terms: Terms, yes: set[int], no: set[int], notes: list[Note]
) -> tuple[set[int], set[int]]:
    """A general term cannot be absent when a kind of it is present; the kind counts."""
    for one in sorted(yes):
        for above in sorted(no & set(terms.ancestors(one).tolist())):
            no = no - {above}
            notes.append(
                Note(
                    given=_shown(graph, terms, above),
                    reason=f"contradicts its kind, {_shown(graph, terms, one)}; the kind counts",
                )
            )
    return yes, no


def _most_specific(graph: Graph, terms: Terms, some: set[int], notes: list[Note]) -> list[int]:
    kept: list[int] = []
    for one in sorted(some):
        below = some & (set(terms.descendants(one).tolist()) - {one})
        if below:
            what = _shown(graph, terms, min(below))
            notes.append(Note(given=_shown(graph, terms, one), reason=f"implied by {what}"))
        else:
            kept.append(one)
    return kept


def _most_general(graph: Graph, terms: Terms, some: set[int], notes: list[Note]) -> list[int]:
    kept: list[int] = []
    for one in sorted(some):
        above = some & (set(terms.ancestors(one).tolist()) - {one})
        if above:
            what = _shown(graph, terms, min(above))
            notes.append(Note(given=_shown(graph, terms, one), reason=f"absent as {what} is"))
        else:
            kept.append(one)
    return kept


def _shown(graph: Graph, terms: Terms, number: int) -> str:
    return f"{terms.ids[number]} ({graph.name(terms.ids[number])})"


def years(text: str) -> float:
    """An age in years, from `4y`, `3 months`, `P4Y6M`, `newborn` or a plain number of years."""
    given = text.strip()
    plain = given.lower()
    if iso := _ISO.fullmatch(given.upper()):
        return sum(
            float(number or 0) * unit
            for number, unit in zip(iso.groups(), _UNITS.values(), strict=True)
        )
    if plain in _NAMED:
        return _NAMED[plain]
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        return _possible(float(plain), text)
    parts = list(_WORDS.finditer(plain))
    if parts and "".join(one[0] for one in parts).strip() == plain:
        return _possible(sum(float(one[1]) * _UNITS[one[2][0]] for one in parts), text)
    raise InputError(f"expected an age as `4y`, `3 months`, `P4Y6M` or `newborn`; got {text!r}")


def _possible(age: float, text: str) -> float:
    if age > 130:
        raise InputError(f"expected an age of at most 130 years; got {text!r}")
    return age


def sex_of(text: str) -> str | None:
    """`male`, `female`, or `None` if it is said to be unknown; `InputError` for anything else."""
    key = text.strip().lower()
    if key in _SEXES or key in _UNKNOWN_SEX:
        return _SEXES.get(key)
    raise InputError(f"expected a sex (male, female, unknown); got {text!r}")
