"""The commands that measure: benchmarks, and the performance suite."""

from pathlib import Path
from typing import Annotated

import typer

from medresearcher.cli.app import (
    DEFAULT_SEED,
    Json,
    Kb,
    Seed,
    knowledge,
    print_json,
    reported,
    settings_of,
)


@reported
def evaluate(
    benchmark: Annotated[str, typer.Argument(help="What to measure: `mentions`.")],
    data: Annotated[Path, typer.Option(help="The file of the benchmark.", metavar="PATH")],
    kb: Kb = None,
    seed: Seed = DEFAULT_SEED,
    as_json: Json = False,
) -> None:
    """Score against a benchmark, with 95% intervals."""
    from medresearcher.evaluation.benchmarks import evaluate as score

    scores = score(benchmark, data, knowledge(kb), settings_of().downloads, seed)
    if as_json:
        print_json(scores)
        return
    for name, one in scores.items():
        figures = (one["value"], one["low"], one["high"])
        value, low, high = ("not known" if each is None else f"{each:.3f}" for each in figures)
        typer.echo(f"{name:<12} {value}  ({low} to {high}, n = {one['n']})")


@reported
def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="load, chains, peer, proofs, mining, mutations; none: all. Also: mining-memory."
        ),
    ] = None,
    kb: Kb = None,
    seed: Seed = DEFAULT_SEED,
    as_json: Json = False,
) -> None:
    """Measure the knowledge base at work; print each value beside its limit or a peer's."""
    from medresearcher.bench import Bench, run_bench, table

    settings = settings_of()
    rare = settings.synthesis.max_publications
    results = run_bench(Bench(knowledge(kb), seed, rare, settings.downloads), names or [])
    if as_json:
        print_json([one._asdict() for one in results])
        return
    for line in table(results):
        typer.echo(line)
