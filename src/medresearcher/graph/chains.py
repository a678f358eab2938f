"""Chains: simple, chord-free paths from a disease through genes, diseases and gene families.

Chord-free means that no two entities of the chain are neighbours except in sequence, and that
no disease is a class, a subtype or a numbered sibling of another one in it: so no hop can be
skipped. Gene families that are hubs or only a label for leftovers are not passed through.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate

MAX_FAMILY = 40
_LEFTOVERS = re.compile(r"RNA|systematic|uncharacteri|unclassified|orphan|domain|pseudogene", re.I)
_NUMBER = re.compile(r"[\s,]+(?:type\s+)?(?:\d+[a-z]*|[ivx]+[a-z]?|[a-z]\d*)$", re.I)

_STEPS: dict[EntityType, tuple[tuple[Predicate, bool], ...]] = {
    EntityType.DISEASE: ((Predicate.CAUSES, False),),
    EntityType.GENE: ((Predicate.CAUSES, True), (Predicate.MEMBER_OF, True)),
    EntityType.GENE_GROUP: ((Predicate.MEMBER_OF, False),),
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
    options = list(_options(graph, nodes[-1]))
    rng.shuffle(options)
    for step in options:
        if not any(_touch(graph, step.end, node) for node in nodes[:-1]):
            yield from _extend(graph, (*nodes, step.end), (*steps, step), hops, rng)


def _options(graph: Graph, node: str) -> Iterator[Step]:
    for predicate, forward in _STEPS[graph.type(node)]:
        near = graph.objects(node, predicate) if forward else graph.subjects(node, predicate)
        for end in near:
            if not is_hub(graph, end):
                yield Step(node, predicate, end, forward)


def is_hub(graph: Graph, node: str) -> bool:
    """Whether a node is too general to be passed through, or to be a clue."""
    if graph.type(node) is not EntityType.GENE_GROUP:
        return False
    if _LEFTOVERS.search(graph.name(node)):
        return True
    return len(graph.subjects(node, Predicate.MEMBER_OF)) > MAX_FAMILY


def series(name: str) -> str:
    """A name without its trailing type number: `Lynch syndrome` for `Lynch syndrome 5`."""
    return _NUMBER.sub("", name.casefold())


def _touch(graph: Graph, one: str, other: str) -> bool:
    """Whether two nodes are the same, neighbours, of one series, or class and subtype."""
    if one == other:
        return True
    kind = graph.type(one)
    if kind is graph.type(other):
        codes = graph.code(one), graph.code(other)
        if series(graph.name(one)) == series(graph.name(other)):
            return True
        return codes[0] in graph.below(codes[1]) or codes[1] in graph.below(codes[0])
    return any(
        other in (graph.objects(one, predicate) if forward else graph.subjects(one, predicate))
        for predicate, forward in _STEPS[kind]
    )
