"""A model behind an OpenAI-compatible endpoint, through the `openai` client.

The client's own retries wait and try again on 408, 409, 429 and 5xx answers, and on broken or slow
connections. The body is read here, so that tool arguments stay the text that the model wrote.
"""

import json
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError

from medresearcher.errors import ModelError
from medresearcher.llm.chat import Reply
from medresearcher.records.trajectory import FunctionCall, Message, ToolCall, Usage
from medresearcher.settings import LlmSettings

if TYPE_CHECKING:
    import openai

_SHOWN = 200


class EndpointModel:
    """The model `name` at `settings.base_url`.

    The key is read from the environment variable `settings.api_key_env`; with an empty name no
    key is sent, as local servers allow. Raises `ModelError` if the URL or the key is missing.
    """

    def __init__(
        self, name: str, settings: LlmSettings, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._name = name
        self._settings = settings
        self._where = f"model `{name}` at {_host(settings.base_url)}"
        self._key = _key(settings.api_key_env, environ)

    @property
    def name(self) -> str:
        """The name of the model."""
        return self._name

    def complete(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], seed: int
    ) -> Reply:
        """One chat completion; `ModelError` with the endpoint's own words if it fails."""
        request: dict[str, Any] = {
            "model": self._name,
            "messages": [message.to_openai() for message in messages],
            "temperature": self._settings.temperature,
            "max_tokens": self._settings.max_tokens,
            "seed": seed,
        }
        if tools:
            request["tools"] = list(tools)
        return self._reply(self._post(request))

    @cached_property
    def _client(self) -> "openai.OpenAI":
        import openai

        return openai.OpenAI(
            base_url=self._settings.base_url,
            api_key=self._key or "none",
            timeout=self._settings.timeout_s,
            max_retries=self._settings.retries,
        )

    def _post(self, request: dict[str, Any]) -> str:
        """The body of the endpoint's answer."""
        import openai

        try:
            return self._client.chat.completions.with_raw_response.create(**request).text
        except openai.APIStatusError as error:
            problem = f"HTTP {error.status_code}: {error.message}"
        except openai.APITimeoutError:
            problem = f"no answer within {self._settings.timeout_s:g} s (setting `llm.timeout_s`)"
        except openai.APIConnectionError as error:
            problem = f"no connection ({error.__cause__ or error})"
        except (openai.OpenAIError, UnicodeError) as error:
            problem = str(error) or type(error).__name__
        raise ModelError(f"{self._where}: {self._safe(problem)}")

    def _reply(self, body: str) -> Reply:
        try:
            answer = _Completion.model_validate(json.loads(body))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            problem = f"expected a chat completion, `{field}`: {first['msg']}"
        except (ValueError, RecursionError):
            problem = "expected a chat completion in JSON"
        else:
            counted = answer.usage.model_dump() if answer.usage else {}
            return Reply(_message(answer.choices[0].message), Usage(**counted))
        raise ModelError(f"{self._where}: {problem}; got {self._safe(body)!r}")

    def _safe(self, text: str) -> str:
        """`text` short, on one line and without the key."""
        clean = text.replace(self._key, "***") if self._key else text
        line = " ".join(clean.split())
        return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


class _Function(BaseModel):
    name: str
    arguments: str = ""


class _Call(BaseModel):
    id: str
    function: _Function


class _Message(BaseModel):
    content: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(BaseModel):
    message: _Message


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


def _message(found: _Message) -> Message:
    calls = tuple(
        ToolCall(
            id=call.id,
            function=FunctionCall(name=call.function.name, arguments=call.function.arguments),
        )
        for call in found.tool_calls or ()
    )
    return Message(role="assistant", content=found.content, tool_calls=calls or None)


def _host(base_url: str) -> str:
    """The endpoint for messages: without user, password and query."""
    if not base_url:
        raise ModelError(
            "no endpoint: the setting `llm.base_url` is empty; set MEDRESEARCHER_LLM__BASE_URL, "
            "for example to http://127.0.0.1:8000/v1"
        )
    try:
        parts = urlsplit(base_url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise ModelError(f"the setting `llm.base_url` is not a URL ({error})") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ModelError("the setting `llm.base_url` must begin with http:// or https://")
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def _key(variable: str, environ: Mapping[str, str]) -> str:
    if not variable:
        return ""
    key = environ.get(variable, "").strip()
    if not key:
        raise ModelError(
            f"no key: the environment variable {variable} (setting `llm.api_key_env`) is empty; "
            "set it, or set the name to nothing for a server that needs no key"
        )
    if not (key.isascii() and key.isprintable()):
        raise ModelError(f"the key in {variable} holds characters that no key can have")
    return key
