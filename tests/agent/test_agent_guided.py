"""The guided policy finds what the question hides, and only by what the tools told it."""

import json
import pickle
import re
from collections.abc import Iterator
from statistics import median

import pytest
from agent_world import CASES, NAMES

from medresearcher.agent.guide import mask
from medresearcher.agent.guided import GuidedPolicy
from medresearcher.agent.loop import Rollout, Task
from medresearcher.agent.model import ModelPolicy
from medresearcher.graph.store import Graph
from medresearcher.kb import KnowledgeBase
from medresearcher.llm.scripted import ScriptedModel, say, use
from medresearcher.questions.leaks import leaks, stands_in
from medresearcher.records.question import Atom, Choice, Condition, Count, Question
from medresearcher.records.trajectory import (
    Message,
    Observation,
    Outcome,
    Termination,
    Trajectory,
)
from medresearcher.settings import RolloutSettings
from medresearcher.tools.find_by_features import find_by_features
from medresearcher.tools.lookup_entity import lookup_entity
from medresearcher.tools.neighbours import neighbours
from medresearcher.tools.tool import Toolbox
from medresearcher.tools.toolbox import medical_tools

TURNS = RolloutSettings().max_turns
REAL = 24


def play(question: Question, tools: Toolbox, seed: int = 1) -> Trajectory:
    return Rollout(Task(question, 0), GuidedPolicy(), tools, seed=seed).play(TURNS)


def moves(trajectory: Trajectory) -> Iterator[tuple[Message, str]]:
    """Each message of the policy, and all that it could have read before."""
    read = trajectory.messages[1].content or ""
    for message in trajectory.messages[2:]:
        if message.role == "assistant":
            yield message, read
        else:
            read += f"\n{message.content}"


def unread(trajectory: Trajectory) -> list[str]:
    """Arguments, or parts of a query, that stand neither in the question nor in a tool's text.

    The question may speak of several where the sign is named as one: seizures, seizure.
    """
    found: list[str] = []
    for message, read in moves(trajectory):
        for call in message.tool_calls or ():
            arguments = json.loads(call.function.arguments)
            said = [*arguments.get("query", "").split("; ")]
            said += [arguments.get(name, "") for name in ("entity", "document_id")]
            for name in ("entities", "signs", "absent", "among"):
                said += arguments.get(name, [])
            named = filter(None, said)
            found += [one for one in named if not was_read(one, read)]
    return found


def was_read(name: str, read: str) -> bool:
    if f"({name})" in read:  # how the tools print identifiers
        return True
    return stands_in(name, read) or stands_in(f"{name}s", read)


def told_early(trajectory: Trajectory, question: Question) -> list[tuple[str, str]]:
    """Thoughts with a name of a hidden entity that no tool had shown yet."""
    return [
        (message.content or "", name)
        for message, read in moves(trajectory)
        for name in leaks(message.content or "", question.entities)
        if not stands_in(name, read)
    ]


def check(trajectory: Trajectory, question: Question) -> None:
    """What holds of every rollout of the policy, right or wrong."""
    assert unread(trajectory) == []
    assert told_early(trajectory, question) == []
    assert 1 <= trajectory.tool_call_count <= TURNS
    assert trajectory.error is None
    assert Outcome.INVALID_ARGUMENTS not in trajectory.outcome.values()
    assert not any("Entity_" in (one.content or "") for one in trajectory.messages)


def test_the_checks_notice_hidden_knowledge(questions: list[Question], tools: Toolbox) -> None:
    hidden = questions[0].entities[1]
    knowing = [
        use("lookup_entity", json.dumps({"entity": hidden.id}), text="I look it up."),
        use("medical_search", '{"query": "tremor; zebra"}', "call_2", f"Is it {hidden.name}?"),
        use("medical_search", '{"query": "tremor"}', "call_3", "It must be ember dystrophy."),
        say("Answer: not found"),
    ]
    policy = ModelPolicy(ScriptedModel(knowing[1:]))
    found = Rollout(Task(questions[0], 0), policy, tools, seed=1).play(TURNS)
    assert unread(found) == ["zebra"]
    assert told_early(found, questions[0]) == [(f"Is it {hidden.name}?", hidden.name)]
    policy = ModelPolicy(ScriptedModel([knowing[0], knowing[3]]))
    found = Rollout(Task(questions[0], 0), policy, tools, seed=1).play(TURNS)
    assert unread(found) == [hidden.id]


@pytest.mark.parametrize("case", CASES)
def test_a_question_of_every_shape_and_clue_is_solved(
    case: str, questions: list[Question], tools: Toolbox
) -> None:
    question = questions[list(CASES).index(case)]
    found = play(question, tools)
    check(found, question)
    assert found.verdict.correct is True, found.messages[-1].content
    assert found.verdict.method == "identifier"
    last = found.messages[-1].content or ""
    for entity in question.entities:
        assert f"{entity.name} ({entity.id})" in last
    for clue in question.clues:
        assert isinstance(clue.condition, Choice) or clue.text in last


def changed(question: Question, place: int, condition: Condition, name: str) -> Question:
    """The question with one clue replaced by another, here and in its words."""
    clues = list(question.clues)
    old = clues[place]
    text = name or "exactly ninety"
    clues[place] = old.model_copy(update={"condition": condition, "name": name, "text": text})
    said = question.question.replace(old.text, text)
    return question.model_copy(update={"clues": tuple(clues), "question": said})


def false_clues(question: Question, name: str) -> Iterator[Question]:
    """The question with each of its clues made false in turn; a choice is never false."""
    for place, clue in enumerate(question.clues):
        one = clue.condition
        if isinstance(one, Atom):
            yield changed(question, place, one, name)
        elif isinstance(one, Count):
            ninety = one.model_copy(update={"low": 90, "high": 90})
            yield changed(question, place, ninety, "")


@pytest.mark.parametrize("name", ["green teeth", "apnea"])
@pytest.mark.parametrize("case", CASES)
def test_with_a_clue_that_does_not_hold_it_abstains(
    case: str, name: str, questions: list[Question], tools: Toolbox
) -> None:
    """Nobody has green teeth; apnea is had, and lacked, by others only."""
    for question in false_clues(questions[list(CASES).index(case)], name):
        found = play(question, tools)
        check(found, question)
        assert found.termination is Termination.ABSTAINED, question.clues
        assert found.verdict.correct is False
        assert (found.messages[-1].content or "").endswith("Answer: not found")


def test_the_other_extreme_is_another_answer(questions: list[Question], tools: Toolbox) -> None:
    """So the policy does measure: it does not take what it finds first."""
    for case, other in (
        ("earliest", "ember dystrophy"),
        ("most linked", "GEN10"),
        ("seen most often", "Alopecia"),
    ):
        question = questions[list(CASES).index(case)]
        clues = list(question.clues)
        place = next(n for n, c in enumerate(clues) if isinstance(c.condition, Choice))
        choice = clues[place].condition
        turned = {"least": "most", "most": "least"}[choice.extreme]
        clues[place] = clues[place].model_copy(
            update={"condition": choice.model_copy(update={"extreme": turned})}
        )
        if case == "seen most often":  # the clue on alopecia would leave nothing else
            clues = [clue for clue in clues if clue.text != "alopecia"]
        question = question.model_copy(update={"clues": tuple(clues)})
        found = play(question, tools)
        assert found.verdict.predicted == f"{other} ({NAMES[other]})"


def test_two_answers_that_both_fit_are_no_answer(questions: list[Question], tools: Toolbox) -> None:
    question = questions[list(CASES).index("absence")]
    loose = question.model_copy(
        update={"clues": tuple(clue for clue in question.clues if clue.mask == "Entity_A")}
    )
    found = play(loose, tools)
    assert found.termination is Termination.ABSTAINED
    assert "no single chain of entities fits all the clues" in (found.messages[-1].content or "")


def test_with_too_few_turns_it_ends_without_an_answer(
    questions: list[Question], tools: Toolbox
) -> None:
    question = questions[list(CASES).index("gene of a third disease")]
    whole = play(question, tools)
    for turns in range(1, whole.tool_call_count + 1):
        found = Rollout(Task(question, 0), GuidedPolicy(), tools, seed=1).play(turns)
        assert found.termination is Termination.MAX_TURNS
        assert found.tool_call_count == turns
        assert found.verdict.correct is False
    assert play(question, tools).termination is Termination.ANSWERED


def test_a_crowd_of_candidates_is_narrowed_page_by_page(
    questions: list[Question], tools: Toolbox
) -> None:
    """Seventy diseases have fever and apnea, and none of them has a gene."""
    first = questions[0].clues[0]
    crowded = tuple(
        first.model_copy(
            update={
                "text": text,
                "name": text,
                "condition": first.condition.model_copy(
                    update={"object": NAMES[text.capitalize()]}
                ),
            }
        )
        for text in ("fever", "apnea")
    )
    question = questions[0].model_copy(
        update={"clues": crowded, "question": "Which disorder has fever and apnea?"}
    )
    found = play(question, tools)
    check(found, question)
    assert found.termination is Termination.ABSTAINED
    made = [call for message in found.messages for call in message.tool_calls or ()]
    assert [call.function.name for call in made] == [
        "medical_search",
        "find_by_features",
        "find_by_features",
        *["neighbours"] * 4,  # twenty at once
    ]
    assert json.loads(made[2].function.arguments)["page"] == 2


def test_what_is_too_long_for_several_at_once_is_listed_alone(
    questions: list[Question], tools: Toolbox
) -> None:
    """A disease of 81 genes: their number is told, then they are read page by page."""
    found = play(questions[list(CASES).index("one of eighty genes")], tools)
    made = [call.function for message in found.messages for call in message.tool_calls or ()]
    listed = [json.loads(one.arguments) for one in made if one.name == "lookup_entity"]
    hub = {"entity": NAMES["moonstone disease"], "relation": "causal_genes"}
    assert listed[:3] == [hub, {**hub, "page": 2}, {**hub, "page": 3}]
    assert found.verdict.correct is True


class Endless(Toolbox):
    """Lists of the tools that go on and on."""

    def call(self, name: str, raw_arguments: str) -> Observation:
        page = json.loads(raw_arguments).get("page", 1)
        if page > 1:
            text = f"[found · nothing more · page {page} of 99]"
            return Observation(outcome=Outcome.FOUND, text=text)
        found = super().call(name, raw_arguments)
        text = re.sub(r"page 1 of \d+]$", "page 1 of 99]", found.text)
        return found.model_copy(update={"text": text})


def test_a_list_that_was_not_read_to_its_end_gives_no_answer(
    graph: Graph, questions: list[Question], tools: Toolbox
) -> None:
    endless = Endless([find_by_features(graph), neighbours(graph), lookup_entity(graph)])
    found = Rollout(Task(questions[0], 0), GuidedPolicy(), endless, seed=1).play(1_000)
    assert found.termination is Termination.ABSTAINED
    assert "a list was too long to be read to its end" in (found.messages[-1].content or "")


def test_the_guide_is_all_that_it_holds(questions: list[Question], tools: Toolbox) -> None:
    """What a player has before its first call names nothing that is hidden."""
    for question in questions:
        player = GuidedPolicy().start(mask(question), 1)
        held = pickle.dumps(player._researcher.__dict__ | {"say": None}).decode("latin-1")
        for entity in question.entities:
            assert entity.id not in held
            assert not stands_in(entity.name, held), (question.question, entity.name)
        for clue in question.clues:
            assert not clue.object or clue.object not in held


def test_a_tool_that_is_down_is_read_as_nothing_found(questions: list[Question]) -> None:
    found = play(questions[0], Toolbox([]))
    assert found.termination is Termination.ABSTAINED
    assert set(found.outcome.values()) == {Outcome.INVALID_ARGUMENTS}


def test_equal_seeds_play_equally_and_others_word_it_otherwise(
    questions: list[Question], tools: Toolbox
) -> None:
    assert play(questions[4], tools).to_line() == play(questions[4], tools).to_line()
    thoughts = {play(questions[4], tools, seed).messages[2].content for seed in range(9)}
    assert len(thoughts) > 1


def test_it_cannot_start_without_a_guide() -> None:
    with pytest.raises(ValueError, match="needs a guide"):
        GuidedPolicy().start(None, 1)


@pytest.mark.slow
def test_over_real_questions_it_knows_only_what_it_read(
    real_questions: list[Question], real_kb: KnowledgeBase
) -> None:
    """Nine of ten are solved, with several calls each, and nothing wrong is ever said."""
    tools = medical_tools(real_kb.graph, real_kb.index)
    asked = real_questions[:REAL]
    played = [play(question, tools) for question in asked]
    for question, found in zip(asked, played, strict=True):
        check(found, question)
    wrong = [
        (question.id, found.verdict.predicted)
        for question, found in zip(asked, played, strict=True)
        if found.termination is Termination.ANSWERED and not found.verdict.correct
    ]
    assert wrong == []
    assert sum(bool(found.verdict.correct) for found in played) >= 0.85 * REAL
    assert median(found.tool_call_count for found in played) >= 5
