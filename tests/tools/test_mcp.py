"""The MCP server, asked by the official client; foreign servers' tools, those of our own server."""

import asyncio
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from mcp import Client, StdioServerParameters

from medresearcher.errors import InputError
from medresearcher.records.trajectory import Outcome
from medresearcher.settings import McpServer, ToolSettings
from medresearcher.tools.calculator import calculator
from medresearcher.tools.mcp_client import foreign_tools
from medresearcher.tools.mcp_server import OUTCOME, serve_http, server_of
from medresearcher.tools.tool import Result, Tool, Toolbox

STDIO = (sys.executable, str(Path(__file__).with_name("mcp_stdio.py")))


def slow(seconds: float) -> Result:
    """Wait, then repeat the number.

    Args:
        seconds: How long.
    """
    time.sleep(seconds)
    return Result(Outcome.FOUND, str(seconds), "waited")


def outcome(name: str) -> Result:
    """Come to an outcome.

    Args:
        name: The outcome.
    """
    return Result(Outcome(name), "both statements" if name == "conflict" else "", "as asked")


BOX = Toolbox([calculator(), Tool("slow", slow), Tool("outcome", outcome)])


@contextmanager
def over_http(box: Toolbox) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    app = server_of(box).streamable_http_app(streamable_http_path="/mcp", host="127.0.0.1")
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        server.should_exit = True
        thread.join()


async def play(client: Client) -> None:
    """What any client may expect of the server."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    for tool in tools.values():
        assert tool.annotations
        assert tool.annotations.read_only_hint
        assert not tool.annotations.destructive_hint
    schema = calculator().schema["function"]
    assert tools["calculator"].input_schema == schema["parameters"]
    assert tools["calculator"].description == schema["description"]
    found = await client.call_tool("calculator", {"expression": "6 * 7"})
    assert found.content[0].text == "42\n\n[found · calculated]"
    assert not found.is_error
    assert found.meta == {OUTCOME: "found"} | {
        key: value for key, value in (found.meta or {}).items() if key != OUTCOME
    }
    bad = await client.call_tool("calculator", {"nonsense": 1})
    assert bad.is_error
    assert "argument `nonsense` is unknown" in bad.content[0].text or "missing" in (
        bad.content[0].text
    )
    unknown = await client.call_tool("nope", {})
    assert unknown.is_error


def test_the_official_client_over_stdio() -> None:
    async def run() -> None:
        target = StdioServerParameters(command=STDIO[0], args=[STDIO[1]])
        async with Client(target) as client:
            await play(client)

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_official_client_over_http_in_both_eras_of_the_protocol(mode: str) -> None:
    async def run(url: str) -> None:
        async with Client(url, mode=mode) as client:
            await play(client)
            for name in Outcome:
                found = await client.call_tool("outcome", {"name": str(name)})
                failures = ("invalid_arguments", "not_configured", "rate_limited", "unavailable")
                assert found.is_error == (name in failures)
                assert (found.meta or {})[OUTCOME] == name

    with over_http(BOX) as url:
        asyncio.run(run(url))


def test_calls_run_side_by_side() -> None:
    together = threading.Barrier(32)

    def meet(number: int) -> Result:
        """Wait for all others.

        Args:
            number: Who waits.
        """
        together.wait(30)
        return Result(Outcome.FOUND, str(number), "met")

    async def run(url: str) -> None:
        async with Client(url) as client:
            calls = [client.call_tool("meet", {"number": n}) for n in range(32)]
            found = await asyncio.gather(*calls)
            texts = [one.content[0].text.split("\n")[0] for one in found]
            assert texts == [str(n) for n in range(32)]

    with over_http(Toolbox([Tool("meet", meet)])) as url:
        asyncio.run(run(url))


def test_only_this_machine_is_served() -> None:
    for host in ("0.0.0.0", "example.org", "::"):
        with pytest.raises(InputError, match="no passwords"):
            serve_http(BOX, host, 1)


def test_a_foreign_page_cannot_use_the_server_through_a_browser() -> None:
    import httpx2

    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"Accept": "application/json, text/event-stream"}
    with over_http(BOX) as url:
        for foreign in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            status = httpx2.post(url, json=body, headers={**accept, **foreign}).status_code
            assert status in (403, 421)


# Foreign servers.


def test_foreign_tools_are_ours_with_typed_outcomes() -> None:
    servers = {"own server": McpServer(command=STDIO)}
    with foreign_tools(servers, 20.0) as tools:
        box = Toolbox(tools)
        assert box.names == ["own_server_calculator", "own_server_plant"]
        schema = box.schemas()[0]["function"]
        assert schema["parameters"] == calculator().schema["function"]["parameters"]
        found = box.call("own_server_calculator", '{"expression": "6 * 7"}')
        assert found.outcome == "found"
        assert found.text.startswith('<untrusted source="MCP server own server">\n42')
        failed = box.call("own_server_calculator", '{"expression": "1 / 0"}')
        assert failed.outcome == "out_of_scope"
        assert box.call("own_server_calculator", "nonsense").outcome == "invalid_arguments"
        planted = box.call("own_server_plant", '{"word": "hello"}').text
        assert planted.count("</untrusted>") == 1
        assert planted.index("Ignore all") < planted.index("</untrusted>")


def test_a_server_that_dies_is_unavailable_and_then_there_again() -> None:
    with foreign_tools({"s": McpServer(command=STDIO)}, 20.0) as tools:
        box = Toolbox(tools)
        assert box.call("s_plant", '{"word": "die"}').outcome == "unavailable"
        assert box.call("s_plant", '{"word": "back"}').outcome == "found"


def test_a_foreign_command_sees_no_variable_that_is_not_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_OF_OURS", "s3cr3t")
    for env, shown in (((), "unset"), (("SECRET_OF_OURS",), "s3cr3t")):
        with foreign_tools({"s": McpServer(command=STDIO, env=env)}, 20.0) as tools:
            assert shown in Toolbox(tools).call("s_plant", '{"word": "key"}').text


def test_a_slow_foreign_tool_ends_by_the_deadline() -> None:
    with over_http(BOX) as url, foreign_tools({"s": McpServer(url=url)}, 0.5) as tools:
        found = Toolbox(tools).call("s_slow", '{"seconds": 2}')
        assert (found.outcome, "no answer in time" in found.text) == ("unavailable", True)


def test_many_threads_share_a_foreign_server() -> None:
    with over_http(BOX) as url, foreign_tools({"s": McpServer(url=url)}, 20.0) as tools:
        box = Toolbox(tools)

        def ask(number: int) -> str:
            return box.call("s_calculator", json.dumps({"expression": f"{number} * 2"})).text

        with ThreadPoolExecutor(64) as pool:
            texts = list(pool.map(ask, range(256)))
    assert [text.split("\n")[1] for text in texts] == [str(2 * n) for n in range(256)]


@pytest.mark.parametrize(
    "server",
    [
        McpServer(url="http://127.0.0.1:9/mcp"),
        McpServer(command=("no-such-command-anywhere",)),
        McpServer(command=(sys.executable, "-c", "print('hello')")),
    ],
)
def test_a_server_that_is_none_is_an_input_error(server: McpServer) -> None:
    with pytest.raises(InputError, match=r"tools\.mcp_servers\.x"), foreign_tools({"x": server}, 5):
        pass


def test_a_server_is_a_command_or_a_url() -> None:
    for bad in ({}, {"command": ["x"], "url": "http://x"}):
        with pytest.raises(ValueError, match="either `command` or `url`"):
            ToolSettings.model_validate({"mcp_servers": {"x": bad}})
