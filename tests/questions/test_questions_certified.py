"""Every question is proven: by its own record, and by a second solver in SQL."""

from collections import Counter

import pytest
import sql_oracle
from question_checks import check

from medresearcher.graph.query import Solver
from medresearcher.questions.certify import certify, without
from medresearcher.questions.specialties import SPECIALTIES

real = pytest.mark.slow
SOLVED_TWICE = 30


def test_every_question_of_the_small_world_holds(small, small_questions):
    assert len(small_questions) >= 20
    for question in small_questions:
        check(question, small)


def check_with_sql(database, question):
    """The answer is the one answer; without any clue the listed others answer too."""
    proof = question.certificate
    assert sql_oracle.answers(database, proof.query) == {question.answer.id}
    for dropped in proof.dropped:
        query = without(proof.query, dropped.clue, len(question.clues))
        assert len(query.atoms) == len(proof.query.atoms) - 1
        found = sql_oracle.answers(database, query)
        assert {question.answer.id, *dropped.answers} <= found


def test_sql_agrees_on_the_small_world(small_tables, small_questions):
    database = sql_oracle.connect(small_tables)
    for question in small_questions:
        check_with_sql(database, question)


def test_a_query_with_a_second_answer_is_not_certified(small, small_questions):
    question = small_questions[0]
    proof = question.certificate
    nodes = [entity.id for entity in question.entities]
    clues = len(question.clues)
    solver = Solver(small)
    again = certify(solver, proof.query, proof.answer, clues, nodes)
    assert again == proof
    loose = without(proof.query, 0, clues)
    with pytest.raises(ValueError, match="not have the one answer"):
        certify(solver, loose, proof.answer, clues - 1, nodes)
    with pytest.raises(ValueError, match="not have the one answer"):
        certify(solver, proof.query, nodes[0], clues, nodes)


def test_a_clue_that_is_not_needed_is_not_certified(small, small_questions):
    question = small_questions[0]
    proof = question.certificate
    twice = (*proof.query.atoms, proof.query.atoms[-1])
    query = proof.query.model_copy(update={"atoms": twice})
    nodes = [entity.id for entity in question.entities]
    with pytest.raises(ValueError, match="is not needed"):
        certify(Solver(small), query, proof.answer, len(question.clues) + 1, nodes)


def test_answers_go_by_names_that_are_theirs_alone(small, small_questions):
    for question in small_questions:
        for name in question.answer.aliases:
            assert small.resolve(name) == [question.answer.id]


@real
def test_every_real_question_holds(real_graph, real_questions):
    for question in real_questions:
        check(question, real_graph)


@real
def test_sql_agrees_on_real_questions(real_tables, real_questions):
    database = sql_oracle.connect(real_tables)
    for question in real_questions[:SOLVED_TWICE]:
        check_with_sql(database, question)


@real
def test_real_questions_are_spread_over_specialties_and_lengths(real_questions):
    specialties = Counter(question.specialty for question in real_questions)
    assert specialties == dict.fromkeys([one.name for one in SPECIALTIES], 4)
    lengths = Counter(len(question.hops) for question in real_questions)
    assert set(lengths) == {2, 3, 4, 5}
    assert min(lengths.values()) >= 2


@real
def test_no_two_real_questions_share_answer_anchor_or_text(real_questions):
    for part in (
        lambda question: question.answer.id,
        lambda question: question.entities[0].id,
        lambda question: question.question,
    ):
        assert max(Counter(map(part, real_questions)).values()) == 1
