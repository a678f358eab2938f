"""Whether a certificate proves what it says: one answer, and no clue or branch too many."""

from collections.abc import Iterator

from medresearcher.audit.defects import Defect, Kind
from medresearcher.audit.solver import Solver
from medresearcher.records.question import Atom, Choice, Condition, Query, Question

_SHOWN = 5


def proof(question: Question, solver: Solver) -> Iterator[Defect]:
    """Yield what the graph does not bear out of a question whose parts agree."""
    failing = list(_solution(question, solver))
    yield from failing
    unique = list(_unique(question, solver))
    yield from unique
    if not failing and not unique:
        yield from _needed(question, solver)
        yield from _branch(question, solver)


def _solution(question: Question, solver: Solver) -> Iterator[Defect]:
    """The entities meet each condition by themselves."""
    for place, clue in enumerate(question.clues):
        entity = next(one for one in question.entities if one.mask == clue.mask)
        condition = clue.condition
        if isinstance(condition, Choice):
            continue
        if entity.id not in solver.meeting(condition, entity.type):
            yield Defect(Kind.CONDITION_FAILS, f"clue {place} does not hold of {entity.id}")


def _unique(question: Question, solver: Solver) -> Iterator[Defect]:
    """The query has the answer, with the entities as they are given, and no other."""
    query, answer = question.certificate.query, question.certificate.answer
    solutions = solver.solutions(query)
    found = solutions.answers(limit=_SHOWN)
    others = sorted(found - {answer})
    if answer not in found and not solutions.holds({query.answer: answer}):
        said = ", ".join(others) or "nothing"
        yield Defect(Kind.ANSWER_DIFFERS, f"{said} answers the query, {answer} does not")
    elif others:
        yield Defect(Kind.ANSWER_NOT_UNIQUE, f"{', '.join(others)} also answer the query")
    elif not solutions.holds({one.mask: one.id for one in question.entities}):
        yield Defect(Kind.ANSWER_DIFFERS, "the entities are not a solution of the query")


def _needed(question: Question, solver: Solver) -> Iterator[Defect]:
    """Without each clue, all the answers that the certificate lists are answers too."""
    dropped = question.certificate.dropped
    places = [one.clue for one in dropped]
    if places != list(range(len(question.clues))):
        said = f"listed for clues {places}, there are {len(question.clues)} clues"
        yield Defect(Kind.DROPPED_ANSWERS_WRONG, said)
    for one in dropped:
        if 0 <= one.clue < len(question.clues):
            yield from _drop(one.clue, one.answers, question, solver)


def _drop(
    place: int, answers: tuple[str, ...], question: Question, solver: Solver
) -> Iterator[Defect]:
    query, answer = question.certificate.query, question.certificate.answer
    solutions = solver.solutions(query, without=place)
    wrong = [one for one in answers if one == answer or not solutions.holds({query.answer: one})]
    if not wrong:
        return
    if solutions.answers(limit=2) <= {answer}:
        told = f"without clue {place} ({_told(query.conditions[place])}) the answer is still one"
        yield Defect(Kind.CLUE_NOT_NEEDED, told)
    else:
        told = f"{', '.join(wrong)} does not answer without clue {place}"
        yield Defect(Kind.DROPPED_ANSWERS_WRONG, told)


def _branch(question: Question, solver: Solver) -> Iterator[Defect]:
    """Without the last `branch` joins, and what hangs on them alone, others answer too."""
    certificate = question.certificate
    if not certificate.branch and not certificate.unbranched:
        return
    if not 0 < certificate.branch < len(certificate.query.joins):
        total = len(certificate.query.joins)
        yield Defect(Kind.BRANCH_NOT_NEEDED, f"a branch of {certificate.branch} of {total} joins")
        return
    query = _cut(certificate.query, certificate.branch)
    solutions = solver.solutions(query)
    wrong = [
        one
        for one in certificate.unbranched
        if one == certificate.answer or not solutions.holds({query.answer: one})
    ]
    if wrong or not certificate.unbranched:
        said = ", ".join(wrong) or "nothing"
        yield Defect(Kind.BRANCH_NOT_NEEDED, f"{said} does not answer without the branch")


def _cut(query: Query, branch: int) -> Query:
    """The query without its last joins and the variables that only they reach."""
    joins = query.joins[:-branch]
    reached = {query.answer}.union(*({one.subject, one.object} for one in joins))
    conditions = (
        one
        for one in query.conditions
        if one.subject in reached
        and not (isinstance(one, Choice) and one.of and one.of not in reached)
    )
    variables = {name: kind for name, kind in query.variables.items() if name in reached}
    return Query(
        variables=variables, joins=joins, conditions=tuple(conditions), answer=query.answer
    )


def _told(condition: Condition) -> str:
    told = f"{condition.kind} {condition.predicate or ''}".strip()
    return f"{told} {condition.object}" if isinstance(condition, Atom) else told
