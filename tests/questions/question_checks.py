"""What holds for every question, whatever graph it comes from, read from the graph's tables."""

import re
from collections import Counter, defaultdict
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import networkx as nx
import pyarrow.parquet as pq

from medresearcher.graph.store import Graph
from medresearcher.questions.specialties import SPECIALTIES
from medresearcher.records.knowledge import EntityType, Evidence, Predicate
from medresearcher.records.question import Atom, Choice, Clue, Condition, Count, Question
from medresearcher.sources.registry import SOURCES

_FAULTS = (
    re.compile(r"  | [,.;?]|[,;.?]{2}|\b(\w+) \1\b|Entity_|None|\(|\)|“”", re.I),
    re.compile(r"\b[Aa] (?!eu|one\b|uni|ur|U-)[aeiou]|\b[Aa]n (?![aeiou]|[AEFHILMNORSX])"),
)
_COLUMNS = ["subject", "predicate", "object", "negated", "frequency", "source", "record", "row"]


class Row(NamedTuple):
    """One line of the table of statements."""

    negated: bool
    frequency: str
    source: str
    record: str
    row: int
    reference: str


class Rows:
    """The statements of a graph, read from its table without our code."""

    def __init__(self, folder: Path) -> None:
        table = pq.read_table(folder / "statements.parquet", columns=[*_COLUMNS, "reference"])
        self.of: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for subject, predicate, obj, *rest in zip(
            *(column.to_pylist() for column in table.columns), strict=True
        ):
            self.of[subject, predicate, obj].append(Row(*rest))
        self.ends: dict[tuple[str, str, bool], set[str]] = defaultdict(set)
        for (subject, predicate, obj), rows in self.of.items():
            if any(not row.negated for row in rows):
                self.ends[subject, predicate, True].add(obj)
                self.ends[obj, predicate, False].add(subject)
        edges = [key[::2] for key in self.of if key[1] == "subclass_of"]
        self.tree = nx.DiGraph(edges)  # from child to parent

    def stated(self, subject: str, predicate: str, obj: str, *, negated: bool = False) -> list[Row]:
        rows = self.of.get((subject, predicate, obj), [])
        return [row for row in rows if row.negated is negated]

    def below(self, node: str) -> set[str]:
        return {node, *(nx.ancestors(self.tree, node) if node in self.tree else ())}

    def above(self, node: str) -> set[str]:
        return {node, *(nx.descendants(self.tree, node) if node in self.tree else ())}

    def holds(self, condition: Condition, node: str) -> bool:
        """Whether an atom or count holds of a node."""
        if isinstance(condition, Count):
            found = self.ends[node, condition.predicate, condition.forward]
            return condition.low <= len(found) <= condition.high
        assert isinstance(condition, Atom)
        predicate, obj = condition.predicate, condition.object
        if condition.share is not None:
            low, high = condition.share
            shares = [share(row.frequency) for row in self.stated(node, predicate, obj)]
            return any(one is not None and low <= one <= high for one in shares)
        if condition.negated:
            accepted = self.above(obj) if condition.closure else {obj}
            return any(self.stated(node, predicate, one, negated=True) for one in accepted)
        accepted = self.below(obj) if condition.closure else {obj}
        return any(self.stated(node, predicate, one) for one in accepted)


def share(frequency: str) -> float | None:
    """The share of patients that a row writes as `n/m` or `p%`."""
    if frequency.endswith("%"):
        return float(frequency[:-1]) / 100
    seen, _, patients = frequency.partition("/")
    return int(seen) / int(patients) if patients.isdigit() and int(patients) else None


@lru_cache(2)
def rows_of(graph: Graph) -> Rows:
    """The rows of a graph, read once."""
    return Rows(graph.folder)


def check(question: Question, graph: Graph) -> None:
    """Assert all of it."""
    rows = rows_of(graph)
    assert question.id == question.content_id()
    assert question.specialty in {one.name for one in SPECIALTIES}
    check_pattern(question)
    check_conditions(question, rows)
    check_evidence(question, rows)
    check_certificate(question, graph)
    check_text(question.question, [clue.text for clue in question.clues])
    check_nothing_leaks(question)
    check_opening(question, rows)
    check_rarity(question, rows)


def check_pattern(question: Question) -> None:
    """Masks grow hop by hop, each entity once, in the shape that the question says."""
    masks = [entity.mask for entity in question.entities]
    ids = {entity.mask: entity.id for entity in question.entities}
    assert masks == [f"Entity_{letter}" for letter in "ABCDEFGHI"[: len(masks)]]
    assert len(set(ids.values())) == len(masks)
    assert question.entities[0].type is EntityType.DISEASE
    met = [masks[0]]
    for hop in question.hops:
        assert {hop.subject, hop.object} == {ids[hop.start], ids[hop.end]}
        assert hop.start in met
        met += [hop.end] if hop.end not in met else []
    assert met == masks
    web = nx.Graph([(hop.start, hop.end) for hop in question.hops])
    answer = question.certificate.query.answer
    assert len(web.edges) == len(question.hops)
    if question.shape == "chain":
        assert nx.is_tree(web)
        assert max(dict(web.degree).values()) <= 2
        assert answer == masks[-1]
    elif question.shape == "fork":
        assert nx.is_tree(web)
        assert answer != masks[-1]
    else:
        assert len(nx.cycle_basis(web)) == 1
    assert (question.certificate.branch > 0) is (question.shape != "chain")
    assert question.answer.id == ids[answer] == question.certificate.answer
    assert question.answer.name == next(e.name for e in question.entities if e.mask == answer)


def check_conditions(question: Question, rows: Rows) -> None:
    """Every hop and every clue holds of the solution."""
    ids = {entity.mask: entity.id for entity in question.entities}
    for hop in question.hops:
        assert rows.stated(hop.subject, hop.predicate, hop.object)
    for clue in question.clues:
        if not isinstance(clue.condition, Choice):
            assert rows.holds(clue.condition, ids[clue.mask]), clue


def check_evidence(question: Question, rows: Rows) -> None:
    """Every hop and clue rests on rows of the graph, each with its source and licence."""
    ids = {entity.mask: entity.id for entity in question.entities}
    for hop in question.hops:
        found = rows.stated(hop.subject, hop.predicate, hop.object)
        _check_rows(hop.evidence, found)
    for clue in question.clues:
        _check_clue_rows(clue, ids, rows)


def _check_clue_rows(clue: Clue, ids: dict[str, str], rows: Rows) -> None:
    node, condition = ids[clue.mask], clue.condition
    if isinstance(condition, Atom):
        shown = clue.witness or condition.object
        assert shown in rows.below(condition.object)
        found = rows.stated(node, condition.predicate, shown, negated=condition.negated)
        _check_rows(clue.evidence, found)
        return
    if isinstance(condition, Count):
        ends = rows.ends[node, condition.predicate, condition.forward]
        _check_edges(clue.evidence, node, condition.predicate, ends, rows, condition.forward)
        assert len(clue.evidence) == len(ends)
    elif condition.measure == "onset":
        ends = rows.ends[node, Predicate.HAS_ONSET, True]
        _check_edges(clue.evidence, node, Predicate.HAS_ONSET, ends, rows, forward=True)
    elif condition.measure == "edges":
        ends = rows.ends[node, condition.predicate, condition.forward]
        _check_edges(clue.evidence, node, condition.predicate, ends, rows, condition.forward)
        assert len(clue.evidence) == len(ends)
    else:
        _check_rows(clue.evidence, rows.stated(ids[condition.of], condition.predicate, node))


def _check_rows(evidence: tuple[Evidence, ...], found: list[Row]) -> None:
    """All rows of one edge, in their order."""
    assert evidence
    assert [_named(one) for one in evidence] == [_named(row) for row in found]
    assert all(one.licence == SOURCES[one.source].licence for one in evidence)


def _check_edges(
    evidence: tuple[Evidence, ...],
    node: str,
    predicate: Predicate,
    ends: set[str],
    rows: Rows,
    forward: bool,
) -> None:
    """Each edge has a row in the evidence, and no row is of anything else."""
    named = {_named(one) for one in evidence}
    each = [
        {
            _named(row)
            for row in rows.stated(*((node, predicate, end) if forward else (end, predicate, node)))
        }
        for end in ends
    ]
    assert all(named & some for some in each)
    assert named <= set().union(*each)


def _named(one: Evidence | Row) -> tuple[object, ...]:
    return one.source, one.record, one.row, one.reference or "", one.frequency or ""


def check_certificate(question: Question, graph: Graph) -> None:
    """The query says the hops and the clues, and every clue and branch has its alternatives."""
    proof, query = question.certificate, question.certificate.query
    masks = {entity.id: entity.mask for entity in question.entities}
    assert proof.graph == graph.digest
    assert query.variables == {one.mask: one.type for one in question.entities}
    assert [(one.subject, one.predicate, one.object) for one in query.joins] == [
        (masks[hop.subject], hop.predicate, masks[hop.object]) for hop in question.hops
    ]
    assert query.conditions == tuple(clue.condition for clue in question.clues)
    assert [one.condition.subject for one in question.clues] == [c.mask for c in question.clues]
    assert [one.clue for one in proof.dropped] == list(range(len(question.clues)))
    others = [set(one.answers) for one in proof.dropped]
    others += [set(proof.unbranched)] if proof.branch else []
    assert all(some and proof.answer not in some for some in others)
    assert bool(proof.unbranched) is (proof.branch > 0)
    for entity in question.entities:
        assert proof.equivalents[entity.id] == graph.entity(entity.id).equivalents


def check_text(text: str, clues: list[str]) -> None:
    """Whole sentences, every clue word for word, and no trace of how they were made."""
    for faults in _FAULTS:
        fault = faults.search(re.sub("“.*?”", "“name”", text))
        assert not fault, (fault, text)
    for sentence in re.split(r"(?<=[.?]) (?=[A-Z])", text):
        assert sentence[0].isupper(), text
        assert sentence[-1] in ".?", text
        assert sentence.count("“") == sentence.count("”"), text
    for clue in clues:
        assert clue in text, (clue, text)
    for clue, times in Counter(clues).items():
        assert text.count(clue) >= times, (clue, text)


def check_nothing_leaks(question: Question) -> None:
    """No name of a hidden entity stands in the text; symbols count in their own case."""
    words = _words(question.question)
    for entity in question.entities:
        for name in (entity.id, entity.name, *entity.aliases):
            plain = _words(name)
            if len(name) <= 5 and not re.fullmatch("[A-Za-z]?[a-z ]*", name):
                assert plain not in words, name
            else:
                assert plain.casefold() not in words.casefold(), name


def _words(text: str) -> str:
    return " ".join(["", *re.findall(r"[\w-]+", text), ""])


def check_opening(question: Question, rows: Rows) -> None:
    """At least two signs describe the first disease, and two of them fit 3 to 12 diseases.

    No entity has more than half of the clues.
    """
    first = question.entities[0].mask
    signs = [one for one in question.clues if one.mask == first and is_sign(one)]
    assert len(signs) >= 2
    fitting = [bearers(str(one.object), rows) for one in signs]
    pairs = [len(a & b) for place, a in enumerate(fitting) for b in fitting[:place]]
    assert any(3 <= both <= 12 for both in pairs), pairs
    said = Counter(clue.mask for clue in question.clues)
    assert max(said.values()) * 2 <= len(question.clues), said


def bearers(sign: str, rows: Rows) -> set[str]:
    """The diseases with a sign or something more specific."""
    return {
        disease
        for one in rows.below(sign)
        for disease in rows.ends[one, Predicate.HAS_PHENOTYPE, False]
    }


def is_sign(clue: Clue) -> bool:
    """Whether a clue says that a disease shows a sign."""
    atom = clue.condition
    return (
        isinstance(atom, Atom)
        and atom.predicate is Predicate.HAS_PHENOTYPE
        and not atom.negated
        and atom.share is None
    )


def check_rarity(question: Question, rows: Rows) -> None:
    """The first disease is rare; where publications decide, they are counted."""
    first = question.entities[0]
    assert question.rarity.rare is True
    if question.rarity.rule != "cited_publications":
        return
    assert 1 <= question.rarity.value <= question.rarity.limit
    cited = {
        row.reference
        for predicate in (Predicate.HAS_PHENOTYPE, Predicate.HAS_INHERITANCE, Predicate.HAS_ONSET)
        for obj in rows.ends[first.id, predicate, True]
        for row in rows.of[first.id, predicate, obj]
        if row.reference.startswith("PMID:")
    }
    assert question.rarity.value == len(cited)
