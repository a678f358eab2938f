"""The command that serves the tools to other programs."""

from typing import Annotated

import typer

from medresearcher.cli.app import Kb, knowledge, reported, settings_of


@reported
def mcp(
    http: Annotated[bool, typer.Option("--http", help="Serve over HTTP, not stdio.")] = False,
    host: Annotated[str, typer.Option(help="Address of this machine, for HTTP.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port, for HTTP.")] = 8765,
    kb: Kb = None,
) -> None:
    """Serve the tools over the Model Context Protocol, on stdio or HTTP."""
    from medresearcher.tools.mcp_server import PATH, serve_http, serve_stdio
    from medresearcher.tools.toolbox import open_toolbox

    settings = settings_of()
    base = knowledge(kb)
    with open_toolbox(base.graph, base.index, settings.tools, settings.cache) as toolbox:
        if http:
            typer.echo(
                f"serving {len(toolbox.names)} tools at http://{host}:{port}{PATH}", err=True
            )
            serve_http(toolbox, host, port)
        else:
            serve_stdio(toolbox)
