"""Faults on purpose are seeded and recorded; cassettes give a tool world back exactly."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import pytest

from medresearcher.errors import InputError
from medresearcher.records.trajectory import FaultKind, Observation, Outcome
from medresearcher.settings import FaultSettings
from medresearcher.tools.cassettes import Call, Cassette, recording, replaying
from medresearcher.tools.faults import with_faults
from medresearcher.tools.tool import Result, Tool, Toolbox


def echo(word: str) -> Result:
    """Repeat a word.

    Args:
        word: The word; `none` finds nothing, `bad` breaks.
    """
    if word == "bad":
        raise RuntimeError("broken")
    if word == "none":
        return Result(Outcome.EMPTY, "", "nothing")
    return Result(Outcome.FOUND, f"the word is {word}\n" * 5, "said")


BOX = Toolbox([Tool("echo", echo)])
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)


def says(box: Toolbox, word: str) -> Observation:
    return box.call("echo", json.dumps({"word": word}))


def test_without_a_rate_nothing_is_touched() -> None:
    assert with_faults(BOX, FaultSettings(), 1) is BOX


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("timeout", "unavailable"),
        ("corruption", "unavailable"),
        ("truncation", "found"),
        ("empty", "empty"),
        ("wrong_document", "empty"),
    ],
)
def test_each_kind_comes_to_its_outcome_and_is_recorded(kind: FaultKind, outcome: str) -> None:
    box = with_faults(BOX, FaultSettings(rate=1.0, kinds=(kind,)), 1)
    found = says(box, "a")
    assert found.outcome == outcome
    assert found.fault == ("empty" if kind == "wrong_document" else kind)
    assert found.text.splitlines()[-1].startswith(f"[{outcome} · ")


def test_a_wrong_document_is_that_of_the_call_before() -> None:
    box = with_faults(BOX, FaultSettings(rate=1.0, kinds=("wrong_document",)), 1)
    says(box, "first")
    found = says(box, "second")
    assert "the word is first" in found.text
    assert found.fault == "wrong_document"
    assert "the word is second" in says(box, "third").text


def test_a_truncated_answer_says_so() -> None:
    box = with_faults(BOX, FaultSettings(rate=1.0, kinds=("truncation",)), 1)
    found = says(box, "long")
    assert len(found.text) < len(says(BOX, "long").text)
    assert "the rest did not arrive" in found.text


def test_no_success_without_a_record_of_the_fault_and_no_fault_on_what_failed_anyway() -> None:
    box = with_faults(BOX, FaultSettings(rate=0.5), 3)
    for number in range(200):
        word = ("a", "none", "bad")[number % 3]
        found, real = says(box, word), says(BOX, word)
        if found.fault is None:
            assert found == real
        elif real.outcome is not Outcome.FOUND:
            assert found.fault == "timeout"


def test_faults_depend_on_the_seed_alone_and_come_at_their_rate() -> None:
    def run(seed: int) -> list[str | None]:
        box = with_faults(BOX, FaultSettings(rate=0.2), seed)
        return [says(box, f"w{n}").fault for n in range(1_000)]

    assert run(1) == run(1) != run(2)
    counts = Counter(run(1))
    assert set(counts) == {None, *KINDS}
    assert 150 <= 1_000 - counts[None] <= 250  # 3.9 standard deviations


def test_an_unknown_tool_has_no_fault() -> None:
    box = with_faults(BOX, FaultSettings(rate=1.0), 1)
    assert box.call("nope", "{}").fault is None
    assert box.schemas() == BOX.schemas()


# Cassettes.


def test_a_replay_is_exact_and_asks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "world.jsonl"
    words = ["a", "none", "bad", "a", "b"]
    raw = ['{"word": "a"}', '{ "word":"a" }', "nonsense", '{"word": 3}']
    recorder = recording(BOX, path)
    first = [says(recorder, one) for one in words] + [recorder.call("echo", it) for it in raw]

    def never(word: str) -> Result:
        """Fail.

        Args:
            word: Any.
        """
        raise AssertionError(word)

    replay = replaying([Tool("echo", never)], path)
    again = [says(replay, one) for one in words] + [replay.call("echo", it) for it in raw]
    assert again == first


def test_answers_to_the_same_call_come_in_their_order(tmp_path: Path) -> None:
    numbers = iter(range(3))

    def count() -> Result:
        """Count."""
        return Result(Outcome.FOUND, str(next(numbers)), "counted")

    box = Toolbox([Tool("count", count)])
    recorder = recording(box, tmp_path / "c.jsonl")
    first = [recorder.call("count", "{}") for _ in range(3)]
    replay = replaying(box.tools, tmp_path / "c.jsonl")
    assert [replay.call("count", "{}") for _ in range(4)] == [*first, first[-1]]


def test_a_miss_is_unavailable_with_its_reason(tmp_path: Path) -> None:
    says(recording(BOX, tmp_path / "c.jsonl"), "a")
    found = says(replaying(BOX.tools, tmp_path / "c.jsonl"), "b")
    assert (found.outcome, "not on the cassette" in found.text) == ("unavailable", True)


def test_the_digest_is_that_of_the_content_not_of_the_order(tmp_path: Path) -> None:
    for name, words in (("x", "abc"), ("y", "cab"), ("z", "abd")):
        recorder = recording(BOX, tmp_path / name)
        for word in words:
            says(recorder, word)
    digests = {name: Cassette(tmp_path / name).digest for name in "xyz"}
    assert digests["x"] == digests["y"] != digests["z"]


def test_a_recording_goes_on_after_a_stop_and_from_many_threads(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    says(recording(BOX, path), "a")
    with path.open("ab") as stream:
        stream.write(b'{"schema": "half')
    recorder = recording(BOX, path)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: says(recorder, f"w{n % 10}"), range(200)))
    says(recorder, "a")
    calls = Cassette(path)
    assert len(path.read_bytes().splitlines()) == 202
    assert calls.replay("echo", '{"word": "w3"}') == says(BOX, "w3")


def test_a_cassette_that_is_not_there_or_none_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no cassette there"):
        replaying(BOX.tools, tmp_path / "none")
    (tmp_path / "bad").write_text("{}\n")
    with pytest.raises(InputError, match=Call.SCHEMA):
        replaying(BOX.tools, tmp_path / "bad")


def test_half_a_surrogate_pair_can_be_recorded(tmp_path: Path) -> None:
    raw = '{"word": "\ud800"}'
    found = recording(BOX, tmp_path / "c.jsonl").call("echo", raw)
    assert found.outcome == "invalid_arguments"
    assert replaying(BOX.tools, tmp_path / "c.jsonl").call("echo", raw) == found
