"""Samplers: connected samples, chains that follow the rules, the same from the same generator."""

from itertools import combinations, pairwise
from random import Random

import networkx as nx
import pytest
from graph_samples import D, F, G, entity, graph_of, statement

from medresearcher.graph.chains import touch
from medresearcher.graph.longest import longest_chain, neighbourhood
from medresearcher.graph.samplers import MIN_HOPS, SAMPLERS
from medresearcher.records.knowledge import Predicate

SINGLE = sorted(set(SAMPLERS) - {"mixed"})


def random_graph(seed: int):
    """Genes with a few diseases and families each; some diseases are one series."""
    rng = Random(seed)
    genes = [f"HGNC:{n}" for n in range(30)]
    diseases = [f"MONDO:{n}" for n in range(40)]
    families = [f"HGNC.FAMILY:{n}" for n in range(6)]
    edges = {(gene, Predicate.CAUSES, rng.choice(diseases)) for gene in genes for _ in range(3)}
    edges |= {(gene, Predicate.MEMBER_OF, rng.choice(families)) for gene in genes}
    edges.add((genes[0], Predicate.CAUSES, diseases[0]))
    names = [f"disease {chr(97 + rng.randrange(20))}{n // 2}x {n}" for n in range(40)]
    return graph_of(
        [
            *(entity(one, G) for one in genes),
            *(entity(one, D, name) for one, name in zip(diseases, names, strict=True)),
            *(entity(one, F, f"{chr(97 + n)} family") for n, one in enumerate(families)),
        ],
        [statement(*edge) for edge in sorted(edges)],
    )


@pytest.fixture(scope="module", params=range(4))
def drawn(request):
    graph = random_graph(request.param)
    return graph, neighbourhood(graph, "MONDO:0", 45)


@pytest.mark.parametrize("name", SAMPLERS)
def test_samples_are_connected_and_their_chains_follow_the_rules(drawn, name):
    graph, sub = drawn
    edges = {(one.start, one.end) for steps in sub.steps for one in steps}
    whole = nx.Graph(edges)
    found = 0
    for seed in range(4):
        for size in (3, 6, 12):
            sample = SAMPLERS[name](sub, size, Random(seed))
            if sample is None:
                continue
            found += 1
            assert sample.strategy in SINGLE
            path = [sample.chain[0].start, *(step.end for step in sample.chain)]
            assert sample.nodes[: len(path)] == tuple(path)
            assert len(path) > MIN_HOPS
            assert len(sample.nodes) == len(set(sample.nodes)) <= size
            assert nx.is_connected(whole.subgraph(sample.nodes))
            assert set(sample.nodes) <= set(sub.nodes)
            for one, following in pairwise(sample.chain):
                assert one.end == following.start
            for (i, one), (j, other) in combinations(enumerate(path), 2):
                assert touch(graph, one, other) == (j == i + 1)
            if sample.strategy != "dual_core_bridge":
                assert path[0] == sub.nodes[0]
    assert found


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_generator_alone_decides(drawn, name):
    _, sub = drawn
    draws = [[SAMPLERS[name](sub, 10, Random(seed)) for seed in range(4)] for _ in range(2)]
    assert draws[0] == draws[1]
    assert len({str(one) for one in draws[0]}) > 1 or name == "max_chain"


def test_max_chain_is_the_longest(drawn):
    _, sub = drawn
    longest = longest_chain(sub, sub.nodes[0])
    assert SAMPLERS["max_chain"](sub, 60, Random(0)).chain == longest.steps
    assert SAMPLERS["max_chain"](sub, 5, Random(0)).chain == longest.steps[:4]


def test_the_bridge_joins_two_cores(drawn):
    _, sub = drawn
    links = {node: links.bit_count() for node, links in zip(sub.nodes, sub.links, strict=True)}
    samples = [SAMPLERS["dual_core_bridge"](sub, 12, Random(seed)) for seed in range(9)]
    assert any(samples)
    for one in filter(None, samples):
        assert min(links[one.nodes[0]], links[one.chain[-1].end]) > 1


def test_mixed_draws_from_all(drawn):
    _, sub = drawn
    assert {SAMPLERS["mixed"](sub, 10, Random(seed)).strategy for seed in range(25)} == set(SINGLE)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("limit", [1, 2])
def test_nothing_is_made_up_where_there_is_no_chain(name, limit):
    assert SAMPLERS[name](neighbourhood(random_graph(0), "MONDO:0", limit), 8, Random(0)) is None
