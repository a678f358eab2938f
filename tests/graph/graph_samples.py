"""Random small graphs of every type, and the same facts as plain Python for oracles."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import networkx as nx
from hypothesis import strategies as st

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement

D, G, F = EntityType.DISEASE, EntityType.GENE, EntityType.GENE_GROUP
P, M = EntityType.PHENOTYPE, EntityType.INHERITANCE
PREFIXES = {D: "MONDO", G: "HGNC", F: "HGNC.FAMILY", P: "HP", M: "HPI"}

# Which types a predicate joins; hierarchies go from a later node to an earlier one, so that
# they have no circle.
SHAPES = (
    (G, Predicate.CAUSES, D),
    (G, Predicate.MEMBER_OF, F),
    (D, Predicate.HAS_PHENOTYPE, P),
    (D, Predicate.HAS_INHERITANCE, M),
    (D, Predicate.SUBCLASS_OF, D),
    (P, Predicate.SUBCLASS_OF, P),
)

Edge = tuple[str, Predicate, str]


def entity(curie: str, kind: EntityType, name: str = "", **more: object) -> Entity:
    return Entity(curie, kind, name or f"name of {curie}", more.pop("source", "mondo"), **more)


def statement(
    subject: str, predicate: Predicate, obj: str, row: int = 1, **more: object
) -> Statement:
    return Statement(subject, predicate, obj, "hpo", "OMIM:1", row, **more)


def graph_of(entities: Iterable[Entity], statements: Iterable[Statement]) -> Graph:
    """The graph, through its tables on disk."""
    with tempfile.TemporaryDirectory() as folder:
        return Graph.build(Path(folder), entities, statements)


def nodes_of(sizes: dict[EntityType, int]) -> dict[EntityType, list[str]]:
    return {kind: [f"{PREFIXES[kind]}:{n}" for n in range(size)] for kind, size in sizes.items()}


def possible(nodes: dict[EntityType, list[str]], shapes: Sequence[tuple] = SHAPES) -> list[Edge]:
    """Every edge that the types allow."""
    return [
        (one, predicate, other)
        for start, predicate, end in shapes
        for place, one in enumerate(nodes[start])
        for other in (nodes[end][:place] if start == end else nodes[end])
    ]


def rows(edges: Sequence[Edge]) -> st.SearchStrategy[list[Statement]]:
    """Statements about some of the edges: repeated, denied, and both."""
    one = st.builds(
        lambda edge, row, negated, reference: statement(
            *edge, row, negated=negated, reference=reference
        ),
        st.sampled_from(edges),
        st.integers(1, 9),
        st.sampled_from((False, False, False, True)),
        st.sampled_from(("", "PMID:1", "PMID:2")),
    )
    return st.lists(one, max_size=40)


def asserted(statements: Iterable[Statement]) -> set[Edge]:
    return {(s.subject, s.predicate, s.object) for s in statements if not s.negated}


def hierarchy(nodes: Iterable[str], edges: Iterable[Edge]) -> nx.DiGraph:
    """From class to subclass."""
    tree = nx.DiGraph()
    tree.add_nodes_from(nodes)
    tree.add_edges_from((o, s) for s, p, o in edges if p is Predicate.SUBCLASS_OF)
    return tree


def below(tree: nx.DiGraph, node: str) -> set[str]:
    return nx.descendants(tree, node) | {node}
