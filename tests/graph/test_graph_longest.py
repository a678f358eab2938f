"""The longest chain: as long as brute force finds, valid by the rules, and honest bounds."""

from functools import cache
from itertools import combinations, pairwise
from random import Random

import pytest
from graph_samples import SHAPES, D, F, G, entity, graph_of, nodes_of, possible, rows, statement
from hypothesis import given, settings

from medresearcher.errors import InputError
from medresearcher.graph.blocks import ceiling, reachable, sides
from medresearcher.graph.chains import MAX_FAMILY, Step, chains, touch
from medresearcher.graph.longest import (
    BUDGET,
    Neighbourhoods,
    Subgraph,
    _Search,
    longest_chain,
    neighbourhood,
)
from medresearcher.records.knowledge import Predicate

NODES = nodes_of({D: 5, G: 5, F: 2})
EDGES = possible(NODES, (SHAPES[0], SHAPES[1], SHAPES[4]))
ENTITIES = [
    entity(n, k, f"{name} {i}" if k is D else "")
    for k, nodes in NODES.items()
    for i, (n, name) in enumerate(
        zip(nodes, ("lynch", "usher", "lynch", "alport", "marfan"), strict=False)
    )
]


def random_subgraph(rng: Random, size: int) -> Subgraph:
    """A connected part of a random typed graph; some nodes of a side exclude each other."""
    half = rng.randint(2, size - 2)
    side = [n < half for n in range(size)]
    rng.shuffle(side)
    share = rng.choice((0, 0.05, 0.1, 0.2, 0.4))
    links = [0] * size
    for one, other in combinations(range(size), 2):
        if side[one] != side[other] and (
            rng.random() < share or (not links[other] and rng.random() < 0.4)
        ):
            links[one] |= 1 << other
            links[other] |= 1 << one
    touches = list(links)
    for one, other in combinations(range(size), 2):
        if side[one] == side[other] and rng.random() < rng.choice((0, 0.1)):
            touches[one] |= 1 << other
            touches[other] |= 1 << one
    names = tuple(f"N:{n}" for n in range(size))
    steps = tuple(
        tuple(_step(names[one], names[other]) for other in range(size) if links[one] >> other & 1)
        for one in range(size)
    )
    return Subgraph(names, tuple(links), tuple(touches), steps)


@cache
def _step(start: str, end: str):
    return Step(start, Predicate.CAUSES, end, forward=True)


def brute_force(sub: Subgraph, path: tuple[int, ...]) -> int:
    """The hops of the longest chord-free path that goes on from `path`."""
    end, earlier = path[-1], path[:-1]
    return max(
        (
            brute_force(sub, (*path, node))
            for node in range(len(sub.nodes))
            if sub.links[end] >> node & 1
            and node not in path
            and not any(sub.touches[node] >> one & 1 for one in earlier)
        ),
        default=len(earlier),
    )


def path_of(steps, start):
    for one, following in pairwise(steps):
        assert one.end == following.start
    return [start, *(step.end for step in steps)]


def assert_chain(sub: Subgraph, steps, start):
    path = [sub.place(node) for node in path_of(steps, start)]
    assert len(set(path)) == len(path)
    for (i, one), (j, other) in combinations(enumerate(path), 2):
        if j == i + 1:
            assert sub.links[one] >> other & 1
        else:
            assert not sub.touches[one] >> other & 1


def check(seed: int, size: int) -> None:
    """One random graph against brute force, under several budgets."""
    rng = Random(seed)
    sub = random_subgraph(rng, size)
    place = rng.randrange(size)
    start = sub.nodes[place]
    true = brute_force(sub, (place,))
    full = longest_chain(sub, start)
    assert (full.hops, full.bound, full.proven) == (true, true, True)
    assert full.searched <= BUDGET
    for budget in (0, 1, 3, 10, 30):
        chain = longest_chain(sub, start, budget)
        assert_chain(sub, chain.steps, start)
        assert chain.hops <= true <= chain.bound
        assert chain.proven == (chain.hops == chain.bound)
        assert chain.hops > 0 or true == 0
        assert chain == longest_chain(sub, start, budget)


@pytest.mark.parametrize("seed", range(8))
def test_it_agrees_with_brute_force(seed):
    for number in range(50):
        check(1000 * seed + number, size=5 + number % 8)


def without_beams(sub: Subgraph, start: str):
    """Branch and bound alone, from nothing."""
    search = _Search(sub, sub.place(start))
    bound = search.branch(len(sub.nodes), 10**6)
    return search, bound


@pytest.mark.parametrize("close", [0, 200])
def test_branch_and_bound_alone_agrees_with_brute_force(close, monkeypatch):
    monkeypatch.setattr("medresearcher.graph.longest._CLOSE", close)
    for seed in range(150):
        sub = random_subgraph(Random(seed), 11)
        search, bound = without_beams(sub, "N:0")
        assert bound == search.hops == brute_force(sub, (0,))
        assert_chain(sub, sub.chain(search.best), "N:0")


def test_branch_and_bound_cut_short_leaves_a_true_bound():
    for seed in range(60):
        sub = random_subgraph(Random(seed), 11)
        true = brute_force(sub, (0,))
        for budget in (1, 4, 9, 20, 40):
            search = _Search(sub, 0)
            assert search.hops <= true <= search.branch(len(sub.nodes), budget)


def test_the_ceiling_is_never_below_the_longest_chain():
    for seed in range(300):
        sub = random_subgraph(Random(seed), 10)
        rest = reachable(sub.links, 0, -1)
        parts = sides(sub.links, 0)
        true = brute_force(sub, (0,))
        assert true <= ceiling(sub.links, parts, 0, rest) <= parts.most(0, rest)


def test_the_ceiling_of_a_graph_without_sides():
    triangle = (0b110, 0b101, 0b1011, 0b100)
    parts = sides(triangle, 0)
    assert parts == (0, 0)
    assert ceiling(triangle, parts, 0, 0b1110) == 2
    tree = (0b110, 0b1001, 0b1, 0b10)
    assert ceiling(tree, sides(tree, 0), 0, 0b1110) == 2


@settings(max_examples=60)
@given(rows(EDGES))
def test_on_a_graph_it_finds_what_enumeration_finds(statements):
    graph = graph_of(ENTITIES, statements)
    cut = Neighbourhoods(graph)
    for start in (*NODES[D], NODES[G][0], NODES[F][0]):
        sub = cut.around(start, 99)
        for (i, one), (j, other) in combinations(enumerate(sub.nodes), 2):
            assert bool(sub.touches[i] >> j & 1) == touch(graph, one, other)
            assert sub.touches[j] >> i & 1 == sub.touches[i] >> j & 1
        chain = longest_chain(sub, start)
        assert chain.proven
        assert chain.hops == max(
            hops for hops in range(13) if hops == 0 or any(chains(graph, start, hops, Random(0)))
        )
        if chain.hops:
            assert chain.steps in set(chains(graph, start, chain.hops, Random(0)))


def ladder(length: int, rungs: int = 1):
    """Genes and diseases in a row, each gene with `rungs` more diseases of its own."""
    edges = [(f"HGNC:{n}", f"MONDO:{n + more}") for n in range(length) for more in (0, 1)] + [
        (f"HGNC:{n}", f"MONDO:{1000 + n * 10 + r}") for n in range(length) for r in range(rungs)
    ]
    diseases = sorted({disease for _, disease in edges})
    return graph_of(
        [
            *(entity(f"HGNC:{n}", G) for n in range(length)),
            *(entity(one, D, f"{one} disease") for one in diseases),
        ],
        [statement(gene, Predicate.CAUSES, disease) for gene, disease in edges],
    )


def test_a_long_chain_is_found_whole():
    graph = ladder(600)
    chain = longest_chain(neighbourhood(graph, "MONDO:0", 5000), "MONDO:0")
    assert (chain.hops, chain.proven) == (1200, True)
    assert [step.end for step in chain.steps[:3]] == ["HGNC:0", "MONDO:1", "HGNC:1"]


def test_a_neighbourhood_is_the_nearest_nodes_in_order():
    graph = ladder(4)
    sub = neighbourhood(graph, "MONDO:1", 6)
    assert sub.nodes == ("MONDO:1", "HGNC:0", "HGNC:1", "MONDO:0", "MONDO:1000", "MONDO:1010")
    whole = neighbourhood(graph, "MONDO:1", 100)
    assert whole.nodes[:6] == sub.nodes
    assert len(whole.nodes) == 13
    assert neighbourhood(graph, "MONDO:1", 1).nodes == ("MONDO:1",)
    assert longest_chain(neighbourhood(graph, "MONDO:1", 1), "MONDO:1").hops == 0
    with pytest.raises(KeyError):
        neighbourhood(graph, "MONDO:77", 10)


def test_a_start_outside_the_subgraph_is_said():
    with pytest.raises(InputError, match=r"MONDO:4: not in this subgraph of 2 nodes"):
        longest_chain(neighbourhood(ladder(4), "MONDO:0", 2), "MONDO:4")


def test_a_hub_is_no_way_but_may_be_the_start():
    genes = MAX_FAMILY + 1
    graph = graph_of(
        [
            entity("HGNC.FAMILY:0", F, "Collagens"),
            *(entity(f"HGNC:{n}", G) for n in range(genes)),
            *(entity(f"MONDO:{n}", D, f"{n} disease") for n in range(2)),
        ],
        [
            *(statement(f"HGNC:{n}", Predicate.MEMBER_OF, "HGNC.FAMILY:0") for n in range(genes)),
            *(statement(f"HGNC:{n}", Predicate.CAUSES, f"MONDO:{n}") for n in range(2)),
        ],
    )
    assert longest_chain(neighbourhood(graph, "MONDO:0", 99), "MONDO:0").hops == 1
    hub = neighbourhood(graph, "HGNC.FAMILY:0", 99)
    assert longest_chain(hub, "HGNC.FAMILY:0").hops == 2
    assert longest_chain(hub, "MONDO:0").hops == 1


@pytest.mark.slow
def test_real_neighbourhoods_have_long_chains(real_graph):
    cut = Neighbourhoods(real_graph)
    rng = Random(3)
    diseases = [one for one in real_graph.ids(D) if len(cut.around(one, 2).nodes) == 2]
    for start in rng.sample(diseases, 12):
        for limit in (100, 2000):
            sub = cut.around(start, limit)
            chain = longest_chain(sub, start)
            assert_chain(sub, chain.steps, start)
            assert chain.hops <= chain.bound
            path = path_of(chain.steps, start)
            for one, other in combinations(range(len(path)), 2):
                assert touch(real_graph, path[one], path[other]) == (other == one + 1)
            assert limit > 100 or chain.proven
