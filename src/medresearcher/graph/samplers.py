"""Five ways to draw a small connected sample with a chain through it from a subgraph.

The names are those of the strategies in the paper's published code; what each one does here is
our own reading of its name, stated at the function. Every sample is connected, every chain
follows the rules of `chains`, and all randomness comes from the generator that is passed in.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from medresearcher.graph.blocks import bits
from medresearcher.graph.chains import Step
from medresearcher.graph.longest import Subgraph, longest_chain

MIN_HOPS = 2
_WALKS = 12
_ROUNDS = 6
# States of a search for the shortest chain between two nodes, and pairs of cores tried.
_STATES = 4_000
_PAIRS = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """A connected set of nodes, the chain's first and in its order."""

    strategy: str
    nodes: tuple[str, ...]
    chain: tuple[Step, ...]


Sampler = Callable[[Subgraph, int, Random], Sample | None]


def max_chain(subgraph: Subgraph, size: int, _rng: Random) -> Sample | None:
    """The longest chain from the first node, cut where it has `size` nodes; nothing beside it."""
    steps = longest_chain(subgraph, subgraph.nodes[0]).steps[: size - 1]
    nodes = [subgraph.nodes[0], *(step.end for step in steps)]
    return _sample("max_chain", subgraph, [subgraph.place(node) for node in nodes], 0)


def augmented_chain(subgraph: Subgraph, size: int, rng: Random) -> Sample | None:
    """A random chain from the first node, half of the sample; the rest are its neighbours."""
    path = _walk(subgraph, [0], size // 2, rng, _all(subgraph))
    return _sample("augmented_chain", subgraph, path, size)


def community_core_path(subgraph: Subgraph, size: int, rng: Random) -> Sample | None:
    """A chain from the first node through the core of its community, and on inside it.

    The core is the node with most neighbours in the community; the sample is filled with nodes
    of the community.
    """
    community = _communities(subgraph, rng)[0]
    path = _shortest(subgraph, 0, _core(subgraph, community), size - 1, community)
    if path is None:
        return None
    path = _walk(subgraph, path, max(len(path), size * 2 // 3), rng, community)
    return _sample("community_core_path", subgraph, path, size, community)


def dual_core_bridge(subgraph: Subgraph, size: int, rng: Random) -> Sample | None:
    """The shortest chain between the cores of two communities, with neighbours of both cores."""
    communities = _communities(subgraph, rng)
    cores = sorted({_core(subgraph, one) for one in communities if one.bit_count() > 1})
    pairs = [(one, other) for one in cores for other in cores if one < other]
    for one, other in rng.sample(pairs, min(_PAIRS, len(pairs))):
        path = _shortest(subgraph, one, other, size * 2 // 3, _all(subgraph))
        if path and len(path) > MIN_HOPS:
            around = subgraph.links[one] | subgraph.links[other]
            return _sample("dual_core_bridge", subgraph, path, size, around)
    return None


def mixed(subgraph: Subgraph, size: int, rng: Random) -> Sample | None:
    """One of the four others, drawn at random; where it gives none, another one."""
    names = sorted(name for name in SAMPLERS if name != "mixed")
    samples = (SAMPLERS[name](subgraph, size, rng) for name in rng.sample(names, len(names)))
    return next((sample for sample in samples if sample), None)


SAMPLERS: Mapping[str, Sampler] = {
    "mixed": mixed,
    "augmented_chain": augmented_chain,
    "community_core_path": community_core_path,
    "dual_core_bridge": dual_core_bridge,
    "max_chain": max_chain,
}


def _all(subgraph: Subgraph) -> int:
    return (1 << len(subgraph.nodes)) - 1


def _sample(
    strategy: str, subgraph: Subgraph, path: Sequence[int], size: int, within: int = -1
) -> Sample | None:
    """The sample of a path and up to `size` nodes around it; `None` if the path is too short."""
    if len(path) <= MIN_HOPS:
        return None
    chosen = list(path)
    for node in chosen:
        for other in bits(subgraph.links[node] & within):
            if len(chosen) < size and other not in chosen:
                chosen.append(other)
    nodes = tuple(subgraph.nodes[place] for place in chosen)
    return Sample(strategy, nodes, subgraph.chain(path))


def _after(subgraph: Subgraph, path: Sequence[int], within: int) -> int:
    """The nodes that a path may step to."""
    ways = subgraph.links[path[-1]] & within & ~(1 << path[-1])
    for node in path[:-1]:
        ways &= ~(subgraph.touches[node] | 1 << node)
    return ways


def _walk(
    subgraph: Subgraph, path: Sequence[int], size: int, rng: Random, within: int
) -> list[int]:
    """The longest of some random chains that go on from `path`, at most `size` nodes long."""
    best = list(path)
    for _ in range(_WALKS):
        walk = list(path)
        while len(walk) < size and (ways := _after(subgraph, walk, within)):
            walk.append(rng.choice(list(bits(ways))))
        best = max(best, walk, key=len)
        if len(best) >= size:
            break
    return best


def _shortest(
    subgraph: Subgraph, start: int, goal: int, hops: int, within: int
) -> list[int] | None:
    """A shortest chain between two nodes within a set; `None` if none of `hops` hops is found."""
    away = _distances(subgraph, goal, within)
    level = [[start]]
    seen = 0
    for left in range(hops, -1, -1):
        for path in level:
            if path[-1] == goal:
                return path
        longer: list[list[int]] = []
        for path in level:
            ways = bits(_after(subgraph, path, within))
            longer += [[*path, one] for one in ways if away.get(one, hops) < left]
        seen += len(longer)
        if seen > _STATES:
            return None
        level = longer
    return None


def _distances(subgraph: Subgraph, goal: int, within: int) -> dict[int, int]:
    """Steps from each node to `goal` within a set."""
    away = {goal: 0}
    order = [goal]
    for node in order:
        for other in bits(subgraph.links[node] & within):
            if other not in away:
                away[other] = away[node] + 1
                order.append(other)
    return away


def _core(subgraph: Subgraph, community: int) -> int:
    """The node of a community with most neighbours in it."""
    return max(
        bits(community), key=lambda one: ((subgraph.links[one] & community).bit_count(), -one)
    )


def _communities(subgraph: Subgraph, rng: Random) -> list[int]:
    """Communities by label propagation, that of the first node first.

    Each node takes the label that most of its neighbours have, in random order, in a few rounds
    (Raghavan, Albert, Kumara 2007). Parts of a label that are not connected are kept apart.
    """
    places = range(len(subgraph.nodes))
    labels = list(places)
    for _ in range(_ROUNDS):
        for node in rng.sample(places, len(places)):
            near = [labels[other] for other in bits(subgraph.links[node])]
            if near:
                labels[node] = max(sorted(set(near)), key=near.count)
    found: list[int] = []
    done = 0
    for node in places:
        if not done >> node & 1:
            members = sum(1 << one for one in places if labels[one] == labels[node])
            part = sum(1 << one for one in _distances(subgraph, node, members))
            found.append(part)
            done |= part
    return found
