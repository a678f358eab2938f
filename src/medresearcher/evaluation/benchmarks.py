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


def _phenopackets(
    data: Path,
    base: KnowledgeBase,
    downloads: Path,  # noqa: ARG001 - all benchmarks are called alike
    seed: int,
    **options: str,
) -> dict[str, Any]:
    """Differential diagnosis of published cases; see `medresearcher.evaluation.diagnosis`."""
    from medresearcher.evaluation.diagnosis import evaluate_phenopackets

    return evaluate_phenopackets(data, base, seed, **options)


def _phenobrain(
    data: Path,
    base: KnowledgeBase,
    downloads: Path,  # noqa: ARG001 - all benchmarks are called alike
    seed: int,
    **options: str,
) -> dict[str, Any]:
    """Differential diagnosis of cases in the JSON of PhenoBrain and RareBench."""
    from medresearcher.evaluation.diagnosis import evaluate_phenobrain

    return evaluate_phenobrain(data, base, seed, **options)


BENCHMARKS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "mentions": _mentions,
    "phenobrain": _phenobrain,
    "phenopackets": _phenopackets,
    "retrieval": _retrieval,
}

_DIAGNOSTIC = ("phenobrain", "phenopackets")


def evaluate(
    benchmark: str, data: Path, base: KnowledgeBase, downloads: Path, seed: int, **options: str
) -> dict[str, Any]:
    """Metric -> {value, low, high, n}; `InputError` for an unknown benchmark or a bad file.

    `options` (`protocol`, `part`) are those of the diagnostic benchmarks; no other has any.
    """
    if benchmark not in BENCHMARKS:
        known = ", ".join(f"`{name}`" for name in sorted(BENCHMARKS))
        raise InputError(f"expected a benchmark ({known}); got {benchmark!r}")
    if options and benchmark not in _DIAGNOSTIC:
        raise InputError(f"`{benchmark}` has no option {', '.join(sorted(options))}")
    return BENCHMARKS[benchmark](data, base, downloads, seed, **options)
