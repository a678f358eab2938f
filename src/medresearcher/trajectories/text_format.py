"""The text form of MedResearcher-R1: thoughts, calls and answers as marks in plain messages.

The policy writes `<think>…</think>` and then `<tool_call>{json}</tool_call>` for each call, or
`<answer>…</answer>`; the tools answer in `<tool_response>…</tool_response>` as the user. The
tools are told in the system message. A mark that stands in a text itself gets a backslash behind
its `<`, so that a page cannot end a response; in arguments its `<` becomes the JSON escape.
"""

import json
import re
from typing import Any

from medresearcher.grading.answers import extract_answer
from medresearcher.records.trajectory import ToolCall, Trajectory
from medresearcher.trajectories.turns import Turn, arguments, calls_of, turns

_MARK = re.compile(r"<(?=\\*/?(?:think|tool_call|tool_response|answer|tools)>)")


def to_text(trajectory: Trajectory) -> dict[str, Any]:
    """The row `{question_id, messages}`; messages have a role and a text and nothing else.

    Arguments are the bytes that the model wrote, unless they hold a mark. Raises `ValueError`
    for arguments that are no JSON object.
    """
    told = turns(trajectory.messages)
    spoken = [one for turn in told for one in _messages(turn, final=turn is told[-1])]
    if trajectory.tools:
        spoken = _with_tools(spoken, trajectory.tools)
    return {"question_id": trajectory.question_id, "messages": spoken}


def _messages(turn: Turn, *, final: bool) -> list[dict[str, str]]:
    message = turn.message
    text = message.content or ""
    if message.role != "assistant":
        return [_say(message.role, guarded(text))]
    calls = [_call(call) for call in message.tool_calls or ()]
    if not calls:
        return [_say("assistant", _answered(text) if final else _thought(text))]
    replies = [guarded(one.reply.content or "") for one in calls_of(turn, {}) if one.reply]
    told = [f"<tool_response>\n{reply}\n</tool_response>" for reply in replies]
    thought = [_thought(text)] if text else []
    return [_say("assistant", "\n".join(thought + calls)), _say("user", "\n".join(told))]


def _say(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


def _thought(text: str) -> str:
    return f"<think>\n{guarded(text)}\n</think>"


def _answered(text: str) -> str:
    """The whole final message as the thought, and the answer in it alone, where it has one."""
    answer = extract_answer(text)
    return _thought(text) + (f"\n<answer>{guarded(answer)}</answer>" if answer else "")


def _call(call: ToolCall) -> str:
    arguments(call.function.arguments)
    name = json.dumps(call.function.name, ensure_ascii=False)
    raw = _MARK.sub(r"\\u003c", call.function.arguments)
    return f'<tool_call>\n{{"name": {name}, "arguments": {raw}}}\n</tool_call>'


def guarded(text: str) -> str:
    """A text whose own marks can be told from those of the format."""
    return _MARK.sub(r"<\\", text)


def _with_tools(
    spoken: list[dict[str, str]], tools: tuple[dict[str, Any], ...]
) -> list[dict[str, str]]:
    """The messages with the tools at the end of the system message, or in one of their own."""
    lines = (_MARK.sub(r"\\u003c", json.dumps(one, ensure_ascii=False)) for one in tools)
    told = "<tools>\n" + "\n".join(lines) + "\n</tools>"
    if spoken and spoken[0]["role"] == "system":
        return [_say("system", f"{spoken[0]['content']}\n\n{told}"), *spoken[1:]]
    return [_say("system", told), *spoken]
