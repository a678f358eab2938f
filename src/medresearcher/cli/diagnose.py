"""The command for a patient: a differential diagnosis with its reasons."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medresearcher.cli.app import Json, Kb, knowledge, print_json, reported

if TYPE_CHECKING:
    from medresearcher.diagnosis.phenopackets import Case
    from medresearcher.diagnosis.report import Candidate, Diagnosis, Reason
    from medresearcher.kb import KnowledgeBase


@reported
def diagnose(
    findings: Annotated[list[str] | None, typer.Argument(help="HPO ids or names.")] = None,
    absent: Annotated[list[str] | None, typer.Option("--not", help="An absent finding.")] = None,
    age: Annotated[str, typer.Option(help="Age as `4y`, `3 months`, `P4Y6M`.")] = "",
    sex: Annotated[str, typer.Option(help="male or female.")] = "",
    text: Annotated[str, typer.Option(help="A clinical note or a list of words.")] = "",
    phenopacket: Annotated[
        Path | None, typer.Option(help="A file with one phenopacket.", metavar="FILE")
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=100, help="How many diseases.")] = 10,
    model: Annotated[str, typer.Option(help="rare (HPO), or common (DDXPlus).")] = "rare",
    tables: Annotated[
        Path | None, typer.Option(help="Folder of the DDXPlus tables.", metavar="DIR")
    ] = None,
    kb: Kb = None,
    as_json: Json = False,
) -> None:
    """Rank diseases for a patient, with probabilities, reasons and what to ask next."""
    from medresearcher.errors import InputError

    if model == "common":
        _common(tables, findings or [], absent or [], top, as_json=as_json)
        return
    if model != "rare":
        raise InputError(f"expected a model (rare, common); got {model!r}")
    base = knowledge(kb)
    present, missing = list(findings or []), list(absent or [])
    packet = _packet(phenopacket) if phenopacket else None
    read = _read(base, text) if text else []
    if packet:
        present, missing = [*present, *packet.present], [*missing, *packet.absent]
    from medresearcher.diagnosis.engine import Diagnoser
    from medresearcher.diagnosis.findings import sex_of, years
    from medresearcher.diagnosis.notes import findings_of

    named, denied = findings_of(read)
    found = Diagnoser(base.graph).diagnose(
        [*present, *named],
        [*missing, *denied],
        age=years(age) if age else packet.age if packet else None,
        sex=sex_of(sex) if sex else packet.sex if packet else None,
        top=top,
    )
    if as_json:
        print_json({**found.model_dump(), "understood": [one.model_dump() for one in read]})
        return
    for one in read:
        typer.echo(f"note: {one.text!r} = {base.graph.name(one.id)} ({one.id}), {one.said}")
    if text and not read:
        typer.echo("note: no finding of HPO was found in the text")
    _print(found)


def _packet(path: Path) -> "Case":
    from medresearcher.diagnosis.phenopackets import read_cases
    from medresearcher.errors import InputError

    cases = read_cases(path)
    if len(cases) != 1:
        raise InputError(f"{path}: expected one phenopacket, found {len(cases)}")
    return cases[0]


def _read(base: "KnowledgeBase", text: str) -> list[Any]:
    from medresearcher.diagnosis.notes import read_note
    from medresearcher.graph.mentions import Detector

    return read_note(text, Detector(base.dictionary()).detect)


def _print(found: "Diagnosis") -> None:
    for note in found.notes:
        typer.echo(f"{note.given}: {note.reason}")
    if found.reason:
        typer.echo(f"no differential: {found.reason}")
        return
    for number, one in enumerate(found.candidates, 1):
        _print_candidate(number, one)
    typer.echo(f"\nnone of these: {found.none_of_these:.3f}; all others: {found.others:.3f}")
    if found.questions:
        typer.echo("ask or test next:")
    for question in found.questions:
        typer.echo(f"  {question.name} ({question.id}): {question.bits:.2f} bits")
    genes = ", ".join(f"{one.name} {one.probability:.2f}" for one in found.genes)
    typer.echo(f"genes: {genes or 'none known'}")


def _print_candidate(number: int, one: "Candidate") -> None:
    interval = f"{one.low:.3f} to {one.high:.3f}"
    typer.echo(f"{number:>2}. {one.probability:.3f} ({interval})  {one.name} ({one.id})")
    for reason in (*one.present, *one.absent):
        typer.echo(f"      {_reason(reason, absent=reason in one.absent)}")
    for part in one.prior:
        detail = f" ({part.detail})" if part.detail else ""
        typer.echo(f"      {part.log_ratio:+.2f}  {part.name}{detail}")


def _reason(reason: "Reason", *, absent: bool) -> str:
    words = f"{reason.log_ratio:+.2f}  {'no ' if absent else ''}{reason.name} ({reason.id})"
    if reason.through and reason.through.id != reason.id:
        words += f", through {reason.through.name}"
    if reason.share is not None:
        words += f", in {reason.share:.0%}"
    rows = (f"{one.reference or one.record} {one.frequency}".strip() for one in reason.rows)
    return f"{words}: {'; '.join(rows)}" if reason.rows else f"{words}: not stated"


def _common(
    tables: Path | None, findings: list[str], absent: list[str], top: int, *, as_json: bool
) -> None:
    from medresearcher.diagnosis.common import CommonModel
    from medresearcher.errors import InputError

    if tables is None:
        raise InputError("`--model common` needs `--tables`, the folder of the DDXPlus tables")
    found = CommonModel.read(tables).diagnose(findings, absent)
    if as_json:
        print_json(found.model_dump())
        return
    for note in found.notes:
        typer.echo(f"{note.given}: {note.reason}")
    if found.reason:
        typer.echo(f"no differential: {found.reason}")
    for one in found.candidates[:top]:
        typer.echo(f"{one.probability:.3f}  {one.name}")
        for reason in one.reasons:
            typer.echo(f"      {reason.log_ratio:+.2f}  {reason.question} ({reason.id})")
