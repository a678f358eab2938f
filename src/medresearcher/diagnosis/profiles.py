"""What each disease, its relatives and its published patient groups look like, as sparse matrices.

`Profile` holds, for diseases (rows) and terms (columns), the expected share of patients with the
term or a kind of it, and the share of those asked who did not have it. A share is the mean of a
Beta distribution: patients seen and asked, and a prior of few patients (beta-binomial). Signs
below one term are combined as independent ones (noisy or).
"""

from typing import NamedTuple

import numpy as np

from medresearcher.diagnosis.annotations import Annotations, Rows
from medresearcher.diagnosis.parameters import Model
from medresearcher.diagnosis.terms import Matrix, Numbers, Terms, Values, sparse
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Predicate

LARGEST_FAMILY = 40
_CERTAIN = 0.995
_RARELY_ASKED = 0.2  # assumed share without a sign that has no count


class Profile(NamedTuple):
    """`signs`: share with the annotated term itself; `shown`: with it or a kind of it."""

    signs: Matrix
    shown: Matrix
    lacking: Matrix


def profile(rows: Rows, size: int, terms: Terms, model: Model) -> Profile:
    """The profiles of `size` diseases from their rows."""
    width = len(terms)
    keys, number = np.unique(rows.disease * width + rows.term, return_inverse=True)
    place = keys // width, keys % width
    seen, asked = np.bincount(number, rows.seen), np.bincount(number, rows.asked)
    prior = model.prior_patients
    share = (seen + prior * model.prior_mean) / (asked + prior)
    without = np.where(asked > 0, (asked - seen) / (asked + 1), _RARELY_ASKED)
    signs = sparse.csr_array((share, place), shape=(size, width))
    lacking = sparse.csr_array((without, place), shape=(size, width))
    return Profile(signs, _upwards(signs, terms), lacking)


def _upwards(signs: Matrix, terms: Terms) -> Matrix:
    logs = signs.copy()
    logs.data = -np.log1p(-np.minimum(logs.data, _CERTAIN))
    shown = sparse.csr_array(logs @ terms.above.astype(float))
    shown.data = -np.expm1(-shown.data)
    return shown


def by_term(matrix: Matrix) -> Matrix:
    """The transposed matrix, for access by term."""
    return sparse.csr_array(matrix.T.tocsr())


class Publications(NamedTuple):
    """The patient groups of single publications.

    `shown`: terms that some of the patients had, or a kind of them; `absent`: terms that some did
    not have.
    One entry per disease and publication, in order of disease; `size` counts its terms.
    """

    disease: Numbers
    cited: Numbers
    shown: Matrix
    absent: Matrix
    size: Values

    @property
    def starts(self) -> tuple[Numbers, Numbers]:
        """The diseases that have publications, and the first entry of each."""
        return np.unique(self.disease, return_index=True)


def publications(annotations: Annotations, terms: Terms) -> Publications:
    """Group the counted rows that cite a publication."""
    rows, width = annotations.rows, len(terms)
    papers = np.array([one.startswith("PMID:") for one in annotations.references], bool)
    kept = np.flatnonzero(papers[annotations.cited] & (rows.asked[annotations.cited_rows] > 0))
    row, cited = annotations.cited_rows[kept], annotations.cited[kept]
    many = len(annotations.references)
    keys, number = np.unique(rows.disease[row] * many + cited, return_inverse=True)
    shape = len(keys), width
    some, none = rows.seen[row] > 0, rows.seen[row] < rows.asked[row]
    seen = _marks(number[some], rows.term[row][some], shape)
    absent = _marks(number[none], rows.term[row][none], shape)
    both = _marks(number, rows.term[row], shape)
    shown = sparse.csr_array(seen @ terms.above.astype(float))
    shown.data[:] = 1.0
    size = np.diff(both.indptr).astype(float)
    return Publications(keys // many, keys % many, by_term(shown), by_term(absent), size)


def _marks(row: Numbers, column: Numbers, shape: tuple[int, int]) -> Matrix:
    marks = sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)
    marks.sum_duplicates()
    marks.data[:] = 1.0
    return marks


def relatives(graph: Graph, diseases: list[str]) -> Matrix:
    """For each disease equal weights on its parents, children, siblings and allelic diseases."""
    number = {one: row for row, one in enumerate(diseases)}
    families: dict[str, set[int]] = {}
    pairs: list[tuple[int, int]] = []
    for row, disease in enumerate(diseases):
        for parent in graph.objects(disease, Predicate.SUBCLASS_OF):
            families.setdefault(parent, set()).add(row)
            if parent in number:
                pairs += [(row, number[parent]), (number[parent], row)]
        for gene in graph.subjects(disease, Predicate.CAUSES):
            families.setdefault(gene, set()).add(row)
    for family in families.values():
        if len(family) <= LARGEST_FAMILY:
            pairs += [(one, other) for one in family for other in family if one != other]
    row, column = np.array(pairs, np.int64).reshape(-1, 2).T
    shape = len(diseases), len(diseases)
    weights = sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)
    weights.sum_duplicates()
    total = np.maximum(np.asarray(weights.sum(axis=1)).ravel(), 1.0)
    return sparse.csr_array(sparse.diags_array(1 / total) @ weights)


def ladder(graph: Graph, annotations: Annotations, records: list[str]) -> dict[str, Values]:
    """The rungs that stand for a prior: what kind of entry a disease is, and how well described.

    `records`: for each row the source's id of the disease.
    """
    diseases, rows = annotations.diseases, annotations.rows
    size = len(diseases)
    omim, orphanet = (_named(rows.disease, records, prefix, size) for prefix in ("OMIM", "ORPHA"))
    known = set(diseases)
    return {
        "omim": omim,
        "orphanet_only": orphanet * (1 - omim),
        "class_of_diseases": np.array(
            [not known.isdisjoint(graph.subjects(one, Predicate.SUBCLASS_OF)) for one in diseases],
            float,
        ),
        "gene": np.array([bool(graph.subjects(one, Predicate.CAUSES)) for one in diseases], float),
        "prevalence": np.array([_prevalence(graph, one) for one in diseases]),
    }


def _named(disease: Numbers, records: list[str], prefix: str, size: int) -> Values:
    fits = np.array([one.startswith(f"{prefix}:") for one in records], bool)
    found: Values = np.zeros(size)
    found[disease[fits]] = 1.0
    return found


AREAS = ("Worldwide", "Europe")
MEASURES = ("point_prevalence", "birth_prevalence")
MIDDLING = 1e-6


def _prevalence(graph: Graph, disease: str) -> float:
    """How much more frequent than one in a million, in powers of ten; 0 where nothing is known."""
    rows = [
        one
        for one in graph.prevalences(disease)
        if one.measure in MEASURES and one.high and one.area in AREAS
    ]
    if not rows:
        return 0.0
    best = min(rows, key=lambda one: (AREAS.index(one.area), MEASURES.index(one.measure), one.row))
    assert best.high is not None
    middle = ((best.low or best.high / 10) * best.high) ** 0.5
    return float(np.clip(np.log10(middle / MIDDLING), -1, 3))
