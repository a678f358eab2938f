"""A tool: a plain function that an agent can call with JSON and that always says how it went.

The schema comes from the signature and the docstring; arguments are checked strictly against
it. Whatever happens, the answer is an `Observation` whose text ends with one status line in
square brackets, `[outcome · what came of it]`. A failure is never an empty success.
"""

import inspect
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from medresearcher.errors import boundary
from medresearcher.records.trajectory import Observation, Outcome

MAX_CHARACTERS = 16_000

# Control characters and lone surrogates; tab and line feed stay.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SECTION = re.compile(r"\n\s*Args:\s*\n")
_PARAMETER = re.compile(r"\s*(\w+):\s*(.*)")


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool's function returns: the outcome, the text, and the words of the status line."""

    outcome: Outcome
    body: str
    status: str


class ToolError(Exception):
    """Ends a call from deep inside a tool: the outcome, the words of its status, and a body."""

    def __init__(self, outcome: Outcome, status: str, body: str = "") -> None:
        super().__init__(status)
        self.result = Result(outcome, body, status)


class AnyTool(Protocol):
    """What a toolbox holds: a function of ours, or a tool of a foreign server."""

    @property
    def name(self) -> str:
        """The name that the model calls."""
        ...

    @property
    def schema(self) -> dict[str, Any]:
        """The tool as an OpenAI function schema."""
        ...

    def call(self, raw_arguments: str) -> Observation:
        """Run the tool with the JSON text that the model wrote; never raises an `Exception`."""
        ...


class Tool:
    """A callable tool named `name`.

    `function` takes keyword arguments of type str, int, float, bool, `Literal`, a list of one of
    them, or one of all these `| None`, and returns a `Result` or raises a `ToolError`; its
    docstring describes every parameter under `Args:`. Raises `TypeError` if it does not.
    """

    def __init__(self, name: str, function: Callable[..., Result]) -> None:
        self.name = name
        self._function = function
        description, parameters = _documented(name, function)
        self._arguments = _model(name, function, parameters)
        self._properties = {
            field: _plain(schema)
            for field, schema in self._arguments.model_json_schema()["properties"].items()
        }
        self._description = description

    @property
    def schema(self) -> dict[str, Any]:
        """The tool as an OpenAI function schema."""
        required = [
            name for name, field in self._arguments.model_fields.items() if field.is_required()
        ]
        parameters = {
            "type": "object",
            "properties": self._properties,
            "required": required,
            "additionalProperties": False,
        }
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self._description,
                "parameters": parameters,
            },
        }

    def call(self, raw_arguments: str) -> Observation:
        """Run the tool with the JSON text that the model wrote; never raises an `Exception`."""
        try:
            arguments = self._arguments.model_validate(read_arguments(raw_arguments))
        except (ValueError, RecursionError) as error:
            problem = f"{_problem(error)}; expected {self._expected()}"
            return observe(Result(Outcome.INVALID_ARGUMENTS, "", problem))
        values = {name: getattr(arguments, name) for name in self._properties}
        try:
            return observe(self._function(**values))
        except ToolError as error:
            return observe(error.result)
        except Exception as error:  # noqa: BLE001 - the boundary of a tool: a failure is data
            return observe(
                Result(Outcome.UNAVAILABLE, "", f"{self.name} failed: {boundary(error)}")
            )

    def _expected(self) -> str:
        """The parameters on one line: `{"query": string, "limit": integer 1..20 = 5}`."""
        parts = [f'"{name}": {_type_words(one)}' for name, one in self._properties.items()]
        return "{" + ", ".join(parts) + "}"


class Toolbox:
    """The tools of an agent, by name; names are unique (`ValueError`)."""

    def __init__(self, tools: Sequence[AnyTool]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        if len(self._tools) < len(tools):
            raise ValueError(f"tool names must be unique, got {[tool.name for tool in tools]}")

    @property
    def tools(self) -> list[AnyTool]:
        """The tools, in order."""
        return list(self._tools.values())

    @property
    def names(self) -> list[str]:
        """The names of the tools, in order."""
        return list(self._tools)

    def schemas(self) -> tuple[dict[str, Any], ...]:
        """The OpenAI function schemas of all tools, in order."""
        return tuple(tool.schema for tool in self._tools.values())

    def call(self, name: str, raw_arguments: str) -> Observation:
        """Call a tool by name; an unknown name is `invalid_arguments`."""
        if name not in self._tools:
            problem = f"there is no tool {_shown(name)}; the tools are {', '.join(self.names)}"
            return observe(Result(Outcome.INVALID_ARGUMENTS, "", problem))
        return self._tools[name].call(raw_arguments)


def observe(result: Result, limit: int = MAX_CHARACTERS) -> Observation:
    """The observation of a result: unprintable characters removed, the text cut to `limit`."""
    body = printable(result.body).strip("\n")
    if len(body) > limit:
        cut = body.rfind("\n", limit // 2, limit)
        kept = body[: cut if cut > 0 else limit]
        body = f"{kept}\n… {len(body) - len(kept)} more characters were left out"
    status = " ".join(printable(result.status).split())
    line = f"[{result.outcome} · {status[:1_000]}]"
    return Observation(outcome=result.outcome, text=f"{body}\n\n{line}" if body else line)


def printable(text: str) -> str:
    """`text` without control characters and lone surrogates, every line ended by a line feed."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _shown(value: object) -> str:
    """A value that the model wrote, short and on one line."""
    text = str(value) if isinstance(value, str) and value.isidentifier() else repr(value)
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"


def read_arguments(raw: str) -> dict[str, Any]:
    """The arguments as an object, `ValueError` if they are none; no text counts as an empty one."""
    try:
        value = json.loads(raw) if raw.strip() else {}
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise ValueError(f"the arguments are not valid JSON ({reason})") from error
    if not isinstance(value, dict):
        raise ValueError(f"the arguments are not a JSON object but {_shown(value)}")
    return value


def _problem(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    name = _shown(first["loc"][0])
    if first["type"] == "missing":
        return f"argument {name} is missing"
    if first["type"] == "extra_forbidden":
        return f"argument {name} is unknown"
    reason = "is none of its choices" if first["type"] == "literal_error" else first["msg"]
    return f"argument {name}: {reason}, got {_shown(first['input'])}"


def _documented(name: str, function: Callable[..., Result]) -> tuple[str, dict[str, str]]:
    """The description of a function and of each parameter, from its Google-style docstring."""
    description, *sections = _SECTION.split(inspect.getdoc(function) or "", maxsplit=1)
    found: dict[str, str] = {}
    current = ""
    for line in sections[0].split("\n") if sections else ():
        match = _PARAMETER.fullmatch(line)
        if match and match[1] in inspect.signature(function).parameters:
            current = match[1]
            found[current] = match[2].strip()
        elif current and line.startswith(" "):
            found[current] = f"{found[current]} {line.strip()}".strip()
        else:
            break
    if not description.strip():
        raise TypeError(f"tool `{name}` has no docstring")
    return " ".join(description.split()), found


def _model(
    name: str, function: Callable[..., Result], descriptions: dict[str, str]
) -> type[BaseModel]:
    """The arguments of a function as a strict pydantic model."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if not descriptions.get(parameter.name):
            raise TypeError(f"tool `{name}`: `{parameter.name}` has no description under `Args:`")
        if parameter.name not in hints or parameter.kind not in (
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        ):
            raise TypeError(f"tool `{name}`: `{parameter.name}` needs one plain type")
        required = parameter.default is parameter.empty
        default = ... if required else parameter.default
        described = Field(default, description=descriptions[parameter.name])
        fields[parameter.name] = (hints[parameter.name], described)
    config = ConfigDict(extra="forbid", strict=True)
    return create_model(f"{name}_arguments", __config__=config, **fields)


_PLAIN = ("string", "integer", "number", "boolean")


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """A property without titles and without the `null` branch of an optional argument."""
    kept = {key: value for key, value in schema.items() if key not in ("title", "anyOf")}
    for branch in schema.get("anyOf", ()):
        if branch != {"type": "null"}:
            kept = {**branch, **kept}
    if kept.get("default", ...) is None:
        del kept["default"]
    items = kept.get("items", {}) if kept.get("type") == "array" else {}
    if items.get("type") in _PLAIN:
        kept["items"] = _plain(items)
    elif kept.get("type") not in _PLAIN:
        raise TypeError(
            f"a tool's argument must be text, a number, a choice or a list; got {schema}"
        )
    return kept


def _type_words(schema: dict[str, Any]) -> str:
    words: str = schema["type"]
    if words == "array":
        words = f"list of {_type_words(schema['items'])}"
    if "enum" in schema:
        words = " | ".join(json.dumps(value) for value in schema["enum"])
    if "minimum" in schema:
        least = schema["minimum"]
        words += f" {least}..{schema['maximum']}" if "maximum" in schema else f" >= {least}"
    return words + (f" = {json.dumps(schema['default'])}" if "default" in schema else "")
