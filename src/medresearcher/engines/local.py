"""The local engine: map a function over work items on threads, with errors as data.

A failed item never cancels its siblings. The input may be endless: only a window of items is
in flight, so a caller that has enough simply stops. Ctrl-C stops the map at once; what was
yielded before is the caller's to keep.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

from medresearcher.errors import Failure, boundary

T = TypeVar("T")
R = TypeVar("R")


class Done(NamedTuple, Generic[T, R]):
    """One finished item: its result, or the failure that took its place."""

    item: T
    result: R | None
    failure: Failure | None


def map_items(
    work: Callable[[T], R], items: Iterable[T], *, workers: int = 1
) -> Iterator[Done[T, R]]:
    """Yield each item when it is done: in order of the input for one worker, else as they finish.

    Raises `KeyboardInterrupt` when the user stops it; items in flight are then dropped.
    """
    if workers == 1:
        for item in items:
            yield _do(work, item)
        return
    source = iter(items)
    pool = ThreadPoolExecutor(workers)
    try:
        pending: set[Future[Done[T, R]]] = {
            pool.submit(_do, work, item) for item in islice(source, 2 * workers)
        }
        while pending:
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            pending |= {pool.submit(_do, work, item) for item in islice(source, len(finished))}
            for future in finished:
                yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _do(work: Callable[[T], R], item: T) -> Done[T, R]:
    try:
        return Done(item, work(item), None)
    except Exception as error:  # noqa: BLE001 - this is the runner's boundary
        return Done(item, None, boundary(error))
