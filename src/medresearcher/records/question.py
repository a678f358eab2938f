"""A certified question: its hidden chain, its clues, and the proof that its answer is unique.

Hidden entities carry masks (`Entity_A`, `Entity_B`, …) in the order in which the chain grows; the
chain may fork or close a cycle. The certificate is a query over the graph whose variables are the
masks.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

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


class Atom(Frozen):
    """A relation that holds. A term is a variable (a mask) or a constant (a CURIE).

    With `closure` the object also stands for everything below it in the ontology. With `negated`
    the relation is one that a source states to be absent, of the object or (with `closure`) of
    anything above it. `share` bounds, inclusively, the share of patients that some row of the
    edge reports as a count or percentage.
    """

    kind: Literal["atom"] = "atom"
    subject: str
    predicate: Predicate
    object: str
    closure: bool = False
    negated: bool = False
    share: tuple[float, float] | None = None


class Count(Frozen):
    """`subject` has between `low` and `high` asserted edges of `predicate`.

    It is their subject if `forward`, else their object.
    """

    kind: Literal["count"] = "count"
    subject: str
    predicate: Predicate
    forward: bool
    low: int
    high: int


class Choice(Frozen):
    """Of all solutions, only those count in which `subject` has the extreme measure.

    Measures: `onset` (the earliest onset that a source states, as a rank in life), `edges` (the
    number of asserted edges of `predicate`, with `subject` at the end that `forward` says),
    `share` (the share of patients in the largest counted row of the edge `of` -`predicate`->
    `subject`). Solutions without the measure do not count.
    """

    kind: Literal["choice"] = "choice"
    subject: str
    measure: Literal["onset", "edges", "share"]
    extreme: Literal["least", "most"]
    predicate: Predicate | None = None
    forward: bool = True
    of: str | None = None


Condition = Annotated[Atom | Count | Choice, Field(discriminator="kind")]


class Clue(Frozen):
    """A condition that the question states of the entity `mask`, as worded in `text`.

    `name` is the constant of the condition in words, empty without one.
    `evidence` are the rows that show it to hold, `witness` the object of those rows where it is
    not that of the condition (a more specific term). `level` counts the steps by which the
    object was made more general.
    """

    mask: str
    condition: Condition
    text: str
    evidence: tuple[Evidence, ...] = Field(min_length=1)
    name: str = ""
    witness: str | None = None
    level: int = 0

    @property
    def predicate(self) -> Predicate | None:
        """The relation that the condition is about."""
        return self.condition.predicate

    @property
    def object(self) -> str | None:
        """The constant that the condition names, if it names one."""
        return self.condition.object if isinstance(self.condition, Atom) else None


class Query(Frozen):
    """A conjunctive query: all joins and conditions hold, and all variables of one type differ.

    Joins are atoms between two variables, one per hop; conditions are those of the clues, in
    their order. A `Choice` looks at the solutions of everything else.
    """

    variables: dict[str, EntityType]
    joins: tuple[Atom, ...]
    conditions: tuple[Condition, ...]
    answer: str

    @model_validator(mode="after")
    def _check(self) -> Self:
        for join in self.joins:
            if not {join.subject, join.object} <= self.variables.keys():
                raise ValueError("a join must relate two variables")
            if join.closure or join.negated or join.share:
                raise ValueError("a join takes neither closure nor negation nor share")
        if sum(isinstance(one, Choice) for one in self.conditions) > 1:
            raise ValueError("a query takes at most one choice")
        return self


class Dropped(Frozen):
    """What happens without clue number `clue`: these entities then answer the question too."""

    clue: int
    answers: tuple[str, ...] = Field(min_length=1)


class Certificate(Frozen):
    """The proof: `query` has exactly the answer `answer` over the graph with digest `graph`.

    `dropped` has one entry per clue, so each clue is needed. The last `branch` joins are a side
    branch or close a cycle; without them, and without what is said of the entities that only they
    reach, `unbranched` answer too. `equivalents` lists the source ids that were joined into each
    entity of the chain.
    """

    query: Query
    answer: str
    dropped: tuple[Dropped, ...]
    branch: int = 0
    unbranched: tuple[str, ...] = ()
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


class Phrasing(Frozen):
    """How a model fared that was asked to word a question (`medresearcher.questions.phrase`).

    With the method `model` its wording passed the round trip; with `grammar` the question has the
    words it had: `rejected` counts the wordings that did not pass by reason, and `error` is what
    the model failed with. `origin` is the id of the question in the words of the grammar.
    """

    method: Literal["grammar", "model"]
    origin: str
    model: str
    style: str
    prompts: str
    tries: int
    rejected: dict[str, int] = Field(default_factory=dict)
    error: str | None = None


class Trial(Frozen):
    """The attempts of one solver at one version of a question; version 0 is the one first made.

    `plan` says how that version is built. With 0 attempts the solver does not fit the question.
    """

    version: int
    plan: str
    solver: str
    attempts: int
    solved: int


class Difficulty(Frozen):
    """How hard a question proved to be to reference solvers (`medresearcher.audit.calibrate`).

    `score` is the share of attempts in which the best of them failed at the last version; `None`
    without attempts. `origin` is the id of version 0.
    """

    score: float | None
    origin: str
    history: tuple[Trial, ...]


class Question(Record):
    """One question with its answer, chain and certificate.

    `reasoning` is the way to the answer in sentences, with masks in place of hidden names; with
    the names of `entities` put in it tells the solution. It is never shown with the question.
    """

    SCHEMA: ClassVar[str] = "medresearcher/question/1"
    PREFIX: ClassVar[str] = "q"

    question: str
    answer: Answer
    specialty: str
    shape: Literal["chain", "fork", "cycle"]
    entities: tuple[Masked, ...]
    hops: tuple[Hop, ...]
    clues: tuple[Clue, ...]
    reasoning: tuple[str, ...] = ()
    certificate: Certificate
    rarity: Rarity
    phrasing: Phrasing | None = None
    difficulty: Difficulty | None = None
    split: str | None = None
    language: str = "en"
