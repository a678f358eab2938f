"""The differential diagnosis: posterior, the reasons for each disease, and what to ask next.

`Diagnoser(graph).diagnose(["HP:0001166"], ["HP:0000501"], age=4, sex="female")`. Every number
comes with the rows of the sources that it is made from.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

import numpy as np

from medresearcher.diagnosis.calibration import Posterior, calibrated
from medresearcher.diagnosis.findings import Understood, understand
from medresearcher.diagnosis.model import Evidence, Likelihoods
from medresearcher.diagnosis.parameters import Parameters, packaged
from medresearcher.diagnosis.report import (
    Candidate,
    Diagnosis,
    Gene,
    PriorPart,
    Question,
    Reason,
    Row,
    Term,
)
from medresearcher.diagnosis.terms import Numbers, Values
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Predicate

ROWS = 3
QUESTIONS = 8
GENES = 10
ASKED_OF = 100  # diseases among which a question is to tell
_UNSURE = 0.02  # an answer is wrong this often, either way
_Z = 1.96
_WORDS = {
    "similar": "like the patients of one publication",
    "identical": "findings of one publication in common",
    "age": "age against onset",
    "sex": "sex against X-linked inheritance",
    "size": "number of expected signs",
    "omim": "described in OMIM",
    "orphanet_only": "described in Orphanet alone",
    "class_of_diseases": "a class that other diseases are below",
    "gene": "a causal gene is known",
    "publications": "number of publications",
    "prevalence": "prevalence",
}


class Diagnoser:
    """The model over one graph; safe to share, as nothing in it changes."""

    def __init__(self, graph: Graph, parameters: Parameters | None = None) -> None:
        self.graph = graph
        self.model = Likelihoods(graph, parameters or packaged())

    def diagnose(
        self,
        present: Sequence[str],
        absent: Sequence[str] = (),
        *,
        age: float | None = None,
        sex: str | None = None,
        top: int = 10,
        without: str = "",
    ) -> Diagnosis:
        """The `top` diseases for findings given as HPO ids or names.

        `without`: a publication whose annotation rows do not count. What cannot be used is in the
        notes; without any usable finding there are no candidates, and `reason` says so.
        """
        said = understand(self.graph, self.model.terms, present, absent, age, sex)
        if not (said.patient.present or said.patient.absent):
            given = (
                "none of the given findings can be used"
                if present or absent
                else "no finding was given"
            )
            return self._empty(said, given)
        evidence = self.model.evidence(said.patient, without)
        own = self.model.parameters
        findings = len(said.patient.present) + len(said.patient.absent)
        posterior = calibrated(evidence.score, findings, own.new, own.none)
        order = np.lexsort((np.arange(len(evidence.score)), -posterior.diseases))
        best = order[:top]
        candidates = tuple(self._candidate(one, said, evidence, posterior) for one in best.tolist())
        return Diagnosis(
            present=self._terms(said.present),
            absent=self._terms(said.absent),
            age=age,
            sex=sex,
            notes=said.notes,
            candidates=candidates,
            none_of_these=posterior.none,
            others=max(0.0, float(1 - posterior.none - posterior.diseases[best].sum())),
            questions=self._questions(said, posterior, order[:ASKED_OF]),
            genes=self._genes(posterior, order[:ASKED_OF]),
            temperature=posterior.temperature,
            graph=self.graph.digest,
        )

    def _empty(self, said: Understood, reason: str) -> Diagnosis:
        return Diagnosis(
            present=(),
            absent=(),
            age=said.patient.age,
            sex=said.patient.sex,
            notes=said.notes,
            candidates=(),
            none_of_these=0.0,
            others=0.0,
            questions=(),
            genes=(),
            temperature=1.0,
            graph=self.graph.digest,
            reason=reason,
        )

    def _terms(self, ids: Sequence[str]) -> tuple[Term, ...]:
        return tuple(Term(id=one, name=self.graph.name(one)) for one in ids)

    def _candidate(
        self, disease: int, said: Understood, evidence: Evidence, posterior: Posterior
    ) -> Candidate:
        scale = posterior.temperature
        present = [
            self._reason(disease, number, float(evidence.present[row, disease]) / scale)
            for row, number in enumerate(said.patient.present)
        ]
        absent = [
            self._reason(disease, number, float(evidence.absent[row, disease]) / scale, broad=False)
            for row, number in enumerate(said.patient.absent)
        ]
        probability = float(posterior.diseases[disease])
        spread = self._spread(disease, said.patient.present) / scale
        low, high = (_shifted(probability, sign * _Z * spread) for sign in (-1, 1))
        curie = self.model.diseases[disease]
        unexplained = [one for one in present if one.log_ratio < 0]
        return Candidate(
            id=curie,
            name=self.graph.name(curie),
            probability=probability,
            low=low,
            high=high,
            present=tuple(sorted(present, key=lambda one: -one.log_ratio)),
            absent=tuple(sorted(absent, key=lambda one: one.log_ratio)),
            prior=self._prior(disease, said, evidence, scale),
            unexplained=tuple(Term(id=one.id, name=one.name) for one in unexplained),
        )

    def _reason(self, disease: int, number: int, log_ratio: float, *, broad: bool = True) -> Reason:
        """`broad`: something more general counts as well; it does not for an absent finding."""
        through, match = self._through(disease, number)
        if match == "broader" and not broad:
            through, match = None, "none"
        curie = self.model.terms.ids[number]
        share = self._share(disease, through) if through is not None else None
        return Reason(
            id=curie,
            name=self.graph.name(curie),
            log_ratio=log_ratio,
            match=match,
            through=None if through is None else self._terms([self.model.terms.ids[through]])[0],
            share=share,
            rows=() if through is None else self._rows(disease, through),
        )

    def _through(self, disease: int, number: int) -> tuple[int | None, str]:
        """The most informative term above (or at) a finding that the disease shows."""
        model = self.model
        shown, _ = model.shares(disease)
        common = np.intersect1d(model.terms.ancestors(number), shown, assume_unique=True)
        common = common[common != model.root]
        if not len(common):
            return None, "none"
        best = int(common[np.argmax(model.information[common])])
        best = number if number in common else best
        return best, "stated" if best == number else "broader"

    def _share(self, disease: int, term: int) -> float:
        """The expected share of patients with a term or a kind of it."""
        shown, shares = self.model.shares(disease)
        place = int(np.searchsorted(shown, term))
        return float(shares[place]) if place < len(shown) and shown[place] == term else 0.0

    def _rows(self, disease: int, through: int) -> tuple[Row, ...]:
        """The first rows about the term or a kind of it, the term's own first."""
        model = self.model
        rows = model.annotations.span(disease)
        terms = model.annotations.rows.term[rows]
        below = np.unique(terms[model.terms.kinds(terms, through)]).tolist()
        ids = [model.terms.ids[one] for one in sorted(below, key=lambda one: (one != through, one))]
        curie = model.diseases[disease]
        stated = (
            one
            for term in ids
            for one in self.graph.statements(curie, Predicate.HAS_PHENOTYPE, term)
        )
        return tuple(
            Row(
                source=one.source,
                record=one.record,
                row=one.row,
                reference=one.reference,
                frequency=one.frequency or ("absent" if one.negated else ""),
            )
            for one in islice(stated, ROWS)
        )

    def _prior(
        self, disease: int, said: Understood, evidence: Evidence, scale: float
    ) -> tuple[PriorPart, ...]:
        """The parts of the score beyond the findings, those that change nothing left out."""
        weights = self.model.parameters.weights
        found = {
            name: weights[name] * float(evidence.parts[name][disease]) / scale for name in _WORDS
        }
        detail = {"publications": f"{int(np.expm1(evidence.parts['publications'][disease]) + 0.5)}"}
        if found["identical"]:
            detail["identical"] = self._similar(disease, said)
        return tuple(
            PriorPart(name=_WORDS[name], log_ratio=value, detail=detail.get(name, ""))
            for name, value in found.items()
            if value
        )

    def _similar(self, disease: int, said: Understood) -> str:
        """The publication whose patients are most like this one."""
        groups = self.model.papers
        here = np.flatnonzero(groups.disease == disease)
        patient = said.patient
        alike = self.model.similarity(list(patient.present), list(patient.absent))[here]
        best = here[int(alike.argmax())]
        paper = self.model.annotations.references[int(groups.cited[best])]
        return f"{paper}, similarity {alike.max():.2f}"

    def _spread(self, disease: int, present: Sequence[int]) -> float:
        """The standard deviation of the score that comes from few patients behind the shares."""
        model = self.model
        rows = model.annotations.span(disease)
        terms, asked = model.annotations.rows.term[rows], model.annotations.rows.asked[rows]
        worth = model.worth(list(present)) * model.parameters.weights["present"]
        variance = 0.0
        for weight, number in zip(worth, present, strict=True):
            share = self._share(disease, number)
            if share:
                people = float(asked[model.terms.kinds(terms, number)].sum())
                people += model.parameters.model.prior_patients + 1
                variance += (weight**2 / len(present)) * (1 - share) / (share * people)
        return variance**0.5

    def _questions(
        self, said: Understood, posterior: Posterior, best: Numbers
    ) -> tuple[Question, ...]:
        """The findings with most expected information about which of `best` it is."""
        model = self.model
        chance = posterior.diseases[best] / posterior.diseases[best].sum()
        terms = np.unique(model.signs[best[:20]].indices)
        known = [*said.patient.present, *said.patient.absent]
        settled = [model.terms.ancestors(one) for one in known]
        settled += [model.terms.descendants(one) for one in known]
        terms = np.setdiff1d(terms, np.concatenate(settled))
        if not len(terms):
            return ()
        share = model.shown[terms][:, best].toarray()
        share = _UNSURE + (1 - 2 * _UNSURE) * share
        overall = share @ chance
        bits = _entropy(overall) - _entropy(share) @ chance
        order = np.lexsort((terms, -bits))[:QUESTIONS]
        return tuple(
            Question(
                id=model.terms.ids[int(terms[one])],
                name=self.graph.name(model.terms.ids[int(terms[one])]),
                bits=float(bits[one]),
                probability=float(overall[one]),
            )
            for one in order.tolist()
        )

    def _genes(self, posterior: Posterior, best: Numbers) -> tuple[Gene, ...]:
        """The genes of the likely diseases, by their probability together."""
        chance: dict[str, float] = defaultdict(float)
        diseases: dict[str, list[str]] = defaultdict(list)
        for one in best.tolist():
            curie = self.model.diseases[one]
            for gene in self.graph.subjects(curie, Predicate.CAUSES):
                chance[gene] += float(posterior.diseases[one])
                diseases[gene].append(curie)
        ordered = sorted(chance, key=lambda gene: (-chance[gene], gene))[:GENES]
        return tuple(
            Gene(
                id=one,
                name=self.graph.name(one),
                probability=min(1.0, chance[one]),
                diseases=tuple(diseases[one][:ROWS]),
            )
            for one in ordered
        )


def _entropy(share: Values) -> Values:
    return -(share * np.log2(share) + (1 - share) * np.log2(1 - share))


def _shifted(probability: float, shift: float) -> float:
    """A probability moved on the logit scale."""
    odds = probability / max(1 - probability, 1e-12) * float(np.exp(shift))
    return odds / (1 + odds)
