"""The local engines: map a function over work items, with errors as data.

`map_items` works on threads, for what waits; `map_processes` in processes, for what computes. A
failed item never cancels its siblings. The input may be endless: only a window of items is in
flight, so a caller that has enough simply stops. Ctrl-C stops the map at once; what was yielded
before is the caller's to keep.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection
from typing import Generic, NamedTuple, TypeVar

from medresearcher.errors import Failure, boundary

T = TypeVar("T")
R = TypeVar("R")

LOST = "worker_lost"


class Done(NamedTuple, Generic[T, R]):
    """One finished item: its result, or the failure that took its place."""

    item: T
    result: R | None
    failure: Failure | None


def map_items(
    work: Callable[[T], R], items: Iterable[T], *, workers: int = 1
) -> Generator[Done[T, R]]:
    """Yield each item when it is done: in order of the input for one worker, else as they finish.

    Raises `KeyboardInterrupt` when the user stops it; items in flight are then dropped.
    """
    if workers == 1:
        for item in items:
            yield do(work, item)
        return
    source = iter(items)
    pool = ThreadPoolExecutor(workers)
    try:
        pending: set[Future[Done[T, R]]] = {
            pool.submit(do, work, item) for item in islice(source, 2 * workers)
        }
        while pending:
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            pending |= {pool.submit(do, work, item) for item in islice(source, len(finished))}
            for future in finished:
                yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def map_processes(
    work: Callable[[T], R], items: Iterable[T], *, workers: int
) -> Generator[Done[T, R]]:
    """As `map_items`, in processes of their own: `work`, items and results must be picklable.

    The processes are fresh ones (no fork of this one), and end with it, however it ends. When one
    dies, the items that were in flight are tried again, one at a time; the item with which a
    process dies once more is a failure of kind `worker_lost`.
    """
    source = iter(items)
    lost: list[T] = []
    more = True
    while more:
        with _pool(workers) as pool:
            yield from _spread(pool, work, source, 2 * workers, lost)
        more = bool(lost)
        while lost:
            with _pool(1) as pool:
                yield _again(pool, work, lost.pop(0))


def _spread(
    pool: ProcessPoolExecutor,
    work: Callable[[T], R],
    source: Iterator[T],
    window: int,
    lost: list[T],
) -> Generator[Done[T, R]]:
    """Work through the source; if a process dies, put what was in flight into `lost` and end."""
    pending: dict[Future[Done[T, R]], T] = {}
    for item in islice(source, window):
        _submit(pool, work, item, pending, lost)
    while pending:
        finished, _ = wait(pending, return_when=FIRST_COMPLETED)
        for future in finished:
            item = pending.pop(future)
            try:
                done = future.result()
            except BrokenProcessPool:
                lost.append(item)
                continue
            yield done
            if not lost:
                for following in islice(source, 1):
                    _submit(pool, work, following, pending, lost)


def _submit(
    pool: ProcessPoolExecutor,
    work: Callable[[T], R],
    item: T,
    pending: dict[Future[Done[T, R]], T],
    lost: list[T],
) -> None:
    try:
        pending[pool.submit(do, work, item)] = item
    except BrokenProcessPool:
        lost.append(item)


def _again(pool: ProcessPoolExecutor, work: Callable[[T], R], item: T) -> Done[T, R]:
    try:
        return pool.submit(do, work, item).result()
    except BrokenProcessPool:
        reason = "the worker process died twice (killed, or out of memory)"
        return Done(item, None, Failure(LOST, reason))


@contextmanager
def _pool(workers: int) -> Generator[ProcessPoolExecutor]:
    """A pool that is gone when the block ends, at once if the block was left by an error."""
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, initializer=_follow, initargs=(theirs,))
    try:
        yield pool
        pool.shutdown()
    finally:
        ours.close()  # which ends the processes, so that there is nothing to wait for
        pool.shutdown(wait=True, cancel_futures=True)
        theirs.close()


def _follow(parent: Connection) -> None:
    """End this process when the other end of the pipe closes: its owner stopped or is dead."""

    def watch() -> None:
        try:
            parent.poll(None)
        finally:
            os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C: no traceback from each worker
    threading.Thread(target=watch, daemon=True).start()


def do(work: Callable[[T], R], item: T) -> Done[T, R]:
    """Work on one item, here and now."""
    try:
        return Done(item, work(item), None)
    except Exception as error:  # noqa: BLE001 - this is the runner's boundary
        return Done(item, None, boundary(error))
