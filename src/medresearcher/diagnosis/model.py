"""How well every disease explains a patient: the parts of its score, one number per disease.

A present finding `t` is drawn, with the weights of `kernel`, through `t` itself or through one of
its ancestors `m`; so P(t | d) / P(t) = sum of weight(m) * share(d, m) / share(all, m). With weight
`floor` it is noise, which any disease explains equally. That covers findings that are more
specific or more general than what is annotated. A share is mixed with that of the relatives of the
disease. Findings that say the same thing share its information (`sharing`), and the log ratios of n
findings count as those of the square root of n independent ones.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from medresearcher.diagnosis import profiles
from medresearcher.diagnosis.annotations import X_LINKED, Annotations, read_annotations
from medresearcher.diagnosis.parameters import Parameters
from medresearcher.diagnosis.profiles import by_term, profile
from medresearcher.diagnosis.terms import Matrix, Numbers, Terms, Values, sparse
from medresearcher.graph.store import Graph

ROOT = "HP:0000118"
_LEAST = 0.3  # of one disease: the background of a term that no disease has
_FEW_SIGNS = 3.0
_FEW_TERMS = 0.05
_RANKS_FROM = (0.0, 28 / 365, 1.0, 5.0, 16.0)  # years at which the ranks of onset after birth end


class Patient(NamedTuple):
    """Findings as numbers of terms, none implied by another; age in years; `male`, `female`."""

    present: tuple[int, ...]
    absent: tuple[int, ...] = ()
    age: float | None = None
    sex: str | None = None


class Evidence(NamedTuple):
    """Log ratios of each finding (rows) for each disease, and the parts of the score by name."""

    present: Values
    absent: Values
    parts: dict[str, Values]
    score: Values
    gone: Numbers


class Likelihoods:
    """The model over one graph."""

    def __init__(self, graph: Graph, parameters: Parameters) -> None:
        self.graph, self.parameters, self.terms = graph, parameters, Terms(graph)
        self.annotations: Annotations = read_annotations(graph, self.terms)
        self.diseases = self.annotations.diseases
        shape = parameters.model
        known = profile(self.annotations.rows, len(self.diseases), self.terms, shape)
        self.signs, self.shows = known.signs, known.shown
        self.shows.sort_indices()
        self.shown, self.lacking = by_term(known.shown), by_term(known.lacking)
        self.background = _background(self.shown, len(self.diseases))
        self.background_lacking = _background(self.lacking, len(self.diseases))
        self.information = -np.log(np.minimum(self.background, 1.0))
        self.relatives = profiles.relatives(graph, self.diseases)
        self.papers = profiles.publications(self.annotations, self.terms)
        self.expected = np.asarray(known.signs.sum(axis=1)).ravel()
        self.ladder = profiles.ladder(graph, self.annotations, self._records())
        self.root = self.terms.number.get(ROOT, -1)

    def _records(self) -> list[str]:
        """The source's id of the disease in each row."""
        import pyarrow.parquet as pq

        from medresearcher.graph.tables import STATEMENTS

        table = pq.read_table(self.graph.folder / STATEMENTS, columns=["record"])["record"]
        packed = table.combine_chunks()
        values = packed.dictionary.to_pylist()
        return [values[one] for one in packed.indices.to_numpy()[self.annotations.rows.place]]

    def evidence(self, patient: Patient, without: str = "") -> Evidence:
        """The evidence for each disease; rows that cite the publication `without` do not count."""
        shape, weights = self.parameters.model, self.parameters.weights
        present, absent = list(patient.present), list(patient.absent)
        kernel = self._kernel(present)
        drawn = (kernel @ self.shown).toarray()
        shown = self.shown[absent].toarray()
        lacking = self.lacking[absent].toarray()
        expected, papers = self.expected, self._publications
        changed, gone = self.changed(without), np.zeros(0, np.int64)
        if changed:
            expected, papers = expected.copy(), papers.copy()
            for disease, left in changed.items():
                drawn[:, disease] = (kernel @ left.shown.T).toarray().ravel()
                shown[:, disease] = left.shown[:, absent].toarray().ravel()
                lacking[:, disease] = left.lacking[:, absent].toarray().ravel()
                expected[disease] = left.signs.sum()
                papers[disease] -= 1
            gone = np.array([one for one, left in changed.items() if not left.signs.nnz], np.int64)
        drawn, shown = self._shared(drawn), self._shared(shown)
        worth = self.worth(present)[:, None] / max(len(present), 1) ** 0.5
        many = max(len(absent), 1) ** 0.5
        found = worth * np.log((drawn + shape.floor) / (1 + shape.floor))
        usual = np.minimum(self.background[absent], 0.9)[:, None]
        against = np.log1p(-shape.sensitivity * shown) - np.log1p(-shape.sensitivity * usual)
        rarely = lacking / self.background_lacking[absent][:, None]
        asked = np.log((rarely + shape.asked_floor) / (1 + shape.asked_floor))
        similar = self._similar(present, absent, without)
        size = np.log(expected + _FEW_SIGNS)
        parts = {
            "present": found.sum(axis=0),
            "length": len(present) ** 0.5 * size,
            "absent": against.sum(axis=0) / many,
            "asked": asked.sum(axis=0) / many,
            "similar": np.log(similar + _FEW_TERMS) - np.log(_FEW_TERMS),
            "identical": similar**2,
            "age": self._age(patient.age, without),
            "sex": self._sex(patient.sex, without),
            "size": size,
            "publications": np.log1p(papers),
            **self.ladder,
        }
        length = parts["length"] - parts["length"].mean()
        per_finding = weights["present"] * found
        per_finding += weights["length"] * length / max(len(present), 1)
        per_absent = (weights["absent"] * against + weights["asked"] * asked) / many
        score = sum((weights[name] * part for name, part in parts.items()), np.zeros(1))
        return Evidence(per_finding, per_absent, parts, score, gone)

    def shares(self, disease: int) -> tuple[Numbers, Values]:
        """The terms that a disease shows, sorted, and their shares."""
        start, end = self.shows.indptr[disease : disease + 2]
        return self.shows.indices[start:end], self.shows.data[start:end]

    def worth(self, present: list[int]) -> Values:
        """The weight of each finding: 1, less what it has in common with the others."""
        common = np.zeros(len(self.terms))
        for term in present:
            common[self.terms.ancestors(term)] += 1
        return np.array([self._worth(term, common) for term in present])

    def _worth(self, term: int, common: Values) -> float:
        above = self.terms.ancestors(term)
        above = above[np.argsort(self.information[above], kind="stable")]
        steps = np.diff(self.information[above], prepend=0.0)
        whole = max(float(self.information[term]), 1e-9)
        return float((steps / common[above] ** self.parameters.model.sharing).sum()) / whole

    def _kernel(self, present: list[int]) -> Matrix:
        """Row `i`: the terms through which finding `i` may be drawn, weighted over background."""
        shape, rows, columns, values = self.parameters.model, [], [], []
        for row, term in enumerate(present):
            above = self.terms.ancestors(term)
            above = above[(above != term) & (above != self.root)]
            near = np.exp(shape.decay * (self.information[above] - self.information[term]))
            rest = (1 - shape.exact - shape.noise) * near / max(near.sum(), 1e-9)
            through = np.append(above, term)
            columns.append(through)
            values.append(np.append(rest, shape.exact) / self.background[through])
            rows.append(np.full(len(through), row))
        if not present:
            return sparse.csr_array((0, len(self.terms)))
        place = np.concatenate(rows), np.concatenate(columns)
        return sparse.csr_array(
            (np.concatenate(values), place), shape=(len(present), len(self.terms))
        )

    def _shared(self, values: Values) -> Values:
        """Each disease's values mixed with the mean of its relatives."""
        mixed = self.parameters.model.relatives
        return (1 - mixed) * values + mixed * (self.relatives @ values.T).T

    def changed(self, without: str) -> dict[int, profiles.Profile]:
        """The profiles, without the rows that cite a publication, of the diseases that have any."""
        cited = self.annotations.citing(without) if without else np.zeros(0, np.int64)
        rows, found = self.annotations.rows, {}
        for disease in np.unique(rows.disease[cited]).tolist():
            left = np.setdiff1d(self.annotations.span(disease), cited)
            alone = rows.take(left)._replace(disease=np.zeros(len(left), np.int64))
            found[disease] = profile(alone, 1, self.terms, self.parameters.model)
        return found

    @cached_property
    def _publications(self) -> Values:
        """The number of publications with rows on each disease."""
        rows = self.annotations.rows.disease[self.annotations.cited_rows]
        papers = np.array([one.startswith("PMID:") for one in self.annotations.references], bool)
        kept = papers[self.annotations.cited]
        pairs = np.unique(np.stack([rows[kept], self.annotations.cited[kept]]), axis=1)
        return np.bincount(pairs[0], minlength=len(self.diseases)).astype(float)

    def _similar(self, present: list[int], absent: list[int], without: str) -> Values:
        """Jaccard similarity with the most similar group of patients of one publication."""
        hits = self.similarity(present, absent, without)
        best = np.zeros(len(self.diseases))
        diseases, first = self.papers.starts
        if len(diseases):
            best[diseases] = np.maximum.reduceat(hits, first)
        return best

    def similarity(self, present: list[int], absent: list[int], without: str = "") -> Values:
        """Jaccard similarity with each group of patients of one publication."""
        groups = self.papers
        hits = np.asarray(groups.shown[present].sum(axis=0)).ravel()
        hits = hits + np.asarray(groups.absent[absent].sum(axis=0)).ravel()
        if without in self.annotations.references:
            hits[groups.cited == self.annotations.references.index(without)] = 0
        total = len(present) + len(absent) + groups.size - hits
        return np.clip(hits / np.maximum(total, 1.0), 0.0, 1.0)

    def _age(self, age: float | None, without: str) -> Values:
        """Log ratio that the disease has begun by this age; 0 if the age is not known."""
        counts = self._counts(without)[:, :X_LINKED]
        if age is None:
            return np.zeros(len(self.diseases))
        rank = 1 + int(np.searchsorted(_RANKS_FROM, age, side="right"))
        usual = (counts.sum(axis=0) + 1) / (counts.sum() + X_LINKED)
        begun = counts[:, : rank + 1].sum(axis=1) + 2 * usual[: rank + 1].sum()
        return np.log(begun / (counts.sum(axis=1) + 2)) - np.log(usual[: rank + 1].sum())

    def _sex(self, sex: str | None, without: str) -> Values:
        """1 for X-linked diseases of males, -1 for those of females."""
        sign = {"male": 1.0, "female": -1.0}.get(sex or "", 0.0)
        return sign * (self._counts(without)[:, X_LINKED] > 0)

    def _counts(self, without: str) -> Values:
        """Patients by disease and kind of context."""
        if not without or without not in self.annotations.references:
            return self._context
        return self._count(self.annotations.references.index(without))

    @cached_property
    def _context(self) -> Values:
        return self._count(-1)

    def _count(self, reference: int) -> Values:
        rows = self.annotations.context
        kept = rows.cited != reference
        flat = rows.disease[kept] * (X_LINKED + 1) + rows.kind[kept]
        size = len(self.diseases) * (X_LINKED + 1)
        return np.bincount(flat, rows.patients[kept], size).reshape(-1, X_LINKED + 1)


def _background(matrix: Matrix, diseases: int) -> Values:
    """The mean of each term over all diseases; never 0."""
    return np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), _LEAST) / diseases
