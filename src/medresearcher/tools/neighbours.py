"""`neighbours`: one step through the graph from several entities at once, with citations."""

import re
from typing import Annotated

from pydantic import Field

from medresearcher.graph.store import Graph
from medresearcher.records.trajectory import Outcome
from medresearcher.retrieval.relations import (
    Fact,
    RelationName,
    claim_words,
    facts,
    relations_of,
)
from medresearcher.retrieval.relations import (
    neighbours as ends_of,
)
from medresearcher.tools.facts import SEPARATOR, one_line
from medresearcher.tools.lookup_entity import resolve
from medresearcher.tools.tool import Result, Tool

PER_PAGE = 60
MOST = 20
_REFERENCES = 1
_MANY = re.compile(r"^- .*? \(([^\s():]+:[^\s()]+)\) has (\d+): too many", re.MULTILINE)
_EDGE = re.compile(
    r"^- .*? \((?P<start>[^\s():]+:[^\s()]+)\) → (?P<name>.*?) \((?P<end>[^\s():]+:[^\s()]+)\)"
    r"(?: · (?P<details>.*))?$",
    re.MULTILINE,
)


def neighbours(graph: Graph) -> Tool:
    """The tool over one graph."""

    def step(
        entities: Annotated[list[str], Field(min_length=1, max_length=MOST)],
        relation: RelationName,
        page: Annotated[int, Field(ge=1)] = 1,
    ) -> Result:
        """Follow one relation from up to 20 entities at once, for example from diseases to genes.

        Each line is one fact: where it starts, where it leads, and what its sources say. Entities
        without such a fact have no line. Of an entity with more than 60 facts only their number
        is told; lookup_entity lists them.

        Args:
            entities: Identifiers such as MONDO:0007947, or exact names, all of one kind.
            relation: The relation to follow.
            page: The page of a long list, 60 facts each, from 1.
        """  # noqa: D413
        nodes: list[str] = []
        for text in dict.fromkeys(entities):
            found = resolve(graph, text)
            if len(found) != 1:
                what = "names several entities" if found else "names no entity"
                status = f"{one_line(text)[:80]!r} {what}; use identifiers"
                return Result(Outcome.INVALID_ARGUMENTS, "", status)
            if relation not in relations_of(graph.type(found[0])):
                kind = graph.type(found[0])
                known = ", ".join(relations_of(kind))
                status = f"`{relation}` does not apply to a {kind}; relations: {known}"
                return Result(Outcome.OUT_OF_SCOPE, "", status)
            nodes.append(found[0])
        return _page(graph, nodes, relation, page)

    return Tool("neighbours", step)


def parse_edges(text: str) -> list[tuple[str, str, str, str]]:
    """Read the lines back: (start, end, name of the end, details)."""
    return [
        (one["start"], one["end"], one["name"], one["details"] or "")
        for one in _EDGE.finditer(text)
    ]


def parse_counts(text: str) -> dict[str, int]:
    """Read back of which entities only the number of facts was told."""
    return {curie: int(count) for curie, count in _MANY.findall(text)}


def _page(graph: Graph, nodes: list[str], relation: RelationName, page: int) -> Result:
    counts = {node: len(ends_of(graph, node, relation)) for node in nodes}
    many = {node: count for node, count in counts.items() if count > PER_PAGE}
    counts = {node: count for node, count in counts.items() if node not in many}
    total = sum(counts.values())
    if not total and not many:
        return Result(Outcome.EMPTY, "", f"no source states {relation} of any of these")
    pages = max(1, -(-total // PER_PAGE))
    if page > pages:
        status = f"`page` {page} does not exist; the list has pages 1 to {pages}"
        return Result(Outcome.INVALID_ARGUMENTS, "", status)
    first, last = (page - 1) * PER_PAGE, page * PER_PAGE
    told = many if page == 1 else {}
    lines = [
        f"- {one_line(graph.name(node))} ({node}) has {count}: too many to list here"
        for node, count in told.items()
    ]
    shown: list[Fact] = []
    place = 0
    for node, count in counts.items():
        start, stop = max(first - place, 0), min(last - place, count)
        if start < stop:
            some = facts(graph, node, relation, start, stop)
            name = f"{one_line(graph.name(node))} ({node})"
            lines += [_line(name, one) for one in some]
            shown += some
        place += count
    outcome = Outcome.CONFLICT if any(one.against for one in shown) else Outcome.FOUND
    body = "\n".join([f"{relation} ({total}):", *lines])
    noun = "fact" if total == 1 else "facts"
    return Result(outcome, body, f"{relation} · {total} {noun} · page {page} of {pages}")


def _line(start: str, fact: Fact) -> str:
    said = claim_words(fact.claims, _REFERENCES)
    conflict = f"CONFLICT: also denied or stated by {', '.join(fact.against)}"
    parts = [f"- {start} → {one_line(fact.name)} ({fact.id})", said]
    return SEPARATOR.join(filter(None, [*parts, conflict if fact.against else ""]))
