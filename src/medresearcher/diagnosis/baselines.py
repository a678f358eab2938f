"""Two plain rankings to compare with, over the same diseases and findings.

`information_content`: Resnik similarity as in Phenomizer (Köhler 2009), the mean over the findings
of the information content of the best common ancestor. `likelihood_ratio`: the phenotype part of
LIRICAL (Robinson 2020): the product over the findings of the share of patients over the mean share
of all diseases; absent findings count by the shares without.
"""

import numpy as np

from medresearcher.diagnosis.model import Likelihoods, Patient
from medresearcher.diagnosis.terms import Matrix, Values

_NOISE = 0.01


class Baselines:
    """Both rankings over one model's tables."""

    def __init__(self, model: Likelihoods) -> None:
        self._model = model
        marks = model.shown.copy()
        marks.data = np.ones_like(marks.data)
        self._marks: Matrix = marks
        carriers = np.maximum(np.diff(marks.indptr), 1)
        self._information = -np.log(carriers / len(model.diseases))

    def information_content(self, patient: Patient, without: str = "") -> Values:
        """The score of each disease."""
        model, total = self._model, np.zeros(len(self._model.diseases))
        left = model.changed(without)
        for term in patient.present:
            best = np.zeros(len(total))
            above = model.terms.ancestors(term)
            above = above[np.argsort(self._information[above], kind="stable")]
            for one in above.tolist():
                start, end = self._marks.indptr[one : one + 2]
                best[self._marks.indices[start:end]] = self._information[one]
            for disease, rest in left.items():
                shown = np.intersect1d(above, rest.shown.indices)
                best[disease] = self._information[shown].max() if len(shown) else 0.0
            total += best
        return total / max(len(patient.present), 1)

    def likelihood_ratio(self, patient: Patient, without: str = "") -> Values:
        """The log likelihood ratio of each disease."""
        model = self._model
        present, absent = list(patient.present), list(patient.absent)
        shown = model.shown[present + absent].toarray()
        for disease, rest in model.changed(without).items():
            shown[:, disease] = rest.shown[:, present + absent].toarray().ravel()
        usual = np.minimum(model.background[present + absent], 0.99)[:, None]
        ratio = (shown + _NOISE) / (usual + _NOISE)
        lacks = (1 - shown + _NOISE) / (1 - usual + _NOISE)
        both = np.concatenate([ratio[: len(present)], lacks[len(present) :]])
        return np.log(both).sum(axis=0)
