"""Splits that share nothing, and near-duplicates."""

from random import Random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medresearcher.errors import InputError
from medresearcher.questions.duplicates import duplicates, jaccard, shingles
from medresearcher.questions.split import (
    SHARES,
    components,
    keys_of,
    split_keys,
    split_questions,
    write_splits,
)
from medresearcher.records.question import Question
from medresearcher.runs import Ledger, read_records

KEYS = st.frozensets(st.integers(0, 30).map(lambda n: (n,)), min_size=1, max_size=4)
LINKED = st.lists(KEYS, max_size=60).map(lambda all_: {f"q{n:02}": k for n, k in enumerate(all_)})


def overlapping(dealt, linked):
    """Keys that stand in more than one part."""
    keys = [{key for one in ids for key in linked[one]} for ids in dealt.values()]
    return [one & other for n, one in enumerate(keys) for other in keys[:n] if one & other]


@settings(max_examples=300)
@given(LINKED, st.integers(0, 9), st.sampled_from([0.0, 0.2, 1.0]))
def test_no_key_is_shared_and_nothing_is_lost_unsaid(linked, seed, max_dropped):
    dealt, _, dropped = split_keys(linked, seed=seed, shares=SHARES, max_dropped=max_dropped)
    assert overlapping(dealt, linked) == []
    everything = [one for ids in (*dealt.values(), dropped) for one in ids]
    assert sorted(everything) == sorted(linked)
    assert len(dropped) <= max_dropped * len(linked)
    for name in ("dev", "test"):
        assert len(dealt[name]) <= round(SHARES[name] * len(linked))


@given(LINKED)
def test_components_are_those_of_networkx(linked):
    graph = nx.Graph()
    graph.add_nodes_from(linked)
    graph.add_edges_from((one, key) for one, keys in linked.items() for key in keys)
    oracle = sorted(
        sorted(node for node in group if isinstance(node, str))
        for group in nx.connected_components(graph)
    )
    assert components(linked) == oracle


def test_small_components_fill_every_part_without_loss():
    linked = {f"q{n:03}": frozenset([(n // 4,)]) for n in range(400)}
    dealt, sizes, dropped = split_keys(linked, seed=1, shares=SHARES, max_dropped=0.2)
    assert {name: len(ids) for name, ids in dealt.items()} == {"train": 320, "dev": 40, "test": 40}
    assert (sizes, dropped) == ([4] * 100, set())
    other, _, _ = split_keys(linked, seed=2, shares=SHARES, max_dropped=0.2)
    assert other != dealt


def test_one_giant_component_is_cut_where_it_is_thin():
    """A chain of 20 cliques: cutting off two ends of two cliques loses one question at each cut."""
    linked = {
        f"q{block:02}{n}": frozenset(
            [(block,), *([("bridge", block + n // 9)] if n in (0, 9) else [])]
        )
        for block in range(20)
        for n in range(10)
    }
    dealt, sizes, dropped = split_keys(linked, seed=1, shares=SHARES, max_dropped=0.2)
    assert sizes == [200]
    assert len(dealt["dev"]) == len(dealt["test"]) == 20
    assert overlapping(dealt, linked) == []
    # A cut through a clique would lose up to nine questions of it.
    assert len(dropped) <= 12


def test_a_giant_that_may_not_be_cut_stays_whole_in_train():
    linked = {f"q{n:02}": frozenset([(0,)]) for n in range(50)}
    dealt, sizes, dropped = split_keys(linked, seed=1, shares=SHARES, max_dropped=0.2)
    assert {name: len(ids) for name, ids in dealt.items()} == {"train": 50, "dev": 0, "test": 0}
    assert (sizes, dropped) == ([50], set())


def test_shares_must_add_up():
    with pytest.raises(InputError, match="add up to 1"):
        split_questions([], seed=0, shares={"train": 0.8, "dev": 0.1, "test": 0.2})
    with pytest.raises(InputError, match="train, dev and test"):
        split_questions([], seed=0, shares={"train": 1.0})


# Near-duplicates


def test_shingles_and_similarity_by_hand():
    assert shingles("One, two; THREE four five six") == {
        "one two three four five",
        "two three four five six",
    }
    assert shingles("two words") == {"two words"}
    assert shingles("患者有发热") == {"患 者 有 发 热"}
    assert jaccard({"a", "b"}, {"b", "c"}) == 1 / 3
    assert jaccard(set(), set()) == 1.0


def sentences(rng: Random) -> list[str]:
    """Sixty texts, of which many are edited copies of others."""
    words = [f"w{n}" for n in range(300)]
    texts = [" ".join(rng.choices(words, k=40)) for _ in range(20)]
    for _ in range(40):
        copy = rng.choice(texts).split()
        for _ in range(rng.randrange(4)):
            copy[rng.randrange(len(copy))] = rng.choice(words)
        texts.append(" ".join(copy))
    return texts


@pytest.mark.parametrize("seed", range(4))
def test_near_duplicates_are_those_of_all_pairs(seed):
    """The oracle compares every pair exactly."""
    texts = sentences(Random(seed))
    sets = [shingles(text) for text in texts]
    oracle: dict[int, int] = {}
    for place, one in enumerate(sets):
        kept = [n for n in range(place) if n not in oracle and jaccard(sets[n], one) >= 0.8]
        if kept:
            oracle[place] = kept[0]
    found = duplicates(texts, 0.8)
    assert len(oracle) > 5
    assert found == oracle


def test_equal_texts_are_duplicates_whatever_case_and_punctuation():
    assert duplicates(["A b c d e f.", "other words entirely", "a B c, d e f"]) == {2: 0}
    assert duplicates([]) == {}


def test_the_stage_writes_each_question_with_its_split(small_questions, tmp_path):
    Ledger(tmp_path / "all.jsonl", Question).write(small_questions)
    counts = write_splits(tmp_path / "all.jsonl", tmp_path / "out.jsonl", seed=3)
    dealt = list(read_records(tmp_path / "out.jsonl", Question))
    kept = {one.question: one for one in dealt}
    assert [one.question for one in small_questions if one.question in kept] == list(kept)
    assert len(dealt) == counts["train"] + counts["dev"] + counts["test"]
    assert all(one.split in SHARES and one.id == one.content_id() for one in dealt)
    parts = {name: [one for one in dealt if one.split == name] for name in SHARES}
    keys = [frozenset().union(*map(keys_of, ones)) for ones in parts.values() if ones]
    assert sum(map(len, keys)) == len(frozenset().union(*keys))


def test_an_empty_file_is_an_error_and_leaves_nothing(tmp_path):
    (tmp_path / "none.jsonl").write_text("")
    with pytest.raises(InputError, match="holds no question"):
        write_splits(tmp_path / "none.jsonl", tmp_path / "out.jsonl", seed=3)
    assert [one.name for one in tmp_path.iterdir()] == ["none.jsonl"]
