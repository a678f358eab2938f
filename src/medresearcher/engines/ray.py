"""The Ray engine: the same map on a cluster, or on this machine when no address is given.

Every node needs this package in the same version and the same files at the same paths (a shared
file system). The tasks of a worker or node that is lost run again elsewhere; only a window of
items is in flight.
"""

import logging
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from medresearcher.engines.local import LOST, Done, do
from medresearcher.errors import Failure, InputError

T = TypeVar("T")
R = TypeVar("R")

RETRIES = 5


def map_on_ray(
    work: Callable[[T], R], items: Iterable[T], *, address: str | None = None
) -> Generator[Done[T, R]]:
    """As `map_processes`: yield each item when it is done, as they finish.

    A Ray that this process is already connected to is used and left running. Raises `InputError`
    if Ray is not installed or no cluster answers at `address`.
    """
    with _connected(address) as ray:
        task = ray.remote(do).options(num_cpus=1, max_retries=RETRIES)
        shared = ray.put(work)
        source = iter(items)
        pending: dict[Any, T] = {}
        try:
            while True:
                room = max(0, _window(ray) - len(pending))  # a lost node makes the window smaller
                for item in islice(source, room):
                    pending[task.remote(shared, item)] = item
                if not pending:
                    return
                finished, _ = ray.wait(list(pending), num_returns=1)
                for one in finished:
                    yield _result(ray, one, pending.pop(one))
        finally:
            for one in pending:
                ray.cancel(one, force=True)


def _window(ray: Any) -> int:
    """Two items for each processor that the cluster has now."""
    return max(2, 2 * int(ray.cluster_resources().get("CPU", 1)))


def _result(ray: Any, one: Any, item: T) -> Done[T, Any]:
    try:
        return ray.get(one)
    except ray.exceptions.RayError as error:
        reason = str(error).strip().partition("\n")[0]
        return Done(item, None, Failure(LOST, f"lost {RETRIES + 1} times: {reason}"))


@contextmanager
def _connected(address: str | None) -> Generator[Any]:
    """Ray, connected; disconnected again if it was connected here."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise InputError(
            "`--engine ray` needs Ray, which is not installed; "
            "run `pip install 'medresearcher[scale]'`"
        ) from error
    if ray.is_initialized():
        yield ray
        return
    try:
        ray.init(
            address=address or "local",
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, ValueError) as error:
        raise InputError(f"no Ray cluster answers at {address!r}: {error}") from error
    try:
        yield ray
    finally:
        ray.shutdown()
