"""The parameters of the model, fitted on published cases: `parameters.toml` beside this file.

`python -m medresearcher.evaluation.fit_diagnosis` makes the file; `[fit]` says from what.
"""

import tomllib
from functools import cache
from pathlib import Path

from medresearcher.records.base import Frozen

FILE = Path(__file__).with_name("parameters.toml")

# The parts of a score, each a number per disease; the weights are fitted.
PARTS = (
    "present",  # how well present findings are explained
    "length",  # a disease with many signs explains any finding by chance
    "absent",  # excluded findings against frequent signs
    "asked",  # excluded findings that the literature on the disease reports as absent, too
    "similar",  # the most similar group of published patients: Jaccard similarity, log scale
    "identical",  # the same, squared
    "age",  # patient's age against the onset
    "sex",  # patient's sex against X-linked inheritance
    "size",  # number of expected signs
    "omim",  # rungs of the ladder of priors: described in OMIM, …
    "orphanet_only",
    "class_of_diseases",
    "gene",
    "publications",
    "prevalence",
)


class Model(Frozen):
    """Shape of the likelihoods; chosen once on the training part."""

    prior_mean: float
    prior_patients: float
    exact: float
    noise: float
    decay: float
    relatives: float
    floor: float
    asked_floor: float
    sensitivity: float
    sharing: float


class Calibration(Frozen):
    """`logit p = intercept + slope·x + lead·log(1 + l) + findings·log(1 + n)`.

    x: logit of the first disease's raw probability; l: its score less that of the second.
    """

    intercept: float
    slope: float
    lead: float
    findings: float


class NoneOfThese(Frozen):
    """The same for the share of what the first disease leaves over that is in no list."""

    prior: float
    intercept: float
    slope: float
    findings: float


class Fit(Frozen):
    """What the parameters were fitted on."""

    seed: int
    date: str
    cases: int
    publications: int
    diseases: int
    graphs: tuple[str, ...]


class Parameters(Frozen):
    """All parameters. `new`: patients in no publication; `published`: those who may be in one."""

    model: Model
    weights: dict[str, float]
    new: Calibration
    published: Calibration
    none: NoneOfThese
    fit: Fit


@cache
def packaged() -> Parameters:
    """The parameters that come with the package."""
    return Parameters.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))


def written(parameters: Parameters) -> str:
    """The parameters as TOML."""
    lines = [
        "# Fitted by `python -m medresearcher.evaluation.fit_diagnosis`; not to be edited by hand."
    ]
    for name, table in parameters.model_dump().items():
        lines += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}" if value % 1 else f"{value:.1f}"
    return (
        f"{list(value)}".replace("'", '"')
        if isinstance(value, tuple)
        else f'"{value}"'
        if isinstance(value, str)
        else str(value)
    )
