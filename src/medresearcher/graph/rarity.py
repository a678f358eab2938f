"""Rarity: a disease is rare when little has been published about it.

The paper's rule (a corpus frequency below 1e-6 over 30 million abstracts) needs such a corpus.
Without it the rule is `cited_publications`: HPO's annotations are curated from the literature
on rare diseases, so the number of distinct PubMed records that they cite counts how often a
disease has been described.
"""

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Predicate
from medresearcher.records.question import Rarity

_ANNOTATIONS = (Predicate.HAS_PHENOTYPE, Predicate.HAS_INHERITANCE, Predicate.HAS_ONSET)


def cited_publications(graph: Graph, disease: str) -> int:
    """How many distinct PubMed records the annotations of a disease cite."""
    cited = {
        statement.reference
        for predicate in _ANNOTATIONS
        for obj in graph.objects(disease, predicate)
        for statement in graph.statements(disease, predicate, obj)
        if statement.reference.startswith("PMID:")
    }
    return len(cited)


def rarity(graph: Graph, disease: str, limit: int) -> Rarity | None:
    """The rarity of a disease; `None` if it is not rare, or nothing is cited to tell by."""
    value = cited_publications(graph, disease)
    if not 1 <= value <= limit:
        return None
    return Rarity(rule="cited_publications", value=value, limit=limit)
