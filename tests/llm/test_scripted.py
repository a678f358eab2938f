"""The scripted model: one script, any number of conversations."""

from collections.abc import Sequence

import pytest

from medresearcher.errors import ModelError
from medresearcher.llm.chat import ChatModel
from medresearcher.llm.scripted import ScriptedModel, say, use
from medresearcher.records.trajectory import Message, Usage

ASK = Message(role="user", content="Which gene?")


def test_each_conversation_gets_the_script_from_its_own_place() -> None:
    script = [use("f", '{"x":1}'), say("Answer: FBN1")]
    model: ChatModel = ScriptedModel(script, name="player")
    assert model.name == "player"
    for _ in range(2):
        first = model.complete([ASK], [], seed=1)
        assert first.message == script[0]
        assert first.usage == Usage()
        result = Message(role="tool", tool_call_id="call_1", content="[found · 1]")
        assert model.complete([ASK, first.message, result], [], 1).message == script[1]


def test_a_script_that_is_over_says_so() -> None:
    with pytest.raises(ModelError, match="ends after 1 replies"):
        ScriptedModel([say("a")]).complete([ASK, say("a")], [], seed=1)


def test_a_function_can_answer() -> None:
    def echo(messages: Sequence[Message]) -> Message:
        return say(f"{len(messages)}: {messages[-1].content}")

    assert ScriptedModel(echo).complete([ASK], [], 1).message.content == "1: Which gene?"
