"""A certified question: its hidden chain, its clues, and the proof that its answer is unique.

Hidden entities carry masks (`Entity_A`, `Entity_B`, …) along the chain; the last mask is the
answer. The certificate is a conjunctive query over the graph whose variables are the masks.
"""

from typing import ClassVar, Literal

from pydantic import Field

from medresearcher.records.base import Frozen, Record
from medresearcher.records.knowledge import EntityType, Evidence, Predicate


class Answer(Frozen):
    """The one answer, with every name under which it is accepted."""

    id: str
    name: str
    aliases: tuple[str, ...]


class Masked(Frozen):
    """A hidden entity and the mask that stands for it."""

    mask: str
    id: str
    type: EntityType
    name: str
    aliases: tuple[str, ...]


class Hop(Frozen):
    """One edge of the chain, with the source rows that state it.

    `subject` and `object` are CURIEs; `start` and `end` the masks in the order of reasoning,
    which may run against the direction of the predicate.
    """

    subject: str
    predicate: Predicate
    object: str
    start: str
    end: str
    evidence: tuple[Evidence, ...] = Field(min_length=1)


class Clue(Frozen):
    """A constraint that the question states: the masked entity has this relation to `object`."""

    mask: str
    predicate: Predicate
    object: str
    text: str
    evidence: tuple[Evidence, ...] = Field(min_length=1)


class Atom(Frozen):
    """One condition of a query. A term is a variable (a mask) or a constant (a CURIE).

    With `closure` the object also stands for everything below it in the ontology.
    """

    subject: str
    predicate: Predicate
    object: str
    closure: bool = False


class Query(Frozen):
    """A conjunctive query: all atoms hold, and all variables of one type differ."""

    variables: dict[str, EntityType]
    atoms: tuple[Atom, ...]
    answer: str


class Dropped(Frozen):
    """What happens without clue number `clue`: these entities then answer the question too."""

    clue: int
    answers: tuple[str, ...] = Field(min_length=1)


class Certificate(Frozen):
    """The proof: `query` has exactly the answer `answer` over the graph with digest `graph`.

    `dropped` has one entry per clue, so each clue is needed. `equivalents` lists the source ids
    that were joined into each entity of the chain.
    """

    query: Query
    answer: str
    dropped: tuple[Dropped, ...]
    equivalents: dict[str, tuple[str, ...]]
    graph: str


class Rarity(Frozen):
    """Whether a disease is rare, and by which rule (`medresearcher.graph.rarity`).

    `value` is what the rule compares with `limit`: a share of citations, the upper bound of a
    prevalence, or a number of publications; `low` and `high` bound it where the rule knows. `n` is
    how much it rests on: citations of the corpus, prevalence rows, or publications. `designations`
    are the lists that support it, `why` is for people. `rare` is `None` where nothing decides.
    """

    rule: Literal[
        "corpus_frequency",
        "prevalence_class",
        "cited_publications",
        "corpus_frequency_bound",
        "none",
    ]
    value: int | float | None
    limit: int | float | None
    rare: bool | None = True
    low: float | None = None
    high: float | None = None
    n: int | None = None
    references: tuple[str, ...] = ()
    designations: tuple[str, ...] = ()
    why: str = ""


class Question(Record):
    """One question with its answer, chain and certificate."""

    SCHEMA: ClassVar[str] = "medresearcher/question/1"
    PREFIX: ClassVar[str] = "q"

    question: str
    answer: Answer
    specialty: str
    entities: tuple[Masked, ...]
    hops: tuple[Hop, ...]
    clues: tuple[Clue, ...]
    certificate: Certificate
    rarity: Rarity
    difficulty: float | None = None
    split: str | None = None
    language: str = "en"
