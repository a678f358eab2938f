"""The twelve specialties, and the rule that gives a disease its specialty.

A disease scores, for each specialty, the share of its annotated phenotypes that lie under the
specialty's organ systems in HPO, plus one if MONDO files the disease under the specialty's
disease classes. The highest score wins; equal scores go to the earlier specialty in the table.

A disease also belongs to every specialty under which MONDO files it, or a quarter of its
phenotypes lie: a syndrome with heart defects may serve a question in cardiology, too.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Predicate


class Specialty(NamedTuple):
    """A specialty with its organ systems (HPO) and disease classes (MONDO)."""

    name: str
    organs: tuple[str, ...]
    classes: tuple[str, ...]


SPECIALTIES = (
    Specialty("cardiology", ("HP:0001626",), ("MONDO:0004995",)),
    Specialty("pulmonology", ("HP:0002086",), ("MONDO:0005087",)),
    Specialty("oncology", ("HP:0002664",), ("MONDO:0005070",)),
    Specialty("nephrology and urology", ("HP:0000119",), ("MONDO:0002118", "MONDO:0005240")),
    Specialty(
        "immunology and infectious disease",
        ("HP:0002715",),
        ("MONDO:0005046", "MONDO:0005550"),
    ),
    Specialty("haematology", ("HP:0001871",), ("MONDO:0005570",)),
    Specialty("gastroenterology and hepatology", ("HP:0025031",), ("MONDO:0004335",)),
    Specialty("dermatology", ("HP:0001574",), ("MONDO:0002051",)),
    Specialty("ophthalmology", ("HP:0000478",), ("MONDO:0024458",)),
    Specialty(
        "endocrinology and metabolism",
        ("HP:0000818", "HP:0001939"),
        ("MONDO:0005151", "MONDO:0005066"),
    ),
    Specialty(
        "musculoskeletal and rheumatology",
        ("HP:0033127", "HP:0040064"),
        ("MONDO:0002081", "MONDO:0005554"),
    ),
    Specialty("neurology", ("HP:0000707",), ("MONDO:0005071",)),
)


# A disease belongs to a specialty under which so much of it lies.
_BELONGS = 0.25


class Classifier:
    """Gives diseases of one graph their specialty."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def specialty(self, disease: str) -> str | None:
        """The specialty of a disease; `None` if neither HPO nor MONDO places it."""
        scores = self._scores(disease)
        best = max(scores, key=lambda name: scores[name])
        return best if scores[best] else None

    def specialties(self, disease: str) -> list[str]:
        """All specialties that a disease belongs to, in the order of the table."""
        own = self.specialty(disease)
        scores = self._scores(disease).items()
        return [name for name, score in scores if name == own or score >= _BELONGS]

    def _scores(self, disease: str) -> dict[str, float]:
        code = self.graph.code(disease)
        signs = self.graph.neighbours(code, Predicate.HAS_PHENOTYPE, forward=True)
        return {
            name: sum(sign in organ for sign in signs) / max(len(signs), 1)
            + (code in self._classes[name])
            for name, organ in self._organs.items()
        }

    @cached_property
    def _organs(self) -> Mapping[str, frozenset[int]]:
        return {one.name: self._below(one.organs) for one in SPECIALTIES}

    @cached_property
    def _classes(self) -> Mapping[str, frozenset[int]]:
        return {one.name: self._below(one.classes) for one in SPECIALTIES}

    def _below(self, roots: tuple[str, ...]) -> frozenset[int]:
        known = [self.graph.code(root) for root in roots if root in self.graph]
        return frozenset[int]().union(*(self.graph.below(code) for code in known))
