"""The research loop: thought and call, observation, again, until an answer or a limit.

Every tool call is answered by one tool message, whatever the tool came to. An endpoint that
fails ends the rollout as `error`; that is not a wrong answer, so it is not judged.
"""

from dataclasses import dataclass

from medresearcher.agent.guide import mask
from medresearcher.agent.policy import Policy
from medresearcher.errors import ModelError, boundary
from medresearcher.grading.answers import extract_answer, grade
from medresearcher.llm.prompts import prompt
from medresearcher.records.question import Question
from medresearcher.records.trajectory import (
    FaultKind,
    Message,
    Outcome,
    Termination,
    Timing,
    Trajectory,
    Usage,
)
from medresearcher.records.verdict import Verdict
from medresearcher.tools.tool import Toolbox

ABSTENTION = "not found"


@dataclass(frozen=True, slots=True)
class Task:
    """One rollout to do: attempt number `attempt` at a question."""

    question: Question
    attempt: int

    @property
    def key(self) -> tuple[str, int]:
        """What names the rollout within a run."""
        return self.question.id, self.attempt


class Rollout:
    """One run of the loop; `play` it once."""

    def __init__(self, task: Task, policy: Policy, toolbox: Toolbox, *, seed: int) -> None:
        self.task = task
        self.policy = policy
        self.toolbox = toolbox
        self.seed = seed
        self.messages: list[Message] = [
            Message(role="system", content=prompt("research", abstention=ABSTENTION)),
            Message(role="user", content=task.question.question),
        ]
        self.outcome: dict[str, Outcome] = {}
        self.faults: dict[str, FaultKind] = {}
        self.prompt_tokens: list[int] = []
        self.completion_tokens: list[int] = []
        self.turns = 0
        self.calls = 0

    def play(self, max_turns: int) -> Trajectory:
        """Play until an answer, at most `max_turns` turns of the policy."""
        guide = mask(self.task.question) if self.policy.guided else None
        error: str | None = None
        try:
            player = self.policy.start(guide, self.seed)
            termination = Termination.MAX_TURNS
            while self.turns < max_turns and termination is Termination.MAX_TURNS:
                reply = player.act(self.messages, self.toolbox.schemas())
                self._count(reply.usage)
                self.messages.append(reply.message)
                if reply.message.tool_calls:
                    self._call(reply.message)
                else:
                    termination = _ending(reply.message.content)
        except ModelError as failure:
            termination, error = Termination.ERROR, str(boundary(failure))
        return Trajectory.create(
            question_id=self.task.question.id,
            specialty=self.task.question.specialty,
            policy=self.policy.name,
            seed=self.seed,
            attempt=self.task.attempt,
            guide=guide,
            messages=tuple(self.messages),
            tools=self.toolbox.schemas(),
            outcome=self.outcome,
            faults=self.faults,
            usage=self._usage(),
            timing=Timing(model_calls=self.turns, tool_calls=self.calls),
            verdict=self._verdict(termination),
            termination=termination,
            error=error,
        )

    def _call(self, message: Message) -> None:
        for call in message.tool_calls or ():
            observation = self.toolbox.call(call.function.name, call.function.arguments)
            self.calls += 1
            self.outcome[call.id] = observation.outcome
            if observation.fault:
                self.faults[call.id] = observation.fault
            self.messages.append(
                Message(
                    role="tool",
                    tool_call_id=call.id,
                    name=call.function.name,
                    content=observation.text,
                )
            )

    def _count(self, usage: Usage) -> None:
        self.turns += 1
        if usage.prompt_tokens is not None:
            self.prompt_tokens.append(usage.prompt_tokens)
        if usage.completion_tokens is not None:
            self.completion_tokens.append(usage.completion_tokens)

    def _usage(self) -> Usage:
        """Tokens of the whole rollout; `None` unless every turn was counted."""
        counts = (self.prompt_tokens, self.completion_tokens)
        totals = [sum(one) if one and len(one) == self.turns else None for one in counts]
        return Usage(prompt_tokens=totals[0], completion_tokens=totals[1])

    def _verdict(self, termination: Termination) -> Verdict:
        if termination is Termination.ERROR:
            return Verdict(correct=None, method="none", predicted=None, reason="the rollout failed")
        last = self.messages[-1]
        text = last.content if last.role == "assistant" and not last.tool_calls else None
        return grade(self.task.question.answer, text)


def _ending(content: str | None) -> Termination:
    answer = extract_answer(content or "")
    abstained = answer is None or answer.casefold().strip(" .") == ABSTENTION
    return Termination.ABSTAINED if abstained else Termination.ANSWERED
