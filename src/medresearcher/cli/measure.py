"""The commands that measure: benchmarks, and the performance suite."""

from pathlib import Path
from typing import Annotated, Any, cast

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
    benchmark: Annotated[
        str,
        typer.Argument(help="What to measure: mentions, retrieval, phenopackets, phenobrain."),
    ],
    data: Annotated[Path, typer.Option(help="The file of the benchmark.", metavar="PATH")],
    protocol: Annotated[
        str, typer.Option(help="For diagnosis: all or leave-publication-out.")
    ] = "",
    part: Annotated[str, typer.Option(help="For diagnosis: all, train or test.")] = "",
    kb: Kb = None,
    seed: Seed = DEFAULT_SEED,
    as_json: Json = False,
) -> None:
    """Score against a benchmark, with 95% intervals."""
    from medresearcher.evaluation.benchmarks import evaluate as score

    options = {name: one for name, one in (("protocol", protocol), ("part", part)) if one}
    scores = score(benchmark, data, knowledge(kb), settings_of().downloads, seed, **options)
    if as_json:
        print_json(scores)
        return
    _print_scores(scores)


def _print_scores(scores: dict[str, Any], within: str = "") -> None:
    """One figure a line; figures within figures have the names of both."""
    for name, one in scores.items():
        label = f"{within}{name}"
        if not isinstance(one, dict):
            if not isinstance(one, list):
                typer.echo(f"{label:<12} {one}")
        elif "value" in one:
            figures = (one["value"], one["low"], one["high"])
            value, low, high = ("not known" if each is None else f"{each:.3f}" for each in figures)
            typer.echo(f"{label:<12} {value}  ({low} to {high}, n = {one['n']})")
        else:
            _print_scores(cast("dict[str, Any]", one), f"{label} ")


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
