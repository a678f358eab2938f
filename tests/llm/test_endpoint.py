"""The endpoint against a real server on loopback that behaves well, badly and not at all."""

from typing import Any

import pytest
from llm_server import Answer, Endpoint, completion, serve

from medresearcher.errors import ModelError
from medresearcher.llm.endpoint import EndpointModel
from medresearcher.records.trajectory import FunctionCall, Message, ToolCall, Usage
from medresearcher.settings import LlmSettings

KEY = "sk-very-secret"
ASK = [Message(role="user", content="Which gene?")]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
FINE = Answer(completion({"role": "assistant", "content": "Answer: FBN1"}))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def model(endpoint: Endpoint, **changes: Any) -> EndpointModel:
    settings = LlmSettings(**{"base_url": endpoint.url, "retries": 0, "timeout_s": 10.0, **changes})
    return EndpointModel("m", settings, {"OPENAI_API_KEY": KEY})


def failure(*answers: Answer, **changes: Any) -> tuple[str, int]:
    """The error's text, and how many calls were made."""
    with serve(*answers) as endpoint, pytest.raises(ModelError) as caught:
        model(endpoint, **changes).complete(ASK, TOOLS, seed=1)
    text = str(caught.value)
    assert text.startswith("model `m` at http://127.0.0.1:")
    assert KEY not in text
    assert "\n" not in text
    return text, len(endpoint.requests)


def test_a_plain_reply() -> None:
    with serve(FINE) as endpoint:
        reply = model(endpoint, temperature=0.5, max_tokens=9).complete(ASK, [], seed=3)
    assert reply.message == Message(role="assistant", content="Answer: FBN1")
    assert reply.usage == Usage(prompt_tokens=11, completion_tokens=7)
    assert endpoint.keys == [f"Bearer {KEY}"]
    assert endpoint.requests == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "Which gene?"}],
            "temperature": 0.5,
            "max_tokens": 9,
            "seed": 3,
        }
    ]


@pytest.mark.parametrize(
    "raw",
    ['{"q":  "a\\u00e9 é"}', '{"b":1,"a":2, "a":3}', "{broken", "", ' {"x": 1e999}\n', "null"],
)
def test_tool_arguments_stay_what_the_model_wrote(raw: str) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": raw}}
    said = {"role": "assistant", "content": None, "tool_calls": [call, {**call, "id": "c2"}]}
    with serve(Answer(completion(said))) as endpoint:
        found = model(endpoint).complete(ASK, TOOLS, seed=1).message
        model(endpoint).complete([*ASK, found], TOOLS, seed=1)
    assert endpoint.requests[0]["tools"] == TOOLS
    assert found.content is None
    assert found.tool_calls == tuple(
        ToolCall(id=one, function=FunctionCall(name="f", arguments=raw)) for one in ("c1", "c2")
    )
    sent = endpoint.requests[1]["messages"][1]["tool_calls"]
    assert [one["function"]["arguments"] for one in sent] == [raw, raw]


def test_a_rate_limit_is_waited_out() -> None:
    limit = Answer({"error": {"message": "slow down"}}, 429, {"Retry-After": "0.05"})
    with serve(limit, limit, FINE) as endpoint:
        reply = model(endpoint, retries=2).complete(ASK, [], seed=1)
    assert reply.message.content == "Answer: FBN1"
    assert len(endpoint.requests) == 3


def test_server_errors_are_tried_again_and_then_reported() -> None:
    broken = Answer({"error": {"message": "out of memory"}}, 500, {"Retry-After": "0.01"})
    text, calls = failure(broken, retries=2)
    assert "HTTP 500" in text
    assert "out of memory" in text
    assert calls == 3


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_client_errors_are_told_at_once_and_without_the_key(status: int) -> None:
    answer = Answer({"error": {"message": f"bad\nrequest with key {KEY}"}}, status)
    text, calls = failure(answer, FINE, retries=3)
    assert f"HTTP {status}" in text
    assert "request with key ***" in text
    assert calls == 1


HTML = b"<html><body>Sign in to the hotel WiFi</body></html>"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(HTML, headers={"Content-Type": "text/html"}), "Sign in to the hotel WiFi"),
        (Answer(HTML), "expected a chat completion in JSON"),
        (Answer(b""), "expected a chat completion in JSON"),
        (Answer(b"[" * 100_000), "expected a chat completion in JSON"),
        (Answer(b'{"choices": [{"mess'), "expected a chat completion in JSON"),
        (Answer(b"\xff\xfe\x00garbage"), "expected a chat completion in JSON"),
        (Answer(b"[1, 2]"), "expected a chat completion"),
        (Answer({"error": {"message": "overloaded"}}), "`choices`: Field required"),
        (Answer({"choices": []}), "`choices`"),
        (Answer({"choices": [{}]}), "`choices.0.message`: Field required"),
        (Answer(completion({"content": 3})), "`choices.0.message.content`"),
        (
            Answer(
                completion(
                    {"tool_calls": [{"id": "1", "function": {"name": "f", "arguments": {}}}]}
                )
            ),
            "`choices.0.message.tool_calls.0.function.arguments`",
        ),
        (Answer({"object": "list"}, 200), "expected a chat completion"),
    ],
)
def test_garbage_is_reported_with_what_came(answer: Answer, words: str) -> None:
    assert words in failure(answer)[0]


def test_a_body_cut_short_is_no_reply() -> None:
    text, calls = failure(Answer(completion({"content": "half"}), cut=True))
    assert "no connection" in text
    assert calls == 1


def test_a_slow_endpoint_times_out() -> None:
    text, _ = failure(Answer(b"{}", delay=0.5), timeout_s=0.1)
    assert "no answer within 0.1 s (setting `llm.timeout_s`)" in text


def test_nobody_listening() -> None:
    with serve(FINE) as endpoint:
        pass
    with pytest.raises(ModelError, match="no connection"):
        model(endpoint).complete(ASK, [], seed=1)


def test_missing_usage_is_not_counted_as_zero() -> None:
    with serve(Answer(completion({"content": "x"}, usage=None))) as endpoint:
        assert model(endpoint).complete(ASK, [], seed=1).usage == Usage()


@pytest.mark.parametrize(
    ("settings", "environ", "words"),
    [
        ({"base_url": ""}, {}, "MEDRESEARCHER_LLM__BASE_URL"),
        ({"base_url": "localhost:8000/v1"}, {}, "must begin with http"),
        ({"base_url": "http://[::1"}, {}, "is not a URL"),
        ({}, {}, "environment variable OPENAI_API_KEY"),
        ({}, {"OPENAI_API_KEY": "  \n"}, "environment variable OPENAI_API_KEY"),
        ({"api_key_env": "MY_KEY"}, {"OPENAI_API_KEY": KEY}, "environment variable MY_KEY"),
        ({}, {"OPENAI_API_KEY": "sk-naïve"}, "characters that no key can have"),
    ],
)
def test_what_is_missing_is_named_and_no_value_shown(
    settings: dict[str, str], environ: dict[str, str], words: str
) -> None:
    with pytest.raises(ModelError) as caught:
        EndpointModel(
            "m", LlmSettings(**{"base_url": "http://127.0.0.1:9/v1", **settings}), environ
        )
    assert words in str(caught.value)
    assert "sk-" not in str(caught.value)


def test_a_local_server_needs_no_key_and_credentials_in_the_url_stay_hidden() -> None:
    with serve(Answer(b"none")) as endpoint:
        url = endpoint.url.replace("//", "//user:pass@")
        settings = LlmSettings(base_url=url, api_key_env="", retries=0)
        with pytest.raises(ModelError) as caught:
            EndpointModel("m", settings, {}).complete(ASK, [], seed=1)
    assert "pass" not in str(caught.value)
    assert "got 'none'" in str(caught.value)
