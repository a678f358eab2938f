"""The local engine: all items, errors as data, and a stop that stops."""

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medresearcher.engines.local import map_items
from medresearcher.engines.progress import progress
from medresearcher.errors import Failure, InputError


def reciprocal(number: int) -> float:
    if number < 0:
        raise InputError("expected a positive number")
    return 1 / number


@given(st.lists(st.integers(-3, 3), max_size=40), st.integers(1, 8))
def test_every_item_comes_out_once_with_its_result_or_failure(numbers, workers):
    done = list(map_items(reciprocal, numbers, workers=workers))
    assert sorted(one.item for one in done) == sorted(numbers)
    for item, result, failure in done:
        if item > 0:
            assert (result, failure) == (1 / item, None)
        elif item < 0:
            assert (result, failure) == (None, Failure("input", "expected a positive number"))
        else:
            assert failure
            assert failure.kind == "internal"
            assert "ZeroDivisionError" in failure.message


def test_one_worker_keeps_the_order_and_works_only_on_demand():
    seen: list[int] = []
    results = map_items(seen.append, range(10))
    next(results)
    next(results)
    assert seen == [0, 1]


def test_items_run_side_by_side():
    together = threading.Barrier(4, timeout=60)
    done = list(map_items(lambda _: together.wait(), range(4), workers=4))
    assert [one.failure for one in done] == [None] * 4


@pytest.mark.parametrize("workers", [1, 4])
def test_endless_input_is_taken_in_a_window_and_can_be_left(workers):
    taken = itertools.count()
    results = map_items(str, taken, workers=workers)
    first = [done.result for done in itertools.islice(results, 20)]
    results.close()
    assert len(set(first)) == 20
    assert next(taken) <= 20 + 4 * workers


@pytest.mark.parametrize("workers", [1, 3])
def test_ctrl_c_passes_and_the_rest_is_not_worked_on(workers):
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 5:
            raise KeyboardInterrupt
        time.sleep(0.001)

    threads = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        for _ in map_items(work, range(100_000), workers=workers):
            pass
    for thread in set(threading.enumerate()) - threads:
        thread.join(60)
        assert not thread.is_alive()
    assert len(begun) < 1000


@pytest.mark.parametrize("workers", [1, 3])
def test_ctrl_c_in_the_caller_s_loop_stops_the_work_too(workers):
    begun: list[int] = []
    threads = set(threading.enumerate())

    def loop() -> None:
        for done in map_items(begun.append, range(100_000), workers=workers):
            if done.item == 5:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loop()
    for thread in set(threading.enumerate()) - threads:
        thread.join(60)
        assert not thread.is_alive()
    assert len(begun) < 1000


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_of_the_input_itself_is_the_caller_s(workers):
    def items() -> Iterator[int]:
        yield 1
        raise InputError("questions.jsonl:2: not valid JSON")

    with pytest.raises(InputError, match=r"questions\.jsonl:2"):
        list(map_items(str, items(), workers=workers))


def test_progress_leaves_standard_output_alone(capfd):
    with progress("Rollouts", total=2) as advance:
        advance()
        advance(note="1 failed")
    out, err = capfd.readouterr()
    assert out == ""
    assert "Rollouts" in err


def test_a_program_that_leaves_early_ends():
    code = (
        "import itertools\n"
        "from medresearcher.engines.local import map_items\n"
        "print(len(list(itertools.islice(map_items(str, itertools.count(), workers=4), 50))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "50\n"
