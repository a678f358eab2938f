"""Chains: every simple, typed, chord-free path and no other, against networkx."""

from itertools import combinations, pairwise
from random import Random

import networkx as nx
import pytest
from graph_samples import (
    SHAPES,
    D,
    F,
    G,
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
from hypothesis import given
from hypothesis import strategies as st

from medresearcher.graph.chains import MAX_FAMILY, chains, series
from medresearcher.records.knowledge import EntityType, Predicate

W, R = EntityType.PATHWAY, EntityType.DRUG
NODES = {
    **nodes_of({D: 4, G: 4, F: 2}),
    W: ["REACT:0", "REACT:1"],
    R: ["CHEMBL:0", "CHEMBL:1"],
}
KINDS = {node: kind for kind, nodes in NODES.items() for node in nodes}
EDGES = possible(
    NODES,
    (
        SHAPES[0],
        SHAPES[1],
        SHAPES[4],
        (G, Predicate.PARTICIPATES_IN, W),
        (R, Predicate.TREATS, D),
        (R, Predicate.AFFECTS, G),
    ),
)
JOINS = {edge[1] for edge in EDGES} - {Predicate.SUBCLASS_OF}
LABELS = ("lynch", "alport", "marfan", "usher")


def found(graph, start, hops, seed=0):
    return list(chains(graph, start, hops, Random(seed)))


def nodes_along(chain):
    return (chain[0].start, *(step.end for step in chain))


def by_networkx(edges, start, hops, label):
    """Paths whose nodes touch in sequence only; `label` tells which diseases are one series."""
    joins = nx.Graph((s, o) for s, p, o in edges if p in JOINS)
    tree = hierarchy(KINDS, edges)
    if start not in joins:
        return set()
    return {
        path
        for end in joins
        if end != start
        for path in map(tuple, nx.all_simple_paths(joins, start, end, cutoff=hops))
        if len(path) == hops + 1
        and joins.subgraph(path).number_of_edges() == hops
        and not any(_related(one, other, tree, label) for one, other in combinations(path, 2))
    }


def _related(one, other, tree, label):
    if one in label and label.get(one) == label.get(other):
        return True
    return other in below(tree, one) or one in below(tree, other)


@given(rows(EDGES), st.lists(st.sampled_from(LABELS), min_size=4, max_size=4), st.integers(1, 5))
def test_chains_are_exactly_the_chord_free_paths(statements, names, hops):
    label = dict(zip(NODES[D], names, strict=True))
    entities = [
        entity(n, k, f"{label[n]} syndrome {i + 1}" if k is D else "")
        for k, nodes in NODES.items()
        for i, n in enumerate(nodes)
    ]
    graph = graph_of(entities, statements)
    edges = asserted(statements)
    for start in NODES[D]:
        came = found(graph, start, hops)
        paths = [nodes_along(chain) for chain in came]
        assert len(set(paths)) == len(paths)
        assert set(paths) == by_networkx(edges, start, hops, label)
        for chain in came:
            for one, following in pairwise(chain):
                assert one.end == following.start
            assert all((s.subject, s.predicate, s.object) in edges for s in chain)


def test_the_order_is_drawn_from_the_generator_alone():
    statements = [statement(*edge) for edge in EDGES if edge[1] in JOINS and edge[0] != "HGNC:0"]
    entities = [
        entity(n, k, f"{LABELS[int(n[-1])]} {k}") for k, nodes in NODES.items() for n in nodes
    ]
    graph = graph_of(entities, [*statements, statement("HGNC:0", Predicate.CAUSES, "MONDO:0")])
    orders = [found(graph, "MONDO:0", 2, seed) for seed in (1, 1, 2)]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert set(orders[0]) == set(orders[2])


def _family_of(genes: int, name: str):
    nodes = [f"HGNC:{n}" for n in range(genes)]
    return graph_of(
        [
            entity("MONDO:0", D, "alport"),
            entity("HGNC.FAMILY:0", F, name),
            *(entity(node, G) for node in nodes),
        ],
        [
            statement("HGNC:0", Predicate.CAUSES, "MONDO:0"),
            *(statement(node, Predicate.MEMBER_OF, "HGNC.FAMILY:0") for node in nodes),
        ],
    )


@pytest.mark.parametrize(
    ("genes", "name", "passed"),
    [
        (MAX_FAMILY, "Collagens", MAX_FAMILY - 1),
        (MAX_FAMILY + 1, "Collagens", 0),
        (3, "MicroRNAs", 0),
        (3, "Long non-coding RNAs with non-systematic symbols", 0),
        (3, "EF-hand domain containing", 0),
    ],
)
def test_hubs_and_leftovers_are_not_passed(genes, name, passed):
    assert len(found(_family_of(genes, name), "MONDO:0", 3)) == passed


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("Lynch syndrome 5", "lynch syndrome"),
        ("Lynch syndrome", "lynch syndrome"),
        ("Usher syndrome type 1B", "usher syndrome"),
        ("Griscelli syndrome, type II", "griscelli syndrome"),
        ("dilated cardiomyopathy 1KK", "dilated cardiomyopathy"),
        ("diabetes mellitus", "diabetes mellitus"),
        ("COL4A3", "col4a3"),
    ],
)
def test_the_series_of_a_name(name, base):
    assert series(name) == base
