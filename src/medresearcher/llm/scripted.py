"""A model that plays back a script: for tests, examples and dry runs without any endpoint."""

from collections.abc import Callable, Sequence
from typing import Any

from medresearcher.errors import ModelError
from medresearcher.llm.chat import Reply
from medresearcher.records.trajectory import FunctionCall, Message, ToolCall, Usage

Script = Sequence[Message] | Callable[[Sequence[Message]], Message]


class ScriptedModel:
    """Plays back `replies`, or asks a function of the messages so far.

    The place in the script is the number of assistant messages in the conversation, so one model
    serves any number of conversations, in any order and from any thread.
    """

    def __init__(self, replies: Script, name: str = "scripted") -> None:
        self.name = name
        self._replies = replies

    def complete(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, Any]],  # noqa: ARG002 - a script knows its tools
        seed: int,  # noqa: ARG002 - a script is not random
    ) -> Reply:
        """The next message of the script; `ModelError` when it is over."""
        return Reply(self._next(messages), Usage())

    def _next(self, messages: Sequence[Message]) -> Message:
        if callable(self._replies):
            return self._replies(messages)
        turn = sum(message.role == "assistant" for message in messages)
        if turn >= len(self._replies):
            raise ModelError(f"the script of `{self.name}` ends after {len(self._replies)} replies")
        return self._replies[turn]


def say(text: str) -> Message:
    """An assistant message with `text`."""
    return Message(role="assistant", content=text)


def use(tool: str, arguments: str, call_id: str = "call_1", text: str | None = None) -> Message:
    """An assistant message that calls one tool with raw JSON `arguments`."""
    call = ToolCall(id=call_id, function=FunctionCall(name=tool, arguments=arguments))
    return Message(role="assistant", content=text, tool_calls=(call,))
