"""A whole research by a model behind an HTTP endpoint that is rate limited and breaks once."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli_runs import Cli, Done, fine, refusal
from llm_server import Answer, Endpoint, completion, serve

from medresearcher.records.question import Question
from medresearcher.records.trajectory import Outcome, Termination, Trajectory
from medresearcher.runs import read_records

KEY = "sk-very-secret"
SEARCH = '{"query":  "heart block", "limit": 3}'


def tools(*calls: tuple[str, str, str], text: str | None = None) -> Answer:
    """A reply with these calls: (id, tool, raw arguments)."""
    made = [
        {"id": one, "type": "function", "function": {"name": name, "arguments": raw}}
        for one, name, raw in calls
    ]
    return Answer(completion({"role": "assistant", "content": text, "tool_calls": made}))


def says(text: str) -> Answer:
    return Answer(completion({"role": "assistant", "content": text}))


def wait(status: int, words: str) -> Answer:
    return Answer({"error": {"message": words}}, status, {"Retry-After": "0.01"})


def settings(endpoint: Endpoint) -> Mapping[str, str]:
    return {
        "MEDRESEARCHER_LLM__BASE_URL": endpoint.url,
        "MEDRESEARCHER_LLM__API_KEY_ENV": "MY_KEY",
        "MEDRESEARCHER_ROLLOUT__WORKERS": "1",
        "MY_KEY": KEY,
    }


def first_question(cli: Cli, done_runs: Path) -> Question:
    """The first question of the small world, alone in `one.jsonl`."""
    question = next(read_records(done_runs / "questions.jsonl", Question))
    (cli.folder / "one.jsonl").write_text(question.to_line() + "\n")
    return question


def command(cli: Cli, endpoint: Endpoint, *options: str) -> Done:
    call = ("rollout", "one.jsonl", "--out", "rolled", "--policy", "some-model", "--json")
    return cli.process(*call, *options, env=settings(endpoint))


def roll(cli: Cli, endpoint: Endpoint, *options: str) -> Any:
    done = fine(command(cli, endpoint, *options))
    assert KEY not in done.stdout + done.stderr
    return json.loads(done.stdout), done.stderr


def trajectory(cli: Cli) -> Trajectory:
    path = cli.folder / "rolled" / "trajectories.jsonl"
    for file in path.parent.iterdir():
        assert KEY not in file.read_text()
    (found,) = read_records(path, Trajectory)
    return found


def test_a_research_over_http(cli: Cli, done_runs: Path) -> None:
    question = first_question(cli, done_runs)
    anchor = json.dumps({"entity": question.entities[0].id})
    answer = f"It fits.\n\nAnswer: {question.answer.name} ({question.answer.id})"
    script = [
        wait(429, "slow down"),
        tools(("c1", "medical_search", SEARCH), text="I search."),
        wait(500, "out of memory"),
        tools(("c2", "lookup_entity", anchor), ("c3", "weigh", "{broken")),
        says(answer),
    ]
    with serve(*script) as endpoint:
        counts, _ = roll(cli, endpoint)
    assert (counts["rollouts"], counts["correct"], counts["success"]) == (1, 1, 1.0)
    assert len(endpoint.requests) == 5
    assert set(endpoint.keys) == {f"Bearer {KEY}"}

    found = trajectory(cli)
    assert found.termination is Termination.ANSWERED
    assert (found.policy, found.guide) == ("some-model", None)
    assert list(found.outcome.values()) == [
        Outcome.FOUND,
        Outcome.FOUND,
        Outcome.INVALID_ARGUMENTS,
    ]
    assert found.messages[2].tool_calls
    assert found.messages[2].tool_calls[0].function.arguments == SEARCH
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (33, 21)
    # What the model was sent last is what is recorded, but for its last answer.
    sent = endpoint.requests[-1]
    assert sent["messages"] == [one.to_openai() for one in found.messages[:-1]]
    assert sent["tools"] == list(found.tools)
    assert {request["model"] for request in endpoint.requests} == {"some-model"}
    assert {request["seed"] for request in endpoint.requests} == {found.seed}


def test_a_guide_is_sent_and_not_recorded(cli: Cli, done_runs: Path) -> None:
    first_question(cli, done_runs)
    with serve(says("Answer: not found")) as endpoint:
        counts, _ = roll(cli, endpoint, "--guide")
    assert counts["terminations"] == {"abstained": 1}
    assert "Entity_A" in endpoint.requests[0]["messages"][0]["content"]
    found = trajectory(cli)
    assert not any("Entity_A" in (one.content or "") for one in found.messages)
    assert found.guide is not None


def test_an_endpoint_that_fails_is_told_and_tried_again(cli: Cli, done_runs: Path) -> None:
    first_question(cli, done_runs)
    with serve(Answer({"error": {"message": f"no such model, {KEY}"}}, 404)) as endpoint:
        said = refusal(command(cli, endpoint), code=1)
    assert "the model failed all 1 rollouts" in said
    assert KEY not in said
    assert "no such model" in (trajectory(cli).error or "")
    with serve(says("Answer: not found")) as endpoint:
        counts, said = roll(cli, endpoint)
    assert counts["terminations"] == {"abstained": 1}
    assert "failed" not in said
    assert trajectory(cli).error is None
