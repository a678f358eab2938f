"""Training formats: one kept trajectory to one row, and rows to files.

TRL: OpenAI chat messages whose tool arguments are objects, as the chat templates of
transformers want them (the raw text stays in the contract file). ShareGPT: as LLaMA-Factory
reads it, humans and tools in turn with the model. Parallel tool messages are put in the order
of their calls, because most chat templates drop the call ids.
"""

import json
import os
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medresearcher.records.trajectory import Message, ToolCall, Trajectory
from medresearcher.trajectories.turns import Turn, arguments, calls_of, turns

if TYPE_CHECKING:
    import pyarrow as pa

# How LLaMA-Factory itself joins the tool messages of parallel calls in OpenAI's format.
PARALLEL = "\n</tool_response>\n<tool_response>\n"
DATASET = "medresearcher"

_ROWS_PER_GROUP = 500
_MARKS = re.compile(r"</?(?:think|tool_call)>")


def to_trl(trajectory: Trajectory) -> dict[str, Any]:
    """The row `{question_id, messages, tools}` for TRL's `SFTTrainer`.

    Raises `ValueError` for tool arguments that are no JSON object.
    """
    return {
        "question_id": trajectory.question_id,
        "messages": [
            message
            for turn in turns(trajectory.messages)
            for message in (_chat(turn.message), *map(_chat, _replies(turn)))
        ],
        "tools": list(trajectory.tools),
    }


def _chat(message: Message) -> dict[str, Any]:
    """A message with text in `content` always: some templates add it up without looking."""
    plain = {**message.to_openai(), "content": message.content or ""}
    if message.tool_calls:
        plain["tool_calls"] = [
            {"id": call.id, "type": call.type, "function": _function(call)}
            for call in message.tool_calls
        ]
    return plain


def _function(call: ToolCall) -> dict[str, Any]:
    return {"name": call.function.name, "arguments": arguments(call.function.arguments)}


def _replies(turn: Turn) -> list[Message]:
    return [one.reply for one in calls_of(turn, {}) if one.reply]


def to_sharegpt(trajectory: Trajectory) -> dict[str, Any]:
    """The row `{conversations, system, tools}` for LLaMA-Factory.

    `human` and `observation` take turns with `gpt` and `function_call`. The value of a
    `function_call` is the JSON of the call, of several parallel calls a list, behind the
    thought in `<think>` marks. Raises `ValueError` for tool arguments that are no JSON object.
    """
    spoken: list[dict[str, str]] = []
    thoughts: list[str] = []
    system = [one.content or "" for one in trajectory.messages if one.role == "system"]
    for turn in turns(trajectory.messages):
        message = turn.message
        if message.role == "user":
            _say(spoken, thoughts, "human", message.content or "")
        elif message.role == "assistant":
            thoughts.append(message.content or "")
            if message.tool_calls:
                called = _with_thought(thoughts, message.tool_calls)
                thoughts.clear()
                spoken.append({"from": "function_call", "value": called})
                observed = PARALLEL.join(reply.content or "" for reply in _replies(turn))
                _say(spoken, thoughts, "observation", observed)
    _end(spoken, thoughts)
    return {
        "conversations": spoken,
        "system": "\n\n".join(system),
        "tools": json.dumps(trajectory.tools, ensure_ascii=False),
    }


def _say(spoken: list[dict[str, str]], thoughts: list[str], who: str, text: str) -> None:
    """Add what is not the model's; behind another such message it continues that one."""
    _end(spoken, thoughts)
    if spoken and spoken[-1]["from"] in ("human", "observation"):
        spoken[-1]["value"] += f"\n\n{text}"
    else:
        spoken.append({"from": who, "value": text})


def _end(spoken: list[dict[str, str]], thoughts: list[str]) -> None:
    """Let the model say what it has thought without calling a tool."""
    if thoughts:
        spoken.append({"from": "gpt", "value": _joined(thoughts)})
        thoughts.clear()


def _with_thought(thoughts: Sequence[str], calls: Sequence[ToolCall]) -> str:
    functions = [_function(call) for call in calls]
    value = json.dumps(functions if len(functions) > 1 else functions[0], ensure_ascii=False)
    thought = _MARKS.sub("", _joined(thoughts)).strip()
    return f"<think>\n{thought}\n</think>\n\n{value}" if thought else value


def _joined(thoughts: Sequence[str]) -> str:
    return "\n\n".join(filter(None, thoughts))


def dataset_info(file_name: str) -> dict[str, Any]:
    """The entry that LLaMA-Factory's `dataset_info.json` needs for a ShareGPT file."""
    columns = {"messages": "conversations", "system": "system", "tools": "tools"}
    return {DATASET: {"file_name": file_name, "formatting": "sharegpt", "columns": columns}}


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one JSON object a line, all or nothing."""
    _write(path, (json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def write_json(path: Path, value: Any) -> None:
    """Write one JSON document, all or nothing."""
    _write(path, [json.dumps(value, ensure_ascii=False, indent=1) + "\n"])


def write_json_list(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one JSON list with a row a line, all or nothing."""
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    _write(path, (part for line in _separated(lines) for part in line))


def _separated(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    start = "[\n"
    for line in lines:
        yield start, line
        start = ",\n"
    yield ("[]", "\n") if start == "[\n" else ("\n", "]\n")


def _write(path: Path, parts: Iterable[str]) -> None:
    """Write a text part by part, so that no whole data set is held in memory."""
    with replaced(path) as draft, draft.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(parts)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def replaced(path: Path) -> Generator[Path]:
    """A draft beside `path` that takes its place when all went well, and else is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_parquet(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write TRL rows as Parquet, all or nothing.

    Messages and tools differ in their fields from row to row, so each is one value of Arrow's
    JSON type. `datasets` (4.7 or later, which TRL requires) gives them back as the very dicts
    that were written, without a `null` for each field that only another message has; any other
    reader sees JSON text.
    """
    import pyarrow.parquet as pq

    left = iter(rows)
    with (
        replaced(path) as draft,
        pq.ParquetWriter(draft, _table([]).schema, compression="zstd") as writer,
    ):
        while group := list(islice(left, _ROWS_PER_GROUP)):
            writer.write_table(_table(group))


def _table(rows: Sequence[dict[str, Any]]) -> "pa.Table":
    import pyarrow as pa

    columns: dict[str, pa.Array] = {
        "question_id": pa.array([row["question_id"] for row in rows], pa.string())
    }
    for name in ("messages", "tools"):
        texts = [[json.dumps(one, ensure_ascii=False) for one in row[name]] for row in rows]
        columns[name] = pa.array(texts, pa.list_(pa.string())).cast(pa.list_(pa.json_()))
    return pa.table(columns)
