"""The benchmarks by name: each reads a file of its own format and gives figures with intervals."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from medresearcher.errors import InputError
from medresearcher.kb import KnowledgeBase


def _mentions(data: Path, base: KnowledgeBase, downloads: Path, seed: int) -> dict[str, Any]:
    """Disease mentions in a PubTator file; concepts also through the MeSH headings of MEDLINE."""
    from medresearcher.evaluation.concepts import Concepts, read_headings
    from medresearcher.evaluation.mentions import read_pubtator, score_mentions
    from medresearcher.graph.mentions import Detector
    from medresearcher.sources.fetch import open_source
    from medresearcher.sources.registry import SOURCES

    documents = read_pubtator(data)
    headings = read_headings(open_source(SOURCES["pubmed"], downloads))
    names = base.dictionary()
    concepts = Concepts(base.graph, names, headings)
    return score_mentions(documents, Detector(names).detect, concepts.of, seed).model_dump()


def _retrieval(data: Path, base: KnowledgeBase, downloads: Path, seed: int) -> dict[str, Any]:
    """Rankings of a BEIR folder or the MED collection; the graph gives other names."""
    from medresearcher.evaluation.retrieval import evaluate_retrieval
    from medresearcher.settings import load_settings

    embedder = load_settings().retrieval.embedder
    scores = evaluate_retrieval(data, embedder, downloads, seed, base.graph)
    return {name: score.model_dump() for name, score in scores.items()}


BENCHMARKS: Mapping[str, Callable[[Path, KnowledgeBase, Path, int], dict[str, Any]]] = {
    "mentions": _mentions,
    "retrieval": _retrieval,
}


def evaluate(
    benchmark: str, data: Path, base: KnowledgeBase, downloads: Path, seed: int
) -> dict[str, Any]:
    """Metric -> {value, low, high, n}; `InputError` for an unknown benchmark or a bad file."""
    if benchmark not in BENCHMARKS:
        known = ", ".join(f"`{name}`" for name in sorted(BENCHMARKS))
        raise InputError(f"expected a benchmark ({known}); got {benchmark!r}")
    return BENCHMARKS[benchmark](data, base, downloads, seed)
