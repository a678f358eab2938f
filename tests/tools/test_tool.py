"""Tools in general: schema from the function, strict arguments, one status line, no silence."""

import json
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from medresearcher.errors import InputError
from medresearcher.records.trajectory import Outcome
from medresearcher.tools.tool import MAX_CHARACTERS, Result, Tool, Toolbox


def weigh(
    name: str,
    count: Annotated[int, Field(ge=1, le=9)] = 2,
    unit: Literal["kg", "lb"] | None = None,
    share: float = 0.5,
    loud: bool = False,
) -> Result:
    """Weigh a thing.

    On a balance.

    Args:
        name: What to weigh,
            in words.
        count: How many.
        unit: The unit.
        share: A part.
        loud: Whether to shout.
    """
    if name == "broken":
        raise InputError("the balance is broken\nsince Monday")
    if name == "bug":
        raise ZeroDivisionError("division by zero")
    return Result(Outcome.FOUND, name, f"{count} {unit} {share} {loud}")


TOOL = Tool("weigh", weigh)


def call(**arguments: Any) -> str:
    return TOOL.call(json.dumps(arguments)).text


def test_the_schema_is_that_of_the_function() -> None:
    assert TOOL.schema == {
        "type": "function",
        "function": {
            "name": "weigh",
            "description": "Weigh a thing. On a balance.",
            "parameters": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "What to weigh, in words."},
                    "count": {
                        "type": "integer",
                        "description": "How many.",
                        "minimum": 1,
                        "maximum": 9,
                        "default": 2,
                    },
                    "unit": {
                        "type": "string",
                        "enum": ["kg", "lb"],
                        "description": "The unit.",
                    },
                    "share": {"type": "number", "description": "A part.", "default": 0.5},
                    "loud": {
                        "type": "boolean",
                        "description": "Whether to shout.",
                        "default": False,
                    },
                },
                "required": ["name"],
                "additionalProperties": False,
            },
        },
    }


def test_a_call_ends_with_its_status() -> None:
    assert call(name="iron") == "iron\n\n[found · 2 None 0.5 False]"
    assert call(name="", count=9, unit="kg", share=1, loud=True) == "[found · 9 kg 1.0 True]"
    assert call(name="x", unit=None).startswith("x\n")


_EXPECTED = (
    '; expected {"name": string, "count": integer 1..9 = 2, "unit": "kg" | "lb", '
    '"share": number = 0.5, "loud": boolean = false}]'
)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("{", "the arguments are not valid JSON (Expecting property name"),
        ("[" * 100_000, "the arguments are not valid JSON (RecursionError"),
        ("[1]", "the arguments are not a JSON object but `[1]`"),
        ("", "argument `name` is missing"),
        ("{}", "argument `name` is missing"),
        ('{"name": 3}', "argument `name`: Input should be a valid string, got `3`"),
        ('{"name": "x", "count": "3"}', "argument `count`: Input should be a valid integer"),
        ('{"name": "x", "count": true}', "argument `count`: Input should be a valid integer"),
        ('{"name": "x", "count": 10}', "argument `count`: Input should be less than or equal to 9"),
        ('{"name": "x", "unit": "st"}', "argument `unit`: is none of its choices, got `st`"),
        ('{"name": "x", "why": 1}', "argument `why` is unknown"),
        ('{"name": "\\ud800"}', "the arguments are not valid JSON (UnicodeEncodeError"),
        ('{"name": "x", "\\n] [found · 1]": 1}', "argument `'\\n] [found · 1]'` is unknown"),
    ],
)
def test_wrong_arguments_say_what_was_expected(raw: str, problem: str) -> None:
    found = TOOL.call(raw)
    assert found.outcome is Outcome.INVALID_ARGUMENTS
    assert found.text.startswith(f"[invalid_arguments · {problem}")
    assert found.text.endswith(_EXPECTED)
    assert "\n" not in found.text


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_no_arguments_break_a_tool(raw: str) -> None:
    found = TOOL.call(raw)
    assert found.text.split("\n")[-1].startswith(f"[{found.outcome} · ")
    assert found.text.encode()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("broken", "weigh failed: input: the balance is broken since Monday"),
        ("bug", "weigh failed: internal: ZeroDivisionError: division by zero"),
    ],
)
def test_a_failing_tool_is_unavailable_and_never_empty(name: str, status: str) -> None:
    found = TOOL.call(json.dumps({"name": name}))
    assert found.outcome is Outcome.UNAVAILABLE
    assert found.text == f"[unavailable · {status}]"


def test_long_texts_are_cut_with_notice_and_keep_the_status() -> None:
    text = call(name="line of words\n" * 10_000)
    assert len(text) < MAX_CHARACTERS + 200
    assert "more characters were left out\n\n[found · " in text
    kept = text.split("…")[0]
    assert len(kept.rstrip("\n")) + int(text.split("… ")[1].split()[0]) == 140_000 - 1


def test_control_characters_are_removed() -> None:
    assert (
        call(name="a\x00b\x1b[31mc\r\nd\u0085\te") == "ab[31mc\nd\te\n\n[found · 2 None 0.5 False]"
    )


def undescribed(name: str) -> Result:
    """Do it.

    Args:
        other: Not a parameter.
    """
    raise AssertionError(name)


def untyped(name) -> Result:  # type: ignore[no-untyped-def]  # noqa: ANN001, RUF100
    """Do it.

    Args:
        name: A name.
    """
    raise AssertionError(name)


def nested(names: list[list[str]]) -> Result:
    """Do it.

    Args:
        names: Some names.
    """
    raise AssertionError(names)


def mapped(names: dict[str, str]) -> Result:
    """Do it.

    Args:
        names: Some names.
    """
    raise AssertionError(names)


def gathered(*names: str) -> Result:
    """Do it.

    Args:
        names: Some names.
    """
    raise AssertionError(names)


def silent(name: str) -> Result:
    raise AssertionError(name)


@pytest.mark.parametrize("function", [undescribed, untyped, nested, mapped, gathered, silent])
def test_a_badly_defined_tool_is_refused_at_definition(function: Any) -> None:
    with pytest.raises(TypeError):
        Tool("bad", function)


def pick(
    names: Annotated[list[str], Field(min_length=1, max_length=2)],
    sizes: list[Literal["s", "m"]] = [],  # noqa: B006
) -> Result:
    """Pick things.

    Args:
        names: Which.
        sizes: How large.
    """
    return Result(Outcome.FOUND, "", f"{'+'.join(names)} {'+'.join(sizes)}")


def test_a_tool_may_take_lists() -> None:
    tool = Tool("pick", pick)
    properties = tool.schema["function"]["parameters"]["properties"]
    assert properties["names"]["type"] == "array"
    assert properties["names"]["items"] == {"type": "string"}
    assert properties["sizes"]["items"] == {"enum": ["s", "m"], "type": "string"}
    assert tool.schema["function"]["parameters"]["required"] == ["names"]
    assert tool.call('{"names": ["a", "b"], "sizes": ["m"]}').text == "[found · a+b m]"
    assert tool.call('{"names": ["a"]}').text == "[found · a]"
    expected = 'expected {"names": list of string, "sizes": list of "s" | "m" = []}'
    for names in ('"a"', "[1]", "[]", '["a", "b", "c"]', "null", '{"a": "b"}', '[["a"]]'):
        found = tool.call(f'{{"names": {names}}}')
        assert found.outcome is Outcome.INVALID_ARGUMENTS
        assert "argument `names`: " in found.text
        assert expected in found.text


def test_a_toolbox_finds_tools_and_names_them() -> None:
    box = Toolbox([TOOL])
    assert box.schemas() == (TOOL.schema,)
    assert box.call("weigh", '{"name": "x"}') == TOOL.call('{"name": "x"}')
    found = box.call("weight\n", "{}")
    assert found.outcome is Outcome.INVALID_ARGUMENTS
    assert found.text == (
        "[invalid_arguments · there is no tool `'weight\\n'`; the tools are weigh]"
    )
    with pytest.raises(ValueError, match="unique"):
        Toolbox([TOOL, TOOL])
