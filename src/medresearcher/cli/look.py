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
    query: Annotated[str, typer.Argument(help="Words to look for, or a question.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many documents.")] = 10,
    kind: Annotated[
        str | None, typer.Option("--type", help="Only documents of this type, as `stats` lists.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Only documents from this source.")] = None,
    since: Annotated[int | None, typer.Option(help="Only of this year or later.")] = None,
    until: Annotated[int | None, typer.Option(help="Only of this year or earlier.")] = None,
    licence: Annotated[str | None, typer.Option(help="Only under this licence.")] = None,
    specialty: Annotated[
        str | None, typer.Option(help="Only about a disease of this specialty.")
    ] = None,
    entity: Annotated[
        str | None, typer.Option(help="Only about this entity (name or id), or that name it.")
    ] = None,
    kb: Kb = None,
    as_json: Json = False,
) -> None:
    """Search by relevance and clinical authority: title, passage, source, year, id, scores."""
    from medresearcher.retrieval.filters import Filters

    base = knowledge(kb)
    base.check_type(kind)
    filters = Filters(
        *(tuple(filter(None, [one])) for one in (kind, source, licence)),
        first_year=since,
        last_year=until,
        entities=tuple(filter(None, [entity])),
        specialties=tuple(filter(None, [specialty])),
    )
    hits = base.search.search(query, limit, filters)
    if as_json:
        print_json([hit.to_json() for hit in hits])
        return
    if not hits:
        typer.echo("nothing found; try other or fewer words", err=True)
    for number, hit in enumerate(hits, 1):
        found = hit.document
        year = f" · {found.year}" if found.year else ""
        mark = "RETRACTED: " if hit.retracted else ""
        typer.echo(f"{number:>2}. {mark}{found.title}")
        typer.echo(f"    {hit.id} · {found.type} · {found.source}{year} · score {hit.score:.2f}")
        typer.echo(
            f"    relevance {hit.relevance:.2f} · authority {hit.authority:.2f} "
            f"({', '.join(hit.evidence)}) · passage {hit.passage.id}"
        )
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
