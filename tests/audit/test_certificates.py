"""Certificates of small random graphs: proven by SQL, accepted so, refused when changed."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
import sql_oracle
from audit_questions import Prover

from medresearcher.audit.certificates import Auditor
from medresearcher.audit.defects import Kind
from medresearcher.audit.detection import mutate
from medresearcher.audit.facts import Edge, Facts
from medresearcher.audit.mutations import MUTATIONS
from medresearcher.graph.onset import ONSET_RANK
from medresearcher.graph.tables import write_tables
from medresearcher.records.knowledge import Entity, EntityType, Evidence, Predicate, Statement
from medresearcher.records.question import Atom, Choice, Question
from medresearcher.sources.registry import licence_of

WORLDS = 4
EACH = 10

Json = dict[str, Any]


class Small(NamedTuple):
    """A question over a small graph, an auditor of that graph, and SQL over it."""

    question: Question
    auditor: Auditor
    prover: Prover

    def kinds(self, question: Question) -> set[Kind]:
        return {one.kind for one in self.auditor.check(question)}


@pytest.fixture(scope="module")
def small() -> list[Small]:
    return list(_small())


def _small() -> Iterator[Small]:
    for seed in range(WORLDS):
        with tempfile.TemporaryDirectory() as folder:
            prover = Prover(Path(folder), seed)
            auditor = Auditor(Facts.load(Path(folder)))
            yield from (Small(one, auditor, prover) for one in prover.questions())


def conditions(question: Question) -> set[str]:
    """The kinds of condition that a question has."""
    return {
        one.kind
        if not isinstance(one, Atom)
        else "negated" if one.negated else "share" if one.share else "atom"
        for one in question.certificate.query.conditions
    }  # fmt: skip


def changed(question: Question, change: Callable[[Json], Any]) -> Question:
    """The question with a change to its JSON, and the id of that content."""
    content = question.model_dump(mode="json", by_alias=True, exclude={"id", "schema_name"})
    change(content)
    return Question.create(**content)


def test_what_sql_proves_is_accepted(small: list[Small]) -> None:
    for one in small:
        assert one.auditor.check(one.question) == [], one.question
    seen = set[str]().union(*(conditions(one.question) for one in small))
    assert seen == {"atom", "negated", "share", "count", "choice"}
    assert {one.question.shape for one in small} == {"chain", "cycle"}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_defect_is_found_for_what_it_is(name: str, small: list[Small]) -> None:
    rng, made = Random(1), 0
    for one in rng.sample(small, len(small)):
        mutant = mutate(name, one.question, one.auditor.facts, rng)
        if mutant is None:
            continue
        made += 1
        kinds = one.kinds(mutant)
        assert kinds & MUTATIONS[name].kinds, (kinds, mutant)
        if kinds & {Kind.ANSWER_NOT_UNIQUE, Kind.ANSWER_DIFFERS}:
            found = one.prover.answers(mutant.certificate.query)
            is_proven = found == {mutant.certificate.answer}
            assert not is_proven or Kind.CONDITION_FAILS in kinds, (found, mutant)
        if made == EACH:
            break
    assert made, "the small graphs give no place for this defect"


def test_an_id_that_is_not_that_of_the_content_is_found(small: list[Small]) -> None:
    one = small[0]
    assert one.kinds(one.question.model_copy(update={"id": "q-0"})) == {Kind.WRONG_ID}


def test_a_certificate_of_another_graph_is_not_looked_at_further(small: list[Small]) -> None:
    one, other = small[0], small[-1]
    (defect,) = other.auditor.check(one.question)
    assert defect.kind is Kind.WRONG_GRAPH
    assert one.auditor.facts.digest in defect.detail
    assert other.auditor.facts.digest in defect.detail


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "dictionary"),
        ({"id": "q-1"}, "`schema`"),
        ({"schema": "medresearcher/question/0"}, "Field required"),
    ],
)
def test_a_value_that_is_no_question_is_malformed(
    value: Any, said: str, small: list[Small]
) -> None:
    checked = small[0].auditor.check_value("here:1", value)
    assert [one.kind for one in checked.defects] == [Kind.MALFORMED]
    assert said in checked.defects[0].detail
    assert checked.place == "here:1"


def test_a_question_of_another_schema_is_malformed(small: list[Small]) -> None:
    value = small[0].question.model_dump(mode="json", by_alias=True)
    (defect,) = small[0].auditor.check_value("", {**value, "schema": "medresearcher/x/1"}).defects
    assert defect.kind is Kind.MALFORMED
    assert "medresearcher/x/1" in defect.detail


def test_equivalents_and_shape_must_be_those_of_the_graph_and_chain(small: list[Small]) -> None:
    one = small[0]
    wrong = changed(one.question, lambda it: it["certificate"]["equivalents"].clear())
    assert one.kinds(wrong) == {Kind.EQUIVALENTS_DIFFER}
    shape = "chain" if one.question.shape == "cycle" else "cycle"
    assert one.kinds(changed(one.question, lambda it: it.update(shape=shape))) == {
        Kind.SHAPE_DIFFERS
    }


def test_all_edges_that_are_counted_need_a_row(small: list[Small]) -> None:
    tried = 0
    for one in small:
        for place, clue in enumerate(one.question.clues):
            condition = clue.condition
            if isinstance(condition, Atom) or getattr(condition, "measure", "edges") != "edges":
                continue
            first = edges_of(one, clue.evidence[0])
            rows = [row.model_dump() for row in clue.evidence if edges_of(one, row) != first]
            if not rows:
                continue
            wrong = changed(
                one.question, lambda it, at=place, some=rows: it["clues"][at].update(evidence=some)
            )
            assert one.kinds(wrong) == {Kind.EVIDENCE_DOES_NOT_SHOW}
            tried += 1
    assert tried


def edges_of(one: Small, row: Evidence) -> frozenset[tuple[str, str]]:
    """The edges that have such a row."""
    return frozenset(
        (fact.subject, fact.object)
        for fact in one.prover.world.statements
        if (fact.record, fact.row) == (row.record, row.row)
    )


def test_a_choice_needs_the_row_that_gives_its_measure(small: list[Small]) -> None:
    """Each row alone is enough if it states the earliest onset, or counted most patients."""
    tried: dict[tuple[str, bool], int] = {}
    for one in small:
        for place, clue in enumerate(one.question.clues):
            condition = clue.condition
            if not isinstance(condition, Choice) or condition.measure == "edges":
                continue
            best = max(measure_of(one, condition, row) for row in clue.evidence)
            for row in clue.evidence:
                enough = measure_of(one, condition, row) == best
                rows = [row.model_dump()]
                single = changed(
                    one.question,
                    lambda it, at=place, some=rows: it["clues"][at].update(evidence=some),
                )
                kinds = one.kinds(single)
                assert kinds == (set() if enough else {Kind.EVIDENCE_DOES_NOT_SHOW}), single
                tried[condition.measure, enough] = tried.get((condition.measure, enough), 0) + 1
    assert len(tried) == 4, tried


def measure_of(one: Small, choice: Choice, row: Evidence) -> tuple[int, int]:
    """What a row says for a choice; more is better."""
    if choice.measure == "share":
        part, _, whole = (row.frequency or "").partition("/")
        return (int(whole), int(part)) if whole.isdigit() and int(whole) else (-1, -1)
    objects = {
        fact.object
        for fact in one.prover.world.statements
        if (fact.record, fact.row) == (row.record, row.row) and fact.predicate == "has_onset"
    }
    (onset,) = objects
    return -ONSET_RANK.get(onset, 99), 0


def test_a_share_needs_a_row_within_it(tmp_path: Path) -> None:
    """A gene with three diseases; one of them has a sign in 9 of 10 patients, or in 1 of 10."""
    entities = [
        Entity("HGNC:1", EntityType.GENE, "GENE1", "hgnc"),
        Entity("HP:1", EntityType.PHENOTYPE, "Ataxia", "hpo"),
        *(Entity(f"MONDO:{n}", EntityType.DISEASE, f"disease {n}", "mondo") for n in (1, 2, 3)),
    ]
    rows = [
        *(Statement("HGNC:1", Predicate.CAUSES, f"MONDO:{n}", "hpo", "OMIM:1", n)
          for n in (1, 2, 3)),
        *(Statement(node, Predicate.HAS_PHENOTYPE, "HP:1", "hpo", "OMIM:2", row, frequency=text)
          for node, row, text in (("MONDO:1", 4, "1/10"), ("MONDO:1", 5, "9/10"),
                                  ("MONDO:2", 6, "1/10"))),
    ]  # fmt: skip
    digest = write_tables(tmp_path, entities, rows)
    auditor = Auditor(Facts.load(tmp_path))
    for row, kinds in ((5, set[Kind]()), (4, {Kind.EVIDENCE_DOES_NOT_SHOW})):
        question = by_hand(digest, row, "9/10" if row == 5 else "1/10")
        assert {one.kind for one in auditor.check(question)} == kinds


def by_hand(digest: str, row: int, frequency: str) -> Question:
    condition = {
        "kind": "atom", "subject": "Entity_B", "predicate": "has_phenotype", "object": "HP:1",
        "share": (0.9, 1.0),
    }  # fmt: skip
    join = {"subject": "Entity_A", "predicate": Predicate.CAUSES, "object": "Entity_B"}
    named = {
        "Entity_A": ("HGNC:1", "gene", "GENE1"),
        "Entity_B": ("MONDO:1", "disease", "disease 1"),
    }
    hpo = {"source": "hpo", "licence": licence_of("hpo")}
    return Question.create(
        question="Which has ataxia in most?",
        answer={"id": "MONDO:1", "name": "disease 1", "aliases": []},
        specialty="neurology",
        shape="chain",
        entities=[
            {"mask": mask, "id": node, "type": kind, "name": name, "aliases": []}
            for mask, (node, kind, name) in named.items()
        ],
        hops=[
            {
                "subject": "HGNC:1", "predicate": Predicate.CAUSES, "object": "MONDO:1",
                "start": "Entity_A", "end": "Entity_B",
                "evidence": [{**hpo, "record": "OMIM:1", "row": 1}],
            }
        ],
        clues=[
            {
                "mask": "Entity_B", "condition": condition, "text": "ataxia in most",
                "evidence": [{**hpo, "record": "OMIM:2", "row": row, "frequency": frequency}],
            }
        ],
        certificate={
            "query": {
                "variables": {mask: kind for mask, (_, kind, _) in named.items()},
                "joins": [join],
                "conditions": [condition],
                "answer": "Entity_B",
            },
            "answer": "MONDO:1",
            "dropped": [{"clue": 0, "answers": ["MONDO:2", "MONDO:3"]}],
            "equivalents": {"HGNC:1": [], "MONDO:1": []},
            "graph": digest,
        },
        rarity={"rule": "cited_publications", "value": 1, "limit": 5},
    )  # fmt: skip


def test_a_witness_must_be_below_what_it_shows(small: list[Small]) -> None:
    """A condition about the witness alone is not shown by a row of what stands above it."""
    tried = 0
    for one in small:
        facts = one.auditor.facts
        for place, clue in enumerate(one.question.clues):
            condition = clue.condition
            if not isinstance(condition, Atom) or not condition.closure or condition.negated:
                continue
            entity = next(it.id for it in one.question.entities if it.mask == clue.mask)
            met = facts.neighbours(entity, condition.predicate, forward=True)
            for other in met - one.auditor.solver.conditions.below(condition.object):
                rows = [
                    {**row._asdict(), "licence": licence_of(row.source)}
                    for row in facts.rows(Edge(entity, condition.predicate, other))
                ]
                update = {"witness": other, "evidence": rows}
                wrong = changed(
                    one.question, lambda it, at=place, to=update: it["clues"][at].update(to)
                )
                assert one.kinds(wrong) == {Kind.EVIDENCE_DOES_NOT_SHOW}
                tried += 1
    assert tried > 3


def test_a_branch_must_be_needed(small: list[Small]) -> None:
    """Without the last join the answers are what SQL says; anything else is refused."""
    tried = 0
    for one in small:
        query = one.question.certificate.query
        joins = query.joins[:-1]
        reached = {query.answer}.union(*({join.subject, join.object} for join in joins))
        last = {query.joins[-1].subject, query.joins[-1].object} if query.joins else set()
        if not joins or last <= reached:
            continue
        kept = [
            condition
            for condition in query.conditions
            if condition.subject in reached and getattr(condition, "of", None) not in last - reached
        ]
        cut = query.model_copy(
            update={
                "joins": joins,
                "conditions": tuple(kept),
                "variables": {name: query.variables[name] for name in query.variables
                              if name in reached},
            }
        )  # fmt: skip
        others = sorted(one.prover.answers(cut) - {one.question.answer.id})
        for said, is_right in ((others, bool(others)), ([], False), (["MONDO:x"], False)):
            branched = changed(
                one.question,
                lambda it, some=said: it["certificate"].update(branch=1, unbranched=some),
            )
            tried += 1
            assert (one.kinds(branched) == {Kind.BRANCH_NOT_NEEDED}) is not is_right, branched
    assert tried > 3


def test_the_sql_solutions_are_those_of_the_solver(small: list[Small]) -> None:
    one = small[0]
    ids = {entity.mask: entity.id for entity in one.question.entities}
    query = one.question.certificate.query
    for solution in sql_oracle.solutions(one.prover.database, query):
        bound = dict(zip(query.variables, solution, strict=True))
        assert one.auditor.solver.solutions(query).holds(bound)
    assert one.auditor.solver.solutions(query).holds(ids)
