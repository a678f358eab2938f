"""The rows that say how often a disease shows a finding, as counts of patients seen and asked.

A count `n/m` is what it says. A percentage and a frequency class have no patients: each becomes the
count whose Beta distribution has the mean and the variance of the interval (a class of HPO, uniform
between its bounds). A row without frequency says that the finding occurs, and no number; a denial
without one counts as a few patients without the finding. Rows of one disease from OMIM, Orphanet
and DECIPHER lie together, because the graph holds them under one node.
"""

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from medresearcher.diagnosis.terms import Numbers, Terms, Values
from medresearcher.graph.onset import ONSET_RANK
from medresearcher.graph.store import Graph
from medresearcher.graph.tables import STATEMENTS
from medresearcher.records.knowledge import EntityType, Predicate

# Bounds of HPO's frequency classes (https://hpo.jax.org, subontology Frequency).
CLASSES = {
    "HP:0040280": (1.0, 1.0),
    "HP:0040281": (0.80, 0.99),
    "HP:0040282": (0.30, 0.79),
    "HP:0040283": (0.05, 0.29),
    "HP:0040284": (0.01, 0.04),
    "HP:0040285": (0.0, 0.0),
}
DENIED = 5.0  # patients that a denial without a count stands for
LARGEST = 30.0  # patients that a class or a percentage stands for at most
X_LINKED = 1 + max(ONSET_RANK.values())
_X_LINKED = ("HP:0001417", "HP:0001419", "HP:0001423")
_COUNTED = re.compile(r"(\d+)/([1-9]\d*)")
_COLUMNS = ["subject", "predicate", "object", "record", "row", "reference", "negated", "frequency"]


class Rows(NamedTuple):
    """One entry per source row. `place`: its row in the statement table."""

    disease: Numbers
    term: Numbers
    seen: Values
    asked: Values
    place: Numbers

    def take(self, kept: Numbers) -> "Rows":
        """Some of the rows."""
        return Rows(*(column[kept] for column in self))


class Context(NamedTuple):
    """What rows say of onset and inheritance: `kind` is a rank of onset, or `X_LINKED`."""

    disease: Numbers
    kind: Numbers
    patients: Values
    cited: Numbers


class Annotations(NamedTuple):
    """The annotated diseases (node ids) with their rows, both in sorted order.

    `cited_rows` and `cited` pair rows with references: a row may cite several publications.
    """

    diseases: list[str]
    rows: Rows
    cited_rows: Numbers
    cited: Numbers
    references: list[str]
    context: Context

    def span(self, disease: int) -> Numbers:
        """The numbers of the rows of one disease."""
        first, after = np.searchsorted(self.rows.disease, [disease, disease + 1])
        return np.arange(first, after)

    def citing(self, reference: str) -> Numbers:
        """The rows that cite a publication."""
        number = self.references.index(reference) if reference in self.references else -1
        return self.cited_rows[self.cited == number]


def counted(frequency: str, *, denied: bool) -> tuple[float, float]:
    """How many patients were seen with the finding, and how many were asked."""
    if found := _COUNTED.fullmatch(frequency):
        return float(found[1]), float(found[2])
    if frequency in CLASSES:
        return _from_interval(*CLASSES[frequency])
    if frequency.endswith("%"):
        share = float(frequency[:-1]) / 100
        return share * LARGEST, LARGEST
    return 0.0, DENIED if denied else 0.0


def _from_interval(low: float, high: float) -> tuple[float, float]:
    """The count of the Beta distribution with the moments of the uniform one on an interval."""
    mean = (low + high) / 2
    variance = (high - low) ** 2 / 12
    asked = min(LARGEST, mean * (1 - mean) / variance - 1) if variance else LARGEST
    return mean * asked, asked


def read_annotations(graph: Graph, terms: Terms) -> Annotations:
    """All rows on findings of diseases, each source row once."""
    table = pq.read_table(graph.folder / STATEMENTS, columns=_COLUMNS)
    wanted = {str(Predicate.HAS_PHENOTYPE): 0}
    kept = np.flatnonzero(_codes(table, "predicate", wanted) == 0)
    diseases = {one: number for number, one in enumerate(graph.ids(EntityType.DISEASE))}
    findings = table.take(kept)
    subject = _codes(findings, "subject", diseases)
    term = _codes(findings, "object", terms.number)
    known = np.flatnonzero((subject >= 0) & (term >= 0))
    present, disease = np.unique(subject[known], return_inverse=True)
    first, row = _rows(findings, known, disease, term[known])
    counts = _counts(findings)
    names = list(diseases)
    annotated = [names[one] for one in present]
    at = known[first]
    rows = Rows(disease[first], term[at], counts[at, 0], counts[at, 1], kept[at])
    cited = findings["reference"].combine_chunks()
    return Annotations(
        annotated,
        rows,
        row,
        cited.indices.to_numpy()[known].astype(np.int64),
        cited.dictionary.to_pylist(),
        _context(table, {one: number for number, one in enumerate(annotated)}),
    )


def _rows(
    findings: pa.Table, known: Numbers, disease: Numbers, term: Numbers
) -> tuple[Numbers, Numbers]:
    """The first statement of each source row, and the row that each statement belongs to.

    A database's own row is one row however many loaders read it; a line may cite several papers.
    """
    reference = findings["reference"].combine_chunks()
    own = np.array([not one.startswith("PMID:") for one in reference.dictionary.to_pylist()], bool)
    record = findings["record"].combine_chunks().indices.to_numpy()[known]
    line = findings["row"].to_numpy()[known]
    line = np.where(own[reference.indices.to_numpy()[known]], -1, line)
    keys = np.stack([disease, term, record, line])
    _, first, number = np.unique(keys, axis=1, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return first[order], rank[number.ravel()]


def _context(table: pa.Table, diseases: dict[str, int]) -> Context:
    kinds = {**ONSET_RANK, **dict.fromkeys(_X_LINKED, X_LINKED)}
    wanted = {str(Predicate.HAS_ONSET): 0, str(Predicate.HAS_INHERITANCE): 0}
    rows = table.filter(pa.array(_codes(table, "predicate", wanted) == 0))
    disease, kind = _codes(rows, "subject", diseases), _codes(rows, "object", kinds)
    kept = np.flatnonzero((disease >= 0) & (kind >= 0) & ~rows["negated"].to_numpy())
    seen = np.maximum(_counts(rows)[kept, 0], 1.0)
    cited = rows["reference"].combine_chunks().indices.to_numpy()[kept].astype(np.int64)
    return Context(disease[kept], kind[kept], seen, cited)


def _codes(table: pa.Table, column: str, number: dict[str, int]) -> Numbers:
    """The numbers of the values of a column, -1 for a value without one."""
    packed = table[column].combine_chunks()
    codes = np.array([number.get(one, -1) for one in packed.dictionary.to_pylist()], np.int64)
    return codes[packed.indices.to_numpy()]


def _counts(table: pa.Table) -> Values:
    """(seen, asked) of every row."""
    denied = table["negated"].to_numpy()
    packed = table["frequency"].combine_chunks()
    values = packed.dictionary.to_pylist()
    both = np.array([[counted(one, denied=no) for one in values] for no in (False, True)])
    return both[denied.astype(int), packed.indices.to_numpy()]
