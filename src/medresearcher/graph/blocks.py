"""How far a chord-free path can go at most, from the shape of what is left to it.

A path goes through the blocks of a graph (its parts without a cut node) as their tree says, and
through each one at most once. Sets of nodes are integers with one bit per node; `links` holds
the neighbours of each node.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

Links = Sequence[int]


class Sides(NamedTuple):
    """The two sides of a bipartite graph; of one that is not, all nodes are on no side."""

    even: int
    odd: int

    def most(self, node: int, rest: int) -> int:
        """The most hops of a path that starts at `node` and goes on in `rest`."""
        rest &= ~(1 << node)
        if not self.even:
            return rest.bit_count()
        own, other = (self.even, self.odd) if self.even >> node & 1 else (self.odd, self.even)
        here, there = (rest & own).bit_count(), (rest & other).bit_count()
        return 2 * there if there <= here else 2 * here + 1


def bits(nodes: int) -> Iterator[int]:
    """The places of a set of nodes, ascending."""
    while nodes:
        lowest = nodes & -nodes
        yield lowest.bit_length() - 1
        nodes ^= lowest


def reachable(links: Links, node: int, within: int) -> int:
    """What can be reached from `node` by steps within a set of nodes, without `node`."""
    within &= ~(1 << node)
    found = edge = links[node] & within
    while edge:
        lowest = edge & -edge
        edge ^= lowest
        new = links[lowest.bit_length() - 1] & within & ~found
        found |= new
        edge |= new
    return found


def sides(links: Links, node: int) -> Sides:
    """The sides of all that `node` reaches."""
    layers = [1 << node]
    seen = layers[0]
    while layers[-1]:
        near = 0
        for one in bits(layers[-1]):
            near |= links[one]
        layers.append(near & ~seen)
        if near & layers[-2]:
            return Sides(0, 0)
        seen |= near
    even = sum(layers[0::2])
    return Sides(even, seen & ~even)


def ceiling(links: Links, parts: Sides, node: int, rest: int) -> int:
    """The most hops of a chord-free path that starts at `node` and goes on in `rest`.

    An upper bound: a path may do what blocks and sides allow. (Blocks: Hopcroft, Tarjan 1973.)
    """
    # How far a path gets from a node into the blocks that hang from it.
    below = {node: 0}
    for entry, block in _blocks(links, node, rest):
        below[entry] = max(below.get(entry, 0), _through(parts, entry, block, below))
    return below[node]


def _through(parts: Sides, entry: int, block: list[int], below: dict[int, int]) -> int:
    """How far a path gets from `entry` through one block and those that hang from it."""
    if len(block) == 1:
        return 1 + below.get(block[0], 0)
    inner = parts.most(entry, sum(1 << one for one in block))
    # All nodes of a block with a circle are no chord-free path.
    inner = min(inner, len(block) - 1)
    most = inner
    for exit_ in block:
        beyond = below.get(exit_, 0)
        if beyond:
            odd = bool(parts.even >> entry & 1) != bool(parts.even >> exit_ & 1)
            way = inner - ((inner & 1) != odd) if parts.even else inner
            most = max(most, way + beyond)
    return most


def _blocks(links: Links, root: int, rest: int) -> Iterator[tuple[int, list[int]]]:
    """Yield each block as its entry, seen from `root`, and its other nodes; deeper ones first."""
    rest |= 1 << root
    number = {root: 0}
    lowest = {root: 0}
    ahead = {root: links[root] & rest}
    trail, pending = [root], list[int]()
    while trail:
        node = trail[-1]
        if ahead[node]:
            bit = ahead[node] & -ahead[node]
            ahead[node] ^= bit
            other = bit.bit_length() - 1
            if other in number:
                lowest[node] = min(lowest[node], number[other])
                continue
            number[other] = lowest[other] = len(number)
            ahead[other] = links[other] & rest & ~(1 << node)
            trail.append(other)
            pending.append(other)
            continue
        trail.pop()
        if not trail:
            return
        before = trail[-1]
        lowest[before] = min(lowest[before], lowest[node])
        if lowest[node] >= number[before]:
            cut = pending.index(node)
            yield before, pending[cut:]
            del pending[cut:]
