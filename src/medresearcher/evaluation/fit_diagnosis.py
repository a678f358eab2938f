"""Fit the parameters of the diagnosis on the training part of given cases.

`python -m medresearcher.evaluation.fit_diagnosis CASES KB [KB…]` writes `parameters.toml` to
standard output. Several knowledge bases (with and without Orphanet) make one fit. The calibrations
are fitted on scores that each case has from weights fitted on other publications. The shape of the
likelihoods (`[model]`) stays as packaged.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np

from medresearcher.diagnosis.fit import (
    Choice,
    Labelled,
    Outcome,
    balanced,
    choices,
    fit_calibration,
    fit_none,
    fit_weights,
    outcomes,
)
from medresearcher.diagnosis.model import Likelihoods
from medresearcher.diagnosis.parameters import Fit, Parameters, packaged, written
from medresearcher.diagnosis.phenopackets import read_cases
from medresearcher.evaluation.diagnosis import labels, part_of
from medresearcher.kb import KnowledgeBase

FOLDS = 5


class Training(NamedTuple):
    """Cases of one fold over one graph, and what they offer to choose from, by protocol."""

    model: Likelihoods
    fold: int
    cases: list[Labelled]
    offered: tuple[list[Choice], list[Choice]]


def fitted(data: Path, folders: list[Path]) -> Parameters:
    """The parameters fitted on the training part."""
    old = packaged()
    graphs = [KnowledgeBase.open(folder).graph for folder in folders]
    models = [Likelihoods(graph, old) for graph in graphs]
    seed = old.fit.seed
    every = read_cases(data)
    cases = [one for one in every if part_of("".join(one.references[:1]), seed) == "train"]
    labelled = [labels(model, cases) for model in models]
    sets = [
        one for model, some in zip(models, labelled, strict=True) for one in _folds(model, some)
    ]
    published, new = _held_out(sets)
    return Parameters(
        model=old.model,
        weights=_weights(sets),
        new=fit_calibration(new),
        published=fit_calibration(published),
        none=fit_none(published + new),
        fit=Fit(
            seed=seed,
            date=datetime.now(UTC).date().isoformat(),
            cases=max(map(len, labelled)),
            publications=max(len({one.reference for one in some}) for some in labelled),
            diseases=max(len({one.disease for one in some}) for some in labelled),
            graphs=tuple(graph.digest for graph in graphs),
        ),
    )


def _folds(model: Likelihoods, cases: Sequence[Labelled]) -> list[Training]:
    """The cases in folds by a hash of their publication."""
    found: list[Training] = []
    for fold in range(FOLDS):
        here = [one for one in cases if _fold_of(one.reference) == fold]
        published, new = (choices(model, here, leave_out=leave) for leave in (False, True))
        found.append(Training(model, fold, here, (published, new)))
    return found


def _fold_of(reference: str) -> int:
    return sha256(f"fold:{reference}".encode()).digest()[0] % FOLDS


def _weights(sets: Sequence[Training]) -> dict[str, float]:
    """The weights of the parts, both protocols counting alike."""
    both = [[choice for one in sets for choice in one.offered[protocol]] for protocol in (0, 1)]
    weight = np.concatenate([balanced(some) for some in both]) / 2
    return fit_weights([one for some in both for one in some], weight)


def _held_out(sets: Sequence[Training]) -> tuple[list[Outcome], list[Outcome]]:
    """The outcomes of all cases, each by weights fitted on the other folds, by protocol."""
    found: tuple[list[Outcome], list[Outcome]] = ([], [])
    for fold in range(FOLDS):
        weights = _weights([one for one in sets if one.fold != fold])
        for one in sets:
            if one.fold == fold:
                one.model.parameters = packaged().model_copy(update={"weights": weights})
                for leave in (False, True):
                    found[leave].extend(outcomes(one.model, one.cases, leave_out=leave))
    return found


if __name__ == "__main__":
    sys.stdout.write(written(fitted(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]])))
