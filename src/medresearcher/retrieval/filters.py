"""What a search is limited to; a value that no document has is refused with the nearest ones."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medresearcher.errors import InputError
from medresearcher.graph.store import Graph
from medresearcher.retrieval.index import Index
from medresearcher.retrieval.storage import FACETS

if TYPE_CHECKING:
    import tantivy

_NEAREST = 3
_PHRASES = 12


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty means all. Of several values of one filter any may hold; all filters must.

    `entities` are names or CURIEs: documents about one of these or its subclasses, or that name
    it. `specialties` keep the documents about a disease of the specialty; abstracts, which are
    about nothing in the graph, are then left out.
    """

    types: Sequence[str] = ()
    sources: Sequence[str] = ()
    licences: Sequence[str] = ()
    first_year: int | None = None
    last_year: int | None = None
    entities: Sequence[str] = ()
    specialties: Sequence[str] = ()


Specialists = Callable[[], Mapping[str, Collection[str]]]


def query_of(
    filters: Filters, index: Index, graph: Graph | None, specialists: Specialists | None
) -> "tantivy.Query | None":
    """The filters as a query, `None` if they keep everything; `InputError` for unknown values."""
    from tantivy import Occur, Query

    parts = [
        _any_of(index, name, values)
        for name, values in (
            ("type", filters.types),
            ("source", filters.sources),
            ("licence", filters.licences),
        )
        if values
    ]
    if filters.first_year is not None or filters.last_year is not None:
        parts.append(_years(index, filters.first_year, filters.last_year))
    parts += [_about(index, _graph(graph), one) for one in filters.entities]
    if filters.specialties:
        parts.append(_specialty(index, filters.specialties, specialists))
    return Query.boolean_query([(Occur.Must, one) for one in parts]) if parts else None


def _any_of(index: Index, name: str, values: Sequence[str]) -> "tantivy.Query":
    from tantivy import Query

    field = FACETS[name]
    known = index.marker.facets.get(field, {})
    for value in values:
        if value not in known:
            raise unknown(name, value, known)
    return Query.term_set_query(index.schema, field, list(values))


def unknown(name: str, value: str, known: Iterable[str]) -> InputError:
    """The error for a value that no document has, with the nearest that exist."""
    from rapidfuzz import fuzz, process

    found = process.extract(value, list(known), scorer=fuzz.WRatio, limit=_NEAREST)
    near = ", ".join(f"`{one}`" for one, *_ in found)
    return InputError(f"no document has {name} `{value[:60]}`; nearest: {near or 'none'}")


def _years(index: Index, first: int | None, last: int | None) -> "tantivy.Query":
    from tantivy import FieldType, Query

    low, high = first if first is not None else 0, last if last is not None else 9_999
    if low > high:
        raise InputError(f"expected years, the first not after the last; got {low} to {high}")
    return Query.range_query(index.schema, "year", FieldType.Integer, low, high)


def _graph(graph: Graph | None) -> Graph:
    if graph is None:
        raise InputError("filters by entity need a knowledge base with a graph")
    return graph


def _about(index: Index, graph: Graph, entity: str) -> "tantivy.Query":
    """Documents about the entity or anything below it, or with one of its names in the text."""
    from tantivy import Occur, Query

    nodes = graph.resolve(entity)
    if not nodes:
        near = "; ".join(f"{graph.name(one)} ({one})" for one in graph.nearest(entity, _NEAREST))
        raise InputError(f"no entity is named `{entity[:60]}`; nearest: {near}")
    below = {graph.curie(one) for node in nodes for one in graph.below(graph.code(node))}
    parts = [
        (Occur.Should, Query.term_set_query(index.schema, "entities", sorted({*nodes, *below})))
    ]
    for node in nodes:
        found = graph.entity(node)
        for name in (found.name, *found.aliases)[:_PHRASES]:
            terms = index.analyze(name)
            if len(terms) > 1:
                parts.append((Occur.Should, Query.phrase_query(index.schema, "text", list(terms))))
            elif terms:
                word = Query.term_query(index.schema, "body", terms[0], index_option="basic")
                parts.append((Occur.Should, word))
    return Query.boolean_query(parts)


def _specialty(
    index: Index, names: Sequence[str], specialists: Specialists | None
) -> "tantivy.Query":
    from tantivy import Query

    known = specialists() if specialists else {}
    for name in names:
        if name not in known:
            raise unknown("specialty", name, known)
    wanted = sorted({node for name in names for node in known[name]})
    return Query.term_set_query(index.schema, "entities", wanted)
