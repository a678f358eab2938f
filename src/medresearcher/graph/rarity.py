"""Rarity: the first rule of a ladder that can tell whether a disease is rare, and by what.

1. `corpus_frequency`, the paper's rule: a share of citations below 1e-6, in a corpus of at least
   30 million; a disease that is never mentioned may go by names that we do not know, so it is left
   to the next rule.
2. `prevalence_class`: rare when the upper bound is at most 5 in 10,000, as the EU defines it
   (Regulation (EC) No 141/2000).
3. `cited_publications`: HPO's annotations are curated from the literature on rare diseases, so
   the distinct PubMed records that they cite count how often a disease has been described.
4. `corpus_frequency_bound`: in a smaller corpus, the exact 95% upper bound of the share.

Lists of rare diseases (GARD, NORD, …) support a finding and never make one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Protocol

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate, Prevalence
from medresearcher.records.question import Rarity

MIN_CORPUS = 30_000_000
MAX_FREQUENCY = 1e-6
MAX_PREVALENCE = 5 / 10_000
CONFIDENCE = 0.95

_ANNOTATIONS = (Predicate.HAS_PHENOTYPE, Predicate.HAS_INHERITANCE, Predicate.HAS_ONSET)
_MEASURES = ("point_prevalence", "birth_prevalence", "lifetime_prevalence", "annual_incidence")
_AREAS = ("Worldwide", "Europe")


class Frequencies(Protocol):
    """A corpus in which mentions were counted."""

    @property
    def citations(self) -> int:
        """How many citations the corpus has."""
        ...

    def knows(self, node: str) -> bool:
        """Whether the node was looked for, by a name of its own."""
        ...

    def frequency(self, node: str) -> int:
        """How many of them mention a node."""
        ...


def rarity(graph: Graph, disease: str, limit: int, corpus: Frequencies | None = None) -> Rarity:
    """The rarity of a disease by the first rule that can tell; `limit`: publications at most.

    `rare` is `None` where no rule decides.
    """
    rules: tuple[Callable[[], Rarity | None], ...] = (
        lambda: by_corpus(corpus, disease) if corpus else None,
        lambda: by_prevalence(graph, disease),
        lambda: by_publications(graph, disease, limit),
        lambda: by_bound(corpus, disease) if corpus else None,
    )
    found = next(filter(None, (rule() for rule in rules)), None)
    found = found or Rarity(
        rule="none", rare=None, value=None, limit=None, why="no source tells how rare it is"
    )
    return found.model_copy(update={"designations": graph.entity(disease).designations})


def by_corpus(corpus: Frequencies, node: str) -> Rarity | None:
    """The paper's rule; `None` if the corpus is too small or does not mention the node."""
    mentions = corpus.frequency(node)
    if corpus.citations < MIN_CORPUS or not mentions:
        return None
    share = mentions / corpus.citations
    return Rarity(
        rule="corpus_frequency",
        rare=share < MAX_FREQUENCY,
        value=share,
        high=upper_bound(mentions, corpus.citations),
        limit=MAX_FREQUENCY,
        n=corpus.citations,
        why=f"{_mentioned(mentions, corpus.citations)}, a share of {share:.1e}; "
        f"rare is below {MAX_FREQUENCY:g}",
    )


def by_bound(corpus: Frequencies, node: str) -> Rarity | None:
    """What a smaller corpus can say; `None` for an empty one, or a node not looked for."""
    mentions, citations = corpus.frequency(node), corpus.citations
    if not (citations and corpus.knows(node)):
        return None
    high = upper_bound(mentions, citations)
    rare = True if high < MAX_FREQUENCY else None
    weak = "" if rare else f"; {citations:,} citations cannot show less than {MAX_FREQUENCY:g}"
    return Rarity(
        rule="corpus_frequency_bound",
        rare=rare,
        value=mentions / citations,
        high=high,
        limit=MAX_FREQUENCY,
        n=citations,
        why=f"{_mentioned(mentions, citations)}: with 95% confidence a share of at most "
        f"{high:.1e}{weak}",
    )


def by_prevalence(graph: Graph, disease: str) -> Rarity | None:
    """The EU's rule on the best row that a source gives; `None` if none can decide.

    The best: validated before not, then by measure, then worldwide before Europe before others;
    of equal ones the most frequent, so that a disease is rare by all of them.
    """
    rows = [row for row in graph.prevalences(disease) if _decides(row)]
    if not rows:
        return None
    first = min(map(_preference, rows))
    best = max((row for row in rows if _preference(row) == first), key=_frequency)
    rare = best.high is not None and _at_most(best.high)
    measure = best.measure.replace("_", " ")
    stated = f"{best.high * 1e5:.4g} per 100,000" if best.high and best.low == best.high else ""
    return Rarity(
        rule="prevalence_class",
        rare=rare,
        value=best.low if best.high is None else best.high,
        low=best.low,
        high=best.high,
        limit=MAX_PREVALENCE,
        n=len(rows),
        references=best.references or (best.record,),
        why=f"{measure} {stated or best.label} ({best.area or 'area not stated'}, {best.source}); "
        "rare is at most 5 in 10,000",
    )


def by_publications(graph: Graph, disease: str, limit: int) -> Rarity | None:
    """The number of publications cited; `None` if nothing is cited to tell by."""
    value = cited_publications(graph, disease)
    if not value:
        return None
    records = "PubMed record" if value == 1 else "PubMed records"
    return Rarity(
        rule="cited_publications",
        rare=value <= limit,
        value=value,
        limit=limit,
        n=value,
        why=f"its annotations cite {value} {records}; rare is at most {limit}",
    )


def cited_publications(graph: Graph, disease: str) -> int:
    """How many distinct PubMed records the annotations of a disease cite."""
    cited: set[str] = set()
    for predicate in _ANNOTATIONS:
        rows = graph.statements_of(disease, predicate)
        asserted = {row.object for row in rows if not row.negated}
        cited.update(
            row.reference
            for row in rows
            if row.object in asserted and row.reference.startswith("PMID:")
        )
    return len(cited)


def upper_bound(mentions: int, citations: int, confidence: float = CONFIDENCE) -> float:
    """The one-sided upper bound of a share after Clopper and Pearson (1934)."""
    from scipy.special import betaincinv

    if mentions >= citations:
        return 1.0
    return float(betaincinv(mentions + 1, citations - mentions, confidence))


def rare_by_rule(
    graph: Graph, limit: int, corpus: Frequencies | None = None
) -> dict[str, dict[str, int]]:
    """How many diseases each rule finds rare, not rare, or cannot decide."""
    words = {True: "rare", False: "not rare", None: "undecided"}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for disease in graph.ids(EntityType.DISEASE):
        found = rarity(graph, disease, limit, corpus)
        counts[found.rule][words[found.rare]] += 1
    return {rule: dict(sorted(some.items())) for rule, some in sorted(counts.items())}


def _mentioned(mentions: int, citations: int) -> str:
    return f"mentioned in {mentions:,} of {citations:,} citations"


def _decides(row: Prevalence) -> bool:
    """Whether a row is a rate that lies on one side of the limit."""
    if row.measure not in _MEASURES:
        return False
    if row.high is not None and _at_most(row.high):
        return True
    return row.low is not None and not _at_most(row.low)


def _at_most(rate: float) -> bool:
    return rate <= MAX_PREVALENCE * (1 + 1e-9)


def _preference(row: Prevalence) -> tuple[bool, int, int]:
    area = _AREAS.index(row.area) if row.area in _AREAS else len(_AREAS)
    return not row.validated, _MEASURES.index(row.measure), area


def _frequency(row: Prevalence) -> tuple[float, float, int]:
    return float("inf") if row.high is None else row.high, row.low or 0.0, -row.row
