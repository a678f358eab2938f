"""The longest chain around an entity: exact where that can be proven, else with a bound.

A chain follows the rules of `chains`: simple, chord-free, typed, no hub passed. Inside, a set of
nodes is an integer with one bit per node, so that one operation takes out all that a node
excludes. A beam search finds long chains soon; branch and bound then improves on them or
proves that nothing can. Both count the nodes that they look at against one budget, so that
the same call always gives the same chain, on any machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from medresearcher.errors import InputError
from medresearcher.graph.blocks import bits, ceiling, reachable, sides
from medresearcher.graph.chains import Mark, Step, excluded, marks, steps_from
from medresearcher.graph.store import Graph

BUDGET = 15_000
_FIRST_WIDTH = 8
_WIDER = 4
# Of the budget, a first try at a proof gets a tenth, and the beams leave a fifth to a second.
_FIRST_TRY, _BEAMS = 0.1, 0.8
# A proof is tried where a chain may take fewer nodes than this; above, there is no hope of one.
_SMALL = 600
# Branch and bound tells apart what can still be reached, and bounds it block by block, only
# where fewer nodes than this are left: above, it costs more than it prunes.
_CLOSE = 200


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Nodes in breadth-first order, and for each one as bits of their places: its neighbours.

    `links` are the nodes that a chain can step to; `touches`, which holds them too, are those
    that no chain can have beside this one, except next in sequence.
    """

    nodes: tuple[str, ...]
    links: tuple[int, ...]
    touches: tuple[int, ...]
    steps: tuple[tuple[Step, ...], ...]

    def place(self, node: str) -> int:
        """The place of a node; `InputError` if it is not in the subgraph."""
        try:
            return self.nodes.index(node)
        except ValueError:
            raise InputError(f"{node}: not in this subgraph of {len(self.nodes)} nodes") from None

    def chain(self, path: Sequence[int]) -> tuple[Step, ...]:
        """The steps along a path of places."""
        return tuple(
            next(step for step in self.steps[one] if step.end == self.nodes[other])
            for one, other in pairwise(path)
        )


@dataclass(frozen=True, slots=True)
class Chain:
    """The longest chain that was found.

    No chain has more than `bound` hops; `proven` if this one has as many. `searched` tells how
    much of the budget was used.
    """

    steps: tuple[Step, ...]
    bound: int
    searched: int

    @property
    def hops(self) -> int:
        """How many hops the chain has, each of them necessary."""
        return len(self.steps)

    @property
    def proven(self) -> bool:
        """Whether no chain from the same start is longer."""
        return self.hops == self.bound


class _Place(NamedTuple):
    steps: tuple[Step, ...]
    marks: tuple[Mark, Mark]
    kin: frozenset[Mark]
    """What it excludes beside itself and the nodes that it steps to."""


class Neighbourhoods:
    """Cuts subgraphs out of one graph; keeps what it read of each node."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[str, _Place] = {}

    def around(self, start: str, limit: int) -> Subgraph:
        """The `limit` nodes nearest to `start` along steps, in breadth-first order by id."""
        nodes = [start]
        places = {start: 0}
        for node in nodes:
            for step in self._read(node).steps:
                if step.end not in places and len(nodes) < limit:
                    places[step.end] = len(nodes)
                    nodes.append(step.end)
        read = [self._read(node) for node in nodes]
        links: list[int] = []
        for one in read:
            near = 0
            for step in one.steps:
                if step.end in places:
                    near |= 1 << places[step.end]
            links.append(near)
        return Subgraph(
            tuple(nodes), tuple(links), _touches(read, links), tuple(one.steps for one in read)
        )

    def _read(self, node: str) -> _Place:
        if node not in self._known:
            graph = self._graph
            steps = tuple(steps_from(graph, node))
            near = {node, *(step.end for step in steps)}
            kin = excluded(graph, node).difference(map(graph.code, near))
            self._known[node] = _Place(steps, marks(graph, node), kin)
        return self._known[node]


def neighbourhood(graph: Graph, start: str, limit: int) -> Subgraph:
    """The `limit` nodes nearest to `start`, itself included; `KeyError` if it is unknown.

    Many subgraphs of one graph are cut faster by one `Neighbourhoods`.
    """
    return Neighbourhoods(graph).around(start, limit)


def _touches(read: list[_Place], links: list[int]) -> tuple[int, ...]:
    """What each node touches, by the rule of `chains.touch`, without the node itself."""
    bearers: dict[Mark, int] = {}
    for place, one in enumerate(read):
        for mark in one.marks:
            bearers[mark] = bearers.get(mark, 0) | 1 << place
    touches = list(links)
    for place, one in enumerate(read):
        kin = 0
        for mark in one.kin:
            kin |= bearers.get(mark, 0)
        kin &= ~(1 << place)
        touches[place] |= kin
        for other in bits(kin):
            touches[other] |= 1 << place
    return tuple(touches)


def longest_chain(subgraph: Subgraph, start: str, budget: int = BUDGET) -> Chain:
    """The longest chain from `start` that a search of about `budget` nodes finds.

    Without any budget it is a chain still: the one that excludes least at every hop.
    """
    search = _Search(subgraph, subgraph.place(start))
    bound = search.run(budget)
    return Chain(subgraph.chain(search.best), bound, search.searched)


class _State(NamedTuple):
    """A path that ends at `node`: `rest` are the nodes that no earlier node excludes."""

    node: int
    rest: int
    before: "_State | None"

    def path(self) -> list[int]:
        places: list[int] = []
        state: _State | None = self
        while state:
            places.append(state.node)
            state = state.before
        return places[::-1]


class _Search:
    """One search from one start."""

    def __init__(self, subgraph: Subgraph, start: int) -> None:
        # A start that is a hub has no step back to it; no chain takes one anyway.
        self.links = list(subgraph.links)
        for node in bits(self.links[start]):
            self.links[node] |= 1 << start
        self.sides = sides(self.links, start)
        rest = reachable(self.links, start, (1 << len(self.links)) - 1)
        rest = _without_twins(self.links, subgraph.touches, rest)
        self.root = _State(start, rest, None)
        # What a path may still have once each node is on it and no longer its end.
        self.leaves = [rest & ~touched for touched in subgraph.touches]
        self.best = [start]
        self.searched = 0

    @property
    def hops(self) -> int:
        return len(self.best) - 1

    def run(self, budget: int) -> int:
        """Search; return the bound on the hops of any chain."""
        if self.beam(1) or (budget > 0 and self.beam(_FIRST_WIDTH, budget)):
            return self.hops
        bound = self.ceiling(self.root)
        small = self.root.rest.bit_count() < _SMALL
        if small:
            bound = self.branch(bound, self.searched + round(budget * _FIRST_TRY))
        if self.hops < bound and self.widen(budget * _BEAMS if small else budget):
            return self.hops
        return self.branch(bound, budget) if small else bound

    def widen(self, budget: float) -> bool:
        """Grow wider and wider beams while they fit the budget; whether one left nothing out."""
        width, spent = _FIRST_WIDTH, max(self.searched, 1)
        while True:
            width = min(width * _WIDER, int(width * (budget - self.searched) / spent))
            if width < _FIRST_WIDTH:
                return False
            spent = -self.searched
            if self.beam(width, budget):
                return True
            spent += self.searched

    def ceiling(self, state: _State) -> int:
        """No path goes on for more hops than this from the last node of `state`."""
        return ceiling(self.links, self.sides, state.node, state.rest)

    def keep(self, state: _State, hops: int) -> None:
        if hops > self.hops:
            self.best = state.path()

    def beam(self, width: int, budget: float | None = None) -> bool:
        """Grow the `width` paths that exclude least, hop by hop; whether none was left out."""
        links, leaves = self.links, self.leaves
        level, hops, whole = [self.root], 0, True
        while level:
            self.keep(level[0], hops)
            if budget is not None and self.searched >= budget:
                return False
            ranks: dict[tuple[int, int], tuple[int, int]] = {}
            before: dict[tuple[int, int], _State] = {}
            for state in level:
                rest = state.rest & leaves[state.node]
                for node in bits(links[state.node] & state.rest):
                    self.searched += 1
                    # No end of a chain while others go on.
                    left = (rest & leaves[node]).bit_count() if links[node] & rest else -1
                    ranks[node, rest] = -left, node
                    before.setdefault((node, rest), state)
            ranked = sorted(ranks, key=ranks.__getitem__)
            whole &= len(ranked) <= width
            level = [_State(*one, before[one]) for one in ranked[:width]]
            hops += 1
        return whole

    def branch(self, bound: int, budget: int) -> int:
        """Depth-first branch and bound; return the bound on all chains that it leaves."""
        # Equal ends with equal rests go on equally: the longest way to them is enough.
        seen: dict[tuple[int, int], int] = {}
        open_: list[list[tuple[int, int, _State]]] = [self.options(self.root, 1, seen)]
        while open_:
            options = open_[-1]
            if not options:
                open_.pop()
                continue
            if self.searched >= budget:
                left = max((most for level in open_ for most, _, _ in level), default=0)
                return max(self.hops, min(left, bound))
            most, _, state = options.pop()
            if most > self.hops:
                open_.append(self.options(state, len(open_) + 1, seen))
        return self.hops

    def options(
        self, state: _State, hops: int, seen: dict[tuple[int, int], int]
    ) -> list[tuple[int, int, _State]]:
        """The ways on with `hops` hops that may become longer than the best, best last."""
        found: list[tuple[int, int, _State]] = []
        rest = state.rest & self.leaves[state.node]
        for node in bits(self.links[state.node] & state.rest):
            self.searched += 1
            option = _State(node, rest, state)
            self.keep(option, hops)
            most = hops + self.sides.most(node, rest)
            if most > self.hops and rest.bit_count() < _CLOSE:
                option = option._replace(rest=reachable(self.links, node, rest))
                if seen.get((node, option.rest), -1) >= hops:
                    continue
                seen[node, option.rest] = hops
                most = hops + self.ceiling(option)
            if most > self.hops:
                left = (option.rest & self.leaves[node]).bit_count()
                found.append((most, left, option))
        found.sort(key=lambda one: (one[1], -one[2].node))
        return found


def _without_twins(links: list[int], touches: tuple[int, ...], nodes: int) -> int:
    """The nodes without those that step to and touch the same as an earlier one.

    A chain has at most one of such twins, unless it starts at one, and may have the earlier.
    """
    groups: dict[int, list[int]] = {}
    kept = 0
    for node in bits(nodes):
        group = groups.setdefault(links[node], [])
        if not any(
            touches[node] & ~(1 << other) == touches[other] & ~(1 << node) for other in group
        ):
            group.append(node)
            kept |= 1 << node
    return kept
