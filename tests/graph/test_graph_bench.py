"""The peers of the benchmarks are what they say, and ratios tell what is better."""

from dataclasses import dataclass
from pathlib import Path
from random import Random

import networkx as nx
import pytest
from graph_samples import D, G, entity, statement

from medresearcher.bench import (
    Bench,
    dense,
    enumerate_paths,
    higher,
    lower,
    necessary_hops,
    run_bench,
    table,
)
from medresearcher.errors import InputError
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Predicate


@dataclass(frozen=True)
class Base:
    folder: Path

    @property
    def graph(self):
        return Graph.load(self.folder / "graph")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Seven rare diseases in a row, each sharing a gene with the next."""
    folder = tmp_path_factory.mktemp("kb")
    names = ("lynch", "usher", "alport", "marfan", "noonan", "fabry", "pompe")
    entities = [entity(f"MONDO:{n}", D, name) for n, name in enumerate(names)]
    entities += [entity("HP:1", "phenotype"), *(entity(f"HGNC:{n}", G) for n in range(6))]
    rows = [
        statement(f"HGNC:{n}", Predicate.CAUSES, f"MONDO:{n + m}") for n in range(6) for m in (0, 1)
    ]
    rows += [
        statement(f"MONDO:{n}", Predicate.HAS_PHENOTYPE, "HP:1", reference=f"PMID:{n}")
        for n in range(7)
    ]
    Graph.build(folder / "graph", entities, rows)
    return Bench(Base(folder), seed=1, max_publications=5)


def as_networkx(sub):
    whole = nx.Graph()
    whole.add_nodes_from(range(len(sub.nodes)))
    for one, links in enumerate(sub.links):
        whole.add_edges_from((one, other) for other in whole if links >> other & 1)
    return whole


@pytest.mark.parametrize("seed", range(8))
def test_full_enumeration_finds_the_longest_simple_path(seed):
    sub = dense(9, Random(seed))
    whole = as_networkx(sub)
    for depth in (3, 9):
        path, done = enumerate_paths(sub, range(4), depth)
        assert done
        assert nx.is_simple_path(whole, path)
        assert len(path) == max(
            len(one)
            for start in range(4)
            for end in whole
            for one in nx.all_simple_paths(whole, start, end, cutoff=depth - 1)
        )
        ends = path[0], path[-1]
        assert necessary_hops(sub, path) == nx.shortest_path_length(whole.subgraph(path), *ends)


def test_enumeration_stops_in_time():
    path, done = enumerate_paths(dense(40, Random(0)), range(10), 40, seconds=0.05)
    assert not done
    assert len(path) > 1


def test_a_ratio_above_one_is_better():
    assert lower("x", 2.0, "s", 1, "limit", 4.0).ratio == 2
    assert higher("x", 2.0, "hops", 1, "peer", 4.0).ratio == 0.5


def test_chains_are_measured_on_rare_diseases(bench):
    results = {one.name: one for one in run_bench(bench, ["chains", "load"])}
    assert results["chains: most hops"].value == 12
    assert results["chains: median"].n == 7
    assert results["chains: proven longest"].value == 1
    assert results["load: graph"].against == "limit"
    lines = list(table(list(results.values())))
    assert len(lines) == len(results) + 1
    assert lines[0].split() == ["name", "value", "unit", "n", "peer", "or", "limit", "ratio"]


def test_an_unknown_name_is_said(bench):
    with pytest.raises(InputError, match="no benchmark `speed`; there are load, chains, peer"):
        run_bench(bench, ["speed"])
