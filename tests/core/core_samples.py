"""Small records for the tests of this folder."""

from typing import ClassVar

from medresearcher.records.base import Record
from medresearcher.records.knowledge import EntityType, Evidence, Predicate
from medresearcher.records.question import Question
from medresearcher.records.trajectory import Message, Timing, Trajectory, Usage
from medresearcher.records.verdict import Verdict


class Note(Record):
    """A record with one number and one text."""

    SCHEMA: ClassVar[str] = "medresearcher/note/1"
    PREFIX: ClassVar[str] = "n"

    number: int
    text: str = ""


MARFAN = "MONDO:0007947"
FBN1 = "HGNC:3603"
EVIDENCE = Evidence(source="hpo", licence="HPO", record="OMIM:154700", row=7, reference="PMID:1")


def question(text: str = "Which disease does Entity_B cause?") -> Question:
    """A question of one hop and one clue."""
    condition = {
        "kind": "atom",
        "subject": "Entity_B",
        "predicate": Predicate.HAS_PHENOTYPE,
        "object": "HP:0001166",
        "closure": True,
    }
    clue = {
        "mask": "Entity_B",
        "condition": condition,
        "text": "long, slender fingers",
        "name": "long, slender fingers",
        "evidence": (EVIDENCE,),
    }
    query = {
        "variables": {"Entity_A": EntityType.GENE, "Entity_B": EntityType.DISEASE},
        "joins": ({"subject": "Entity_A", "predicate": Predicate.CAUSES, "object": "Entity_B"},),
        "conditions": (condition,),
        "answer": "Entity_B",
    }
    return Question.create(
        question=text,
        answer={"id": MARFAN, "name": "Marfan syndrome", "aliases": ("MFS", "Marfanův")},
        specialty="genetics",
        shape="chain",
        entities=(
            {"mask": "Entity_A", "id": FBN1, "type": "gene", "name": "FBN1", "aliases": ()},
            {
                "mask": "Entity_B",
                "id": MARFAN,
                "type": "disease",
                "name": "Marfan syndrome",
                "aliases": (),
            },
        ),
        hops=(
            {
                "subject": FBN1,
                "predicate": Predicate.CAUSES,
                "object": MARFAN,
                "start": "Entity_A",
                "end": "Entity_B",
                "evidence": (EVIDENCE,),
            },
        ),
        clues=(clue,),
        certificate={
            "query": query,
            "answer": MARFAN,
            "dropped": ({"clue": 0, "answers": (MARFAN, "MONDO:1")},),
            "equivalents": {MARFAN: ("OMIM:154700",)},
            "graph": "0" * 16,
        },
        rarity={"rule": "cited_publications", "value": 2, "limit": 5},
    )


def trajectory() -> Trajectory:
    """A rollout of two messages."""
    return Trajectory.create(
        question_id="q-1",
        specialty="genetics",
        policy="guided",
        seed=1,
        attempt=0,
        guide=None,
        messages=(
            Message(role="user", content="?"),
            Message(role="assistant", content="Marfan syndrome"),
        ),
        tools=({"type": "function", "function": {"name": "search", "parameters": {}}},),
        outcome={"call-1": "found"},
        usage=Usage(),
        timing=Timing(model_calls=1, tool_calls=0),
        verdict=Verdict(correct=True, method="name", predicted="Marfan syndrome", reason="name"),
        termination="answered",
    )
