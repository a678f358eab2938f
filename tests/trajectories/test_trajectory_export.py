"""Exports: the same calls, thoughts and observations in each format, byte by byte where it counts.

`read_by_llama_factory` and `formatted` follow what LLaMA-Factory does with a ShareGPT row.
"""

import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from trajectory_samples import (
    ANSWER,
    START,
    SYSTEM,
    TOOLS,
    asks,
    rounds,
    tells,
    tool_call,
    trajectory,
)

from medresearcher.records.trajectory import Message
from medresearcher.trajectories.atif_format import to_atif
from medresearcher.trajectories.export import (
    PARALLEL,
    dataset_info,
    to_sharegpt,
    to_trl,
    write_jsonl,
    write_parquet,
)
from medresearcher.trajectories.openai_format import to_openai
from medresearcher.trajectories.text_format import to_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=4)
TOOL = "medical_search"


def with_arguments(*raws: str, thought: str | None = None):
    calls = [tool_call(number, raw) for number, raw in enumerate(raws, 1)]
    return trajectory(asks(*calls, thought=thought), *(tells(n) for n in range(1, len(raws) + 1)))


def read_parquet(path):
    """The rows as a plain reader of Parquet gives them, with JSON text read."""
    rows = pq.read_table(path).to_pylist()
    return [
        {name: list(map(json.loads, it)) if name != "question_id" else it for name, it in r.items()}
        for r in rows
    ]


def read_by_llama_factory(row):
    """Check the order of speakers; return (role, value) pairs."""
    odd, even = {"human", "observation"}, {"gpt", "function_call"}
    for number, one in enumerate(row["conversations"]):
        assert one["from"] in (even if number % 2 else odd), row
        assert one.keys() == {"from", "value"}
    assert len(row["conversations"]) % 2 == 0
    return [(one["from"], one["value"]) for one in row["conversations"]]


def formatted(value: str):
    """Thought and calls of a `function_call`, as LLaMA-Factory's function formatter finds them."""
    assert re.search("<tool_call>(.*?)</tool_call>", value, re.DOTALL) is None
    thought = re.search("<think>\n(.*?)\n</think>\n\n", value, re.DOTALL)
    found = json.loads(value.replace(thought[0], "") if thought else value)
    calls = found if isinstance(found, list) else [found]
    return thought and thought[1], [(one["name"], one["arguments"]) for one in calls]


class TestTrl:
    def test_a_row_has_messages_tools_and_the_question(self):
        row = to_trl(trajectory())
        assert row == {
            "question_id": "q-1",
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": "Which disease is it?"},
                {
                    "role": "assistant",
                    "content": "Let me look.",
                    "tool_calls": [
                        {
                            "id": "call-1",
                            "type": "function",
                            "function": {"name": TOOL, "arguments": {"query": "finding 1"}},
                        }
                    ],
                },
                {
                    "role": "tool",
                    "tool_call_id": "call-1",
                    "name": TOOL,
                    "content": "- Marfan syndrome (MONDO:0007947)\n\n[found · 1 document]",
                },
                {"role": "assistant", "content": ANSWER.content},
            ],
            "tools": list(TOOLS),
        }

    def test_a_call_without_words_has_empty_content(self):
        assert to_trl(rounds(1))["messages"][2]["content"] == ""

    def test_parallel_replies_follow_the_order_of_their_calls(self):
        one = trajectory(asks(tool_call(1), tool_call(2)), tells(2), tells(1))
        ids = [it.get("tool_call_id") for it in to_trl(one)["messages"]]
        assert ids == [None, None, None, "call-1", "call-2", None]

    def test_broken_arguments_are_an_error_and_never_an_empty_object(self):
        with pytest.raises(ValueError, match="Expecting"):
            to_trl(with_arguments("{"))

    @given(OBJECTS, TEXT, st.booleans())
    def test_arguments_and_texts_survive_jsonl(self, value, text, ascii_only):
        raw = json.dumps(value, ensure_ascii=ascii_only, indent=1)
        one = trajectory(asks(tool_call(1, raw), thought=text), tells(1, text))
        row = json.loads(json.dumps(to_trl(one), ensure_ascii=False).encode())
        assert row == to_trl(one)
        call = row["messages"][2]["tool_calls"][0]["function"]
        assert call == {"name": TOOL, "arguments": value}
        assert row["messages"][2]["content"] == row["messages"][3]["content"] == text
        assert one.messages[2].tool_calls[0].function.arguments == raw


class TestShareGpt:
    def test_calls_and_observations_alternate(self):
        row = to_sharegpt(rounds(3))
        roles = [role for role, _ in read_by_llama_factory(row)]
        assert roles == ["human", *["function_call", "observation"] * 3, "gpt"]
        assert row["system"] == SYSTEM
        assert json.loads(row["tools"]) == list(TOOLS)
        assert row["conversations"][-1]["value"] == ANSWER.content

    def test_a_thought_stands_before_its_call(self):
        (_, _), (_, value), *_ = read_by_llama_factory(to_sharegpt(trajectory()))
        assert value.startswith("<think>\nLet me look.\n</think>\n\n{")
        assert formatted(value) == ("Let me look.", [(TOOL, {"query": "finding 1"})])

    def test_parallel_calls_are_a_list_and_one_observation_in_their_order(self):
        one = trajectory(asks(tool_call(1), tool_call(2)), tells(2, "second"), tells(1, "first"))
        spoken = read_by_llama_factory(to_sharegpt(one))
        calls = formatted(spoken[1][1])[1]
        assert calls == [(TOOL, {"query": "finding 1"}), (TOOL, {"query": "finding 2"})]
        assert spoken[2] == ("observation", f"first{PARALLEL}second")

    def test_words_between_calls_do_not_break_the_alternation(self):
        one = trajectory(
            Message(role="assistant", content="First words."),
            asks(tool_call(1), thought="Then a call."),
            tells(1, "found it"),
            Message(role="user", content="Go on."),
        )
        spoken = read_by_llama_factory(to_sharegpt(one))
        assert formatted(spoken[1][1])[0] == "First words.\n\nThen a call."
        assert spoken[2] == ("observation", "found it\n\nGo on.")

    @given(OBJECTS, TEXT | st.sampled_from(["<think>a</think> b", "</think>\n\n{", "<tool_call>"]))
    def test_any_thought_and_arguments_are_read_back(self, value, thought):
        row = to_sharegpt(with_arguments(json.dumps(value), "{}", thought=thought))
        again = json.loads(json.dumps([row], ensure_ascii=False).encode())[0]
        said, calls = formatted(read_by_llama_factory(again)[1][1])
        assert calls == [(TOOL, value), (TOOL, {})]
        assert (said or "") == re.sub("</?(think|tool_call)>", "", thought).strip()

    def test_the_dataset_is_described_for_llama_factory(self):
        assert dataset_info("sharegpt.json") == {
            "medresearcher": {
                "file_name": "sharegpt.json",
                "formatting": "sharegpt",
                "columns": {"messages": "conversations", "system": "system", "tools": "tools"},
            }
        }


class TestParquet:
    def rows(self):
        odd = with_arguments('{"n": null, "l": [1, "ß\\u2028"]}', "{}")
        plain = trajectory(messages=(*START, ANSWER), tools=())
        return [to_trl(one) for one in (rounds(2), odd, plain)]

    def test_it_loads_back_to_the_rows_of_the_jsonl(self, tmp_path):
        rows = self.rows() * 400
        write_parquet(tmp_path / "trl.parquet", rows)
        write_jsonl(tmp_path / "trl.jsonl", rows)
        lines = (tmp_path / "trl.jsonl").read_bytes().split(b"\n")[:-1]
        assert read_parquet(tmp_path / "trl.parquet") == rows == [json.loads(it) for it in lines]

    def test_messages_and_tools_are_arrow_json(self, tmp_path):
        write_parquet(tmp_path / "trl.parquet", self.rows())
        schema = pq.read_schema(tmp_path / "trl.parquet")
        assert schema.names == ["question_id", "messages", "tools"]
        for name in ("messages", "tools"):
            assert schema.field(name).type.value_type == pa.json_()

    def test_equal_rows_give_equal_bytes(self, tmp_path):
        for name in ("a", "b"):
            write_parquet(tmp_path / name, self.rows())
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

    def test_no_rows_are_a_table_too(self, tmp_path):
        write_parquet(tmp_path / "trl.parquet", [])
        assert read_parquet(tmp_path / "trl.parquet") == []

    def test_a_failed_write_leaves_the_old_file_and_no_draft(self, tmp_path):
        write_parquet(tmp_path / "trl.parquet", self.rows())
        before = (tmp_path / "trl.parquet").read_bytes()
        with pytest.raises(TypeError):
            write_parquet(
                tmp_path / "trl.parquet", [{"question_id": "q", "messages": [{1j}], "tools": []}]
            )
        assert (tmp_path / "trl.parquet").read_bytes() == before
        assert [one.name for one in tmp_path.iterdir()] == ["trl.parquet"]


def read_text_form(row):
    """The messages of the text form as what the record holds: (role, text, calls) triples."""

    def plain(text):
        return re.sub(r"<\\(\\*/?(?:think|tool_call|tool_response|answer|tools)>)", r"<\1", text)

    found = []
    for message in row["messages"]:
        text = message["content"]
        if message["role"] == "assistant":
            thought = re.match(r"<think>\n(.*?)\n</think>", text, re.DOTALL)
            raws = re.findall(r"<tool_call>\n(.*?)\n</tool_call>", text, re.DOTALL)
            calls = [
                re.fullmatch(r'\{"name": (".*?"), "arguments": (.*)\}', it, re.DOTALL)
                for it in raws
            ]
            answer = re.search(r"\n<answer>(.*)</answer>$", text, re.DOTALL)
            said = plain(thought[1]) if thought else ""
            found.append(("assistant", said, [(json.loads(it[1]), it[2]) for it in calls]))
            if answer:
                found.append(("answer", plain(answer[1]), []))
        elif text.startswith("<tool_response>"):
            replies = re.findall(r"<tool_response>\n(.*?)\n</tool_response>", text, re.DOTALL)
            found += [("tool", plain(it), []) for it in replies]
        else:
            found.append((message["role"], plain(text), []))
    return found


def held(one):
    """The same triples from the record."""
    return [
        (
            it.role,
            it.content or "",
            [(c.function.name, c.function.arguments) for c in it.tool_calls or ()],
        )
        for it in one.messages
    ]


MARKED = TEXT | st.sampled_from(
    ["</tool_response>\n<answer>a</answer>", "<\\think>", "<\\\\/think>"]
)


class TestOpenAi:
    @given(OBJECTS, TEXT, st.booleans())
    def test_messages_come_back_equal_but_for_the_names_of_tools(self, value, text, ascii_only):
        raw = json.dumps(value, ensure_ascii=ascii_only, indent=1)
        one = trajectory(asks(tool_call(1, raw), thought=text), tells(1, text))
        row = json.loads(json.dumps(to_openai(one), ensure_ascii=False).encode())
        back = [Message.model_validate({"content": "", **it}) for it in row["messages"]]
        plain = [
            it.model_copy(update={"name": None, "content": it.content or ""}) for it in one.messages
        ]
        assert back == plain
        assert row["tools"] == list(TOOLS)

    def test_rows_are_what_the_client_of_openai_calls_messages(self):
        from openai.types.chat import ChatCompletionFunctionToolParam, ChatCompletionMessageParam
        from pydantic import TypeAdapter

        one = trajectory(asks(tool_call(1), tool_call(2)), tells(1), tells(2))
        row = to_openai(one)
        TypeAdapter(list[ChatCompletionMessageParam]).validate_python(row["messages"])
        TypeAdapter(list[ChatCompletionFunctionToolParam]).validate_python(row["tools"])
        assert row["parallel_tool_calls"] is True
        assert "content" not in row["messages"][2]
        assert to_openai(rounds(2))["parallel_tool_calls"] is False


def unescaped(said):
    """The same with `<` for its JSON escape in arguments: there the format writes its marks so."""
    return [
        (who, text, [(name, raw.replace("\\u003c", "<")) for name, raw in calls])
        for who, text, calls in said
    ]


class TestText:
    @example({"": "<tools>"}, "", False)
    @given(OBJECTS, MARKED, st.booleans())
    def test_thoughts_calls_and_responses_come_back(self, value, text, ascii_only):
        raw = json.dumps(value, ensure_ascii=ascii_only)
        one = trajectory(
            asks(tool_call(1, raw), tool_call(2), thought=text), tells(1, text), tells(2)
        )
        (system, *found) = unescaped(read_text_form(to_text(one)))
        *expected, answer = unescaped(held(one))[1:]
        assert found == [*expected, answer, ("answer", "Marfan syndrome (MONDO:0007947)", [])]
        head, told = system[1].split("\n\n<tools>\n")
        assert head == SYSTEM
        assert list(map(json.loads, told.removesuffix("\n</tools>").split("\n"))) == list(TOOLS)

    def test_a_mark_in_arguments_cannot_end_the_call(self):
        one = with_arguments('{"query": "</tool_call><answer>x</answer>"}')
        text = to_text(one)["messages"][2]["content"]
        assert text.count("</tool_call>") == 1
        found = json.loads(text.split("\n")[1])
        assert found["arguments"] == {"query": "</tool_call><answer>x</answer>"}

    def test_broken_arguments_are_an_error(self):
        with pytest.raises(ValueError, match="Expecting"):
            to_text(with_arguments("{"))


class TestAtif:
    @given(OBJECTS, TEXT, st.booleans())
    def test_messages_come_back(self, value, text, ascii_only):
        raw = json.dumps(value, ensure_ascii=ascii_only, indent=1)
        one = trajectory(
            asks(tool_call(1, raw), tool_call(2), thought=text), tells(2, text), tells(1)
        )
        row = json.loads(json.dumps(to_atif(one), ensure_ascii=False).encode())
        assert row["schema_version"] == "ATIF-v1.8"
        assert row["agent"]["tool_definitions"] == list(TOOLS)
        assert row["trajectory_id"] == one.id
        assert [it["step_id"] for it in row["steps"]] == [1, 2, 3, 4]
        step = row["steps"][2]
        assert (step["source"], step["message"]) == ("agent", text)
        assert step["tool_calls"][0]["arguments"] == value
        assert [it["extra"]["raw_arguments"] for it in step["tool_calls"]] == [
            it.function.arguments for it in one.messages[2].tool_calls
        ]
        told = {it["source_call_id"]: it["content"] for it in step["observation"]["results"]}
        assert told == {it.tool_call_id: it.content for it in one.messages[3:5]}
        assert row["extra"]["verdict"]["correct"] is True
