"""The commands on trajectories, and the demo: all stages in sequence."""

from pathlib import Path
from typing import Annotated

import typer

from medresearcher.cli.app import (
    DEFAULT_SEED,
    Json,
    Kb,
    Seed,
    knowledge,
    print_counts,
    print_json,
    reported,
    settings_of,
)


@reported
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the results.", metavar="DIR")] = Path(
        "demo"
    ),
    count: Annotated[int, typer.Option(min=1, help="How many questions to make.")] = 240,
    seed: Seed = DEFAULT_SEED,
    as_json: Json = False,
) -> None:
    """The main job on packaged data, with no key and no GPU, ending in report.html."""
    from medresearcher.demo import run_demo, told

    summary = run_demo(out, settings_of(), count=count, seed=seed)
    if as_json:
        print_json(summary)
    else:
        typer.echo(told(summary))


@reported
def rollout(
    questions: Annotated[Path, typer.Argument(help="Questions, as `synthesize` writes them.")],
    out: Annotated[Path, typer.Option(help="Folder for the trajectories.", metavar="DIR")],
    policy: Annotated[
        str,
        typer.Option(help="`guided`, or the name of a model at the set endpoint."),
    ] = "guided",
    guide: Annotated[bool, typer.Option(help="Show a model the masked chain.")] = False,
    k: Annotated[int, typer.Option("--k", min=1, help="Attempts per question.")] = 1,
    kb: Kb = None,
    seed: Seed = DEFAULT_SEED,
    as_json: Json = False,
) -> None:
    """Research questions with the tools; write every trajectory."""
    from medresearcher.agent.policies import policy_named
    from medresearcher.agent.runner import write_rollouts

    settings = settings_of()
    counts = write_rollouts(
        questions,
        out,
        policy_named(policy, settings.llm, guided=guide),
        knowledge(kb),
        settings.rollout,
        attempts=k,
        seed=seed,
        tools=settings.tools,
        cache=settings.cache,
    )
    print_counts(counts, as_json=as_json)


@reported
def curate(
    rollouts: Annotated[Path, typer.Argument(help="Folder of a rollout run.", metavar="DIR")],
    out: Annotated[Path, typer.Option(help="Folder for the training sets.", metavar="DIR")],
    questions: Annotated[
        Path | None,
        typer.Option(help="The questions file: to look for leaks, and for chain lengths."),
    ] = None,
    max_turns: Annotated[
        int | None, typer.Option(min=1, help="Drop what has more turns of the policy.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Drop what has more tokens (cl100k_base).")
    ] = None,
    per_question: Annotated[
        int, typer.Option(min=1, help="Right attempts to keep per question, the shortest first.")
    ] = 1,
    varied: Annotated[
        bool,
        typer.Option("--varied", help="Only questions with right and wrong attempts (for RL)."),
    ] = False,
    per_specialty: Annotated[int | None, typer.Option(min=1, help="At most so many each.")] = None,
    per_hops: Annotated[
        int | None, typer.Option(min=1, help="At most so many of each chain length.")
    ] = None,
    per_tools: Annotated[
        int | None, typer.Option(min=1, help="At most so many with the same set of tools.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Keep what is right and whole; export training sets with a dataset card."""
    from medresearcher.agent.runner import sources_of
    from medresearcher.trajectories.curate import curate as curate_run
    from medresearcher.trajectories.selection import Selection

    selection = Selection(
        max_turns=max_turns,
        max_tokens=max_tokens,
        per_question=per_question,
        varied=varied,
        per_specialty=per_specialty,
        per_hops=per_hops,
        per_tools=per_tools,
    )
    counts = curate_run(
        rollouts,
        out,
        sources=sources_of(rollouts),
        questions=questions,
        selection=selection,
    )
    print_counts(counts, as_json=as_json)
