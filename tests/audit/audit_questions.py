"""Certified questions over small random graphs, found by trying and proven by SQL alone."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import sql_oracle
from audit_worlds import World

from medresearcher.graph.onset import ONSET_RANK
from medresearcher.graph.tables import read_tables
from medresearcher.records.knowledge import Predicate, Statement
from medresearcher.records.question import Atom, Choice, Condition, Query, Question
from medresearcher.sources.registry import licence_of

_TRIES = 90


class Prover:
    """Finds certified questions in one random graph."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.world = World(folder, Random(seed))
        self.database = sql_oracle.connect(folder)
        self.digest = read_tables(folder).digest

    def questions(self) -> Iterator[Question]:
        """Every question among some random queries whose answer is unique, each clue needed."""
        for _ in range(_TRIES):
            query, ids = self.world.solved_query()
            query = self._needed(query, ids)
            if query is None or not query.joins:
                continue
            clues = [self._clue(place, one, ids) for place, one in enumerate(query.conditions)]
            if all(clue["evidence"] for clue in clues):
                yield self._question(query, ids, clues)

    def _needed(self, query: Query, ids: dict[str, str]) -> Query | None:
        """The query without what its answer does not need; `None` if the answer is not unique."""
        goal = {ids[query.answer]}
        if self.answers(query) != goal or not self._is_solution(query, ids):
            return None
        place = 0
        while place < len(query.conditions):
            if self.answers(query, place) == goal:
                rest = (*query.conditions[:place], *query.conditions[place + 1 :])
                query = query.model_copy(update={"conditions": rest})
            else:
                place += 1
        return query if query.conditions and self._is_solution(query, ids) else None

    def answers(self, query: Query, without: int | None = None) -> set[str]:
        return sql_oracle.answers(self.database, query, without)

    def _is_solution(self, query: Query, ids: dict[str, str]) -> bool:
        found = sql_oracle.solutions(self.database, query)
        return tuple(ids[name] for name in query.variables) in found

    def _question(self, query: Query, ids: dict[str, str], clues: list[dict[str, Any]]) -> Question:
        entities = {one.id: one for one in self.world.entities}
        answer = entities[ids[query.answer]]
        dropped = [
            sorted(self.answers(query, place) - {answer.id})[:5] for place in range(len(clues))
        ]
        return Question.create(
            question=f"What has {', '.join(clue['text'] for clue in clues)}?",
            answer={"id": answer.id, "name": answer.name, "aliases": answer.aliases},
            specialty="neurology",
            shape="cycle" if len(query.joins) >= len(query.variables) else "chain",
            entities=[
                {
                    "mask": mask,
                    "id": node,
                    "type": entities[node].type,
                    "name": entities[node].name,
                    "aliases": entities[node].aliases,
                }
                for mask, node in ids.items()
            ],
            hops=self._hops(query, ids),
            clues=clues,
            certificate={
                "query": query,
                "answer": answer.id,
                "dropped": [{"clue": n, "answers": some} for n, some in enumerate(dropped)],
                "equivalents": {node: entities[node].equivalents for node in ids.values()},
                "graph": self.digest,
            },
            rarity={"rule": "cited_publications", "value": 1, "limit": 5},
        )

    def _hops(self, query: Query, ids: dict[str, str]) -> list[dict[str, Any]]:
        known = {next(iter(query.variables))}
        hops: list[dict[str, Any]] = []
        for join in query.joins:
            start, end = sorted((join.subject, join.object), key=lambda one: one not in known)
            known |= {start, end}
            edge = (ids[join.subject], join.predicate, ids[join.object])
            hops.append(
                {
                    "subject": edge[0],
                    "predicate": edge[1],
                    "object": edge[2],
                    "start": start,
                    "end": end,
                    "evidence": self._evidence(*edge),
                }
            )
        return hops

    def _clue(self, place: int, condition: Condition, ids: dict[str, str]) -> dict[str, Any]:
        named = condition.object if isinstance(condition, Atom) else None
        hidden = named is None or named in ids.values()
        name = "" if hidden else next(one.name for one in self.world.entities if one.id == named)
        return {
            "mask": condition.subject,
            "condition": condition,
            "name": name,
            "text": f"finding {chr(ord('a') + place)}: {name or 'some'}",
            **self._shown(condition, ids),
        }

    def _shown(self, condition: Condition, ids: dict[str, str]) -> dict[str, Any]:
        """Evidence and, where it is of another object, the witness."""
        node = ids[condition.subject]
        if isinstance(condition, Atom):
            near = reversed(self._near(condition))  # a witness, if there is one
            for one in near if condition.closure else [condition.object]:
                rows = self._evidence(node, condition.predicate, one, negated=condition.negated)
                if rows:
                    witness = None if one == condition.object else one
                    return {"evidence": rows, "witness": witness}
            return {"evidence": []}
        if isinstance(condition, Choice) and condition.measure == "share":
            assert condition.of
            assert condition.predicate
            return {"evidence": self._evidence(ids[condition.of], condition.predicate, node)}
        predicate = condition.predicate or Predicate.HAS_ONSET
        forward = condition.forward if condition.predicate else True
        rows = [
            self._as_evidence(one)
            for one in self.world.statements
            if not one.negated
            and one.predicate is predicate
            and (one.subject if forward else one.object) == node
            and (condition.predicate or one.object in ONSET_RANK)
        ]
        return {"evidence": rows}

    def _near(self, condition: Atom) -> list[str]:
        """The object and what is below it, or above it if it is negated."""
        reached = [condition.object]
        for node in reached:
            for one in self.world.statements:
                ends = (one.subject, one.object)
                start, end = ends if condition.negated else ends[::-1]
                is_step = one.predicate is Predicate.SUBCLASS_OF and not one.negated
                if is_step and start == node and end not in reached:
                    reached.append(end)
        return reached

    def _evidence(
        self, subject: str, predicate: Predicate, obj: str, *, negated: bool = False
    ) -> list[dict[str, Any]]:
        return [
            self._as_evidence(one)
            for one in self.world.statements
            if (one.subject, one.predicate, one.object, one.negated)
            == (subject, predicate, obj, negated)
        ]

    def _as_evidence(self, row: Statement) -> dict[str, Any]:
        return {
            "source": row.source,
            "licence": licence_of(row.source),
            "record": row.record,
            "row": row.row,
            "reference": row.reference or None,
            "frequency": row.frequency or None,
        }
