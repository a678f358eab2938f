"""Patterns: each shape as it is said to be, over a graph with every kind of relation."""

from collections import defaultdict
from itertools import combinations, islice, pairwise
from random import Random

import networkx as nx
import pytest
from question_checks import rows_of

from medresearcher.graph.chains import STEPS
from medresearcher.questions.patterns import SHAPES, Pattern, answers, ending_in, patterns
from medresearcher.records.knowledge import EntityType, Predicate

DRAWN = 25
ENDS = {
    EntityType.PHENOTYPE: Predicate.HAS_PHENOTYPE,
    EntityType.INHERITANCE: Predicate.HAS_INHERITANCE,
    EntityType.ONSET: Predicate.HAS_ONSET,
}
JOINS = {predicate for ways in STEPS.values() for predicate, _, _ in ways}


@pytest.fixture(scope="module")
def web(small):
    """Which entities are joined by a relation that chains follow."""
    rows = rows_of(small)
    return nx.Graph(
        (subject, obj)
        for (subject, predicate, obj) in rows.of
        if predicate in JOINS and rows.stated(subject, predicate, obj)
    )


@pytest.fixture(scope="module")
def drawn(small) -> dict[str, list[Pattern]]:
    """Patterns of every shape and length from several diseases."""
    found: dict[str, list[Pattern]] = defaultdict(list)
    for start in small.ids(EntityType.DISEASE)[:8]:
        for shape in SHAPES:
            for hops in range(2, 7):
                rng = Random(f"{start}/{shape}/{hops}")
                some = list(islice(patterns(small, start, shape, hops, rng), DRAWN))
                assert all(len(one.steps) == hops for one in some)
                assert all(one.nodes[0] == start and one.shape == shape for one in some)
                found[shape] += some
    return found


def test_every_step_is_stated_and_starts_where_the_pattern_has_been(small, drawn):
    rows = rows_of(small)
    for pattern in [one for some in drawn.values() for one in some]:
        met = [pattern.nodes[0]]
        for step in pattern.steps:
            assert rows.stated(step.subject, step.predicate, step.object)
            assert step.start in met
            met.append(step.end)
        assert pattern.answer in pattern.nodes[1:]


def trunk_of(pattern: Pattern) -> list[str]:
    steps = pattern.steps[: len(pattern.steps) - pattern.branch]
    for one, following in pairwise(steps):
        assert one.end == following.start
    nodes = [steps[0].start, *(step.end for step in steps)]
    assert len(set(nodes)) == len(nodes)
    return nodes


def chords(nodes: tuple[str, ...], pattern: Pattern, web: nx.Graph) -> list[tuple[str, str]]:
    """Pairs of entities that are joined in the graph and not by a step of the pattern."""
    stepped = {frozenset((step.start, step.end)) for step in pattern.steps}
    return [
        pair
        for pair in combinations(nodes, 2)
        if web.has_edge(*pair) and frozenset(pair) not in stepped
    ]


def test_a_chain_is_a_path_without_chords_to_its_answer(drawn, web):
    assert len(drawn["chain"]) > 500
    for pattern in drawn["chain"]:
        assert trunk_of(pattern)[-1] == pattern.answer
        assert chords(pattern.nodes, pattern, web) == []
        assert pattern.branch == 0


def test_a_fork_has_a_branch_that_touches_nothing_else(drawn, web):
    forks = drawn["fork"]
    assert {one.branch for one in forks} == {1, 2}
    places = set()
    for pattern in forks:
        trunk = trunk_of(pattern)
        assert trunk[-1] == pattern.answer
        branch = pattern.steps[-pattern.branch :]
        assert branch[0].start in trunk[1:]
        assert not {step.end for step in branch} & set(trunk)
        assert all(one.end == two.start for one, two in pairwise(branch))
        assert chords(pattern.nodes, pattern, web) == []
        places.add(trunk[::-1].index(branch[0].start))
    assert len(places) >= 3  # at the answer, and before it


def test_a_cycle_closes_between_two_entities_of_one_type(small, drawn, web):
    shared = set()
    for pattern in drawn["cycle"]:
        trunk = trunk_of(pattern)
        one, other = pattern.steps[-2:]
        assert pattern.branch == 2
        assert one.end == other.start
        assert one.end not in trunk
        assert {one.start, other.end} <= set(trunk)
        assert abs(trunk.index(one.start) - trunk.index(other.end)) >= 2
        assert small.type(one.start) is small.type(other.end)
        assert (one.predicate, one.forward) == (other.predicate, not other.forward)
        assert chords(tuple(trunk), pattern, web) == []
        assert len(nx.cycle_basis(nx.Graph((s.start, s.end) for s in pattern.steps))) == 1
        shared.add(small.type(one.end))
    assert EntityType.PHENOTYPE in shared
    assert len(shared) >= 4


@pytest.mark.slow
def test_shared_signs_are_not_those_that_many_diseases_have(real_kb):
    graph = real_kb.graph
    starts = [one for one in graph.ids(EntityType.DISEASE) if graph.subjects(one, Predicate.CAUSES)]
    found = 0
    for start in Random(3).sample(starts, 60):
        for pattern in islice(patterns(graph, start, "cycle", 4, Random(start)), 5):
            node = pattern.steps[-1].start
            if graph.type(node) is EntityType.PHENOTYPE:
                found += 1
                assert len(graph.subjects(node, Predicate.HAS_PHENOTYPE)) <= 40
    assert found >= 10


@pytest.mark.parametrize("kind", list(ENDS))
def test_a_chain_to_a_disease_may_end_in_what_is_stated_of_it(small, drawn, kind):
    rows = rows_of(small)
    for pattern in drawn["chain"]:
        longer = list(ending_in(small, pattern, kind, Random(1)))
        if small.type(pattern.answer) is not EntityType.DISEASE:
            assert longer == []
            continue
        stated = rows.ends[pattern.answer, ENDS[kind], True]
        assert {one.answer for one in longer} == stated
        assert all(one.steps[:-1] == pattern.steps for one in longer)
        assert all(one.steps[-1].start == pattern.answer for one in longer)


def test_the_possible_answers_of_a_shape_are_those_that_are_drawn(small, drawn):
    """By types alone: every drawn pattern ends in one of them, and of chains each is drawn."""
    found: dict[tuple[str, int], set[EntityType]] = defaultdict(set)
    for shape, some in drawn.items():
        for pattern in some:
            kind = small.type(pattern.answer)
            assert kind in answers(small, shape, len(pattern.steps))
            found[shape, len(pattern.steps)].add(kind)
    for hops in (2, 3, 4):
        possible = answers(small, "chain", hops)
        assert found["chain", hops] == possible - ENDS.keys()
        before = answers(small, "chain", hops - 1)
        assert bool(possible & ENDS.keys()) is (EntityType.DISEASE in before)
    assert answers(small, "fork", 2) == answers(small, "cycle", 3) == frozenset()


def test_the_order_is_drawn_from_the_generator_alone(small):
    start = small.ids(EntityType.DISEASE)[0]
    for shape in SHAPES:
        one, same, other = (
            list(islice(patterns(small, start, shape, 5, Random(seed)), 10)) for seed in (1, 1, 2)
        )
        assert one == same
        assert one != other
