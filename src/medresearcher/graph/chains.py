"""Chains: simple, chord-free paths from a disease through genes, families, pathways and drugs.

Chord-free means that no two entities of the chain are neighbours except in sequence, and that
no disease is a class, a subtype or a numbered sibling of another one in it: so no hop can be
skipped. Gene families that are hubs or only a label for leftovers are not passed through.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from random import Random

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate

MAX_FAMILY = 40
_LEFTOVERS = re.compile(r"RNA|systematic|uncharacteri|unclassified|orphan|domain|pseudogene", re.I)
_NUMBER = re.compile(r"[\s,]+(?:type\s+)?(?:\d+[a-z]*|[ivx]+[a-z]?|[a-z]\d*)$", re.I)

# From each type: along which predicate, whether forward, and to which type.
STEPS: dict[EntityType, tuple[tuple[Predicate, bool, EntityType], ...]] = {
    EntityType.DISEASE: (
        (Predicate.CAUSES, False, EntityType.GENE),
        (Predicate.TREATS, False, EntityType.DRUG),
    ),
    EntityType.GENE: (
        (Predicate.CAUSES, True, EntityType.DISEASE),
        (Predicate.MEMBER_OF, True, EntityType.GENE_GROUP),
        (Predicate.PARTICIPATES_IN, True, EntityType.PATHWAY),
        (Predicate.AFFECTS, False, EntityType.DRUG),
    ),
    EntityType.GENE_GROUP: ((Predicate.MEMBER_OF, False, EntityType.GENE),),
    EntityType.PATHWAY: ((Predicate.PARTICIPATES_IN, False, EntityType.GENE),),
    EntityType.DRUG: (
        (Predicate.TREATS, True, EntityType.DISEASE),
        (Predicate.AFFECTS, True, EntityType.GENE),
    ),
}
# Of these, one with more than `MAX_FAMILY` members is too general to be passed through.
_FAMILIES = {
    EntityType.GENE_GROUP: Predicate.MEMBER_OF,
    EntityType.PATHWAY: Predicate.PARTICIPATES_IN,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of a chain, from `start` to `end`; `forward` if `start` is its subject."""

    start: str
    predicate: Predicate
    end: str
    forward: bool

    @property
    def subject(self) -> str:
        """The subject of the edge."""
        return self.start if self.forward else self.end

    @property
    def object(self) -> str:
        """The object of the edge."""
        return self.end if self.forward else self.start


def chains(graph: Graph, start: str, hops: int, rng: Random) -> Iterator[tuple[Step, ...]]:
    """Yield every chain of `hops` edges from `start`, in an order drawn from `rng`."""
    yield from _extend(graph, (start,), (), hops, rng)


def _extend(
    graph: Graph, nodes: tuple[str, ...], steps: tuple[Step, ...], hops: int, rng: Random
) -> Iterator[tuple[Step, ...]]:
    if len(steps) == hops:
        yield steps
        return
    options = list(steps_from(graph, nodes[-1]))
    rng.shuffle(options)
    for step in options:
        if not any(touch(graph, step.end, node) for node in nodes[:-1]):
            yield from _extend(graph, (*nodes, step.end), (*steps, step), hops, rng)


def steps_from(graph: Graph, node: str) -> Iterator[Step]:
    """Yield every step that a chain may take from a node, hubs left out; none for other types."""
    for predicate, forward, kind in STEPS.get(graph.type(node), ()):
        near = graph.objects(node, predicate) if forward else graph.subjects(node, predicate)
        for end in near:
            if graph.type(end) is kind and not is_hub(graph, end):
                yield Step(node, predicate, end, forward)


def is_hub(graph: Graph, node: str) -> bool:
    """Whether a node is too general to be passed through, or to be a clue."""
    membership = _FAMILIES.get(graph.type(node))
    if membership is None:
        return False
    if membership is Predicate.MEMBER_OF and _LEFTOVERS.search(graph.name(node)):
        return True
    return len(graph.subjects(node, membership)) > MAX_FAMILY


def series(name: str) -> str:
    """A name without its trailing type number: `Lynch syndrome` for `Lynch syndrome 5`."""
    return _NUMBER.sub("", name.casefold())


def touch(graph: Graph, one: str, other: str) -> bool:
    """Whether two nodes are the same, neighbours, of one series, or class and subtype.

    No two nodes of a chain may touch, except in sequence.
    """
    return not (
        excluded(graph, one).isdisjoint(marks(graph, other))
        and excluded(graph, other).isdisjoint(marks(graph, one))
    )


Mark = int | tuple[EntityType, str]


def marks(graph: Graph, node: str) -> tuple[Mark, Mark]:
    """What others exclude a node by: its code, and its type with the series of its name."""
    return graph.code(node), (graph.type(node), series(graph.name(node)))


def excluded(graph: Graph, node: str) -> frozenset[Mark]:
    """The marks of all nodes that touch this one, or that have it among theirs."""
    code, kind = graph.code(node), graph.type(node)
    near = (
        graph.neighbours(code, predicate, forward=forward)
        for predicate, forward, _ in STEPS.get(kind, ())
    )
    return frozenset((marks(graph, node)[1], *graph.below(code), *chain.from_iterable(near)))
