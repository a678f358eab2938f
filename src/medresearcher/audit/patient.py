"""A question laid open as JSON, for the mutations: what it says, and what the graph has near it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from medresearcher.audit.facts import Edge, Facts
from medresearcher.records.knowledge import Predicate
from medresearcher.sources.registry import licence_of

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Patient:
    """A question as JSON that may be changed, with the graph that it is about."""

    question: Json
    facts: Facts
    rng: Random

    @property
    def proof(self) -> Json:
        """Its certificate."""
        return self.question["certificate"]

    @property
    def query(self) -> Json:
        """The query of its certificate."""
        return self.proof["query"]

    @property
    def clues(self) -> list[Json]:
        """Its clues."""
        return self.question["clues"]

    @property
    def answer(self) -> Json:
        """The masked entity that is the answer."""
        mask = self.query["answer"]
        return next(one for one in self.question["entities"] if one["mask"] == mask)

    def node(self, mask: str) -> str:
        """The entity that a mask stands for."""
        return next(one["id"] for one in self.question["entities"] if one["mask"] == mask)

    def clue(self, fits: Callable[[Json], bool] = lambda _: True) -> int | None:
        """The place of a random clue that fits; `None` if none does."""
        places = [place for place, one in enumerate(self.clues) if fits(one)]
        return self.rng.choice(places) if places else None

    def replace(self, place: int, condition: Json, evidence: list[Json]) -> None:
        """Put another condition of the same entity into a clue and the query."""
        condition = {**condition, "subject": self.clues[place]["mask"]}
        self.clues[place].update(condition=condition, evidence=evidence, witness=None)
        self.query["conditions"][place] = condition

    def rival(self, place: int) -> str:
        """An entity that answers too when a clue is left out, as the certificate says."""
        return self.rng.choice(self.proof["dropped"][place]["answers"])

    def rows(self, edge: Edge) -> list[Json]:
        """The rows that state an edge, as evidence."""
        return [
            {**row._asdict(), "licence": licence_of(row.source)} for row in self.facts.rows(edge)
        ]

    def edges(self, node: str, *, forward: bool = True) -> list[Edge]:
        """All asserted edges from a node, or to it."""
        lists = self.facts.out if forward else self.facts.into
        return sorted(
            Edge(node, predicate, other) if forward else Edge(other, predicate, node)
            for predicate, neighbours in lists.items()
            for other in neighbours.get(node, ())
        )

    def evidence(self) -> list[Json]:
        """The rows of a random hop or clue."""
        return self.rng.choice([*self.question["hops"], *self.clues])["evidence"]

    def rename(self, new: str) -> None:
        """Put another entity in the place of the answer, with its own names and rows."""
        old, answer, node = self.answer["id"], self.answer, self.facts.nodes.get(new)
        name = node.name if node else answer["name"]
        aliases = list(node.aliases if node else answer["aliases"])
        answer.update(id=new, name=name, aliases=aliases)
        own = [one for one in aliases if self.facts.names.of(one) <= {new}]
        self.question["answer"].update(id=new, name=name, aliases=own)
        self.proof["answer"] = new
        self.proof["equivalents"].pop(old, None)
        self.proof["equivalents"][new] = list(node.equivalents) if node else []
        for hop in self.question["hops"]:
            for end in ("subject", "object"):
                hop[end] = new if hop[end] == old else hop[end]
            edge = Edge(hop["subject"], Predicate(hop["predicate"]), hop["object"])
            hop["evidence"] = self.rows(edge) or hop["evidence"]


def atom(edge: Edge) -> Json:
    """The condition, without its subject, that the edge meets."""
    return {"kind": "atom", "predicate": str(edge.predicate), "object": edge.object}


def above(facts: Facts, nodes: Iterable[str]) -> list[str]:
    """Nodes and everything above them, the nearest first."""
    reached = dict.fromkeys(nodes)
    level = list(reached)
    while level:
        up = (facts.neighbours(one, Predicate.SUBCLASS_OF, forward=True) for one in level)
        level = sorted(set[str]().union(*up) - reached.keys())
        reached.update(dict.fromkeys(level))
    return list(reached)
