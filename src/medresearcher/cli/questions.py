"""The commands on questions: make, prove again, reword, make harder."""

from pathlib import Path
from typing import Annotated, Any

import typer

from medresearcher.cli.app import (
    DEFAULT_SEED,
    Address,
    EngineName,
    Json,
    Kb,
    Seed,
    Workers,
    fail,
    knowledge,
    print_counts,
    print_json,
    reported,
    settings_of,
)


@reported
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

    base = knowledge(kb)
    chosen: dict[str, Any] = {"synthesis": {"language": language}} if language else {}
    settings = settings_of(**chosen).synthesis
    counts = write_questions(
        base.graph,
        out,
        settings,
        count=count,
        seed=seed,
        engine=choose_engine(engine, workers, address),
        accept=acceptance(base, settings),
    )
    print_counts(counts, as_json=as_json)


@reported
def split(
    questions: Annotated[Path, typer.Argument(help="Questions, as `synthesize` writes them.")],
    out: Annotated[Path, typer.Option(help="The JSONL file to write.", metavar="FILE")],
    seed: Seed = DEFAULT_SEED,
    as_json: Json = False,
) -> None:
    """Deal questions into train, dev and test that share no entity and no evidence."""
    from medresearcher.questions.split import write_splits

    print_counts(write_splits(questions, out, seed=seed), as_json=as_json)


@reported
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
    benchmarks: Annotated[
        Path | None,
        typer.Option(help="Folder of benchmarks whose texts to look for.", metavar="DIR"),
    ] = None,
    kb: Kb = None,
    as_json: Json = False,
) -> None:
    """Prove certificates again and measure shortcuts; fails if a certificate does not hold."""
    from medresearcher.audit.report import Asked, audit_file
    from medresearcher.engines.engine import choose_engine

    settings = settings_of()
    downloads = settings.downloads if sources else None
    workers = choose_engine("local").workers
    folder = kb or settings.kb
    asked = Asked(file, folder, kind, rollouts, downloads, workers, settings, prior, benchmarks)
    found = audit_file(asked)
    if as_json:
        print_json(found.to_json())
    else:
        typer.echo("\n".join(found.lines()))
    if found.invalid:
        fail(1, f"{len(found.invalid):,} of {found.items:,} certificates do not hold")


@reported
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

    base, settings = knowledge(kb), settings_of()
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
    print_counts(counts, as_json=as_json)


@reported
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
        knowledge(kb),
        settings_of(),
        solvers=solver or SOLVERS,
        attempts=k,
        rounds=rounds,
        seed=seed,
    )
    print_counts(counts, as_json=as_json)
