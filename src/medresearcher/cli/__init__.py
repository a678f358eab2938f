"""The command line: one thin function per command, one file per group of commands."""

import logging

from medresearcher.cli import (
    diagnose,
    knowledge,
    look,
    mcp,
    measure,
    questions,
    stories,
    trajectories,
)
from medresearcher.cli.app import app

COMMANDS = (
    trajectories.demo,
    knowledge.build,
    knowledge.stats,
    questions.synthesize,
    questions.audit,
    questions.phrase,
    questions.calibrate,
    questions.split,
    trajectories.rollout,
    trajectories.curate,
    measure.evaluate,
    look.search,
    look.show,
    diagnose.diagnose,
    mcp.mcp,
    measure.bench,
)
for _command in COMMANDS:
    app.command()(_command)
app.add_typer(knowledge.sources_app, name="sources")
app.add_typer(stories.trajectories_app, name="trajectories")


def main() -> None:
    """Run the command line."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    app()
