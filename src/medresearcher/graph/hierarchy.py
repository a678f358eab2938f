"""Keeps is_a free of circles where two classifications disagree about which class is above.

MONDO and HPO are the backbone. Where another source's is_a closes a circle with theirs, its
statements within the circle are left out; a circle of the backbone alone is left for the caller.
"""

from collections.abc import Sequence

from medresearcher.records.knowledge import Predicate, Statement

BACKBONE = ("mondo", "hpo")


def without_circles(statements: Sequence[Statement]) -> list[Statement]:
    """The statements but for the is_a of other sources that run within a circle."""
    circles = _circles([one for one in statements if one.predicate is Predicate.SUBCLASS_OF])
    return [
        one
        for one in statements
        if one.predicate is not Predicate.SUBCLASS_OF
        or one.source in BACKBONE
        or circles.get(one.subject, -1) != circles.get(one.object, -2)
    ]


def _circles(is_a: Sequence[Statement]) -> dict[str, int]:
    """Node -> number of the circle that it is in; other nodes are missing."""
    import rustworkx as rx

    graph: rx.PyDiGraph[str, None] = rx.PyDiGraph()
    ends = dict.fromkeys(end for one in is_a for end in (one.subject, one.object))
    codes = dict(zip(ends, graph.add_nodes_from(list(ends)), strict=True))
    graph.add_edges_from_no_data([(codes[one.subject], codes[one.object]) for one in is_a])  # type: ignore[arg-type]
    parts = [part for part in rx.strongly_connected_components(graph) if len(part) > 1]
    return {graph[code]: number for number, part in enumerate(parts) for code in part}
