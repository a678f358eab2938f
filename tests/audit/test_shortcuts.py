"""The shortcut meter on a world so small that every figure can be worked out by hand."""

from collections.abc import Sequence

import pytest
from shortcut_world import ITEM, KB_DOCUMENTS, question, write_kb

from medresearcher.audit.facts import Facts
from medresearcher.audit.formats import Item, Passage
from medresearcher.audit.meter import figures, figures_by_type, measure
from medresearcher.audit.naming import Names, Text
from medresearcher.audit.shortcuts import Found, Meter, leaks, query_of, text_cover
from medresearcher.audit.sight import Sight, best_sights
from medresearcher.audit.solver import Solver
from medresearcher.errors import InputError
from medresearcher.records.question import Choice
from medresearcher.records.trajectory import (
    Message,
    Termination,
    Timing,
    Trajectory,
    Usage,
)
from medresearcher.records.verdict import Verdict
from medresearcher.retrieval.index import Index


@pytest.fixture(scope="module")
def kb(tmp_path_factory):
    return write_kb(tmp_path_factory.mktemp("shortcuts"))


@pytest.fixture(scope="module")
def meter(kb):
    return Meter(Index.open(kb / "index"), Solver(Facts.load(kb / "graph")), k=1)


def asked(text: str, answer: str = "basalt atrophy", clues: Sequence[str] = (), **fields) -> Item:
    return Item("1", "qa", text, answer, clues=tuple(clues), **fields)


# Names


@pytest.mark.parametrize(
    ("name", "text", "stands"),
    [
        ("Marfan syndrome", "the MARFAN SYNDROME of", True),
        ("Marfan syndrome", "Marfan syndromes", False),
        ("REST", "the rest of", False),
        ("REST", "gene REST.", True),
        ("F8", "HF8", False),
        ("F8", "f8", False),
        ("Heron", "a heron", True),
        ("类风湿", "患者有类风湿病", True),
        ("x", "x", False),
        ("C (D", "a C (D b", True),
    ],
)
def test_names_stand_as_whole_words(name, text, stands):
    assert (Names([name]).first_in(Text(text)) is not None) is stands


def test_leaks_are_names_of_the_answer_and_of_what_is_hidden():
    item = asked("Which man wrote of the Russet sparrow?", "Gould", hidden=("russet sparrow", "x"))
    assert leaks(item) == ("russet sparrow",)
    assert leaks(asked("Is there no other?", "no")) == ()


# Searches


def test_queries_are_made_of_content_words():
    assert query_of("Which of the genes (and why) has it?") == "; ; ; genes ; ; ; ;"


def test_a_search_finds_by_page_or_by_name(meter):
    page = meter.measure(asked("the one with zebra stripes"))
    assert (page.by_question, page.shown) == (Found(page=True, named=True), True)
    named = meter.measure(asked("the report on walruses"))
    assert named.by_question == Found(page=False, named=True)
    neither = meter.measure(asked("ataxia with seizure"))
    assert (neither.by_question, neither.shown) == (Found(page=False, named=False), False)


def test_the_meter_sees_the_documents_that_the_search_tool_shows(kb):
    index = Index.open(kb / "index")
    for text in ("ataxia", "seizure fever zebra", "in the ice", "nothing like it"):
        ids = [one.id for one in index.documents(text, 3)]
        assert ids == [one.id for one in index.search(text, 3)]
    assert index.documents("?!", 3) == []


def test_what_the_hit_does_not_show_is_named_all_the_same(meter):
    """The name stands in the document, but far from the passage that fits the query."""
    deep = meter.measure(asked("the narwhal in the ice", "cedar sclerosis"))
    assert (deep.by_question, deep.shown) == (Found(page=False, named=True), False)


def test_the_best_clue_counts(meter):
    found = meter.measure(asked("ataxia with seizure", clues=["ataxia", "zebra", "seizure"]))
    assert found.by_question == Found(page=False, named=False)
    assert found.by_clue == Found(page=True, named=True)
    assert meter.measure(asked("ataxia")).by_clue is None


@pytest.mark.parametrize("item", [asked("zebra", "yes"), asked("斑马 zebra")])
def test_what_search_cannot_tell_is_not_measured(meter, item):
    found = meter.measure(item)
    assert (found.by_question, found.by_clue, found.shown) == (None, None, None)


def test_a_certified_answer_is_found_by_the_entity_of_the_page(meter):
    """The page of the answer is found although its title is another."""
    assert meter.measure(ITEM).by_question == Found(page=True, named=True)


# Cover and selectivity


def test_text_cover_by_hand():
    documents = [{"a", "b", "c"}, {"c", "d"}]
    assert text_cover(documents, [{"a"}, {"c", "d"}, {"b", "c"}, {"e"}]) == 2 / 4
    assert text_cover(documents, []) is None
    assert text_cover([], [{"a"}]) is None


def test_other_formats_are_covered_by_their_own_passages(meter):
    passages = (Passage("One", "ataxias and seizures"), Passage("Two", "fever"))
    item = asked("ataxia?", clues=["an ataxia", "seizure with fever"], passages=passages)
    assert meter.measure(item).cover == 1 / 2
    words = asked("ataxia and fever, seizure?", passages=passages)
    assert meter.measure(words).cover == 2 / 3


def test_cover_of_a_certified_question_by_hand(meter):
    """Amber dysplasia has both of its signs and not the third; no entity meets all three."""
    found = meter.measure(ITEM)
    assert found.cover == 2 / 3
    assert found.selectivity == 1  # only basalt atrophy has fever
    assert found.kind == "disease"


def test_a_choice_is_covered_by_what_is_chosen(meter):
    least = Choice(subject="Entity_C", measure="onset", extreme="least")
    record = question(least)
    item = Item("2", "medresearcher", record.question, record.answer.name, record=record)
    found = meter.measure(item)
    # Amber dysplasia: ataxia and seizure; basalt atrophy: ataxia, fever and the choice.
    assert found.cover == 3 / 4
    assert found.selectivity == 1


# Figures of a file


def test_the_figures_of_a_file_by_hand(meter):
    results = [
        meter.measure(one)
        for one in (
            ITEM,
            asked("ataxia with seizure"),
            asked("report on walruses"),
            asked("Is amber dysplasia rare?", "amber dysplasia"),
            asked("zebra", "yes"),
        )
    ]
    found = figures(results)
    # By the second question nothing is found; the fourth names its answer, and finds its page.
    assert (found["solved_by_one_search"].value, found["solved_by_one_search"].n) == (3 / 4, 4)
    assert found["one_search_finds_page"].value == 2 / 4
    assert found["one_search_names"].value == 3 / 4
    assert found["lexical_leak"].value == 1 / 5
    assert found["constant_answer"].value == 3 / 5  # basalt atrophy
    assert found["constant_answer_by_type"].value == 3 / 5
    assert found["calls_needed"].value is None
    assert figures_by_type(results)["disease"]["solved_by_one_search"].n == 1


def test_processes_measure_as_one(kb):
    items = [Item(str(n), "qa", one.text, "basalt atrophy") for n in range(40) for one in
             KB_DOCUMENTS]  # fmt: skip
    assert measure(items, kb, workers=2) == measure(items, kb)


def test_passages_of_a_file_are_searched_instead_of_the_index(kb):
    passages = (Passage("Heron", "a bird by the water"), Passage("Zebra", "stripes"))
    item = asked("Which bird wades in water?", "heron", passages=passages)
    other = asked("Which has stripes?", "zebra", passages=(passages[1],))
    results = measure([item, other], kb, k=1)
    assert [one.by_question for one in results] == [Found(page=True, named=True)] * 2


# Rollouts


def rollout(*observations: str, correct: bool = True, question_id: str = "1") -> Trajectory:
    messages = [Message(role="user", content="basalt atrophy is in the question")]
    for text in observations:
        messages.append(Message(role="assistant", content="basalt atrophy, I think"))
        messages.append(Message(role="tool", content=text, tool_call_id="c"))
    return Trajectory.create(
        question_id=question_id,
        specialty="none",
        policy="guided",
        seed=0,
        attempt=0,
        guide=None,
        messages=tuple(messages),
        tools=(),
        outcome={},
        usage=Usage(),
        timing=Timing(model_calls=len(observations) + 1, tool_calls=len(observations)),
        verdict=Verdict(correct=correct, method="name", predicted="x", reason="x"),
        termination=Termination.ANSWERED,
    )


def test_first_sight_is_the_share_of_calls_before():
    items = {"1": asked("ataxia?")}
    first = rollout("nothing", "still", "Basalt atrophy (MONDO:2)", "more")
    assert best_sights([first], items) == {"1": Sight(calls=4, first=2 / 4)}
    assert best_sights([rollout("nothing", "more")], items) == {"1": Sight(2, None)}


def test_of_several_rollouts_the_shortest_and_earliest_count():
    items = {"1": asked("ataxia?")}
    some = [
        rollout("basalt atrophy", "a", "b", "c"),
        rollout("a", "basalt atrophy"),
        rollout("basalt atrophy", correct=False),
        rollout("basalt atrophy", question_id="another"),
    ]
    assert best_sights(some, items) == {"1": Sight(calls=2, first=0.0)}
    assert best_sights(some[2:], items) == {}


def test_the_identifier_of_a_certified_answer_is_sight_too():
    found = best_sights([rollout("a", "b MONDO:2 c", question_id=ITEM.id)], {ITEM.id: ITEM})
    assert found == {ITEM.id: Sight(calls=2, first=1 / 2)}


def test_rollouts_are_read_from_their_folder(kb, tmp_path):
    line = rollout("a", "b", "basalt atrophy").to_line()
    (tmp_path / "trajectories.jsonl").write_text(line + "\n")
    (found,) = measure([asked("ataxia?")], kb, rollouts=tmp_path)
    assert (found.calls, found.first_sight) == (3, 2 / 3)
    with pytest.raises(InputError, match="holds no trajectories"):
        measure([asked("ataxia?")], kb, rollouts=tmp_path / "none")
