"""OpenAI's fine-tuning format: chat messages whose tool arguments are the text the model wrote."""

from typing import Any

from medresearcher.records.trajectory import Message, Trajectory


def to_openai(trajectory: Trajectory) -> dict[str, Any]:
    """The row `{messages, tools, parallel_tool_calls}`; arguments keep every byte."""
    several = any(len(one.tool_calls or ()) > 1 for one in trajectory.messages)
    return {
        "messages": [_chat(one) for one in trajectory.messages],
        "tools": list(trajectory.tools),
        "parallel_tool_calls": several,
    }


def _chat(message: Message) -> dict[str, Any]:
    """A message without the fields that the API does not take: a tool's `name`, an empty text."""
    plain = message.to_openai()
    if message.role == "tool":
        plain.pop("name", None)
    if message.tool_calls and not message.content:
        plain.pop("content", None)
    return plain
