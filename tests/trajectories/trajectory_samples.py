"""Trajectories and questions built by hand, for the tests of this folder."""

import json
from collections.abc import Sequence
from typing import Any

from medresearcher.records.knowledge import EntityType, Evidence, Predicate
from medresearcher.records.question import Question
from medresearcher.records.trajectory import Message, Outcome, Timing, Trajectory, Usage
from medresearcher.records.verdict import Verdict
from medresearcher.trajectories.filter import Rejected

SYSTEM = "Research the question with the tools."
RIGHT = Verdict(
    correct=True, method="identifier", predicted="Marfan syndrome", reason="the identifier"
)
WRONG = Verdict(correct=False, method="name", predicted="Lyme disease", reason="not a name")
UNJUDGED = Verdict(correct=None, method="none", predicted=None, reason="no judge")

TOOLS: tuple[dict[str, Any], ...] = (
    {
        "type": "function",
        "function": {
            "name": "medical_search",
            "description": "Search the documents.",
            "parameters": {
                "type": "object",
                "properties": {
                    "query": {"type": "string", "description": "Words."},
                    "limit": {"type": "integer", "default": 5, "minimum": 1},
                },
                "required": ["query"],
                "additionalProperties": False,
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "lookup_entity",
            "description": "Look up an entity.",
            "parameters": {
                "type": "object",
                "properties": {"entity": {"type": "string"}},
                "required": ["entity"],
            },
        },
    },
)


def tool_call(number: int, arguments: str = "", tool: str = "medical_search") -> dict[str, Any]:
    """One call with the id `call-<number>`; by default it searches for the number."""
    named = "query" if tool == "medical_search" else "entity"
    raw = arguments or json.dumps({named: f"finding {number}"})
    return {"id": f"call-{number}", "function": {"name": tool, "arguments": raw}}


def asks(*calls: dict[str, Any], thought: str | None = None) -> Message:
    """An assistant message that calls tools."""
    return Message.model_validate({"role": "assistant", "content": thought, "tool_calls": calls})


def tells(
    number: int,
    text: str = "- Marfan syndrome (MONDO:0007947)\n\n[found · 1 document]",
    tool="medical_search",
):
    """The tool message that answers `call-<number>`."""
    return Message(role="tool", tool_call_id=f"call-{number}", name=tool, content=text)


ANSWER = Message(role="assistant", content="It fits.\n\nAnswer: Marfan syndrome (MONDO:0007947)")
START = (
    Message(role="system", content=SYSTEM),
    Message(role="user", content="Which disease is it?"),
)


def trajectory(*messages: Message, **changes: Any) -> Trajectory:
    """A right trajectory with these messages between question and answer (default: one call).

    Every call is `found` unless `outcome` says otherwise.
    """
    middle = messages or (asks(tool_call(1), thought="Let me look."), tells(1))
    ids = [call.id for one in middle for call in one.tool_calls or ()]
    outcome = dict.fromkeys(ids, Outcome.FOUND) | changes.pop("outcome", {})
    fields: dict[str, Any] = {
        "question_id": "q-1",
        "specialty": "cardiology",
        "policy": "guided",
        "seed": 7,
        "attempt": 0,
        "guide": None,
        "messages": (*START, *middle, ANSWER),
        "tools": TOOLS,
        "outcome": outcome,
        "usage": Usage(),
        "timing": Timing(model_calls=len(ids) + 1, tool_calls=len(ids)),
        "verdict": RIGHT,
        "termination": "answered",
    }
    return Trajectory.create(**{**fields, **changes})


def rounds(count: int, **changes: Any) -> Trajectory:
    """A right trajectory of `count` calls, one after the other."""
    middle = [
        one for number in range(count) for one in (asks(tool_call(number + 1)), tells(number + 1))
    ]
    return trajectory(*middle, **changes)


def question(
    text: str = "Which disease is it?", *, specialty: str = "cardiology", hops: int = 2
) -> Question:
    """A question whose chain goes back and forth between genes and diseases."""
    evidence = (
        Evidence(
            source="hpo", licence="LicenseRef-HPO", record="OMIM:154700", row=7, reference="PMID:1"
        ),
    )
    masks = [f"Entity_{chr(65 + number)}" for number in range(hops + 1)]
    ids = [f"{'HGNC' if number % 2 else 'MONDO'}:{number}" for number in range(hops + 1)]
    types = [EntityType.GENE if number % 2 else EntityType.DISEASE for number in range(hops + 1)]
    chain = [
        {
            "subject": ids[number + 1] if types[number + 1] is EntityType.GENE else ids[number],
            "predicate": Predicate.CAUSES,
            "object": ids[number] if types[number + 1] is EntityType.GENE else ids[number + 1],
            "start": masks[number],
            "end": masks[number + 1],
            "evidence": evidence,
        }
        for number in range(hops)
    ]
    condition = {
        "kind": "atom",
        "subject": "Entity_A",
        "predicate": Predicate.HAS_PHENOTYPE,
        "object": "HP:0001166",
        "closure": True,
    }
    return Question.create(
        question=text,
        answer={"id": ids[-1], "name": f"name {hops}", "aliases": ()},
        specialty=specialty,
        shape="chain",
        entities=[
            {"mask": mask, "id": one, "type": kind, "name": f"name {number}", "aliases": ()}
            for number, (mask, one, kind) in enumerate(zip(masks, ids, types, strict=True))
        ],
        hops=chain,
        clues=[
            {
                "mask": "Entity_A",
                "condition": condition,
                "text": "long, slender fingers",
                "name": "long, slender fingers",
                "evidence": evidence,
            }
        ],
        certificate={
            "query": {
                "variables": dict(zip(masks, types, strict=True)),
                "joins": [
                    {
                        "subject": masks[number if number % 2 else number + 1],
                        "predicate": Predicate.CAUSES,
                        "object": masks[number + 1 if number % 2 else number],
                    }
                    for number in range(hops)
                ],
                "conditions": [condition],
                "answer": masks[-1],
            },
            "answer": ids[-1],
            "dropped": [{"clue": 0, "answers": ["MONDO:77", "MONDO:78"]}],
            "equivalents": {ids[0]: ("OMIM:154700",)},
            "graph": "0123456789abcdef",
        },
        rarity={"rule": "cited_publications", "value": 2, "limit": 5},
    )


def rejected(reason: str, one: Trajectory) -> Rejected:
    """A dropped trajectory."""
    return Rejected.create(reason=reason, trajectory=one)


def write_lines(path, records: Sequence[Any]) -> None:
    """Write records as JSONL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(one.to_line() + "\n" for one in records), encoding="utf-8")
