"""`find_by_features`: which diseases show all of some signs, with counts."""

from typing import Annotated

from pydantic import Field

from medresearcher.graph.query import Solver
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom
from medresearcher.records.trajectory import Outcome
from medresearcher.tools.facts import entity_line, one_line, section
from medresearcher.tools.lookup_entity import resolve
from medresearcher.tools.tool import Result, Tool

PER_PAGE = 40
_MOST = 12
_AMONG = 60

Names = Annotated[list[str], Field(max_length=_MOST)]


class _UnknownError(Exception):
    """A term that names no sign, or no disease."""


def find_by_features(graph: Graph) -> Tool:
    """The tool over one graph."""
    solver = Solver(graph)

    def find(
        signs: Names = [],  # noqa: B006 - never changed
        absent: Names = [],  # noqa: B006
        among: Annotated[list[str], Field(max_length=_AMONG)] = [],  # noqa: B006
        page: Annotated[int, Field(ge=1)] = 1,
    ) -> Result:
        """List the diseases in which all the given signs are recorded, 40 a page.

        A disease with a more specific sign counts too: focal seizures are seizures. The first
        lines tell how many diseases each sign alone leaves.

        Args:
            signs: Signs or symptoms, each an HPO identifier or an exact name or synonym.
            absent: Signs that must be explicitly recorded as absent.
            among: Only these diseases are looked at; identifiers or exact names.
            page: The page of a long list, from 1.
        """  # noqa: D413
        if not signs and not absent:
            status = "expected at least one sign in `signs` or `absent`; got none"
            return Result(Outcome.INVALID_ARGUMENTS, "", status)
        try:
            wanted = [_sign(graph, name) for name in signs]
            lacking = [_sign(graph, name) for name in absent]
            only = {_disease(graph, name) for name in among}
        except _UnknownError as error:
            return Result(Outcome.EMPTY, "", str(error))
        atoms = [_atom(one, negated=False) for one in wanted]
        atoms += [_atom(one, negated=True) for one in lacking]
        each = [solver.satisfying(atom, EntityType.DISEASE) for atom in atoms]
        found = [graph.curie(code) for code in frozenset.intersection(*each)]
        found = [curie for curie in found if not only or curie in only]
        counts = [
            entity_line(graph.name(atom.object), atom.object, _count(len(codes), atom))
            for atom, codes in zip(atoms, each, strict=True)
        ]
        return _page(graph, sorted(found, key=lambda one: (graph.name(one), one)), counts, page)

    return Tool("find_by_features", find)


def _page(graph: Graph, found: list[str], counts: list[str], page: int) -> Result:
    each = section("each_alone", len(counts), counts)
    if not found:
        return Result(Outcome.EMPTY, each, "no disease has all of these; leave one out")
    pages = -(-len(found) // PER_PAGE)
    if page > pages:
        status = f"`page` {page} does not exist; the list has pages 1 to {pages}"
        return Result(Outcome.INVALID_ARGUMENTS, "", status)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    lines = [entity_line(graph.name(one), one) for one in shown]
    body = f"{each}\n\n{section('matches', len(found), lines)}"
    noun = "disease" if len(found) == 1 else "diseases"
    return Result(Outcome.FOUND, body, f"{len(found)} {noun} · page {page} of {pages}")


def _atom(sign: str, *, negated: bool) -> Atom:
    return Atom(
        subject="", predicate=Predicate.HAS_PHENOTYPE, object=sign, closure=True, negated=negated
    )


def _count(number: int, atom: Atom) -> str:
    said = "recorded as absent in" if atom.negated else "recorded in"
    return f"{said} {number} diseases"


def _sign(graph: Graph, name: str) -> str:
    found = [one for one in resolve(graph, name) if graph.type(one) is EntityType.PHENOTYPE]
    if len(found) != 1:
        near = [one for one in graph.nearest(name[:200], 20) if one.startswith("HP:")][:4]
        names = "; ".join(f"{one_line(graph.name(one))} ({one})" for one in found or near)
        what = "names several signs" if found else "names no sign"
        raise _UnknownError(f"{one_line(name)[:80]!r} {what}; nearest: {names or 'none'}")
    return found[0]


def _disease(graph: Graph, name: str) -> str:
    found = [one for one in resolve(graph, name) if graph.type(one) is EntityType.DISEASE]
    if len(found) != 1:
        raise _UnknownError(f"{one_line(name)[:80]!r} in `among` names no disease")
    return found[0]
