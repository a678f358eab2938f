"""The proof that a question has one answer and that each of its clues is needed."""

from collections.abc import Mapping, Sequence

from medresearcher.graph.query import Solver
from medresearcher.questions.patterns import Pattern
from medresearcher.records.knowledge import EntityType
from medresearcher.records.question import Atom, Certificate, Clue, Dropped, Query

SHOWN = 5


def query_of(
    pattern: Pattern,
    masks: Mapping[str, str],
    types: Mapping[str, EntityType],
    clues: Sequence[Clue],
) -> Query:
    """The question as a query: `masks` maps each entity of the pattern to its variable."""
    return Query(
        variables={mask: types[node] for node, mask in masks.items()},
        joins=tuple(
            Atom(subject=masks[one.subject], predicate=one.predicate, object=masks[one.object])
            for one in pattern.steps
        ),
        conditions=tuple(clue.condition for clue in clues),
        answer=masks[pattern.answer],
    )


def without(query: Query, clue: int) -> Query:
    """The query without the condition of clue number `clue`."""
    conditions = query.conditions[:clue] + query.conditions[clue + 1 :]
    return query.model_copy(update={"conditions": conditions})


def without_branch(query: Query, steps: int) -> Query:
    """The query without its last `steps` joins and all that is said of what hangs on them alone."""
    joins = query.joins[: len(query.joins) - steps]
    kept = {name for one in joins for name in (one.subject, one.object)}
    return Query(
        variables={name: kind for name, kind in query.variables.items() if name in kept},
        joins=joins,
        conditions=tuple(one for one in query.conditions if one.subject in kept),
        answer=query.answer,
    )


def is_unique(solver: Solver, query: Query, answer: str) -> bool:
    """Whether `answer` answers the query and nothing else does."""
    return solver.answers(query, limit=2) == [answer]


def certify(
    solver: Solver, query: Query, answer: str, nodes: Sequence[str], branch: int = 0
) -> Certificate:
    """Prove the query; `ValueError` if it has another answer or something that is not needed.

    The last `branch` joins are a branch or close a cycle.
    """
    if not is_unique(solver, query, answer):
        raise ValueError(f"the query does not have the one answer {answer}")
    dropped: list[Dropped] = []
    for clue in range(len(query.conditions)):
        found = solver.answers(without(query, clue), limit=SHOWN + 1)
        others = tuple(one for one in found if one != answer)[:SHOWN]
        if not others:
            raise ValueError(f"clue {clue} is not needed")
        dropped.append(Dropped(clue=clue, answers=others))
    unbranched: tuple[str, ...] = ()
    if branch:
        found = solver.answers(without_branch(query, branch), limit=SHOWN + 1)
        unbranched = tuple(one for one in found if one != answer)[:SHOWN]
        if not unbranched:
            raise ValueError("the branch is not needed")
    graph = solver.graph
    return Certificate(
        query=query,
        answer=answer,
        dropped=tuple(dropped),
        branch=branch,
        unbranched=unbranched,
        equivalents={node: graph.entity(node).equivalents for node in nodes},
        graph=graph.digest,
    )
