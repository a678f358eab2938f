"""How much a document weighs as evidence, whatever is asked: an explicit model, not a learned one.

    Auth = (1 - RECENCY) · level + RECENCY · recency

`level` is that of the kind of document (`LEVELS`), raised by `CORE` for a core clinical journal.
The order of study designs is that of the evidence pyramid (Oxford CEBM levels, 2011); where the
kinds of source stand beside them is our own judgement, stated here and measured in
docs/benchmarks.md. `recency` is by topic: the share of the documents found for the same query
that are not newer. A retracted document has no authority at all and is ranked last.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from medresearcher.records.knowledge import Document

CORE = 0.05
RECENCY = 0.15
RETRACTED = "retracted"
UNKNOWN_YEAR = 0.5


class Level(NamedTuple):
    """The weight of a kind of document, 0 to 1, and how the explanation calls it."""

    weight: float
    name: str


LEVELS: dict[str, Level] = {
    "guideline": Level(0.95, "practice guideline"),
    "systematic_review": Level(0.90, "systematic review or meta-analysis"),
    "label": Level(0.90, "regulator label"),
    "randomised_trial": Level(0.80, "randomised trial"),
    "disease_page": Level(0.80, "curated knowledge base"),
    "gene_page": Level(0.80, "curated knowledge base"),
    "drug_page": Level(0.80, "curated knowledge base"),
    "pathway_page": Level(0.80, "curated knowledge base"),
    "definition": Level(0.80, "curated knowledge base"),
    "disease_description": Level(0.80, "curated knowledge base"),
    "patient_page": Level(0.75, "agency page"),
    "trial_registration": Level(0.65, "trial registry"),
    "clinical_trial": Level(0.65, "clinical trial"),
    "own": Level(0.60, "own document"),
    "review": Level(0.55, "narrative review"),
    "article": Level(0.50, "journal article"),
    "case_report": Level(0.30, "case report"),
    "preprint": Level(0.25, "preprint, not reviewed"),
    "comment": Level(0.20, "comment, letter or news"),
    "notice": Level(0.10, "retraction, erratum or concern"),
    RETRACTED: Level(0.0, "RETRACTED"),
}
OTHER = Level(0.50, "kind not known")


def level(document: Document) -> int:
    """The level of a document in hundredths, as the index keeps it; 0 for a retracted one alone."""
    found = LEVELS.get(document.type, OTHER).weight
    raised = found + CORE if document.core and document.type != RETRACTED else found
    return round(100 * min(raised, 1.0))


def authority(levels: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Auth of the documents found for one query: levels in hundredths, years (0: not known)."""
    found = levels / 100
    weighed = (1 - RECENCY) * found + RECENCY * _recency(years)
    return np.where(found > 0, weighed, 0.0)


def _recency(years: np.ndarray) -> np.ndarray:
    """The share of the dated documents that are not newer: 1 for the newest."""
    dated = np.sort(years[years > 0])
    if len(dated) == 0:
        return np.full(len(years), UNKNOWN_YEAR)
    share = np.searchsorted(dated, years, side="right") / len(dated)
    return np.where(years > 0, share, UNKNOWN_YEAR)


def reasons(document: Document) -> Sequence[str]:
    """Why a document has its authority, in words."""
    name = LEVELS.get(document.type, OTHER).name
    return [name, "core clinical journal"] if document.core else [name]
