"""One research run as it happened: OpenAI chat messages, tool outcomes, verdict.

Tool arguments stay the raw string that the model wrote. Nothing here depends on the clock:
seconds are in the run's manifest, so equal runs give equal bytes.
"""

from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import Field

from medresearcher.records.base import Frozen, Record
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Condition
from medresearcher.records.verdict import Verdict

# The file of a rollout run that holds its trajectories.
TRAJECTORIES = "trajectories.jsonl"


class Outcome(StrEnum):
    """What a tool call came to. There is no empty success: nothing found is `empty`."""

    FOUND = "found"
    EMPTY = "empty"
    OUT_OF_SCOPE = "out_of_scope"
    INVALID_ARGUMENTS = "invalid_arguments"
    NOT_CONFIGURED = "not_configured"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    CONFLICT = "conflict"


# What was done to a tool call on purpose, to see how agents bear it.
FaultKind = Literal["timeout", "corruption", "truncation", "empty", "wrong_document"]


class Termination(StrEnum):
    """Why a rollout ended."""

    ANSWERED = "answered"
    ABSTAINED = "abstained"
    MAX_TURNS = "max_turns"
    ERROR = "error"


class FunctionCall(Frozen):
    """The function a model asks for; `arguments` is the raw text it wrote."""

    name: str
    arguments: str


class ToolCall(Frozen):
    """One tool call in OpenAI's form."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall


class Message(Frozen):
    """One chat message in OpenAI's form; fields that do not apply are left out on export."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | None = None
    tool_calls: tuple[ToolCall, ...] | None = None
    tool_call_id: str | None = None
    name: str | None = None

    def to_openai(self) -> dict[str, Any]:
        """The message as OpenAI's API takes it."""
        return self.model_dump(mode="json", exclude_none=True)


class Observation(Frozen):
    """What a tool answered: the text that the model reads, and what the call came to."""

    outcome: Outcome
    text: str
    fault: FaultKind | None = None


class GuideStep(Frozen):
    """One step of the masked chain: from `start` along `predicate` to `end`.

    `forward` tells whether `start` is the subject of the predicate.
    """

    start: str
    predicate: Predicate
    end: str
    forward: bool


class GuideClue(Frozen):
    """A clue as the question states it, bound to a mask.

    `text` is its wording in the question. In the `condition` words stand for the identifier of
    what it names.
    """

    mask: str
    condition: Condition
    text: str

    @property
    def predicate(self) -> Predicate | None:
        """The relation that the condition is about."""
        return self.condition.predicate

    @property
    def words(self) -> str:
        """The name that the condition has; empty if it names nothing."""
        return self.condition.object if isinstance(self.condition, Atom) else ""


class Guide(Frozen):
    """Masked trajectory guidance: relations and masks of the chain, and no hidden name."""

    masks: dict[str, EntityType]
    steps: tuple[GuideStep, ...]
    clues: tuple[GuideClue, ...]
    answer: str


class Usage(Frozen):
    """Tokens as the endpoint counted them; `None` where it does not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Timing(Frozen):
    """The length of a run in steps; seconds are in the manifest."""

    model_calls: int
    tool_calls: int


class Trajectory(Record):
    """One rollout of one policy on one question.

    `faults` names the calls that were disturbed on purpose; without any it is not written.
    """

    SCHEMA: ClassVar[str] = "medresearcher/trajectory/1"
    PREFIX: ClassVar[str] = "t"

    question_id: str
    specialty: str
    policy: str
    seed: int
    attempt: int
    guide: Guide | None
    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...]
    outcome: dict[str, Outcome]
    faults: dict[str, FaultKind] = Field(default={}, exclude_if=lambda value: not value)
    usage: Usage
    timing: Timing
    verdict: Verdict
    termination: Termination
    error: str | None = None

    @property
    def tool_call_count(self) -> int:
        """How many tool calls the policy made."""
        return self.timing.tool_calls
