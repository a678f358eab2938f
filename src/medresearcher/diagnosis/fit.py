"""Fitting the parameters on published cases, by likelihood: conditional logit, then calibration.

Each case counts under both protocols (all annotations, and without those of its own publication),
with a weight that falls with the square root of the number of cases of its disease. The likelihood
of a case is that of the true disease among the diseases near the top. Nothing here sees a case
that the caller did not hand over.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from medresearcher.diagnosis.calibration import lead, raw_logit
from medresearcher.diagnosis.model import Likelihoods, Patient
from medresearcher.diagnosis.parameters import PARTS, Calibration, NoneOfThese
from medresearcher.diagnosis.terms import Values

CANDIDATES = 150
RIDGE = 0.003
NONE_PRIOR = 0.05  # stated, not fitted: how often the disease is in no list


class Labelled(NamedTuple):
    """A patient with the number of the true disease; `reference` is the case's publication."""

    patient: Patient
    disease: int
    reference: str


class Choice(NamedTuple):
    """The parts of the candidates' scores (candidates by parts), and which one is true."""

    parts: Values
    true: int
    disease: int


def choices(model: Likelihoods, cases: Sequence[Labelled], *, leave_out: bool) -> list[Choice]:
    """What each case offers to choose from; those whose disease has no rows left are left out."""
    found: list[Choice] = []
    for case in cases:
        evidence = model.evidence(case.patient, case.reference if leave_out else "")
        if case.disease in evidence.gone:
            continue
        parts = np.stack([evidence.parts[name] for name in PARTS], axis=1)
        near = np.argsort(-evidence.score)[:CANDIDATES]
        fits = np.argsort(-evidence.parts["present"])[: CANDIDATES // 2]
        kept = np.unique(np.concatenate([near, fits, [case.disease]]))
        true = int(np.flatnonzero(kept == case.disease)[0])
        found.append(Choice(parts[kept], true, case.disease))
    return found


def balanced(some: Sequence["Choice | Outcome"]) -> Values:
    """Weights that add up to 1 and fall with the root of a disease's number of cases."""
    cases = Counter(one.disease for one in some)
    weight = np.array([cases[one.disease] ** -0.5 for one in some])
    return weight / weight.sum()


def fit_weights(some: Sequence[Choice], weight: Values) -> dict[str, float]:
    """The weights of the parts that make the true diseases most likely (L2 on scaled parts)."""
    scale = np.concatenate([one.parts for one in some]).std(axis=0) + 1e-9
    starts = np.cumsum([0, *(len(one.parts) for one in some)])
    table = np.concatenate([one.parts for one in some]) / scale
    true = starts[:-1] + np.array([one.true for one in some])
    owner = np.repeat(np.arange(len(some)), np.diff(starts))

    def loss(weights: Values) -> tuple[float, Values]:
        score = table @ weights
        score -= np.maximum.reduceat(score, starts[:-1])[owner]
        mass = np.exp(score)
        total = np.add.reduceat(mass, starts[:-1])
        likelihood = score[true] - np.log(total)
        expected = (mass / total[owner] * weight[owner]) @ table
        slope = expected - weight @ table[true]
        return float(-weight @ likelihood + RIDGE * weights @ weights), slope + 2 * RIDGE * weights

    best = minimize(loss, np.zeros(len(PARTS)), jac=True, method="L-BFGS-B")
    return {name: float(one) for name, one in zip(PARTS, best.x / scale, strict=True)}


class Outcome(NamedTuple):
    """What the scores give over all diseases: raw logits with and without the true one.

    `ahead`: the lead of the first disease.
    """

    x: float
    ahead: float
    removed: float
    right: float
    disease: int
    findings: int


def outcomes(model: Likelihoods, cases: Sequence[Labelled], *, leave_out: bool) -> list[Outcome]:
    """The outcome of each case whose disease has a row left."""
    found: list[Outcome] = []
    for case in cases:
        evidence = model.evidence(case.patient, case.reference if leave_out else "")
        if case.disease not in evidence.gone:
            removed = raw_logit(np.delete(evidence.score, case.disease))
            right = float(int(evidence.score.argmax()) == case.disease)
            first = raw_logit(evidence.score), lead(evidence.score)
            findings = len(case.patient.present) + len(case.patient.absent)
            found.append(Outcome(*first, removed, right, case.disease, findings))
    return found


def fit_calibration(some: Sequence[Outcome]) -> Calibration:
    """The calibration of the first disease's probability."""
    x = np.array([one.x for one in some])
    findings = np.log1p([one.findings for one in some])
    ahead = np.log1p([one.ahead for one in some])
    table = np.stack([np.ones(len(x)), x, ahead, findings], axis=1)
    line = _logistic(table, np.array([one.right for one in some]), balanced(some))
    return Calibration.model_validate(dict(zip(Calibration.model_fields, line, strict=True)))


def fit_none(some: Sequence[Outcome]) -> NoneOfThese:
    """How much of what the first disease leaves over belongs to a disease that is in no list.

    Each case counts twice: as it is, where the first disease is wrong, and with its true disease
    removed, at the odds of `NONE_PRIOR`.
    """
    rows: list[tuple[float, float, float, float]] = []
    for one, weight in zip(some, balanced(some).tolist(), strict=True):
        findings = float(np.log1p(one.findings))
        if not one.right:
            rows.append((one.x, findings, 0.0, weight * (1 - NONE_PRIOR)))
        rows.append((one.removed, findings, 1.0, weight * NONE_PRIOR))
    x, findings, gone, weight = np.array(rows).T
    table = np.stack([np.ones(len(x)), x, findings], axis=1)
    intercept, slope, many = _logistic(table, gone, weight)
    return NoneOfThese(prior=NONE_PRIOR, intercept=intercept, slope=slope, findings=many)


def _logistic(table: Values, right: Values, weight: Values) -> list[float]:
    """Logistic regression by weighted likelihood, with a weak ridge on all but the intercept."""
    ridge = np.array([0.0, *[1e-3] * (table.shape[1] - 1)])
    share = weight / weight.sum()

    def loss(line: Values) -> tuple[float, Values]:
        x = table @ line
        value = share @ (np.logaddexp(0, x) - right * x) + ridge @ line**2
        slope = table.T @ (share * (1 / (1 + np.exp(-x)) - right)) + 2 * ridge * line
        return float(value), slope

    best = minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B")
    return [float(one) for one in best.x]
