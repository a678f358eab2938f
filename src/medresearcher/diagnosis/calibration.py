"""From scores to probabilities that hold: temperature, none of these, and how to measure it.

The calibrated probability of the first disease is a logistic function of its raw one, of its lead
over the second and of the number of findings; all scores are then divided by the temperature that
gives it, so the order stays. Of what the first leaves over, a share is for a disease that is in no
list.
"""

from typing import NamedTuple

import numpy as np

from medresearcher.diagnosis.parameters import Calibration, NoneOfThese
from medresearcher.diagnosis.terms import Values

BINS = 10
_EDGE = 1e-9


class Posterior(NamedTuple):
    """Probabilities of the diseases and of none of them; they add up to 1."""

    diseases: Values
    none: float
    temperature: float


def calibrated(
    score: Values, findings: int, calibration: Calibration, none: NoneOfThese
) -> Posterior:
    """The posterior of scores."""
    x = raw_logit(score)
    first = _logistic(top_logit(x, lead(score), findings, calibration))
    temperature = _temperature(score, first)
    share = _logistic(none.intercept + none.slope * x + none.findings * np.log1p(findings))
    raw = softmax(score / temperature)
    best = int(raw.argmax())
    left = share * (1 - raw[best])
    others = raw * (1 - share)
    others[best] = raw[best]
    return Posterior(others, float(left), temperature)


def raw_logit(score: Values) -> float:
    """The logit of the first disease's probability before calibration."""
    first = float(np.clip(softmax(score).max(), _EDGE, 1 - _EDGE))
    return float(np.log(first / (1 - first)))


def lead(score: Values) -> float:
    """How far the first score is from the second; 0 if there is one alone."""
    if len(score) < 2:
        return 0.0
    second, first = np.partition(score, -2)[-2:]
    return float(first - second)


def top_logit(x: float, ahead: float, findings: int, calibration: Calibration) -> float:
    """The calibrated logit."""
    return (
        calibration.intercept
        + calibration.slope * x
        + calibration.lead * float(np.log1p(ahead))
        + calibration.findings * float(np.log1p(findings))
    )


def softmax(score: Values) -> Values:
    """Probabilities of log weights."""
    weights = np.exp(score - score.max())
    return weights / weights.sum()


def _logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(x, -30, 30))))


def _temperature(score: Values, first: float) -> float:
    """The temperature at which the highest score has probability `first`, by bisection."""
    near = np.sort(score - score.max())[::-1]
    low, high = 0.02, 50.0
    for _ in range(30):
        middle = (low * high) ** 0.5
        if 1 / np.exp(near / middle).sum() > first:
            low = middle
        else:
            high = middle
    return (low * high) ** 0.5


class Bin(NamedTuple):
    """One bar of the reliability diagram; `weight` is the share of the cases."""

    low: float
    high: float
    n: int
    weight: float
    predicted: float
    observed: float


def reliability(predicted: Values, right: Values, weight: Values) -> list[Bin]:
    """Mean prediction and share right in ten bins of equal width; empty ones are left out."""
    place = np.minimum((predicted * BINS).astype(int), BINS - 1)
    found: list[Bin] = []
    for number in range(BINS):
        here = place == number
        total = float(weight[here].sum())
        if total:
            means = ((weight[here] * one[here]).sum() / total for one in (predicted, right))
            share = total / float(weight.sum())
            bounds = number / BINS, (number + 1) / BINS
            found.append(Bin(*bounds, int(here.sum()), share, *map(float, means)))
    return found


def expected_error(predicted: Values, right: Values, weight: Values) -> float:
    """The expected calibration error: mean distance of prediction and truth over the bins."""
    bins = reliability(predicted, right, weight)
    return sum(one.weight * abs(one.predicted - one.observed) for one in bins)
