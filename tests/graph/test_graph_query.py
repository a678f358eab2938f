"""The solver gives exactly the answers that trying every assignment gives."""

from itertools import product

import pytest
from graph_samples import (
    SHAPES,
    D,
    F,
    G,
    M,
    P,
    asserted,
    below,
    entity,
    graph_of,
    hierarchy,
    nodes_of,
    possible,
    rows,
    statement,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from medresearcher.graph.query import Solver
from medresearcher.records.knowledge import Predicate
from medresearcher.records.question import Atom, Query

NODES = nodes_of({D: 5, G: 4, F: 2, P: 4, M: 2})
ENTITIES = [entity(node, kind) for kind, nodes in NODES.items() for node in nodes]
EDGES = possible(NODES)


@st.composite
def queries(draw):
    """A tree of one to five variables, with conditions; closure only on constants."""
    variables = {"A": draw(st.sampled_from((D, G, F, P)))}
    atoms = []
    for name in "BCDE"[: draw(st.integers(0, 4))]:
        other = draw(st.sampled_from(sorted(variables)))
        ways = [(p, b, True) for a, p, b in SHAPES if a is variables[other]]
        ways += [(p, a, False) for a, p, b in SHAPES if b is variables[other]]
        predicate, kind, forward = draw(st.sampled_from(ways))
        variables[name] = kind
        subject, obj = (other, name) if forward else (name, other)
        atoms.append(Atom(subject=subject, predicate=predicate, object=obj))
    for _ in range(draw(st.integers(0, 3))):
        subject = draw(st.sampled_from(sorted(variables)))
        ways = [(p, b) for a, p, b in SHAPES if a is variables[subject]]
        if ways:
            predicate, kind = draw(st.sampled_from(ways))
            constant, closure = draw(st.sampled_from(NODES[kind])), draw(st.booleans())
            atoms.append(
                Atom(subject=subject, predicate=predicate, object=constant, closure=closure)
            )
    answer = draw(st.sampled_from(sorted(variables)))
    return Query(variables=variables, atoms=tuple(draw(st.permutations(atoms))), answer=answer)


def by_brute_force(query, edges):
    tree = hierarchy([node for nodes in NODES.values() for node in nodes], edges)
    names = list(query.variables)
    found = set()
    for values in product(*(NODES[query.variables[name]] for name in names)):
        bound = dict(zip(names, values, strict=True))
        if len(set(values)) == len(values) and all(
            _holds(a, bound, edges, tree) for a in query.atoms
        ):
            found.add(bound[query.answer])
    return sorted(found)


def _holds(atom, bound, edges, tree):
    obj = bound.get(atom.object, atom.object)
    objects = below(tree, obj) if atom.closure else {obj}
    return any((bound[atom.subject], atom.predicate, one) in edges for one in objects)


@settings(max_examples=150)
@given(rows(EDGES), queries(), st.integers(0, 4))
def test_answers_are_those_of_brute_force_and_a_limit_gives_the_first(statements, query, limit):
    solver = Solver(graph_of(ENTITIES, statements))
    expected = by_brute_force(query, asserted(statements))
    assert solver.answers(query) == expected
    assert solver.answers(query, limit) == expected[:limit]


def _marked(sign: str, *, closure: bool) -> Query:
    atom = Atom(subject="A", predicate=Predicate.HAS_PHENOTYPE, object=sign, closure=closure)
    return Query(variables={"A": D}, atoms=(atom,), answer="A")


@pytest.fixture(scope="module")
def solver() -> Solver:
    return Solver(
        graph_of(
            ENTITIES,
            [
                statement("HP:1", Predicate.SUBCLASS_OF, "HP:0"),
                statement("HP:2", Predicate.SUBCLASS_OF, "HP:1"),
                statement("MONDO:0", Predicate.HAS_PHENOTYPE, "HP:0"),
                statement("MONDO:1", Predicate.HAS_PHENOTYPE, "HP:2"),
                statement("MONDO:2", Predicate.HAS_PHENOTYPE, "HP:0", negated=True),
                statement("HGNC:0", Predicate.CAUSES, "MONDO:0"),
                statement("HGNC:0", Predicate.CAUSES, "MONDO:1"),
                statement("HGNC:1", Predicate.CAUSES, "MONDO:2"),
            ],
        )
    )


def test_a_more_specific_sign_fits_under_closure_alone(solver):
    assert solver.answers(_marked("HP:0", closure=True)) == ["MONDO:0", "MONDO:1"]
    assert solver.answers(_marked("HP:0", closure=False)) == ["MONDO:0"]


def test_variables_of_one_type_are_distinct(solver):
    causes = Predicate.CAUSES
    query = Query(
        variables={"A": D, "B": G, "C": D},
        atoms=(
            Atom(subject="B", predicate=causes, object="A"),
            Atom(subject="B", predicate=causes, object="C"),
        ),
        answer="C",
    )
    assert solver.answers(query) == ["MONDO:0", "MONDO:1"]  # not MONDO:2, alone with its gene


def test_a_query_without_a_solution_has_no_answer(solver):
    assert solver.answers(_marked("HP:3", closure=True)) == []
