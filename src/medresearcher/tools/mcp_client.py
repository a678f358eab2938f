"""Tools of foreign MCP servers, as tools of ours: named `<server>_<tool>`, with typed outcomes.

What a server says of its tools and what they return is text from outside: trimmed, and answers
stand between the marks of untrusted text. A server that dies is connected to anew at the next
call. The connections live in one thread of their own.
"""

import json
import logging
import os
import re
import time
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from medresearcher.errors import InputError, boundary
from medresearcher.records.trajectory import Observation, Outcome
from medresearcher.settings import McpServer
from medresearcher.tools.mcp_server import OUTCOME
from medresearcher.tools.tool import AnyTool, Result, observe, read_arguments
from medresearcher.tools.untrusted import as_data, visible

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from mcp import Client, StdioServerParameters
    from mcp_types import CallToolResult

logger = logging.getLogger(__name__)

_MOST_DESCRIPTION = 1_000
_MOST_TOOLS = 200
_UNNAMEABLE = re.compile(r"[^a-zA-Z0-9_-]+")
_INVALID_PARAMS = -32602


@contextmanager
def foreign_tools(servers: Mapping[str, McpServer], seconds: float) -> Generator[list[AnyTool]]:
    """The tools of all servers while the block runs; each call ends within `seconds`.

    Raises `InputError` for a server that does not list its tools.
    """
    from anyio.from_thread import start_blocking_portal

    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        tools: list[AnyTool] = []
        for name, settings in servers.items():
            server = _Server(name, settings, seconds, portal)
            stack.callback(server.close)
            tools += server.tools()
        yield tools


class _Server:
    """One foreign server; its connection is opened when it is needed."""

    def __init__(
        self, name: str, settings: McpServer, seconds: float, portal: "BlockingPortal"
    ) -> None:
        self.name = name
        self._settings = settings
        self._seconds = seconds
        self._portal = portal
        self._open: tuple[AbstractContextManager[Any], Client] | None = None
        self._lock = Lock()

    def tools(self) -> "list[AnyTool]":
        try:
            found = self._portal.call(self._listed, self._client())
        except Exception as error:
            self.close()
            raise InputError(
                f"setting `tools.mcp_servers.{self.name}`: the server does not list its tools "
                f"({_reason(error)}); expected a running MCP server"
            ) from error
        return [_ForeignTool(self, one) for one in found]

    def call(self, tool: str, arguments: dict[str, Any]) -> "CallToolResult":
        """Call a tool; a connection that failed is closed, so that the next call opens another."""
        from mcp import MCPError

        until = time.monotonic() + self._seconds
        client = self._client()
        try:
            return self._portal.call(self._called, client, tool, arguments, until)
        except Exception as error:
            if not (isinstance(error, MCPError) and error.code == _INVALID_PARAMS):
                self.close()
            raise

    def close(self) -> None:
        with self._lock:
            opened, self._open = self._open, None
        if opened:
            try:
                opened[0].__exit__(None, None, None)
            except Exception as error:  # noqa: BLE001 - a dead server may end as it likes
                logger.debug("MCP server %s: %s", self.name, boundary(error))

    def _client(self) -> "Client":
        from mcp import Client

        if not self._lock.acquire(timeout=self._seconds):
            raise TimeoutError
        try:
            if self._open is None:
                client = Client(_target(self._settings), read_timeout_seconds=self._seconds)
                context = self._portal.wrap_async_context_manager(client)
                self._open = context, context.__enter__()
            return self._open[1]
        finally:
            self._lock.release()

    async def _listed(self, client: "Client") -> list[Any]:
        import anyio

        found: list[Any] = []
        with anyio.fail_after(self._seconds):
            page = await client.list_tools()
            found += page.tools
            while page.next_cursor and len(found) < _MOST_TOOLS:
                page = await client.list_tools(cursor=page.next_cursor)
                found += page.tools
        return found[:_MOST_TOOLS]

    async def _called(
        self, client: "Client", tool: str, arguments: dict[str, Any], until: float
    ) -> "CallToolResult":
        import anyio

        with anyio.fail_after(until - time.monotonic()):
            return await client.call_tool(tool, arguments)


class _ForeignTool:
    """A tool of a foreign server; the server checks the arguments."""

    def __init__(self, server: _Server, listed: Any) -> None:
        self._server = server
        self._called = str(listed.name)
        self.name = _UNNAMEABLE.sub("_", f"{server.name}_{listed.name}")[:64]
        said = " ".join(visible(listed.description or "")[0].split())[:_MOST_DESCRIPTION]
        self.schema = {
            "type": "function",
            "function": {
                "name": self.name,
                "description": f"(of the MCP server {server.name}) {said}",
                "parameters": listed.input_schema,
            },
        }

    def call(self, raw_arguments: str) -> Observation:
        """Call the server; whatever goes wrong there is an outcome."""
        try:
            arguments = read_arguments(raw_arguments)
        except ValueError as error:
            return observe(Result(Outcome.INVALID_ARGUMENTS, "", str(error)))
        try:
            found = self._server.call(self._called, arguments)
        except Exception as error:  # noqa: BLE001 - the boundary of a tool: a failure is data
            invalid = getattr(error, "code", None) == _INVALID_PARAMS
            outcome = Outcome.INVALID_ARGUMENTS if invalid else Outcome.UNAVAILABLE
            problem = f"the MCP server {self._server.name} failed ({_reason(error)})"
            return observe(Result(outcome, "", problem))
        return observe(self._result(found))

    def _result(self, found: "CallToolResult") -> Result:
        text = "\n".join(_text(one) for one in found.content)
        if not text.strip() and found.structured_content is not None:
            text = json.dumps(found.structured_content, ensure_ascii=False, indent=1)
        source = f"MCP server {self._server.name}"
        body = as_data(source, text) if text.strip() else ""
        outcome = _outcome(found, is_empty=not body)
        if outcome is Outcome.EMPTY and not body:
            return Result(outcome, "", f"the {source} returned nothing")
        return Result(outcome, body, f"answered by the {source}")


def _target(settings: McpServer) -> "str | StdioServerParameters":
    from mcp import StdioServerParameters

    if settings.url:
        return settings.url
    command, *arguments = settings.command
    shown = {name: os.environ[name] for name in settings.env if name in os.environ}
    return StdioServerParameters(command=command, args=arguments, env=shown)


def _text(block: Any) -> str:
    if block.type == "text":
        return str(block.text)
    return f"({block.type} content, which cannot be shown here)"


def _outcome(found: "CallToolResult", *, is_empty: bool) -> Outcome:
    """A server of ours names the outcome; of others an error is all there is to know."""
    named = (found.meta or {}).get(OUTCOME)
    if named in list(Outcome):
        return Outcome(str(named))
    if found.is_error:
        return Outcome.UNAVAILABLE
    return Outcome.EMPTY if is_empty else Outcome.FOUND


def _reason(error: BaseException) -> str:
    """What kind of failure it was; the words of a server are not ours to repeat."""
    if isinstance(error, BaseExceptionGroup):
        return _reason(error.exceptions[0])
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
