"""A differential diagnosis as records: what a person, a tool or a file gets."""

from medresearcher.diagnosis.findings import Note
from medresearcher.records.base import Frozen


class Term(Frozen):
    """A finding of HPO."""

    id: str
    name: str


class Row(Frozen):
    """The source row behind a number."""

    source: str
    record: str
    row: int
    reference: str
    frequency: str


class Reason(Frozen):
    """What one finding does for a disease: natural log likelihood ratio, and where it is from.

    `match`: `stated` (the finding or a kind of it), `broader` (only something more general is
    annotated; `through` names it), or `none`. `share`: expected share of patients with `through`.
    """

    id: str
    name: str
    log_ratio: float
    match: str
    through: Term | None
    share: float | None
    rows: tuple[Row, ...]


class PriorPart(Frozen):
    """A part of the score that no single finding gives."""

    name: str
    log_ratio: float
    detail: str


class Candidate(Frozen):
    """A disease with its probability (95% interval from the counts behind it), and why."""

    id: str
    name: str
    probability: float
    low: float
    high: float
    present: tuple[Reason, ...]
    absent: tuple[Reason, ...]
    prior: tuple[PriorPart, ...]
    unexplained: tuple[Term, ...]


class Question(Term):
    """A finding worth asking or testing for: `bits` it is expected to tell about the diseases."""

    bits: float
    probability: float


class Gene(Term):
    """A gene whose diseases are among the likely ones; `probability` is theirs together."""

    probability: float
    diseases: tuple[str, ...]


class Diagnosis(Frozen):
    """The differential; probabilities of all diseases and `none_of_these` add up to 1.

    `reason` says why there are no candidates, and is empty if there are some.
    """

    present: tuple[Term, ...]
    absent: tuple[Term, ...]
    age: float | None
    sex: str | None
    notes: tuple[Note, ...]
    candidates: tuple[Candidate, ...]
    none_of_these: float
    others: float
    questions: tuple[Question, ...]
    genes: tuple[Gene, ...]
    temperature: float
    graph: str
    reason: str = ""
