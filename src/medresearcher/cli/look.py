"""The commands with which a person looks things up."""

import json
from typing import Annotated, Any

import typer

from medresearcher.cli.app import (
    Json,
    Kb,
    knowledge,
    print_json,
    reported,
    settings_of,
)


@reported
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

    base = knowledge(kb)
    base.check_type(kind)
    hits = base.index.search(query, limit, types=[kind] if kind else None)
    if as_json:
        print_json([asdict(hit) for hit in hits])
        return
    if not hits:
        typer.echo("nothing found; try other or fewer words", err=True)
    for number, hit in enumerate(hits, 1):
        year = f" · {hit.year}" if hit.year else ""
        typer.echo(f"{number:>2}. {hit.title}")
        typer.echo(f"    {hit.id} · {hit.type} · {hit.source}{year} · score {hit.score:.2f}")
        typer.echo(f"    {hit.snippet}\n")


def _problem(text: str) -> str:
    """What a tool found wrong, on one line: its status, then the nearest names if it has any."""
    from medresearcher.tools.facts import parse_facts

    status = text.splitlines()[-1].removesuffix("]").partition(" · ")[2]
    near = parse_facts(text).get("nearest", [])
    status = status.replace("medical_search", "`medresearcher search`")
    names = ", ".join(f"{name} ({curie})" for name, curie in near)
    return f"{status}; nearest: {names}" if near else status


@reported
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

    base = knowledge(kb)
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
            print_json({"candidates": [named(graph, one).model_dump() for one in nodes]})
        else:
            typer.echo(observation.text)
        return
    limit = settings_of().synthesis.max_publications
    wanted: list[Any] | None = [relation] if relation else None
    found = profile(graph, nodes[0], limit, base.literature, relations=wanted)
    width = min(140, get_terminal_size((100, 24)).columns)
    if as_json:
        print_json(found.model_dump(mode="json"))
    elif relation:
        typer.echo(relation_text(graph, found, page, width))
    else:
        typer.echo(show_text(graph, found, width))
