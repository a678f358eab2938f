"""Patterns: which hidden entities a question has, how they are joined, and which is asked for.

A pattern grows from a disease, step by step; each step starts at an entity that is already there.
Its shape is one of `SHAPES`:

- `chain`: a chord-free path, the answer at its end;
- `fork`: the same with a branch at some entity, so that the answer is held from two sides;
- `cycle`: a chain of which two entities that are not neighbours share a further hidden one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

from medresearcher.graph.chains import STEPS, Step, chains, steps_from, touch
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate

SHAPES = ("chain", "fork", "cycle")
# A chain may end in one of these; nothing leads on from them.
_ENDS = {
    EntityType.PHENOTYPE: Predicate.HAS_PHENOTYPE,
    EntityType.INHERITANCE: Predicate.HAS_INHERITANCE,
    EntityType.ONSET: Predicate.HAS_ONSET,
}
# A hidden sign that more diseases share than this says nothing.
_MAX_SHARED = 40
_TRIED = 12
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Pattern:
    """Steps in the order in which they grew; a step whose end is known closes a cycle.

    The last `branch` steps are the side branch of a fork, or close a cycle.
    """

    shape: str
    steps: tuple[Step, ...]
    answer: str
    branch: int = 0

    @property
    def nodes(self) -> tuple[str, ...]:
        """The hidden entities, in the order in which they came."""
        ends = (step.end for step in self.steps)
        return tuple(dict.fromkeys((self.steps[0].start, *ends)))


def answers(graph: Graph, shape: str, hops: int) -> frozenset[EntityType]:
    """The types of entity that a pattern of this shape and length can ask for, by types alone."""
    if shape == "chain":
        ends = {kind for kind in _ENDS if EntityType.DISEASE in _reached(graph, hops - 1)}
        return _reached(graph, hops) | ends
    if shape == "fork":
        trunks = (hops - length for length in (1, 2) if hops - length >= _SHORTEST)
        return frozenset().union(*(_reached(graph, trunk) for trunk in trunks))
    return _reached(graph, hops - 2) if hops - 2 >= _SHORTEST else frozenset()


def _reached(graph: Graph, hops: int) -> frozenset[EntityType]:
    """The types of entity that a chain of so many steps from a disease can end in."""
    kinds = frozenset({EntityType.DISEASE})
    for _ in range(hops):
        kinds = frozenset(
            end
            for kind in kinds
            for predicate, _, end in STEPS.get(kind, ())
            if graph.edge_count(predicate)
        )
    return kinds


def patterns(graph: Graph, start: str, shape: str, hops: int, rng: Random) -> Iterator[Pattern]:
    """Yield patterns of `hops` steps from a disease, in an order drawn from `rng`."""
    grow = {"chain": _chains, "fork": _forks, "cycle": _cycles}[shape]
    yield from grow(graph, start, hops, rng)


def ending_in(graph: Graph, pattern: Pattern, kind: EntityType, rng: Random) -> Iterator[Pattern]:
    """Yield the patterns that lead from a chain's last disease on to an entity of `kind`."""
    predicate = _ENDS[kind]
    if graph.type(pattern.answer) is not EntityType.DISEASE:
        return
    ends = graph.objects(pattern.answer, predicate)
    for end in rng.sample(ends, len(ends)):
        step = Step(pattern.answer, predicate, end, forward=True)
        yield Pattern(pattern.shape, (*pattern.steps, step), end)


def _chains(graph: Graph, start: str, hops: int, rng: Random) -> Iterator[Pattern]:
    for steps in chains(graph, start, hops, rng):
        yield Pattern("chain", steps, steps[-1].end)


def _forks(graph: Graph, start: str, hops: int, rng: Random) -> Iterator[Pattern]:
    """A chain to the answer and a branch of one or two steps from one of its later entities."""
    for length in rng.sample((1, 2), 2):
        if hops - length < _SHORTEST:
            continue
        for trunk in islice(chains(graph, start, hops - length, rng), _TRIED):
            nodes = (start, *(step.end for step in trunk))
            forks = nodes[1:]
            for fork in rng.sample(forks, len(forks)):
                branch = next(_branches(graph, nodes, fork, length, rng), None)
                if branch:
                    yield Pattern("fork", (*trunk, *branch), trunk[-1].end, length)
                    break


def _branches(
    graph: Graph, nodes: Sequence[str], fork: str, length: int, rng: Random
) -> Iterator[tuple[Step, ...]]:
    """Paths from `fork` whose entities touch nothing else of the pattern."""
    steps = list(steps_from(graph, fork))
    rng.shuffle(steps)
    for step in steps:
        if any(touch(graph, step.end, node) for node in nodes if node != fork):
            continue
        if step.end == fork or step.end in nodes:
            continue
        if length == 1:
            yield (step,)
        else:
            for rest in _branches(graph, (*nodes, step.end), step.end, length - 1, rng):
                yield (step, *rest)


def _cycles(graph: Graph, start: str, hops: int, rng: Random) -> Iterator[Pattern]:
    """A chain, and a hidden entity that two of its entities share besides."""
    for steps in islice(chains(graph, start, hops - 2, rng), 4 * _TRIED):
        nodes = (start, *(step.end for step in steps))
        pairs = [
            (one, other)
            for place, one in enumerate(nodes)
            for other in nodes[place + 2 :]
            if graph.type(one) is graph.type(other)
        ]
        for one, other in rng.sample(pairs, len(pairs)):
            shared = _shared(graph, one, other, nodes)
            if shared:
                node, predicate, forward = rng.choice(shared)
                closing = (
                    Step(one, predicate, node, forward),
                    Step(node, predicate, other, not forward),
                )
                yield Pattern("cycle", (*steps, *closing), nodes[-1], len(closing))
                break


def _shared(
    graph: Graph, one: str, other: str, nodes: Sequence[str]
) -> list[tuple[str, Predicate, bool]]:
    """Entities next to both, as (entity, predicate, whether the predicate leads to it)."""
    both = _near(graph, one) & _near(graph, other)
    return sorted(way for way in both if way[0] not in nodes)


def _near(graph: Graph, node: str) -> set[tuple[str, Predicate, bool]]:
    near = {(step.end, step.predicate, step.forward) for step in steps_from(graph, node)}
    if graph.type(node) is EntityType.DISEASE:
        predicate = Predicate.HAS_PHENOTYPE
        shared = graph.degrees(predicate, forward=False)
        signs = graph.neighbours(graph.code(node), predicate, forward=True)
        near |= {
            (graph.curie(sign), predicate, True) for sign in signs if shared[sign] <= _MAX_SHARED
        }
    return near
