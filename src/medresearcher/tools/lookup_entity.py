"""`lookup_entity`: what the knowledge graph states about one entity, with its sources."""

import re
from typing import Annotated

from pydantic import Field

from medresearcher.graph.conflicts import ConflictKind, conflicts
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import MatchKind
from medresearcher.records.trajectory import Outcome
from medresearcher.retrieval.relations import (
    Fact,
    RelationName,
    facts,
    neighbours,
    relations_of,
)
from medresearcher.tools.facts import conflict_lines, entity_line, fact_line, one_line, section
from medresearcher.tools.tool import Result, Tool

FACTS_PER_PAGE = 40
FACTS_IN_SUMMARY = 12
NOTES_IN_SUMMARY = 6

_MAX_NAMES = 6
_MAX_QUERY = 200
_MATCHES = {
    MatchKind.BROAD: "Broader",
    MatchKind.NARROW: "Narrower",
    MatchKind.EXACT: "Called the same by a source",
}
_NAME_AND_ID = re.compile(r".*\(([^\s():]+:[^\s()]+)\)", re.DOTALL)


def lookup_entity(graph: Graph) -> Tool:
    """The look-up tool over one graph."""

    def lookup(
        entity: str,
        relation: RelationName | None = None,
        page: Annotated[int, Field(ge=1)] = 1,
    ) -> Result:
        """Look up a disease, gene, phenotype or other entity in the knowledge graph.

        Without a relation: names, definition and the first facts of every relation. With a
        relation: all its facts, 40 a page, each with its identifier and sources.

        Args:
            entity: An identifier such as MONDO:0007947, or an exact name or synonym.
            relation: The one relation to list in full.
            page: The page of a long list, from 1; needs a relation.
        """  # noqa: D413
        found = resolve(graph, entity)
        if not found:
            return _unknown(graph, entity)
        if len(found) > 1:
            return _ambiguous(graph, found)
        if relation is not None:
            return _list(graph, found[0], relation, page)
        if page > 1:
            return Result(Outcome.INVALID_ARGUMENTS, "", "`page` needs a `relation`")
        return _summary(graph, found[0])

    return Tool("lookup_entity", lookup)


def resolve(graph: Graph, text: str) -> list[str]:
    """Node ids for a name, a CURIE in any case, or `name (CURIE)` as the tools print it."""
    found = graph.resolve(text) or graph.resolve(text.upper())
    if not found and (match := _NAME_AND_ID.fullmatch(text.strip())):
        return graph.resolve(match[1])
    return found


def _unknown(graph: Graph, text: str) -> Result:
    near = graph.nearest(text[:_MAX_QUERY])
    lines = [entity_line(graph.name(one), one, graph.type(one)) for one in near]
    status = f"no entity is named {one_line(text)[:80]!r}; try an identifier, or medical_search"
    return Result(Outcome.EMPTY, section("nearest", len(near), lines) if near else "", status)


def _ambiguous(graph: Graph, found: list[str]) -> Result:
    lines = [entity_line(graph.name(one), one, graph.type(one)) for one in found]
    body = section("candidates", len(found), lines)
    return Result(Outcome.FOUND, body, f"{len(found)} entities; call again with one identifier")


def _list(graph: Graph, curie: str, relation: RelationName, page: int) -> Result:
    kind = graph.type(curie)
    name = f"{one_line(graph.name(curie))} ({curie})"
    if relation not in relations_of(kind):
        known = ", ".join(relations_of(kind)) or "none"
        status = f"`{relation}` does not apply to {name}, a {kind}; relations: {known}"
        return Result(Outcome.OUT_OF_SCOPE, "", status)
    nodes = neighbours(graph, curie, relation)
    if not nodes:
        return Result(Outcome.EMPTY, "", f"no source states {relation} of {name}")
    pages = -(-len(nodes) // FACTS_PER_PAGE)
    if page > pages:
        status = f"`page` {page} does not exist; {relation} has pages 1 to {pages}"
        return Result(Outcome.INVALID_ARGUMENTS, "", status)
    start = (page - 1) * FACTS_PER_PAGE
    shown = facts(graph, curie, relation, start, start + FACTS_PER_PAGE)
    body = f"{name} · {kind}\n\n{section(relation, len(nodes), map(fact_line, shown))}"
    status = f"{relation} · {_count(len(nodes))} · page {page} of {pages}"
    return Result(_outcome(shown), body, status)


def _summary(graph: Graph, curie: str) -> Result:
    parts = ["\n".join(_head(graph, curie))]
    shown: list[Fact] = []
    total = 0
    for relation in relations_of(graph.type(curie)):
        count = len(neighbours(graph, curie, relation))
        if not count:
            continue
        some = facts(graph, curie, relation, stop=FACTS_IN_SUMMARY)
        lines = [fact_line(one) for one in some]
        if count > len(some):
            lines.append(f'… {count - len(some)} more: call again with relation "{relation}"')
        parts.append(section(relation, count, lines))
        shown += some
        total += count
    notes = _notes(graph, curie)
    if notes:
        lines = notes[:NOTES_IN_SUMMARY]
        more = [f"… {len(notes) - len(lines)} more"] if len(notes) > len(lines) else []
        parts.append(section("disagreements", len(notes), [*lines, *more]))
    return Result(_outcome(shown), "\n\n".join(parts), _count(total))


def _notes(graph: Graph, curie: str) -> list[str]:
    """Where sources differ in more than whether a fact holds; that stands in the fact's line."""
    return [
        line
        for one in conflicts(graph, curie)
        if one.kind is not ConflictKind.ASSERTED_AND_NEGATED
        for line in conflict_lines(graph, one)
    ]


def _head(graph: Graph, curie: str) -> list[str]:
    entity = graph.entity(curie)
    lines = [f"{one_line(entity.name)} ({entity.id}) · {entity.type}"]
    if entity.aliases:
        lines.append(f"Also known as: {_first(entity.aliases)}")
    if entity.equivalents:
        lines.append(f"Same as: {_first(entity.equivalents)}")
    if entity.definition:
        lines.append(f"Definition: {one_line(entity.definition)}")
    for heading, names in match_words(graph, curie).items():
        lines.append(f"{heading}: {_first(names)}")
    return lines


def match_words(graph: Graph, curie: str) -> dict[str, tuple[str, ...]]:
    """What an entity matches without being it, under a heading for each kind of match."""
    found: dict[str, tuple[str, ...]] = {}
    for kind, heading in _MATCHES.items():
        names = tuple(
            f"{one_line(graph.name(one.object))} ({one.object})"
            if one.object in graph
            else one.object
            for one in graph.matches(curie)
            if one.kind is kind
        )
        if names:
            found[heading] = tuple(dict.fromkeys(names))
    return found


def _first(names: tuple[str, ...]) -> str:
    more = f"; +{len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return "; ".join(map(one_line, names[:_MAX_NAMES])) + more


def _outcome(shown: list[Fact]) -> Outcome:
    return Outcome.CONFLICT if any(one.against for one in shown) else Outcome.FOUND


def _count(number: int) -> str:
    return f"{number} fact{'' if number == 1 else 's'}"
