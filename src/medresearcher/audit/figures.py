"""Figures with 95% intervals: shares after Wilson, medians by order statistics."""

import math
import statistics
from collections.abc import Sequence

from medresearcher.records.base import Frozen

_Z = 1.959964


class Figure(Frozen):
    """A figure with its interval over `n` items. `None`: nothing to compute it from."""

    value: float | None
    low: float | None
    high: float | None
    n: int


NOTHING = Figure(value=None, low=None, high=None, n=0)


def share(hits: int, n: int) -> Figure:
    """`hits` of `n` with the interval of Wilson (1927)."""
    if n == 0:
        return NOTHING
    value = hits / n
    spread = _Z * _Z / n
    middle = (value + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(value * (1 - value) / n + spread / (4 * n)) / (1 + spread)
    return Figure(value=value, low=max(0.0, middle - half), high=min(1.0, middle + half), n=n)


def share_of(flags: Sequence[bool | None]) -> Figure:
    """The share of true ones; what was not measured (`None`) does not count."""
    known = [flag for flag in flags if flag is not None]
    return share(sum(known), len(known))


def median(values: Sequence[float | None]) -> Figure:
    """The median; the interval lies between the order statistics around it (normal ranks).

    With fewer than six values the interval is their whole range, and covers less than 95%.
    """
    known = sorted(value for value in values if value is not None)
    if not known:
        return NOTHING
    n = len(known)
    half = _Z * math.sqrt(n) / 2
    low = max(0, math.floor(n / 2 - half) - 1)
    high = min(n - 1, math.ceil(n / 2 + half))
    return Figure(value=statistics.median(known), low=known[low], high=known[high], n=n)
