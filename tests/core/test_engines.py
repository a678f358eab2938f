"""The engines: all items, errors as data, and a stop that stops."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medresearcher.engines.engine import Engine, choose_engine
from medresearcher.engines.local import LOST, map_items, map_processes
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


# Processes. Their work must be importable, so it stands here as functions of the module.


def place_of(number: int) -> tuple[int, int]:
    return number, os.getpid()


def test_processes_give_every_item_with_its_result_or_failure():
    done = {one.item: one for one in map_processes(reciprocal, range(-2, 20), workers=2)}
    assert sorted(done) == list(range(-2, 20))
    assert done[4].result == 0.25
    assert done[-1].failure == Failure("input", "expected a positive number")
    assert "ZeroDivisionError" in str(done[0].failure)


def test_processes_are_others_and_are_gone_afterwards():
    found = {one.result[1] for one in map_processes(place_of, range(40), workers=2)}
    assert os.getpid() not in found
    assert not any(map(psutil.pid_exists, found))


def test_endless_input_is_taken_in_a_window_and_processes_end_when_it_is_left():
    taken = itertools.count()
    results = map_processes(place_of, taken, workers=2)
    found = [next(results).result for _ in range(10)]
    results.close()
    assert next(taken) <= 10 + 2 * 2 + 2
    _, alive = psutil.wait_procs(_processes({pid for _, pid in found}), timeout=30)
    assert not alive


def _processes(pids: set[int]) -> list[psutil.Process]:
    return [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]


def deadly(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_an_item_that_kills_its_process_is_a_failure_and_no_other_item_is():
    done = {one.item: one for one in map_processes(deadly, range(12), workers=2)}
    assert sorted(done) == list(range(12))
    assert [one for one in done if done[one].failure] == [3]
    assert done[3].failure
    assert done[3].failure.kind == LOST


def deadly_once(mark: Path) -> str:
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return mark.name


def test_an_item_whose_process_died_once_is_tried_again(tmp_path):
    (done,) = map_processes(deadly_once, [tmp_path / "mark"], workers=2)
    assert (done.result, done.failure) == ("mark", None)


SLEEPERS = """
import os, sys, time
from medresearcher.engines.local import map_processes

def sleep(number):
    if number > 1:
        time.sleep(3600)
    return os.getpid()

if __name__ == "__main__":
    for one in map_processes(sleep, range(6), workers=2):
        print(one.result, flush=True)
"""


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_processes_end_with_the_one_that_started_them(tmp_path, stop):
    script = tmp_path / "sleepers.py"
    script.write_text(SLEEPERS)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, script], stdout=pipe, stderr=pipe, text=True) as run:
        workers = {int(run.stdout.readline()) for _ in range(2)}
        children = psutil.Process(run.pid).children(recursive=True)
        assert workers <= {one.pid for one in children}
        run.send_signal(stop)
        _, alive = psutil.wait_procs(children, timeout=60)
        assert not [one for one in alive if one.pid in workers]
        assert run.wait(60) != 0
        errors = run.stderr.read()
    assert errors.count("Traceback") == (stop is signal.SIGINT)


@pytest.mark.parametrize("engine", [Engine(), Engine(workers=2)])
def test_an_engine_maps_here_or_in_processes(engine):
    found = dict(one.result for one in engine.map(place_of, range(6)))
    assert sorted(found) == list(range(6))
    assert (os.getpid() in found.values()) == (engine.workers == 1)


def test_an_engine_is_chosen_by_name():
    assert choose_engine("local", 3) == Engine("local", 3)
    assert choose_engine("local").workers >= 1
    assert choose_engine("ray", address="10.0.0.1:6379").address == "10.0.0.1:6379"
    with pytest.raises(InputError, match=r"expected an engine \(local, ray\); got 'spark'"):
        choose_engine("spark")
    with pytest.raises(InputError, match="add `--engine ray`"):
        choose_engine("local", address="10.0.0.1:6379")
    with pytest.raises(InputError, match="at least 1 worker"):
        choose_engine("local", 0)


def test_ray_that_is_not_installed_is_the_user_s_to_mend(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match="pip install 'medresearcher"):
        list(Engine("ray").map(str, [1]))
