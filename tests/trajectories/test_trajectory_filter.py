"""The filter: each rule drops what it names and nothing else, in the stated order."""

import pytest
from trajectory_samples import (
    ANSWER,
    START,
    UNJUDGED,
    WRONG,
    asks,
    rounds,
    tells,
    tool_call,
    trajectory,
)

from medresearcher.records.trajectory import Message
from medresearcher.trajectories import filter as rules
from medresearcher.trajectories.filter import Reason, Rejected, sift, summary

PARALLEL = trajectory(asks(tool_call(1), tool_call(2)), tells(2), tells(1))


def test_a_good_trajectory_passes_every_rule():
    assert [rule(rounds(3)) for rule in rules.RULES] == [None] * len(rules.RULES)


def test_parallel_calls_pass_in_any_order_of_their_replies():
    assert rules.reason_to_drop(PARALLEL) is None


@pytest.mark.parametrize(
    ("reason", "dropped"),
    [
        (Reason.ERROR, trajectory(termination="error", error="model: gone", verdict=UNJUDGED)),
        (Reason.ABSTAINED, trajectory(termination="abstained", verdict=WRONG)),
        (Reason.MAX_TURNS, trajectory(termination="max_turns", verdict=WRONG)),
        (Reason.UNANSWERED, trajectory(messages=(*START, asks(tool_call(1)), tells(1)))),
        (Reason.UNANSWERED, trajectory(messages=())),
        (
            Reason.UNANSWERED,
            trajectory(messages=(*START, Message(role="assistant", content=" \n"))),
        ),
        (Reason.WRONG, trajectory(verdict=WRONG)),
        (Reason.NOT_JUDGED, trajectory(verdict=UNJUDGED)),
        (Reason.UNANSWERED_CALL, trajectory(asks(tool_call(1)))),
        (Reason.UNANSWERED_CALL, trajectory(asks(tool_call(1), tool_call(2)), tells(1))),
        (Reason.UNANSWERED_CALL, trajectory(tells(1))),
        (Reason.UNANSWERED_CALL, trajectory(messages=(tells(1), *START, ANSWER))),
        (Reason.UNANSWERED_CALL, trajectory(asks(tool_call(1)), tells(1), tells(1))),
        (Reason.UNANSWERED_CALL, trajectory(asks(tool_call(1)), tells(2))),
        # The reply comes only after the next message.
        (
            Reason.UNANSWERED_CALL,
            trajectory(asks(tool_call(1)), asks(tool_call(2)), tells(1), tells(2)),
        ),
        # Two calls with one id: which outcome is whose cannot be told.
        (
            Reason.UNANSWERED_CALL,
            trajectory(
                asks(tool_call(1)), tells(1), asks(tool_call(1, '{"query": "b"}')), tells(1)
            ),
        ),
        (Reason.TOOL_FAILURE, trajectory(outcome={"call-1": "unavailable"})),
        (Reason.NO_TOOLS, trajectory(messages=(*START, ANSWER))),
    ],
)
def test_a_defect_is_dropped_for_its_reason(reason, dropped):
    assert rules.reason_to_drop(dropped) is reason


def test_a_call_needs_an_outcome():
    one = trajectory()
    assert rules.unanswered_call(one) is None
    assert rules.unanswered_call(one.model_copy(update={"outcome": {}})) is Reason.UNANSWERED_CALL


@pytest.mark.parametrize(
    "raw",
    [
        "{",
        '["a"]',
        "null",
        '"text"',
        " ",
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": "\\ud800"}',
        "[" * 100_000,
    ],
)
def test_arguments_that_are_no_json_object_are_dropped(raw):
    one = trajectory(asks(tool_call(1, raw)), tells(1))
    assert rules.reason_to_drop(one) is Reason.BAD_ARGUMENTS


@pytest.mark.parametrize("raw", ["{}", ' {"query":"ß \\u00e9", "n": [1, {"a": null}]}\n'])
def test_odd_but_sound_arguments_pass(raw):
    assert rules.reason_to_drop(trajectory(asks(tool_call(1, raw)), tells(1))) is None


@pytest.mark.parametrize(
    "failure", ["invalid_arguments", "unavailable", "rate_limited", "not_configured"]
)
@pytest.mark.parametrize(
    ("then", "tool", "reason"),
    [
        ("found", "medical_search", None),
        ("conflict", "medical_search", None),
        ("empty", "medical_search", Reason.TOOL_FAILURE),
        ("unavailable", "medical_search", Reason.TOOL_FAILURE),
        ("found", "lookup_entity", Reason.TOOL_FAILURE),
    ],
)
def test_a_failure_needs_a_later_success_of_the_same_tool(failure, then, tool, reason):
    one = trajectory(
        asks(tool_call(1)),
        tells(1),
        asks(tool_call(2, tool=tool)),
        tells(2),
        outcome={"call-1": failure, "call-2": then},
    )
    assert rules.reason_to_drop(one) is reason


def test_a_failure_after_a_success_is_not_recovered():
    one = rounds(2, outcome={"call-2": "rate_limited"})
    assert rules.reason_to_drop(one) is Reason.TOOL_FAILURE


@pytest.mark.parametrize("outcome", ["empty", "out_of_scope", "conflict"])
def test_a_tool_that_honestly_found_nothing_has_not_failed(outcome):
    assert rules.reason_to_drop(trajectory(outcome={"call-1": outcome})) is None


def repeated(*raws: str):
    middle = [
        one
        for number, raw in enumerate(raws, 1)
        for one in (asks(tool_call(number, raw)), tells(number))
    ]
    return trajectory(*middle)


def test_the_same_call_three_times_is_dropped_however_it_is_spelled():
    twice = ('{"a": 1, "b": 2}', '{"b":2,"a":1}', '{"a": 2}')
    assert rules.reason_to_drop(repeated(*twice)) is None
    assert rules.reason_to_drop(repeated(*twice, '{ "a":1, "b":2 }')) is Reason.REPEATED_CALL


def test_each_rule_stands_alone_on_a_trajectory_that_others_drop():
    broken = trajectory(
        *(one for n in (1, 2, 3) for one in (asks(tool_call(n, "{")), tells(n))), verdict=WRONG
    )
    found = [rule(broken) for rule in rules.RULES]
    assert found == [
        None,
        None,
        Reason.WRONG,
        None,
        Reason.BAD_ARGUMENTS,
        None,
        None,
        Reason.REPEATED_CALL,
    ]


def test_sifting_keeps_order_and_every_right_attempt():
    first, second = rounds(2, attempt=0), rounds(3, attempt=1)
    bad = trajectory(verdict=WRONG)
    kept, dropped = sift([first, bad, second])
    assert kept == [first, second]
    assert [(one.reason, one.trajectory.id) for one in dropped] == [("wrong", bad.id)]
    assert Rejected.model_validate_json(dropped[0].to_line()) == dropped[0]


def test_the_summary_counts():
    kept = [rounds(2), rounds(4, specialty="neurology"), rounds(3)]
    _, dropped = sift([trajectory(verdict=WRONG), trajectory(verdict=UNJUDGED)])
    assert summary(kept, dropped) == {
        "kept_share": 0.6,
        "kept": 3,
        "tool_calls_mean": 3.0,
        "by_reason": {"not_judged": 1, "wrong": 1},
        "by_specialty": {"cardiology": 2, "neurology": 1},
    }


def test_what_cannot_be_computed_is_null_and_not_zero():
    nothing = summary([], [])
    assert nothing["kept_share"] is None
    assert nothing["tool_calls_mean"] is None
    _, dropped = sift([trajectory(verdict=WRONG)])
    assert summary([], dropped)["kept_share"] == 0
    assert summary([], dropped)["tool_calls_mean"] is None
