"""The store: what the statements say and nothing else, whatever their order."""

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

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

from medresearcher.errors import InputError
from medresearcher.graph.store import Graph
from medresearcher.graph.tables import ENTITIES, STATEMENTS
from medresearcher.records.knowledge import Predicate

NODES = nodes_of({D: 5, G: 4, F: 2, P: 5, M: 2})
ALL = [node for nodes in NODES.values() for node in nodes]
ENTITY_ROWS = [entity(node, kind) for kind, nodes in NODES.items() for node in nodes]
EDGES = possible(NODES)


@settings(max_examples=50)
@given(rows(EDGES))
def test_neighbours_are_those_of_the_statements(statements):
    graph = graph_of(ENTITY_ROWS, statements)
    said, denied = asserted(statements), {s[:3] for s in statements if s.negated}
    for predicate in Predicate:
        assert graph.edge_count(predicate) == sum(p is predicate for _, p, _ in said)
        for node in ALL:
            assert graph.objects(node, predicate) == sorted(
                o for s, p, o in said if (s, p) == (node, predicate)
            )
            assert graph.subjects(node, predicate) == sorted(
                s for s, p, o in said if (o, p) == (node, predicate)
            )
            assert graph.negated(node, predicate) == sorted(
                o for s, p, o in denied if (s, p) == (node, predicate)
            )


@settings(max_examples=50)
@given(rows(EDGES))
def test_statements_of_an_edge_are_exactly_its_rows(statements):
    graph = graph_of(ENTITY_ROWS, statements)
    for edge in EDGES:
        assert graph.statements(*edge) == sorted(s for s in statements if s[:3] == edge)
    assert graph.statement_counts() == Counter(s.source for s in statements)


@settings(max_examples=50)
@given(rows(possible(NODES, SHAPES[-2:])))
def test_below_agrees_with_networkx(statements):
    graph = graph_of(ENTITY_ROWS, statements)
    tree = hierarchy(ALL, asserted(statements))
    for node in ALL:
        assert {graph.curie(code) for code in graph.below(graph.code(node))} == below(tree, node)
    assert graph.cycle() == []


def test_a_circle_is_found():
    circle = [("HP:0", "HP:1"), ("HP:1", "HP:2"), ("HP:2", "HP:0"), ("HP:3", "HP:2")]
    graph = graph_of(ENTITY_ROWS, [statement(a, Predicate.SUBCLASS_OF, b) for a, b in circle])
    assert sorted(graph.cycle()) == ["HP:0", "HP:1", "HP:2"]


@settings(max_examples=50)
@given(rows(EDGES), st.randoms(use_true_random=False))
def test_equal_content_gives_equal_bytes_and_digest(tmp_path_factory, statements, rng):
    first, second = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    one = Graph.build(first, ENTITY_ROWS, statements)
    other = Graph.build(
        second,
        rng.sample(ENTITY_ROWS, len(ENTITY_ROWS)),
        rng.sample(statements, len(statements)),
    )
    assert one.digest == other.digest
    for name in (ENTITIES, STATEMENTS):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_the_digest_tells_any_changed_field():
    row = statement("HGNC:0", Predicate.CAUSES, "MONDO:0")
    described = replace(ENTITY_ROWS[0], aliases=("a",), equivalents=("OMIM:1",))
    others = ENTITY_ROWS[1:]
    contents = [
        ([described, *others], [row]),
        ([described, *others], [row, row]),
        ([described, *others], []),
        *(
            ([replace(described, **{field: value}), *others], [row])
            for field, value in (
                ("name", "other"),
                ("source", "hpo"),
                ("aliases", ("b",)),
                ("equivalents", ("OMIM:2",)),
                ("definition", "x"),
                ("type", G),
            )
        ),
        *(
            ([described, *others], [row._replace(**{field: value})])
            for field, value in (
                ("object", "MONDO:1"),
                ("predicate", Predicate.HAS_MODIFIER),
                ("source", "x"),
                ("record", "x"),
                ("row", 2),
                ("reference", "PMID:1"),
                ("negated", True),
                ("frequency", "1/2"),
                ("onset", "x"),
                ("sex", "male"),
            )
        ),
    ]
    digests = [graph_of(*content).digest for content in contents]
    assert len(set(digests)) == len(contents)


def test_an_entity_survives_its_table():
    full = entity(
        "MONDO:7", D, "Marfan", aliases=("MFS", "x"), equivalents=("OMIM:7",), definition="…"
    )
    graph = graph_of([full, entity("HP:1", P)], [])
    assert graph.entity("MONDO:7") == full
    assert graph.type("MONDO:7") is D
    assert graph.name("MONDO:7") == "Marfan"
    assert graph.ids(D) == ["MONDO:7"]
    assert "MONDO:7" in graph
    assert "OMIM:7" not in graph
    assert len(graph) == 2
    with pytest.raises(KeyError):
        graph.entity("OMIM:7")


@pytest.fixture(scope="module")
def named() -> Graph:
    return graph_of(
        [
            entity("MONDO:1", D, "Marfan syndrome", aliases=("MFS", "One")),
            entity("MONDO:2", D, "Loeys-Dietz syndrome", equivalents=("OMIM:2", "ORPHA:9")),
            entity("MONDO:3", D, "One", aliases=("MFS",), equivalents=("OMIM:3", "ORPHA:9")),
            entity("HP:4", P, "MFS2"),
        ],
        [],
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MONDO:1", ["MONDO:1"]),
        (" marfan SYNDROME ", ["MONDO:1"]),
        ("mfs", ["MONDO:1", "MONDO:3"]),
        ("one", ["MONDO:3"]),  # a name goes before an alias
        ("omim:2", ["MONDO:2"]),
        ("ORPHA:9", ["MONDO:2", "MONDO:3"]),
        ("Marfan", []),
        ("", []),
    ],
)
def test_resolve_takes_ids_then_names_then_aliases(named, text, found):
    assert named.resolve(text) == found


def test_canonical_takes_what_stands_for_one_node_only(named):
    asked = ("MONDO:2", "OMIM:2", "omim:3", "ORPHA:9", "OMIM:4")
    assert [named.canonical(curie) for curie in asked] == [
        "MONDO:2",
        "MONDO:2",
        "MONDO:3",
        None,
        None,
    ]


def test_holders_are_all_that_share_a_name(named):
    assert named.holders("ONE") == {"MONDO:1", "MONDO:3"}
    assert named.holders("mfs") == {"MONDO:1", "MONDO:3"}
    assert named.holders("nobody") == set()


def test_nearest_finds_a_misspelt_name(named):
    assert named.nearest("Marfans sindrome", 1) == ["MONDO:1"]
    assert named.nearest("loeys dietz")[0] == "MONDO:2"
    assert len(named.nearest("syndrome", 2)) == 2


def _folder(path: Path, seed: int = 0) -> Path:
    edges = random.Random(seed).sample(EDGES, 20)
    Graph.build(path, ENTITY_ROWS, [statement(*edge) for edge in edges])
    return path


@pytest.mark.parametrize("name", [ENTITIES, STATEMENTS])
def test_a_missing_table_is_the_users_to_mend(tmp_path, name):
    (_folder(tmp_path) / name).unlink()
    with pytest.raises(InputError, match=r"no knowledge base here; run `medresearcher build`"):
        Graph.load(tmp_path)


@pytest.mark.parametrize("name", [ENTITIES, STATEMENTS])
@pytest.mark.parametrize("content", [b"", b"PAR1 and not more", None])
def test_a_damaged_table_is_the_users_to_mend(tmp_path, name, content):
    path = _folder(tmp_path) / name
    path.write_bytes(path.read_bytes()[:-100] if content is None else content)
    with pytest.raises(InputError, match=r"damaged .*run `medresearcher build` again"):
        Graph.load(tmp_path)


def test_tables_of_two_builds_are_not_mixed(tmp_path):
    one, other = _folder(tmp_path / "one"), _folder(tmp_path / "other", seed=1)
    (other / STATEMENTS).replace(one / STATEMENTS)
    with pytest.raises(InputError, match=r"not of one build; run `medresearcher build` again"):
        Graph.load(one)


def test_an_empty_graph_can_be_kept(tmp_path):
    assert len(Graph.build(tmp_path, [], [])) == 0
