"""The guided policy finds what the question hides, and only by what the tools told it."""

import json
from collections.abc import Iterator

import pytest
from agent_world import CHAINS, NAMES

from medresearcher.agent.guided import GuidedPolicy
from medresearcher.agent.loop import Rollout, Task
from medresearcher.agent.model import ModelPolicy
from medresearcher.kb import KnowledgeBase
from medresearcher.llm.scripted import ScriptedModel, say, use
from medresearcher.questions.leaks import leaks, stands_in
from medresearcher.records.question import Question
from medresearcher.records.trajectory import Message, Outcome, Termination, Trajectory
from medresearcher.settings import RolloutSettings
from medresearcher.tools.tool import Toolbox
from medresearcher.tools.toolbox import medical_tools

TURNS = RolloutSettings().max_turns


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
    """Arguments, or parts of a query, that stand neither in the question nor in a tool's text."""
    found: list[str] = []
    for message, read in moves(trajectory):
        for call in message.tool_calls or ():
            arguments = json.loads(call.function.arguments)
            for name in ("entity", "document_id", "query"):
                parts = arguments.get(name, "").split("; ")
                found += [one for one in parts if one and not stands_in(one, read)]
    return found


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


@pytest.mark.parametrize("place", range(len(CHAINS)), ids=CHAINS)
def test_a_chain_of_every_shape_is_solved(
    place: int, questions: list[Question], tools: Toolbox
) -> None:
    question = questions[place]
    found = play(question, tools)
    check(found, question)
    assert found.verdict.correct is True, found.messages[-1].content
    assert found.verdict.method == "identifier"
    last = found.messages[-1].content or ""
    assert all(f"{entity.name} ({entity.id})" in last for entity in question.entities)


def reworded(question: Question, clue: int, text: str) -> Question:
    """The question with the words of one clue replaced."""
    clues = list(question.clues)
    old = clues[clue].text
    clues[clue] = clues[clue].model_copy(update={"text": text})
    said = question.question.replace(old, text)
    return question.model_copy(update={"clues": tuple(clues), "question": said})


@pytest.mark.parametrize("text", ["green teeth", "fever"])
@pytest.mark.parametrize("place", range(len(CHAINS)), ids=CHAINS)
def test_with_a_clue_that_does_not_hold_it_abstains(
    place: int, text: str, questions: list[Question], tools: Toolbox
) -> None:
    """Nobody bears green teeth; fever is borne by others."""
    for clue in range(len(questions[place].clues)):
        question = reworded(questions[place], clue, text)
        found = play(question, tools)
        check(found, question)
        assert found.termination is Termination.ABSTAINED, question.clues[clue]
        assert found.verdict.correct is False
        assert (found.messages[-1].content or "").endswith("Answer: not found")


def test_a_crowd_of_candidates_uses_up_the_turns(questions: list[Question], tools: Toolbox) -> None:
    first = questions[0].clues[0]
    crowded = tuple(
        first.model_copy(update={"text": text, "object": NAMES[text.capitalize()]})
        for text in ("fever", "apnea")
    )
    question = questions[0].model_copy(
        update={"clues": crowded, "question": "Which disorder has fever and apnea?"}
    )
    found = play(question, tools)
    check(found, question)
    assert found.termination is Termination.MAX_TURNS
    assert found.tool_call_count == TURNS
    assert found.verdict.correct is False


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
    tools = medical_tools(real_kb.graph, real_kb.index)
    played = [play(question, tools) for question in real_questions]
    for question, found in zip(real_questions, played, strict=True):
        check(found, question)
    assert sum(bool(found.verdict.correct) for found in played) >= 0.7 * len(played)
