"""Rarity: the ladder of rules, exact bounds, and what each rule may and may not conclude."""

import gzip
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from graph_samples import D, P, entity, statement
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from medresearcher.graph.build import build_graph
from medresearcher.graph.rarity import (
    MIN_CORPUS,
    by_bound,
    cited_publications,
    rare_by_rule,
    rarity,
    upper_bound,
)
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Predicate, Prevalence
from medresearcher.records.question import Rarity
from medresearcher.sources import orphanet
from medresearcher.sources.files import ChosenFiles

PACKETS = Path(__file__).parents[2].parent / "shared" / "data" / "orphapackets"
PACKETS /= "orphapackets.jsonl.gz"

LISTED = replace(entity("MONDO:1", D), designations=("gard_rare",))
DISEASES = [LISTED, entity("MONDO:2", D)]
SIGN = entity("HP:1", P)


@dataclass
class Counted:
    """A corpus with known counts."""

    citations: int
    counts: dict[str, int] = field(default_factory=dict)
    nameless: frozenset[str] = frozenset()

    def knows(self, node: str) -> bool:
        return node not in self.nameless

    def frequency(self, node: str) -> int:
        return self.counts.get(node, 0)


def row(
    low: float | None,
    high: float | None,
    area: str = "Worldwide",
    measure: str = "point_prevalence",
    **more: object,
) -> Prevalence:
    values = {"source": "orphanet", "record": "ORPHA:1", "row": 1, **more}
    return Prevalence("MONDO:1", measure, f"{low} to {high}", low, high, area, **values)


def graph_of(tmp_path, *prevalences: Prevalence, cited: int = 0) -> Graph:
    rows = [
        statement("MONDO:1", Predicate.HAS_PHENOTYPE, "HP:1", n, reference=f"PMID:{n}")
        for n in range(cited)
    ]
    return Graph.build(tmp_path, [*DISEASES, SIGN], rows, prevalences)


def test_publications_decide_where_nothing_else_is_known(tmp_path):
    graph = graph_of(tmp_path, cited=2)
    found = rarity(graph, "MONDO:1", 2)
    assert (found.rule, found.rare, found.value, found.limit) == ("cited_publications", True, 2, 2)
    assert rarity(graph, "MONDO:1", 1).rare is False
    assert found.designations == ("gard_rare",)


def test_a_list_alone_never_makes_a_disease_rare(tmp_path):
    found = rarity(graph_of(tmp_path), "MONDO:1", 5)
    assert (found.rule, found.rare, found.value) == ("none", None, None)
    assert found.designations == ("gard_rare",)


@pytest.mark.parametrize(
    ("low", "high", "rare"),
    [
        (0.0, 1e-6, True),
        (1e-4, 5 / 10_000, True),
        (1 / 10_000, 5 * 1e-4, True),
        (6e-4, 9e-4, False),
        (1e-3, None, False),
    ],
)
def test_the_eu_limit_decides_by_the_upper_bound(tmp_path, low, high, rare):
    found = rarity(graph_of(tmp_path, row(low, high), cited=99), "MONDO:1", 5)
    assert (found.rule, found.rare, found.low, found.high) == ("prevalence_class", rare, low, high)


@pytest.mark.parametrize(
    "useless",
    [
        row(None, None),
        row(3, 3, measure="cases"),
        row(1e-5, None),  # at least one in 100,000: may be anything
        row(4e-4, 6e-4),  # on both sides of the limit
    ],
)
def test_rows_that_cannot_decide_are_passed_over(tmp_path, useless):
    graph = graph_of(tmp_path, useless, cited=1)
    assert rarity(graph, "MONDO:1", 5).rule == "cited_publications"
    with_another = graph_of(tmp_path, useless, row(0, 1e-6, "Japan", "annual_incidence"))
    assert rarity(with_another, "MONDO:1", 5).rule == "prevalence_class"


RANKED = [
    row(0, 1e-6, "Japan", "annual_incidence", validated=True, row=1),
    row(0, 2e-6, "Worldwide", row=2),
    row(0, 3e-6, "Europe", row=3),
    row(0, 4e-6, "Japan", row=4),
    row(0, 5e-6, "Worldwide", "birth_prevalence", row=5),
    row(0, 6e-6, "Worldwide", "lifetime_prevalence", row=6),
    row(0, 7e-6, "Europe", "annual_incidence", row=7),
]


@given(st.sets(st.sampled_from(range(len(RANKED))), min_size=1), st.randoms())
def test_the_best_row_is_taken_whatever_their_order(tmp_path_factory, places, rng):
    rows = [RANKED[place] for place in places]
    rng.shuffle(rows)
    found = rarity(graph_of(tmp_path_factory.mktemp("g"), *rows), "MONDO:1", 5)
    best = RANKED[min(places)]
    assert (found.high, found.n, found.references) == (best.high, len(rows), ("ORPHA:1",))
    assert best.area in found.why
    assert best.label in found.why
    exact = rarity(graph_of(tmp_path_factory.mktemp("g"), row(2e-7, 2e-7)), "MONDO:1", 5)
    assert "0.02 per 100,000" in exact.why


def test_of_equal_rows_the_most_frequent_decides(tmp_path):
    rows = [row(0, 1e-6, "Japan", row=1), row(1e-3, None, "Iceland", row=2, references=("PMID:3",))]
    found = rarity(graph_of(tmp_path, *rows), "MONDO:1", 5)
    assert (found.rare, found.references) == (False, ("PMID:3",))


def test_the_rule_of_the_paper_needs_its_corpus_and_a_mention(tmp_path):
    graph = graph_of(tmp_path, row(1e-3, None), cited=1)
    big = Counted(MIN_CORPUS, {"MONDO:1": 29})
    found = rarity(graph, "MONDO:1", 5, big)
    assert (found.rule, found.rare, found.n) == ("corpus_frequency", True, MIN_CORPUS)
    assert found.value == pytest.approx(29 / MIN_CORPUS)
    assert rarity(graph, "MONDO:1", 5, Counted(MIN_CORPUS, {"MONDO:1": 30})).rare is False
    assert rarity(graph, "MONDO:1", 5, Counted(MIN_CORPUS)).rule == "prevalence_class"
    small = Counted(MIN_CORPUS - 1, {"MONDO:1": 1})
    assert rarity(graph, "MONDO:1", 5, small).rule == "prevalence_class"


def test_a_small_corpus_says_what_it_cannot_show(tmp_path):
    graph = graph_of(tmp_path)
    found = rarity(graph, "MONDO:1", 5, Counted(50_729, {"MONDO:1": 3}))
    assert (found.rule, found.rare, found.n) == ("corpus_frequency_bound", None, 50_729)
    assert "50,729 citations cannot show less than 1e-06" in found.why
    assert found.value == pytest.approx(3 / 50_729)
    assert by_bound(Counted(0), "MONDO:1") is None
    nameless = Counted(50_729, nameless=frozenset({"MONDO:1"}))
    assert by_bound(nameless, "MONDO:1") is None
    proved = by_bound(Counted(20_000_000), "MONDO:1")
    assert proved
    assert proved.rare is True


@given(st.integers(0, 40), st.integers(1, 60_000))
def test_the_bound_is_that_of_clopper_and_pearson(mentions, citations):
    mentions = min(mentions, citations)
    high = upper_bound(mentions, citations)
    test = binomtest(mentions, citations, alternative="less")
    assert high == pytest.approx(test.proportion_ci(0.95, "exact").high)
    if mentions < citations:  # the share at which so few mentions would be a 5% chance
        assert binom.cdf(mentions, citations, high) == pytest.approx(0.05, rel=1e-6)


def test_counts_by_rule(tmp_path):
    graph = graph_of(tmp_path, row(0, 1e-6))
    assert rare_by_rule(graph, 5) == {"none": {"undecided": 1}, "prevalence_class": {"rare": 1}}


def test_a_record_of_before_is_still_read():
    old = Rarity.model_validate({"rule": "cited_publications", "value": 2, "limit": 5})
    assert old.rare is True


def test_on_real_sources_the_packaged_rule_counts_publications(real_graph):
    """Without prevalences and corpus the ladder is the rule of the publications alone."""
    for disease in real_graph.ids(D)[::40]:
        cited = cited_publications(real_graph, disease)
        found = rarity(real_graph, disease, 5)
        assert found.rare is ((1 <= cited <= 5) if cited else None)
        rows = {
            s.reference
            for p in (Predicate.HAS_PHENOTYPE, Predicate.HAS_INHERITANCE, Predicate.HAS_ONSET)
            for o in real_graph.objects(disease, p)
            for s in real_graph.statements(disease, p, o)
        }
        assert cited == sum(one.startswith("PMID:") for one in rows)


_MEASURES = ("Point prevalence", "Prevalence at birth", "Lifetime Prevalence", "Annual incidence")
_RARE = ("<1 / 1 000 000", "1-9 / 1 000 000", "1-9 / 100 000", "1-5 / 10 000")
_COMMON = ("6-9 / 10 000", ">1 / 1000")


def _listed(value: object) -> list:
    """Orphanet writes a list of one as the one thing."""
    return value if isinstance(value, list) else [value] if value else []


def _value(row: dict) -> float | None:
    """The mean value per 100,000, where there is one."""
    return None if row["ValMoy"] == "no data" else float(row["ValMoy"])


def _verdict(packet: dict) -> bool | None:
    """Rare or not by the classes and values that Orphanet writes, read here without us."""
    rows = [
        row
        for outer in _listed(packet.get("Prevalences"))
        for row in _listed(outer.get("Prevalence", outer))
    ]
    ranked = [
        (
            _MEASURES.index(row["PrevalenceType"]),
            ["Worldwide", "Europe", row["PrevalenceGeographic"]].index(row["PrevalenceGeographic"]),
            row["PrevalenceClass"] not in _COMMON and (_value(row) or 0) <= 50,
        )
        for row in rows
        if row["PrevalenceType"] in _MEASURES
        and (row["PrevalenceClass"] in (*_RARE, *_COMMON) or _value(row))
    ]
    best = min((one[:2] for one in ranked), default=None)
    return all(one[2] for one in ranked if one[:2] == best) if ranked else None


@pytest.mark.skipif(not PACKETS.exists(), reason="no shared/data/orphapackets here")
def test_every_verdict_on_orphanet_is_that_of_its_classes(tmp_path):
    graph = build_graph(tmp_path, orphanet.read(ChosenFiles({PACKETS.name: PACKETS}))).graph
    decided = 0
    with gzip.open(PACKETS, "rt", encoding="utf-8") as lines:
        for packet in map(json.loads, lines):
            disease = f"ORPHA:{packet['ORPHAcode']}"
            found = rarity(graph, disease, 5) if disease in graph else None
            verdict = _verdict(packet)
            if found is None or verdict is None:
                assert found is None or found.rare is None, disease
            else:
                assert (found.rule, found.rare) == ("prevalence_class", verdict), disease
                decided += 1
    assert decided > 5_000
