"""Every question is proven: by its own record, and by a second solver in SQL."""

from collections import Counter

import pytest
import sql_oracle
from question_checks import check

from medresearcher.graph.query import Solver
from medresearcher.questions.certify import SHOWN, certify, without, without_branch
from medresearcher.questions.specialties import SPECIALTIES
from medresearcher.questions.synthesize import REPEATABLE, plan_of
from medresearcher.records.question import Atom

real = pytest.mark.slow
SOLVED_TWICE = 25


def test_every_question_of_the_small_world_holds(small, small_questions):
    for question in small_questions:
        check(question, small)


def check_with_sql(database, question):
    """The answer is the one answer; without any clue or the branch exactly the others are there."""
    proof = question.certificate
    assert sql_oracle.answers(database, proof.query) == {question.answer.id}
    for dropped in proof.dropped:
        found = sql_oracle.answers(database, proof.query, without=dropped.clue)
        check_others(dropped.answers, found - {proof.answer})
    if proof.branch:
        found = sql_oracle.answers(database, without_branch(proof.query, proof.branch))
        check_others(proof.unbranched, found - {proof.answer})


def check_others(shown, found):
    """What is shown of other answers are all of them, or the first few."""
    assert set(shown) <= found
    assert len(shown) == min(len(found), SHOWN)


def test_sql_agrees_on_the_small_world(small_tables, small_questions):
    database = sql_oracle.connect(small_tables)
    for question in small_questions:
        check_with_sql(database, question)


@pytest.fixture(scope="module")
def nodes(small_questions):
    return [entity.id for entity in small_questions[0].entities]


def test_a_query_with_a_second_answer_is_not_certified(small, small_questions, nodes):
    question = small_questions[0]
    proof, solver = question.certificate, Solver(small)
    assert certify(solver, proof.query, proof.answer, nodes, proof.branch) == proof
    with pytest.raises(ValueError, match="not have the one answer"):
        certify(solver, without(proof.query, 0), proof.answer, nodes)
    with pytest.raises(ValueError, match="not have the one answer"):
        certify(solver, proof.query, nodes[0], nodes)


def test_a_clue_that_is_not_needed_is_not_certified(small, small_questions, nodes):
    proof = small_questions[0].certificate
    twice = (*proof.query.conditions, proof.query.conditions[-1])
    query = proof.query.model_copy(update={"conditions": twice})
    with pytest.raises(ValueError, match="is not needed"):
        certify(Solver(small), query, proof.answer, nodes)


def test_a_branch_that_is_not_needed_is_not_certified(small, small_questions):
    """The last hops of a chain to which a further gene of the first disease is added."""
    solver = Solver(small)
    for question in small_questions:
        query = question.certificate.query
        step = Atom(subject="X", predicate="gene_associated_with_condition", object="Entity_A")
        wider = query.model_copy(
            update={"variables": {**query.variables, "X": "gene"}, "joins": (*query.joins, step)}
        )
        if question.shape == "chain" and solver.answers(wider) == [question.answer.id]:
            with pytest.raises(ValueError, match="is not needed"):
                certify(solver, wider, question.answer.id, [], branch=1)
            return
    raise AssertionError("no question has a first disease with a further gene")


def test_leaving_the_branch_out_leaves_its_entities_out(small_questions):
    forks = [one for one in small_questions if one.shape == "fork"]
    assert forks
    for question in forks:
        proof = question.certificate
        query = without_branch(proof.query, proof.branch)
        assert len(query.joins) == len(proof.query.joins) - proof.branch
        assert len(query.variables) == len(proof.query.variables) - proof.branch
        gone = proof.query.variables.keys() - query.variables.keys()
        assert gone.isdisjoint(one.subject for one in query.conditions)
        left_out = [one for one in proof.query.conditions if one.subject in gone]
        assert len(query.conditions) + len(left_out) == len(proof.query.conditions)


def test_answers_go_by_names_that_are_theirs_alone(small, small_questions):
    for question in small_questions:
        for name in question.answer.aliases:
            assert small.resolve(name) == [question.answer.id]


@real
def test_every_real_question_holds(real_kb, real_questions):
    for question in real_questions:
        check(question, real_kb.graph)


@real
def test_sql_agrees_on_real_questions(real_kb, real_questions):
    database = sql_oracle.connect(real_kb.graph.folder)
    for question in real_questions[:SOLVED_TWICE]:
        check_with_sql(database, question)


@real
def test_real_questions_are_balanced(real_questions):
    """Evenly over specialties; no shape, length or type of answer takes all."""
    specialties = Counter(question.specialty for question in real_questions)
    assert specialties == dict.fromkeys(
        [one.name for one in SPECIALTIES], len(real_questions) // 12
    )
    lengths = Counter(len(question.hops) for question in real_questions)
    shapes = Counter(question.shape for question in real_questions)
    answers = Counter(str(plan_of(question).answer) for question in real_questions)
    assert set(lengths) >= {2, 3, 4, 5}
    assert min(lengths.values()) >= len(real_questions) / 20
    assert set(shapes) == {"chain", "fork", "cycle"}
    assert max(shapes.values()) <= 0.8 * len(real_questions)
    assert {"disease", "gene", "gene_group", "inheritance", "onset"} <= set(answers)
    assert max(answers.values()) <= 0.6 * len(real_questions)


@real
def test_no_two_real_questions_share_answer_or_text(real_questions):
    """But for modes of inheritance, ages of onset and signs, of which there are few."""
    asked = [one for one in real_questions if plan_of(one).answer not in REPEATABLE]
    assert len({one.answer.id for one in asked}) == len(asked)
    assert len({one.question for one in real_questions}) == len(real_questions)
