"""The solver gives exactly the answers that trying every assignment gives."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from random import Random
from typing import Literal

import networkx as nx
import pytest
from graph_samples import (
    SHAPES,
    D,
    Edge,
    F,
    G,
    M,
    P,
    asserted,
    below,
    entity,
    graph_of,
    hierarchy,
    nodes_of,
    possible,
    statement,
)

from medresearcher.graph.query import Solver
from medresearcher.records.knowledge import EntityType, Predicate, Statement
from medresearcher.records.question import Atom, Choice, Condition, Count, Query

O = EntityType.ONSET  # noqa: E741 - beside D, G, F, P and M
# Onsets and where they stand in life: two of the adult, and one that spans several.
LIFE = {
    "HP:0003577": 1,  # congenital
    "HP:0003593": 3,  # infantile
    "HP:0003581": 6,  # adult
    "HP:0011462": 6,  # young adult
    "HP:0410280": None,  # pediatric
}
NODES = {**nodes_of({D: 4, G: 3, F: 2, P: 4, M: 2}), O: list(LIFE)}
KINDS = (*SHAPES, (D, Predicate.HAS_ONSET, O))
ENTITIES = [entity(node, kind) for kind, nodes in NODES.items() for node in nodes]
EDGES = possible(NODES, KINDS)
WRITTEN = ("1/10", "3/10", "6/20", "2/7", "4/14", "5/7", "0/6", "40%", "100%", "12.5%")
UNCOUNTED = ("", "", "HP:0040282", "5 of 7", "7/0", "1/3, females")
KINDS_OF_CONDITION = (
    "plain",
    "closure",
    "negated",
    "closure negated",
    "share",
    "count of objects",
    "count of subjects",
    "least onset",
    "most onset",
    "least edges",
    "most edges",
    "least share",
    "most share",
    "cycle",
)
GRAPHS, QUERIES = 170, 8
BOUNDS = ((0.0, 0.1), (0.1, 0.3), (0.3, 0.4), (0.4, 1.0), (0.0, 1.0))


def world(rng: Random) -> list[Statement]:
    """Rows about many of the edges: repeated, denied, counted, and all of these."""
    chosen = rng.sample(EDGES, rng.randint(len(EDGES) // 4, len(EDGES)))
    chosen += rng.choices(chosen, k=20)
    return [
        statement(
            *edge,
            row,
            negated=edge[1] is Predicate.HAS_PHENOTYPE and rng.random() < 0.35,
            frequency=rng.choice(WRITTEN + UNCOUNTED) if edge[1] is Predicate.HAS_PHENOTYPE else "",
        )
        for row, edge in enumerate(chosen, 1)
    ]


class Asker:
    """Makes queries that some assignment of nodes meets, but for a false condition at times."""

    def __init__(self, rows: list[Statement], rng: Random) -> None:
        self.rng, self.oracle = rng, Oracle(rows)
        self.edges = sorted(self.oracle.edges)
        self.bound: dict[str, str] = {}

    def query(self) -> Query:
        """One to five variables joined as a tree or with cycles, conditions, often a choice."""
        self.bound = {"A": self.rng.choice(NODES[self.rng.choice((D, D, G, F, P))])}
        for name in "BCDE"[: self.rng.randint(0, 4)]:
            near = [e for e in self.edges if len({e[0], e[2]} & set(self.bound.values())) == 1]
            if near:
                ends = self.rng.choice(near)[::2]
                self.bound[name] = next(one for one in ends if one not in self.bound.values())
        names = {node: name for name, node in self.bound.items()}
        joined = [e for e in self.edges if {e[0], e[2]} <= set(names)]
        needed = self.spanning([(names[s], p, names[o]) for s, p, o in joined])
        kinds = {node: kind for kind, nodes in NODES.items() for node in nodes}
        variables = {name: kinds[node] for name, node in self.bound.items()}
        conditions = [self.condition(variables) for _ in range(self.rng.randint(0, 3))]
        if choices := self.rng.random() < 0.6 and list(choices_on(variables)):
            measure = self.rng.choice(sorted({one.measure for one in choices}))
            conditions.append(self.rng.choice([one for one in choices if one.measure == measure]))
        self.rng.shuffle(conditions)
        return Query(
            variables=variables,
            joins=tuple(Atom(subject=s, predicate=p, object=o) for s, p, o in needed),
            conditions=tuple(conditions),
            answer=self.rng.choice(sorted(variables)),
        )

    def spanning(self, joined: list[Edge]) -> list[Edge]:
        """Some of the edges that still join all variables."""
        kept = list(joined)
        for one in self.rng.sample(joined, len(joined)):
            rest = nx.Graph([(s, o) for s, _, o in kept if (s, _, o) != one])
            rest.add_nodes_from(self.bound)
            if self.rng.random() < 0.3 and nx.is_connected(rest):
                kept.remove(one)
        return kept

    def condition(self, variables: dict[str, EntityType]) -> Atom | Count:
        """One that holds of its node, if thirty tries find one and no false one is wanted."""
        which = self.rng.choice(("plain", "below", "absent", "absent above", "share", "count"))
        false = self.rng.random() < 0.1
        for _ in range(30):
            one = self.any_condition(variables, which)
            if false or self.oracle.holds(one, self.bound[one.subject]):
                break
        return one

    def any_condition(self, variables: dict[str, EntityType], which: str) -> Atom | Count:
        rng = self.rng
        name = rng.choice(sorted(variables))
        kind = variables[name]
        forward = [(p, b) for a, p, b in KINDS if a is kind]
        if not forward or which == "count":
            ways = [(p, True) for p, _ in forward] + [(p, False) for _, p, b in KINDS if b is kind]
            predicate, way = rng.choice(ways)
            low, high = sorted((rng.randint(0, 3), rng.randint(0, 3)))
            return Count(subject=name, predicate=predicate, forward=way, low=low, high=high)
        predicate, end = rng.choice(forward)
        atom = Atom(subject=name, predicate=predicate, object=rng.choice(NODES[end]))
        if which == "share":
            return atom.model_copy(update={"share": rng.choice(BOUNDS)})
        absent, closed = which.startswith("absent"), which in ("below", "absent above")
        return atom.model_copy(update={"negated": absent, "closure": closed})


def choices_on(variables: dict[str, EntityType]) -> Iterator[Choice]:
    """Every choice that can be made among the variables."""
    extremes: tuple[Literal["least", "most"], ...] = ("least", "most")
    for (name, kind), extreme in product(variables.items(), extremes):
        if kind is D:
            yield Choice(subject=name, measure="onset", extreme=extreme)
        for a, predicate, b in KINDS:
            for forward, end in ((True, a), (False, b)):
                if end is kind:
                    yield Choice(
                        subject=name,
                        measure="edges",
                        extreme=extreme,
                        predicate=predicate,
                        forward=forward,
                    )
        for other in variables:
            if kind is P and variables[other] is D:
                yield Choice(
                    subject=name,
                    measure="share",
                    extreme=extreme,
                    predicate=Predicate.HAS_PHENOTYPE,
                    of=other,
                )


class Oracle:
    """Tries every assignment; written from the meaning of a certificate, with exact fractions."""

    def __init__(self, rows: list[Statement]) -> None:
        self.rows = rows
        self.edges: set[Edge] = asserted(rows)
        self.denied = {(s.subject, s.predicate, s.object) for s in rows if s.negated}
        every = [node for nodes in NODES.values() for node in nodes]
        self.tree = hierarchy(every, self.edges)

    def answers(self, query: Query) -> list[str]:
        own = [one for one in query.conditions if not isinstance(one, Choice)]
        fitting = {
            name: [
                node
                for node in NODES[kind]
                if all(self.holds(one, node) for one in own if one.subject == name)
            ]
            for name, kind in query.variables.items()
        }
        solutions = [
            bound
            for values in product(*fitting.values())
            if len(set(values)) == len(values)
            and all(
                (bound[join.subject], join.predicate, bound[join.object]) in self.edges
                for bound in [dict(zip(fitting, values, strict=True))]
                for join in query.joins
            )
            for bound in [dict(zip(fitting, values, strict=True))]
        ]
        for choice in query.conditions:
            if isinstance(choice, Choice):
                measured = [(self.measure(choice, one), one) for one in solutions]
                values = [value for value, _ in measured if value is not None]
                best = (min if choice.extreme == "least" else max)(values, default=None)
                solutions = [one for value, one in measured if value is not None and value == best]
        return sorted({bound[query.answer] for bound in solutions})

    def holds(self, one: Atom | Count, node: str) -> bool:
        if isinstance(one, Count):
            return one.low <= self.degree(node, one.predicate, forward=one.forward) <= one.high
        if one.share is not None:
            low, high = (Fraction(str(bound)) for bound in one.share)
            shares = map(_share, self.written(node, one.predicate, one.object))
            return any(share is not None and low <= share <= high for share in shares)
        if one.negated:
            up = nx.ancestors(self.tree, one.object) if one.closure else set()
            return any((node, one.predicate, obj) in self.denied for obj in {one.object, *up})
        down = below(self.tree, one.object) if one.closure else {one.object}
        return any((node, one.predicate, obj) in self.edges for obj in down)

    def written(self, subject: str, predicate: Predicate, obj: str) -> list[str]:
        edge = (subject, predicate, obj)
        same = [s for s in self.rows if (s.subject, s.predicate, s.object) == edge]
        return [s.frequency for s in same if not s.negated]

    def degree(self, node: str, predicate: Predicate, *, forward: bool) -> int:
        ends = (0, 2) if forward else (2, 0)
        mine = {e[ends[1]] for e in self.edges if e[1] is predicate and e[ends[0]] == node}
        return len(mine)

    def measure(self, choice: Choice, bound: dict[str, str]) -> Fraction | int | None:
        node = bound[choice.subject]
        if choice.measure == "edges":
            return self.degree(node, choice.predicate, forward=choice.forward)
        if choice.measure == "onset":
            onsets = [o for s, p, o in self.edges if (s, p) == (node, Predicate.HAS_ONSET)]
            return min((LIFE[one] for one in onsets if LIFE[one] is not None), default=None)
        rows = [_count(one) for one in self.written(bound[choice.of], choice.predicate, node)]
        counted = [row for row in rows if row is not None]
        if not counted:
            return None
        patients, seen = max(counted)
        return Fraction(seen, patients)


def _count(frequency: str) -> tuple[int, int] | None:
    """(patients, of whom seen), of a frequency that is a count."""
    parts = frequency.split("/")
    if len(parts) != 2 or not all(part.isdigit() for part in parts) or int(parts[1]) == 0:
        return None
    return int(parts[1]), int(parts[0])


def _share(frequency: str) -> Fraction | None:
    if frequency.endswith("%"):
        return Fraction(frequency.removesuffix("%")) / 100
    count = _count(frequency)
    return Fraction(count[1], count[0]) if count else None


def label(condition: Condition) -> str:
    """The kind of a condition with what it makes of it."""
    if isinstance(condition, Choice):
        return f"{condition.extreme} {condition.measure}"
    if isinstance(condition, Count):
        return f"count {'of objects' if condition.forward else 'of subjects'}"
    parts = ("closure", "negated") if condition.share is None else ("share",)
    return " ".join(part for part in parts if getattr(condition, part)) or "plain"


def test_answers_are_those_of_brute_force_and_a_limit_gives_the_first():
    met: Counter[str] = Counter()
    for seed in range(GRAPHS):
        rng = Random(seed)
        rows = world(rng)
        solver, asker = Solver(graph_of(ENTITIES, rows)), Asker(rows, rng)
        for _ in range(QUERIES):
            query = asker.query()
            expected = asker.oracle.answers(query)
            assert solver.answers(query) == expected, (seed, query)
            limit = rng.randint(0, 3)
            assert solver.answers(query, limit) == expected[:limit], (seed, query)
            if expected:
                met.update({label(one) for one in query.conditions})
                met["cycle"] += len(query.joins) >= len(query.variables)
                met["narrowed"] += _narrowed(query, expected, asker.oracle)
    # What is compared is not mostly nothing: every kind was met in queries that have an answer.
    assert min(met[one] for one in KINDS_OF_CONDITION) >= 20, met
    assert met["narrowed"] >= GRAPHS * QUERIES / 20, met


def _narrowed(query: Query, expected: list[str], oracle: Oracle) -> bool:
    """Whether a choice leaves out some of the answers."""
    rest = tuple(one for one in query.conditions if not isinstance(one, Choice))
    if len(rest) == len(query.conditions):
        return False
    return oracle.answers(query.model_copy(update={"conditions": rest})) != expected


def _marked(sign: str, *, closure: bool) -> Query:
    atom = Atom(subject="A", predicate=Predicate.HAS_PHENOTYPE, object=sign, closure=closure)
    return Query(variables={"A": D}, joins=(), conditions=(atom,), answer="A")


@pytest.fixture(scope="module")
def solver() -> Solver:
    return Solver(
        graph_of(
            ENTITIES,
            [
                statement("HP:1", Predicate.SUBCLASS_OF, "HP:0"),
                statement("HP:2", Predicate.SUBCLASS_OF, "HP:1"),
                statement("MONDO:0", Predicate.HAS_PHENOTYPE, "HP:0"),
                statement("MONDO:1", Predicate.HAS_PHENOTYPE, "HP:2"),
                statement("MONDO:2", Predicate.HAS_PHENOTYPE, "HP:0", negated=True),
                statement("HGNC:0", Predicate.CAUSES, "MONDO:0"),
                statement("HGNC:0", Predicate.CAUSES, "MONDO:1"),
                statement("HGNC:1", Predicate.CAUSES, "MONDO:2"),
            ],
        )
    )


def test_a_more_specific_sign_fits_under_closure_alone(solver):
    assert solver.answers(_marked("HP:0", closure=True)) == ["MONDO:0", "MONDO:1"]
    assert solver.answers(_marked("HP:0", closure=False)) == ["MONDO:0"]


def test_variables_of_one_type_are_distinct(solver):
    causes = Predicate.CAUSES
    query = Query(
        variables={"A": D, "B": G, "C": D},
        joins=(
            Atom(subject="B", predicate=causes, object="A"),
            Atom(subject="B", predicate=causes, object="C"),
        ),
        conditions=(),
        answer="C",
    )
    assert solver.answers(query) == ["MONDO:0", "MONDO:1"]  # not MONDO:2, alone with its gene


def test_a_query_without_a_solution_has_no_answer(solver):
    assert solver.answers(_marked("HP:3", closure=True)) == []
