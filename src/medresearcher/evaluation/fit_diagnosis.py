"""Fit the parameters of the diagnosis on the training part of given cases.

`python -m medresearcher.evaluation.fit_diagnosis CASES KB [KB…]` writes `parameters.toml` to
standard output. At most `PER_DISEASE` cases of a disease are used. Several knowledge bases (with
and without Orphanet) make one fit. The shape of the likelihoods (`[model]`) stays as packaged.
"""

import sys
from collections import defaultdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np

from medresearcher.diagnosis.fit import (
    Labelled,
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

PER_DISEASE = 6


def _spread(cases: list[Labelled]) -> list[Labelled]:
    """At most `PER_DISEASE` cases of each disease, the first in order of a hash of the patient."""
    kept: dict[int, list[Labelled]] = defaultdict(list)
    for one in sorted(cases, key=lambda case: sha256(repr(case).encode()).digest()):
        if len(kept[one.disease]) < PER_DISEASE:
            kept[one.disease].append(one)
    return [one for some in kept.values() for one in some]


def fitted(data: Path, folders: list[Path]) -> Parameters:
    """The parameters fitted on the training part."""
    old = packaged()
    graphs = [KnowledgeBase.open(folder).graph for folder in folders]
    models = [Likelihoods(graph, old) for graph in graphs]
    seed = old.fit.seed
    every = read_cases(data)
    cases = [one for one in every if part_of("".join(one.references[:1]), seed) == "train"]
    labelled = [_spread(labels(model, cases)) for model in models]
    pairs = list(zip(models, labelled, strict=True))
    weights = _weights(pairs)
    for model in models:
        model.parameters = old.model_copy(update={"weights": weights})
    return _calibrated(pairs).model_copy(
        update={
            "fit": Fit(
                seed=seed,
                date=datetime.now(UTC).date().isoformat(),
                cases=max(map(len, labelled)),
                publications=len({"".join(one.references[:1]) for one in cases}),
                diseases=max(len({one.disease for one in some}) for some in labelled),
                graphs=tuple(graph.digest for graph in graphs),
            )
        }
    )


def _weights(pairs: list[tuple[Likelihoods, list[Labelled]]]) -> dict[str, float]:
    """The weights of the parts, both protocols counting alike."""
    sets = [
        [one for model, some in pairs for one in choices(model, some, leave_out=leave)]
        for leave in (False, True)
    ]
    weight = np.concatenate([balanced(some) for some in sets]) / 2
    return fit_weights([one for some in sets for one in some], weight)


def _calibrated(pairs: list[tuple[Likelihoods, list[Labelled]]]) -> Parameters:
    """The parameters with their calibrations, over all diseases."""
    published, new = (
        [one for model, some in pairs for one in outcomes(model, some, leave_out=leave)]
        for leave in (False, True)
    )
    return pairs[0][0].parameters.model_copy(
        update={
            "new": fit_calibration(new),
            "published": fit_calibration(published),
            "none": fit_none(published + new),
        }
    )


if __name__ == "__main__":
    sys.stdout.write(written(fitted(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]])))
