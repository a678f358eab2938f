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
from medresearcher.trajectories.figures import summary
from medresearcher.trajectories.filter import Reason, Rejected, sift
from medresearcher.trajectories.selection import Selection
from medresearcher.trajectories.tokens import token_count

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


@pytest.mark.parametrize("raw", ['{"query": ""}', ' {"limit": 3,\t"query":"ß \\u00e9"}\n'])
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
    twice = ('{"query": "a", "limit": 2}', '{"limit":2,"query":"a"}', '{"query": "b"}')
    assert rules.reason_to_drop(repeated(*twice)) is None
    assert (
        rules.reason_to_drop(repeated(*twice, '{ "query":"a", "limit":2 }')) is Reason.REPEATED_CALL
    )


def test_each_rule_stands_alone_on_a_trajectory_that_others_drop():
    broken = trajectory(
        *(
            one
            for n in (1, 2, 3)
            for one in (asks(tool_call(n, "{", tool="surf")), tells(n, "nothing"))
        ),
        verdict=WRONG,
    )
    found = [rule(broken) for rule in rules.RULES]
    assert list(filter(None, found)) == [
        Reason.WRONG,
        Reason.BAD_ARGUMENTS,
        Reason.UNKNOWN_TOOL,
        Reason.REPEATED_CALL,
        Reason.UNSEEN_CLAIM,
    ]


def test_sifting_keeps_order_and_on_demand_every_right_attempt():
    first, second = rounds(2, attempt=0), rounds(3, attempt=1)
    bad = trajectory(verdict=WRONG)
    kept, dropped = sift([first, bad, second], selection=Selection(per_question=None))
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
        "tool_calls_median": 3,
        "tools_median": 1,
        "by_reason": {"not_judged": 1, "wrong": 1},
        "by_specialty": {"cardiology": 2, "neurology": 1},
        "by_tool": {"medical_search": 3},
        "by_tool_calls": {"2": 1, "3": 1, "4": 1},
    }


def test_what_cannot_be_computed_is_null_and_not_zero():
    nothing = summary([], [])
    assert nothing["kept_share"] is None
    assert nothing["tool_calls_mean"] is None
    _, dropped = sift([trajectory(verdict=WRONG)])
    assert summary([], dropped)["kept_share"] == 0
    assert summary([], dropped)["tool_calls_mean"] is None


def test_misfits_of_the_schema_and_unknown_tools_are_dropped():
    for raw in ("{}", '{"query": 3}', '{"query": "a", "limit": 0}', '{"query": "a", "b": 1}'):
        one = trajectory(asks(tool_call(1, raw)), tells(1))
        assert rules.reason_to_drop(one) is Reason.SCHEMA_MISFIT
    one = trajectory(asks(tool_call(1, tool="surf")), tells(1))
    assert rules.reason_to_drop(one) is Reason.UNKNOWN_TOOL


@pytest.mark.parametrize(
    ("final", "reason"),
    [
        ("Answer: Marfan syndrome (MONDO:0007947)", None),
        ("answer: marfan SYNDROME", None),
        ("It says \u201cMarfan syndrome\u201d.\n\nAnswer: Marfan syndrome", None),
        ("It is “which disease”.\n\nAnswer: Marfan syndrome", None),
        ("Answer: Lyme disease", Reason.UNSEEN_CLAIM),
        ("Answer: Marfan syndrome (OMIM:154700)", Reason.UNSEEN_CLAIM),
        ("Answer: Lyme disease (MONDO:0007947)", Reason.UNSEEN_CLAIM),
        ("See PMID:1234567.\n\nAnswer: Marfan syndrome (MONDO:0007947)", Reason.UNSEEN_CLAIM),
        ("It says \u201clong fingers\u201d.\n\nAnswer: Marfan syndrome", Reason.UNSEEN_CLAIM),
    ],
)
def test_what_the_answer_claims_was_seen(final, reason):
    middle = (asks(tool_call(1)), tells(1))
    last = Message(role="assistant", content=final)
    assert rules.reason_to_drop(trajectory(messages=(*START, *middle, last))) is reason


def test_a_name_may_hold_the_marks_of_a_list():
    name = "Charcot-Marie-Tooth disease, type 2a2b;"
    seen = f"causes (1):\n- MFN2 (HGNC:16877) → {name} (MONDO:0014906) · [hpo]\n\n[found]"
    last = Message(role="assistant", content=f"Answer: {name} (MONDO:0014906)")
    one = trajectory(messages=(*START, asks(tool_call(1)), tells(1, seen), last))
    assert rules.reason_to_drop(one) is None


def spoken(question: str, thought: str):
    """A right trajectory with this question and this thought, said before each of two calls."""
    user = Message(role="user", content=question)
    middle = (asks(tool_call(1), thought=thought), tells(1), asks(tool_call(2)), tells(2))
    return trajectory(messages=(START[0], user, *middle, ANSWER))


ENGLISH = "Which of the diseases has a gene that is linked to long fingers? I look for it next."
CHINESE = "哪些疾病与该基因有关我来查找一下相关记录。" * 3
GERMAN = "Welche Krankheit wird durch ein Gen verursacht, das lange Finger macht? Ich suche danach."
RUSSIAN = "Какая болезнь связана с этим геном? Я ищу дальше. " * 3  # noqa: RUF001


@pytest.mark.parametrize(
    ("question", "thought", "reason"),
    [
        (ENGLISH, ENGLISH, None),
        (CHINESE, CHINESE, None),
        (CHINESE, ENGLISH, None),
        (ENGLISH, "", None),
        (ENGLISH, CHINESE, Reason.FOREIGN_LANGUAGE),
        (ENGLISH, GERMAN, Reason.FOREIGN_LANGUAGE),
        (ENGLISH, RUSSIAN, Reason.FOREIGN_LANGUAGE),
        (CHINESE, RUSSIAN, Reason.FOREIGN_LANGUAGE),
    ],
)
def test_thoughts_are_in_the_language_of_the_question_or_english(question, thought, reason):
    assert rules.foreign_language(spoken(question, thought)) is reason


class TestSelection:
    def reasons(self, *ones, **options):
        kept, dropped = sift(ones, selection=Selection(**options))
        assert len(kept) + len(dropped) == len(ones)
        return {one.trajectory.id: str(one.reason) for one in dropped}

    def test_the_shortest_right_attempt_is_kept(self):
        long, short, bad = rounds(4), rounds(2, attempt=1), rounds(1, attempt=2, verdict=WRONG)
        assert self.reasons(long, short, bad) == {long.id: "longer_attempt", bad.id: "wrong"}
        assert self.reasons(long, short, bad, per_question=2) == {bad.id: "wrong"}

    def test_varied_drops_what_is_always_right_and_keeps_what_is_not(self):
        sure = [rounds(2, attempt=number) for number in (0, 1)]
        mixed = [rounds(2, question_id="q-2"), rounds(3, question_id="q-2", verdict=WRONG)]
        once = rounds(2, question_id="q-3")
        found = self.reasons(*sure, *mixed, once, varied=True, similarity=None)
        assert found == {
            sure[0].id: "zero_variance",
            sure[1].id: "zero_variance",
            mixed[1].id: "wrong",
        }

    def test_near_duplicates_on_other_questions_are_dropped(self):
        ones = [rounds(5, question_id=f"q-{number}") for number in range(3)]
        assert self.reasons(*ones) == dict.fromkeys([it.id for it in ones[1:]], "near_duplicate")
        assert self.reasons(*ones, similarity=None) == {}

    def test_caps_hold_and_do_not_depend_on_the_order(self):
        ones = [
            rounds(2, question_id=f"q-{number}", specialty="ab"[number % 2]) for number in range(8)
        ]
        found = self.reasons(*ones, per_specialty=3, similarity=None)
        assert found == self.reasons(*reversed(ones), per_specialty=3, similarity=None)
        assert sorted(found.values()) == ["over_cap"] * 2
        assert len(self.reasons(*ones, per_hops=3, similarity=None)) == 5
        assert len(self.reasons(*ones, per_tools=1, similarity=None)) == 7

    def test_limits_of_turns_and_tokens(self):
        short, long = rounds(2), rounds(40, question_id="q-2")
        assert self.reasons(short, long, max_turns=3) == {long.id: "too_many_turns"}
        assert self.reasons(short, long, max_turns=41) == {}
        assert self.reasons(short, long, max_tokens=1000) == {long.id: "too_many_tokens"}

    def test_tokens_are_counted_by_the_tokenizer(self):
        base = token_count(trajectory(messages=START, tools=()))
        more = Message(role="assistant", content="Marfan syndrome")
        # The three tokens of "Marfan syndrome" in cl100k_base: `Mar`, `fan`, ` syndrome`.
        assert token_count(trajectory(messages=(*START, more), tools=())) == base + 3


class TestPublishedDefects:
    """What the filter of the published pipeline gets wrong: it passes the first two kinds."""

    def test_tool_errors_do_not_pass(self):
        text = "Error: the search failed\n\n[unavailable]"
        one = trajectory(asks(tool_call(1)), tells(1, text), outcome={"call-1": "unavailable"})
        assert sift([one])[0] == []

    def test_unanswered_calls_do_not_pass(self):
        assert sift([trajectory(asks(tool_call(1), tool_call(2)), tells(2))])[0] == []

    def test_parallel_calls_are_not_rejected(self):
        assert sift([PARALLEL])[0] == [PARALLEL]

    def test_an_answer_that_no_tool_gave_does_not_pass(self):
        one = trajectory(asks(tool_call(1)), tells(1, "- Lyme disease (MONDO:0019632)\n\n[found]"))
        assert [it.reason for it in sift([one])[1]] == [Reason.UNSEEN_CLAIM]
