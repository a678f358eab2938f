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
    Choice,
    Labelled,
    balanced,
    choices,
    fit_calibration,
    fit_none,
    fit_weights,
)
from medresearcher.diagnosis.model import Likelihoods
from medresearcher.diagnosis.parameters import Fit, Parameters, packaged, written
from medresearcher.diagnosis.phenopackets import read_cases
from medresearcher.evaluation.diagnosis import labels, part_of
from medresearcher.kb import KnowledgeBase

PER_DISEASE = 1_000


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
    cases = [
        one
        for one in read_cases(data)
        if part_of("".join(one.references[:1]), old.fit.seed) == "train"
    ]
    published: list[Choice] = []
    new: list[Choice] = []
    graphs: list[str] = []
    used = 0
    diseases: set[str] = set()
    for folder in folders:
        model = Likelihoods(KnowledgeBase.open(folder).graph, old)
        labelled = _spread(labels(model, cases))
        used = max(used, len(labelled))
        diseases |= {model.diseases[one.disease] for one in labelled}
        graphs.append(model.graph.digest)
        published += choices(model, labelled, leave_out=False)
        new += choices(model, labelled, leave_out=True)
    both = published + new
    weight = np.concatenate([balanced(published), balanced(new)]) / 2
    weights = fit_weights(both, weight)
    return Parameters(
        model=old.model,
        weights=weights,
        new=fit_calibration(new, weights, balanced(new))[0],
        published=fit_calibration(published, weights, balanced(published))[0],
        none=fit_none(both, weights, weight),
        fit=Fit(
            seed=old.fit.seed,
            date=datetime.now(UTC).date().isoformat(),
            cases=used,
            publications=len({"".join(one.references[:1]) for one in cases}),
            diseases=len(diseases),
            graphs=tuple(graphs),
        ),
    )


if __name__ == "__main__":
    sys.stdout.write(written(fitted(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]])))
