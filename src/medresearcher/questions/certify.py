"""The proof that a question has one answer and that each of its clues is needed."""

from collections.abc import Sequence

from medresearcher.graph.chains import Step
from medresearcher.graph.query import Solver
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Atom, Certificate, Clue, Dropped, Query

# A clue names a phenotype or a class; a disease with a more specific one fits it too.
_CLOSED = frozenset({Predicate.HAS_PHENOTYPE, Predicate.SUBCLASS_OF})
SHOWN = 5


def query_of(
    masks: dict[str, str],
    types: dict[str, EntityType],
    chain: Sequence[Step],
    clues: Sequence[Clue],
) -> Query:
    """The question as a query: `masks` maps each entity of the chain to its variable."""
    joins = [
        Atom(subject=masks[s.subject], predicate=s.predicate, object=masks[s.object]) for s in chain
    ]
    conditions = [
        Atom(
            subject=clue.mask,
            predicate=clue.predicate,
            object=clue.object,
            closure=clue.predicate in _CLOSED,
        )
        for clue in clues
    ]
    return Query(
        variables={mask: types[node] for node, mask in masks.items()},
        atoms=(*joins, *conditions),
        answer=masks[chain[-1].end],
    )


def without(query: Query, clue: int, clues: int) -> Query:
    """The query without clue number `clue` of `clues` (the clues are its last atoms)."""
    position = len(query.atoms) - clues + clue
    atoms = query.atoms[:position] + query.atoms[position + 1 :]
    return query.model_copy(update={"atoms": atoms})


def is_unique(solver: Solver, query: Query, answer: str) -> bool:
    """Whether `answer` answers the query and nothing else does."""
    return solver.answers(query, limit=2) == [answer]


def certify(
    solver: Solver, query: Query, answer: str, clues: int, nodes: Sequence[str]
) -> Certificate:
    """Prove the query; `ValueError` if it has another answer or a clue that is not needed."""
    if not is_unique(solver, query, answer):
        raise ValueError(f"the query does not have the one answer {answer}")
    dropped: list[Dropped] = []
    for clue in range(clues):
        found = solver.answers(without(query, clue, clues), limit=SHOWN + 1)
        others = tuple(one for one in found if one != answer)[:SHOWN]
        if not others:
            raise ValueError(f"clue {clue} is not needed")
        dropped.append(Dropped(clue=clue, answers=others))
    graph = solver.graph
    return Certificate(
        query=query,
        answer=answer,
        dropped=tuple(dropped),
        equivalents={node: graph.entity(node).equivalents for node in nodes},
        graph=graph.digest,
    )
