"""Which engine a stage runs on: this machine's processors, or Ray. Both give the same results."""

import os
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TypeVar

from medresearcher.engines.local import Done, map_items, map_processes
from medresearcher.engines.ray import map_on_ray
from medresearcher.errors import InputError

T = TypeVar("T")
R = TypeVar("R")

ENGINES = ("local", "ray")


@dataclass(frozen=True, slots=True)
class Engine:
    """Where work is done. `workers` counts for `local` alone, `address` for `ray` alone.

    One local worker works in this process.
    """

    name: str = "local"
    workers: int = 1
    address: str | None = None

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> Generator[Done[T, R]]:
        """Yield each item when it is done, in any order; `work` must be picklable.

        Who may leave it early closes it, so that its processes end then and there.
        """
        if self.name == "ray":
            return map_on_ray(work, items, address=self.address)
        if self.workers == 1:
            return map_items(work, items)
        return map_processes(work, items, workers=self.workers)


def choose_engine(name: str, workers: int | None = None, address: str | None = None) -> Engine:
    """The named engine, `workers` as many as there are processors if not given.

    `InputError` for a name that there is not, or an option of the other engine.
    """
    if name not in ENGINES:
        raise InputError(f"expected an engine ({', '.join(ENGINES)}); got {name!r}")
    if address is not None and name != "ray":
        raise InputError("`--address` is that of a Ray cluster; add `--engine ray`")
    if workers is not None and workers < 1:
        raise InputError(f"expected at least 1 worker; got {workers}")
    return Engine(name, workers or _processors(), address)


def _processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
