"""The loop with a scripted model: whatever the model does, the record says what happened."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from medresearcher.agent.guide import guide_text, mask
from medresearcher.agent.loop import Rollout, Task
from medresearcher.agent.model import ModelPolicy
from medresearcher.errors import ModelError
from medresearcher.llm.chat import Reply
from medresearcher.llm.scripted import Script, ScriptedModel, say, use
from medresearcher.records.question import Question
from medresearcher.records.trajectory import (
    FunctionCall,
    Message,
    Outcome,
    Termination,
    ToolCall,
    Trajectory,
    Usage,
)
from medresearcher.tools.tool import Result, Tool, Toolbox

RIGHT = "It fits.\n\nAnswer: ember dystrophy (MONDO:0000005)"


def _echo(text: str) -> Result:
    """Say the text again.

    Args:
        text: What to say.
    """
    if text == "fail":
        raise RuntimeError("the tool broke")
    return Result(Outcome.FOUND, f"you said {text}", "1 text")


ECHO = Toolbox([Tool("echo", _echo)])


@pytest.fixture(scope="module")
def asked(questions: list[Question]) -> Question:
    return questions[0]


def play(
    question: Question, script: Script, max_turns: int = 9, *, guided: bool = False, seed: int = 1
) -> Trajectory:
    policy = ModelPolicy(ScriptedModel(script), guided=guided)
    return Rollout(Task(question, 0), policy, ECHO, seed=seed).play(max_turns)


def calls(*given: tuple[str, str, str]) -> Message:
    """One message with these calls: (id, tool, raw arguments)."""
    made = tuple(
        ToolCall(id=one, function=FunctionCall(name=tool, arguments=raw))
        for one, tool, raw in given
    )
    return Message(role="assistant", tool_calls=made)


def test_a_right_answer(asked: Question) -> None:
    found = play(asked, [use("echo", '{"text": "a"}', text="I ask."), say(RIGHT)])
    assert [one.role for one in found.messages] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert found.messages[1].content == asked.question
    assert found.messages[3].content == "you said a\n\n[found · 1 text]"
    assert (found.messages[3].tool_call_id, found.messages[3].name) == ("call_1", "echo")
    assert found.outcome == {"call_1": Outcome.FOUND}
    assert found.termination is Termination.ANSWERED
    assert found.verdict.correct is True
    assert (found.timing.model_calls, found.timing.tool_calls) == (2, 1)
    assert (found.question_id, found.specialty) == (asked.id, asked.specialty)
    assert (found.policy, found.guide, found.error) == ("scripted", None, None)
    assert found.tools == ECHO.schemas()


@pytest.mark.parametrize(
    ("text", "termination", "correct", "predicted"),
    [
        ("Answer: fjord dystrophy", Termination.ANSWERED, False, "fjord dystrophy"),
        ("Answer: ember dystrophy", Termination.ANSWERED, True, "ember dystrophy"),
        ("Answer: not found", Termination.ABSTAINED, False, "not found"),
        ("I am sure.\nAnswer: Not found.", Termination.ABSTAINED, False, "Not found."),
        ("It is ember dystrophy.", Termination.ABSTAINED, False, None),
        ("", Termination.ABSTAINED, False, None),
        (None, Termination.ABSTAINED, False, None),
    ],
)
def test_how_an_answer_ends_the_rollout(
    asked: Question,
    text: str | None,
    termination: Termination,
    correct: bool,
    predicted: str | None,
) -> None:
    found = play(asked, [Message(role="assistant", content=text)])
    assert found.termination is termination
    assert found.verdict.correct is correct
    assert found.verdict.predicted == predicted


def test_parallel_calls_are_each_answered_in_order(asked: Question) -> None:
    three = calls(*((f"c{n}", "echo", json.dumps({"text": f"t{n}"})) for n in (2, 1, 3)))
    found = play(asked, [three, say(RIGHT)])
    told = found.messages[3:6]
    assert [one.tool_call_id for one in told] == ["c2", "c1", "c3"]
    assert [(one.content or "").split("\n")[0] for one in told] == [
        "you said t2",
        "you said t1",
        "you said t3",
    ]
    assert found.timing.tool_calls == 3
    assert found.verdict.correct is True


@pytest.mark.parametrize(
    ("tool", "raw", "outcome", "words"),
    [
        ("weigh", '{"text": "a"}', Outcome.INVALID_ARGUMENTS, "there is no tool `weigh`"),
        ("echo", "{broken", Outcome.INVALID_ARGUMENTS, "JSON"),
        ("echo", '{"txt": "a"}', Outcome.INVALID_ARGUMENTS, "`text` is missing"),
        ("echo", "[]", Outcome.INVALID_ARGUMENTS, "expected"),
        ("", "", Outcome.INVALID_ARGUMENTS, "there is no tool"),
        ("echo", '{"text": "fail"}', Outcome.UNAVAILABLE, "the tool broke"),
    ],
)
def test_a_bad_call_is_an_observation_and_the_rollout_goes_on(
    asked: Question, tool: str, raw: str, outcome: Outcome, words: str
) -> None:
    found = play(asked, [use(tool, raw), use("echo", '{"text":"b"}', "call_2"), say(RIGHT)])
    assert found.outcome == {"call_1": outcome, "call_2": Outcome.FOUND}
    assert words in (found.messages[3].content or "")
    assert found.verdict.correct is True


@pytest.mark.parametrize(
    "raw",
    ['{"text":  "a\\u00e9 é"}', '{"text":"a", "text":"b"}', "{broken", "", ' {"text": "x"}\n'],
)
def test_arguments_stay_byte_for_byte(asked: Question, raw: str) -> None:
    found = play(asked, [use("echo", raw), say(RIGHT)])
    read = Trajectory.model_validate_json(found.to_line())
    for one in (found, read):
        assert one.messages[2].tool_calls
        assert one.messages[2].tool_calls[0].function.arguments == raw
    assert read == found


def test_too_many_turns_are_no_answer(asked: Question) -> None:
    found = play(asked, lambda messages: use("echo", '{"text":"a"}', f"c{len(messages)}"), 3)
    assert found.termination is Termination.MAX_TURNS
    assert found.verdict.correct is False
    assert found.verdict.predicted is None
    assert (found.timing.model_calls, found.timing.tool_calls) == (3, 3)
    assert found.messages[-1].role == "tool"
    assert play(asked, [say(RIGHT)], 1).termination is Termination.ANSWERED


def test_a_model_that_fails_is_not_judged(asked: Question) -> None:
    found = play(asked, [use("echo", '{"text":"a"}')])
    assert found.termination is Termination.ERROR
    assert found.error == "model: the script of `scripted` ends after 1 replies"
    assert found.verdict.correct is None
    assert found.messages[-1].role == "tool"
    assert found.timing.model_calls == 1


def test_a_call_id_used_twice_still_counts_as_two_calls(asked: Question) -> None:
    same = use("echo", '{"text":"a"}')
    assert play(asked, [same, same, say(RIGHT)]).timing.tool_calls == 2


class Counting:
    """A scripted model that says what each reply took."""

    name = "counting"

    def __init__(self, usages: Sequence[Usage]) -> None:
        self._usages = usages
        self._model = ScriptedModel([use("echo", '{"text":"a"}'), say(RIGHT)])

    def complete(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], seed: int
    ) -> Reply:
        turn = sum(message.role == "assistant" for message in messages)
        return Reply(self._model.complete(messages, tools, seed).message, self._usages[turn])


@pytest.mark.parametrize(
    ("usages", "total"),
    [
        ([Usage(prompt_tokens=10, completion_tokens=2)] * 2, (20, 4)),
        ([Usage(prompt_tokens=10, completion_tokens=0), Usage(prompt_tokens=5)], (15, None)),
        ([Usage(prompt_tokens=10, completion_tokens=2), Usage()], (None, None)),
        ([Usage(), Usage()], (None, None)),
        ([Usage(prompt_tokens=0, completion_tokens=0)] * 2, (0, 0)),
    ],
)
def test_tokens_are_known_only_if_every_turn_was_counted(
    asked: Question, usages: list[Usage], total: tuple[int | None, int | None]
) -> None:
    policy = ModelPolicy(Counting(usages))
    found = Rollout(Task(asked, 0), policy, ECHO, seed=1).play(9)
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == total


def test_the_guide_goes_to_the_model_and_not_into_the_messages(asked: Question) -> None:
    heard: list[Sequence[Message]] = []

    def listen(messages: Sequence[Message]) -> Message:
        heard.append(messages)
        return use("echo", '{"text":"a"}') if len(heard) == 1 else say(RIGHT)

    guided = play(asked, listen, guided=True)
    hint = guide_text(mask(asked))
    assert [hint in (messages[0].content or "") for messages in heard] == [True, True]
    assert [[one.role for one in messages].count("system") for messages in heard] == [1, 1]
    assert not any("Entity_" in (one.content or "") for one in guided.messages)
    assert guided.guide == mask(asked)

    heard.clear()
    alone = play(asked, listen)
    assert not any("Entity_" in (one.content or "") for messages in heard for one in messages)
    assert alone.guide is None
    assert alone.messages == guided.messages


def test_a_model_error_at_the_first_turn_keeps_the_question(asked: Question) -> None:
    def fail(messages: Sequence[Message]) -> Message:
        raise ModelError("no connection")

    found = play(asked, fail)
    assert [one.role for one in found.messages] == ["system", "user"]
    assert (found.error, found.outcome) == ("model: no connection", {})
    assert found.usage == Usage()


def test_equal_rollouts_are_equal_records(asked: Question, questions: list[Question]) -> None:
    script = [use("echo", '{"text":"a"}'), say(RIGHT)]
    one, same = play(asked, script), play(asked, script)
    assert one.to_line() == same.to_line()
    assert one.id == one.content_id()
    others = [play(asked, script, seed=2), play(questions[1], script), play(asked, script[1:])]
    assert len({one.id, *(other.id for other in others)}) == 4
