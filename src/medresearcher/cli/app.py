"""What all commands share: the application, common options, one form of errors and output.

Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 failed,
2 bad usage. A user's mistake is one line without a traceback.
"""

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from medresearcher import __version__

if TYPE_CHECKING:
    from medresearcher.kb import KnowledgeBase
    from medresearcher.llm.chat import ChatModel
    from medresearcher.settings import Settings

app = typer.Typer(
    name="medresearcher",
    help="Medical knowledge turned into expert-level deep-research agents.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

DEFAULT_SEED = 2508

Kb = Annotated[Path | None, typer.Option(help="Folder of the knowledge base.", metavar="DIR")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Consent = Annotated[
    list[str] | None,
    typer.Option(help="Use a source under non-commercial terms; repeatable.", metavar="NAME"),
]
EngineName = Annotated[str, typer.Option("--engine", help="Where work is done: local or ray.")]
Workers = Annotated[
    int | None, typer.Option(help="Local processes; default: one per processor.", min=1)
]
Address = Annotated[str | None, typer.Option(help="Address of a Ray cluster.")]
Seed = Annotated[int, typer.Option(help="All randomness comes from it.")]


def fail(code: int, message: str) -> NoReturn:
    """End with one line and an exit code."""
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(code)


def reported(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what a command raises into one line and an exit code."""

    @functools.wraps(command)
    def run(**arguments: Any) -> None:
        from medresearcher.errors import InputError, MedResearcherError, boundary

        try:
            command(**arguments)
        except InputError as error:
            fail(2, str(error))
        except MedResearcherError as error:
            fail(1, str(error))
        except KeyboardInterrupt:
            typer.echo("stopped; run the same command again to go on", err=True)
            sys.stdout.flush()
            os._exit(1)  # calls in flight are not waited for
        except BrokenPipeError:
            raise  # the reader of the output, such as `head`, has enough; typer ends quietly
        except (OSError, MemoryError) as error:
            fail(1, str(boundary(error)))

    return run


def settings_of(**overrides: Any) -> "Settings":
    """The settings, with what the command line says on top."""
    from medresearcher.settings import load_settings

    return load_settings(**overrides)


def knowledge(kb: Path | None) -> "KnowledgeBase":
    """The knowledge base in `kb`, else in the default place."""
    from medresearcher.kb import KnowledgeBase

    return KnowledgeBase.open(kb or settings_of().kb)


def model_named(name: str, settings: "Settings") -> "ChatModel":
    """A model at the set endpoint; `InputError` if none is set up."""
    from medresearcher.errors import InputError, ModelError
    from medresearcher.llm.endpoint import EndpointModel

    try:
        return EndpointModel(name, settings.llm)
    except ModelError as error:
        raise InputError(f"model `{name}`: {error}") from error


def print_json(value: Any) -> None:
    """Print one JSON value."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_counts(counts: dict[str, Any], *, as_json: bool) -> None:
    """Counts as JSON, or one a line with nested ones indented."""
    if as_json:
        print_json(counts)
        return
    for line in _count_lines(counts):
        typer.echo(line)


def _count_lines(counts: dict[str, Any], depth: int = 0) -> Iterator[str]:
    for name, value in counts.items():
        start = "  " * depth + name
        if isinstance(value, dict):
            yield f"{start}:" if value else f"{start:<38} {'none':>10}"
            yield from _count_lines(value, depth + 1)
        else:
            yield f"{start:<38} {_shown(value):>10}"


def _shown(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Medical knowledge turned into expert-level deep-research agents."""
