"""Differential diagnosis scored on published cases: phenopackets, and PhenoBrain's JSON.

A case counts if one of its diseases is in the graph and has findings there. Protocol `all` uses
every annotation row; `leave-publication-out` drops those that cite the case's own publications, and
with them the cases whose disease has no row left. Each figure is given over cases and, under
`macro`, with one case per disease (the cases of a disease share the weight of one); the intervals
are 95% percentile bootstraps over diseases. Ties share their mean rank.
"""

import json
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from medresearcher.diagnosis.baselines import Baselines
from medresearcher.diagnosis.calibration import (
    Posterior,
    calibrated,
    expected_error,
    reliability,
)
from medresearcher.diagnosis.findings import understand
from medresearcher.diagnosis.fit import Labelled
from medresearcher.diagnosis.model import Likelihoods, Patient
from medresearcher.diagnosis.parameters import packaged
from medresearcher.diagnosis.phenopackets import Case, read_cases
from medresearcher.diagnosis.terms import Values
from medresearcher.errors import InputError
from medresearcher.kb import KnowledgeBase

PROTOCOLS = ("all", "leave-publication-out")
PARTS = ("all", "train", "test")
RESAMPLES = 1_000


class Scored(NamedTuple):
    """What came of one case. `none`: mass of none of these, and with the true disease removed."""

    disease: int
    rank: float
    first: float
    right: float
    none: float
    removed: float
    seconds: float


def part_of(reference: str, seed: int) -> str:
    """`train` or `test`: half of the publications each, by a hash."""
    return "train" if sha256(f"{seed}:{reference}".encode()).digest()[0] < 128 else "test"


def evaluate_cases(
    cases: Sequence[Case], base: KnowledgeBase, seed: int, protocol: str, part: str
) -> dict[str, Any]:
    """Scores of the model and of two baselines over the cases."""
    _choice("protocol", protocol, PROTOCOLS)
    _choice("part", part, PARTS)
    model = Likelihoods(base.graph, packaged())
    split = packaged().fit.seed
    chosen = [one for one in cases if part in ("all", part_of("".join(one.references[:1]), split))]
    labelled = labels(model, chosen)
    if not labelled:
        raise InputError(
            f"none of {len(cases)} cases ({part}) has a disease with findings in the graph"
        )
    leave = protocol == "leave-publication-out"
    scored = [one for case in labelled if (one := _scored(model, case, leave=leave))]
    if not scored:
        raise InputError("no case has an annotation left without those of its own publication")
    counts = {
        "given": len(cases),
        "in_part": len(chosen),
        "in_graph": len(labelled),
        "scored": len(scored),
    }
    return {
        **_figures(scored, seed),
        "none_of_these": _none(scored),
        "ece_if_perfect": _least_error(scored, seed),
        "reliability": _diagram(scored),
        "baselines": _baselines(model, labelled, seed, leave=leave),
        "milliseconds": _times(scored),
        "cases": {**counts, "protocol": protocol, "part": part, "graph": base.graph.digest},
    }


def labels(model: Likelihoods, cases: Sequence[Case]) -> list[Labelled]:
    """The cases whose disease has findings in the graph, as the model takes them."""
    number = {one: row for row, one in enumerate(model.diseases)}
    found: list[Labelled] = []
    for case in cases:
        nodes = [model.graph.canonical(one) for one in case.diseases]
        known = [number[one] for one in nodes if one in number]
        if known:
            said = understand(
                model.graph, model.terms, case.present, case.absent, case.age, case.sex
            )
            found.append(Labelled(said.patient, known[0], "".join(case.references[:1])))
    return found


def _scored(model: Likelihoods, case: Labelled, *, leave: bool) -> Scored | None:
    start = time.perf_counter()
    evidence = model.evidence(case.patient, case.reference if leave else "")
    posterior = _posterior(model, evidence.score, case.patient, leave=leave)
    seconds = time.perf_counter() - start
    if case.disease in evidence.gone:
        return None
    rank = rank_of(evidence.score, case.disease)
    removed = _posterior(model, np.delete(evidence.score, case.disease), case.patient, leave=leave)
    first = int(evidence.score.argmax())
    return Scored(
        case.disease,
        rank,
        float(posterior.diseases[first]),
        float(first == case.disease),
        posterior.none,
        removed.none,
        seconds,
    )


def _posterior(model: Likelihoods, score: Values, patient: Patient, *, leave: bool) -> Posterior:
    own = model.parameters
    findings = len(patient.present) + len(patient.absent)
    return calibrated(score, findings, own.new if leave else own.published, own.none)


def rank_of(score: Values, disease: int) -> float:
    """The rank of a disease; equal scores share their mean rank."""
    same = int((score == score[disease]).sum())
    return float((score > score[disease]).sum()) + (same + 1) / 2


def _figures(scored: Sequence[Scored], seed: int) -> dict[str, Any]:
    rank = np.array([one.rank for one in scored])
    first = np.array([one.first for one in scored])
    right = np.array([one.right for one in scored])
    metrics: dict[str, Callable[[Values], float]] = {
        **_ranking(rank),
        "ece": lambda weight: expected_error(first, right, weight),
        "brier": lambda weight: float(weight @ (first - right) ** 2 / weight.sum()),
    }
    return _intervals(metrics, np.array([one.disease for one in scored]), seed)


def _ranking(rank: Values) -> dict[str, Callable[[Values], float]]:
    def within(limit: int) -> Callable[[Values], float]:
        return lambda weight: float(weight[rank <= limit].sum() / weight.sum())

    return {
        **{f"top{limit}": within(limit) for limit in (1, 3, 10)},
        "mrr": lambda weight: float(weight @ (1 / rank) / weight.sum()),
    }


def _intervals(
    metrics: dict[str, Callable[[Values], float]], disease: Values, seed: int
) -> dict[str, Any]:
    """Each metric over cases, and under `macro` with one case per disease."""
    diseases, owner, cases = np.unique(disease, return_inverse=True, return_counts=True)
    rng = np.random.default_rng(seed)
    draws = [
        np.bincount(rng.integers(len(diseases), size=len(diseases)), minlength=len(diseases))[owner]
        for _ in range(RESAMPLES)
    ]

    def figures(own: Values, count: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, metric in metrics.items():
            spread = [metric(own * draw) for draw in draws]
            low, high = np.percentile(spread, [2.5, 97.5])
            found[name] = {"value": metric(own), "low": float(low), "high": float(high), "n": count}
        return found

    each = figures(np.ones(len(owner)), len(owner))
    return {**each, "macro": figures(1 / cases[owner], len(diseases))}


def _none(scored: Sequence[Scored]) -> dict[str, float]:
    """The mean mass of none of these, as it is and with the true disease removed, and the AUC."""
    present = np.array([one.none for one in scored])
    removed = np.array([one.removed for one in scored])
    order = np.searchsorted(np.sort(present), removed, side="left")
    ties = np.searchsorted(np.sort(present), removed, side="right") - order
    auc = float((order + ties / 2).mean() / len(present))
    return {
        "mean": float(present.mean()),
        "mean_disease_removed": float(removed.mean()),
        "auc": auc,
    }


def _least_error(scored: Sequence[Scored], seed: int) -> dict[str, float]:
    """The mean ECE that as many cases give if each is right with the probability predicted."""
    first = np.array([one.first for one in scored])
    cases = np.unique([one.disease for one in scored], return_inverse=True, return_counts=True)
    weights = {"cases": np.ones(len(first)), "macro": 1 / cases[2][cases[1]]}
    rng = np.random.default_rng(seed)
    drawn = (rng.random((200, len(first))) < first).astype(float)
    return {
        name: float(np.mean([expected_error(first, right, weight) for right in drawn]))
        for name, weight in weights.items()
    }


def _diagram(scored: Sequence[Scored]) -> list[dict[str, float]]:
    columns = (np.array([one.first for one in scored]), np.array([one.right for one in scored]))
    return [one._asdict() for one in reliability(*columns, np.ones(len(scored)))]


def _baselines(
    model: Likelihoods, cases: Sequence[Labelled], seed: int, *, leave: bool
) -> dict[str, Any]:
    baselines = Baselines(model)
    rankings = {
        "information_content": baselines.information_content,
        "likelihood_ratio": baselines.likelihood_ratio,
    }
    kept = [one for one in cases if not (leave and _nothing_left(model, one))]
    disease = np.array([one.disease for one in kept])
    found: dict[str, Any] = {}
    for name, ranking in rankings.items():
        scores = [
            (ranking(one.patient, one.reference if leave else ""), one.disease) for one in kept
        ]
        mean = np.array([rank_of(*one) for one in scores])
        best = np.array([1.0 + float((score > score[true]).sum()) for score, true in scores])
        lenient = {f"{key}_best_of_ties": metric for key, metric in _ranking(best).items()}
        found[name] = _intervals({**_ranking(mean), **lenient}, disease, seed)
    return found


def _nothing_left(model: Likelihoods, case: Labelled) -> bool:
    left = model.changed(case.reference).get(case.disease)
    return left is not None and not left.signs.nnz


def _times(scored: Sequence[Scored]) -> dict[str, float]:
    each = np.array([one.seconds for one in scored]) * 1_000
    return {"median": float(np.median(each)), "p99": float(np.percentile(each, 99))}


def evaluate_phenopackets(
    data: Path, base: KnowledgeBase, seed: int, protocol: str = "all", part: str = "all"
) -> dict[str, Any]:
    """Score phenopackets: a file or a folder of them."""
    return evaluate_cases(read_cases(data), base, seed, protocol, part)


def evaluate_phenobrain(
    data: Path, base: KnowledgeBase, seed: int, protocol: str = "all", part: str = "all"
) -> dict[str, Any]:
    """Score the JSON of PhenoBrain and RareBench: `[[[HPO…], [disease codes]], …]`."""
    return evaluate_cases(read_pairs(data), base, seed, protocol, part)


def read_pairs(path: Path) -> list[Case]:
    """The cases of PhenoBrain's format; `InputError` names the case that is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(f"{path}: expected JSON ({error})") from error
    if not isinstance(value, list) or not value:
        raise InputError(f"{path}: expected a list of cases `[[HPO ids], [disease ids]]`")
    return [_pair(path, number, one) for number, one in enumerate(cast("list[Any]", value))]


def _pair(path: Path, number: int, value: Any) -> Case:
    fits = isinstance(value, list) and len(cast("list[Any]", value)) == 2
    lists = cast("list[Any]", value) if fits else []
    if not fits or not all(
        isinstance(one, list) and all(isinstance(x, str) for x in one) for one in lists
    ):
        raise InputError(
            f"{path}: case {number}: expected `[[HPO ids], [disease ids]]`; got {str(value)[:80]!r}"
        )
    codes = tuple(one.replace("ORPHANET:", "ORPHA:") for one in lists[1])
    return Case(f"{path}:{number}", tuple(lists[0]), (), None, None, codes, ())


def _choice(what: str, given: str, known: Sequence[str]) -> None:
    if given not in known:
        raise InputError(f"expected a {what} ({', '.join(known)}); got {given!r}")
