"""The commands that show trajectories to a person."""

from pathlib import Path
from typing import Annotated

import typer

from medresearcher.cli.app import Json, print_json, reported

trajectories_app = typer.Typer(help="Look at trajectories.", no_args_is_help=True)


@trajectories_app.callback()
def _group() -> None:
    """Look at trajectories."""


@trajectories_app.command("show")
@reported
def trajectories_show(
    wanted: Annotated[
        str, typer.Argument(metavar="ID", help="Its id, the start of it, or the question's id.")
    ],
    where: Annotated[
        Path, typer.Option("--in", help="A file, or a folder of runs.", metavar="PATH")
    ] = Path(),
    full: Annotated[bool, typer.Option("--full", help="Do not fold long observations.")] = False,
    as_json: Json = False,
) -> None:
    """Tell one trajectory as a story: question, thoughts, calls, observations, answer, verdict."""
    from dataclasses import asdict
    from shutil import get_terminal_size

    from medresearcher.trajectories.stored import find
    from medresearcher.trajectories.story import story
    from medresearcher.trajectories.told import told

    stored = find(wanted, where)
    scenes = story(stored.trajectory, folded=not full)
    if as_json:
        kept = {"id", "question_id", "specialty", "policy", "seed", "attempt", "termination"}
        print_json(
            {
                **stored.trajectory.model_dump(mode="json", include=kept),
                "file": str(stored.file),
                "rejected": stored.rejected,
                "scenes": [asdict(scene) for scene in scenes],
            }
        )
    else:
        width = max(60, min(120, get_terminal_size((100, 24)).columns))
        typer.echo(told(stored, scenes, width=width))
