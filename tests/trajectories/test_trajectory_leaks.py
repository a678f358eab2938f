"""The leak detector: planted leaks are found, and what a tool has shown is none."""

import json
from random import Random

import pytest
from planted_leaks import KINDS, measure, plant
from trajectory_samples import START, asks, question, tells, tool_call, trajectory

from medresearcher.records.question import Masked
from medresearcher.records.trajectory import Guide, Message
from medresearcher.trajectories.filter import Reason, sift
from medresearcher.trajectories.leaks import find_leaks

MARFAN = {
    "mask": "Entity_A",
    "id": "MONDO:0007947",
    "type": "disease",
    "name": "Marfan syndrome",
    "aliases": ["MFS", "Marfan's syndrome", "contractural arachnodactyly of Marfan"],
}
FBN1 = {
    "mask": "Entity_B",
    "id": "HGNC:3603",
    "type": "gene",
    "name": "FBN1",
    "aliases": ["fibrillin 1", "REST", "MASS"],
}
WEILL = {
    "mask": "Entity_C",
    "id": "MONDO:0011941",
    "type": "disease",
    "name": "Weill-Marchesani syndrome 2",
    "aliases": ["WMS2", "Behçet-like lens syndrome"],
}


def hidden(text: str = "Which disease is it?"):
    """A question over three real entities."""
    made = question(text)
    entities = tuple(Masked.model_validate(one) for one in (MARFAN, FBN1, WEILL))
    hops = tuple(
        hop.model_copy(update={"subject": "HGNC:3603", "object": one.id})
        for hop, one in zip(made.hops, (entities[0], entities[2]), strict=True)
    )
    proof = made.certificate.model_copy(
        update={"equivalents": {"MONDO:0007947": ("OMIM:154700", "ORPHA:558")}}
    )
    return made.model_copy(update={"entities": entities, "hops": hops, "certificate": proof})


QUESTION = hidden()
SEEN = (
    "- Marfan syndrome (MONDO:0007947) · also known as MFS\n\n[found · 1 document]",
    "- FBN1 (HGNC:3603)\n\n[found · 1 fact]",
    "- Weill-Marchesani syndrome 2 (MONDO:0011941)\n\n[found · 1 fact]",
)


def clean():
    """Every entity is named only after it was seen; nothing is said in the first turn."""
    thoughts = ("I search for the signs.", "Marfan syndrome, MFS, OMIM:154700: its genes?", "FBN1!")
    middle = [
        one
        for number, (thought, text) in enumerate(zip(thoughts, SEEN, strict=True), 1)
        for one in (asks(tool_call(number), thought=thought), tells(number, text))
    ]
    guide = Guide.model_validate(
        {
            "masks": {"Entity_A": "disease", "Entity_B": "gene", "Entity_C": "disease"},
            "steps": [],
            "clues": [
                {
                    "mask": "Entity_A",
                    "condition": QUESTION.clues[0].condition.model_dump(),
                    "text": "long, slender fingers",
                }
            ],
            "answer": "Entity_C",
        }
    )
    return trajectory(*middle, guide=guide)


def test_what_was_seen_may_be_said():
    assert find_leaks(clean(), QUESTION) == []


def test_planted_leaks_of_every_kind_are_found():
    made, found, missed = measure([(clean(), QUESTION)], 320, seed=11)
    assert set(made) == set(KINDS)
    assert made.total() == 320
    assert [(kind, one.messages) for kind, one in missed] == []
    assert found == made


@pytest.mark.parametrize("kind", KINDS)
def test_a_leak_names_its_place(kind):
    planted = next(
        one for seed in range(99) if (one := plant(Random(seed), kind, clean(), QUESTION))
    )
    leak = find_leaks(planted, QUESTION)[0]
    where = {"thought", "arguments", "question", "system", "guide"}
    assert leak.place in where
    for place in ("question", "system", "guide"):
        assert (leak.place == place) == (place in kind)
    assert leak.mask[:7] == "Entity_"


def saying(thought: str, before: str = "nothing\n\n[empty]", query: str = "signs"):
    """A thought and a query after one observation."""
    call = tool_call(2, json.dumps({"query": query}))
    return trajectory(asks(tool_call(1)), tells(1, before), asks(call, thought=thought), tells(2))


@pytest.mark.parametrize(
    "thought",
    [
        "The rest of the list is long, a mass of names.",
        "These form one syndrome of 2 kinds.",
        "I read document 3603.",
        "The fibrillin gene comes next.",
        "Is it in the HGNC group 36030?",
    ],
)
def test_ordinary_words_and_other_numbers_are_no_leaks(thought):
    assert find_leaks(saying(thought), QUESTION) == []


@pytest.mark.parametrize("query", ["rest", "REST", "Mass", "fbn 1", "mfs"])
def test_a_symbol_as_a_whole_argument_needs_no_case(query):
    assert [one.place for one in find_leaks(saying("I search.", query=query), QUESTION)] == [
        "arguments"
    ]


def test_seeing_one_name_frees_the_other_names_but_not_the_identifier():
    shown = "A page on Marfan syndrome."
    assert find_leaks(saying("So it is MFS.", shown), QUESTION) == []
    assert [it.form for it in find_leaks(saying("So it is MONDO:0007947.", shown), QUESTION)] == [
        "MONDO:0007947"
    ]


def test_a_tool_that_repeats_the_query_does_not_excuse_it():
    one = trajectory(
        asks(tool_call(1, '{"query": "Marfan syndrome"}')),
        tells(1, "nothing for Marfan syndrome\n\n[empty]"),
    )
    assert [it.message for it in find_leaks(one, QUESTION)][:1] == [2]


def test_an_answer_from_nowhere_is_a_leak():
    one = trajectory(messages=(*START, Message(role="assistant", content="Answer: WMS2")))
    assert [it.place for it in find_leaks(one, QUESTION)] == ["answer"]


def test_the_filter_drops_a_leak_only_where_the_question_is_known():
    one = saying("It must be FBN1.", SEEN[0]).model_copy(update={"question_id": QUESTION.id})
    _, dropped = sift([one], {QUESTION.id: QUESTION})
    assert [it.reason for it in dropped] == [Reason.LEAK]
    assert sift([one])[1] == []
