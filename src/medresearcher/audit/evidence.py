"""Whether the evidence of hops and clues stands in the tables and shows what it is given for."""

from collections.abc import Iterable, Iterator, Sequence

from medresearcher.audit.conditions import Conditions
from medresearcher.audit.defects import Defect, Kind
from medresearcher.audit.facts import Edge, Facts, Row, counted, share
from medresearcher.errors import InputError
from medresearcher.graph.onset import ONSET_RANK
from medresearcher.records.knowledge import Evidence, Predicate
from medresearcher.records.question import Atom, Choice, Clue, Count, Question
from medresearcher.sources.registry import licence_of

Rows = dict[Edge, list[Row]]


def evidence(question: Question, conditions: Conditions) -> Iterator[Defect]:
    """Yield what is wrong with the evidence of a question whose parts agree."""
    facts = conditions.facts
    ids = {one.mask: one.id for one in question.entities}
    for place, hop in enumerate(question.hops):
        edge = Edge(hop.subject, hop.predicate, hop.object)
        rows = {edge: facts.rows(edge)}
        yield from _rows_exist(f"hop {place}", hop.evidence, rows, facts)
    for place, clue in enumerate(question.clues):
        where = f"clue {place}"
        rows = _rows(clue, ids, facts)
        wrong = list(_rows_exist(where, clue.evidence, rows, facts))
        yield from wrong
        if not wrong:
            problem = _unshown(clue, ids, rows, conditions)
            if problem:
                yield Defect(Kind.EVIDENCE_DOES_NOT_SHOW, f"{where}: {problem}")


def _rows(clue: Clue, ids: dict[str, str], facts: Facts) -> Rows:
    """The rows that may be given for a clue, by edge."""
    node, condition = ids[clue.mask], clue.condition
    if isinstance(condition, Atom):
        edge = Edge(node, condition.predicate, clue.witness or condition.object)
        return {edge: facts.rows(edge, negated=condition.negated)}
    if isinstance(condition, Choice) and condition.measure == "share":
        edges = [Edge(ids[condition.of or ""], _predicate(condition), node)]
    else:
        forward = not isinstance(condition, Count) or condition.forward
        if isinstance(condition, Choice) and condition.measure == "edges":
            forward = condition.forward
        edges = _edges(node, _predicate(condition), facts, forward=forward)
    return {edge: facts.rows(edge) for edge in edges}


def _predicate(condition: Count | Choice) -> Predicate:
    return condition.predicate or Predicate.HAS_ONSET


def _edges(node: str, predicate: Predicate, facts: Facts, *, forward: bool) -> list[Edge]:
    others = sorted(facts.neighbours(node, predicate, forward=forward))
    return [
        Edge(*((node, predicate, one) if forward else (one, predicate, node))) for one in others
    ]


def _rows_exist(
    where: str, given: Iterable[Evidence], rows: Rows, facts: Facts
) -> Iterator[Defect]:
    known = {row for found in rows.values() for row in found}
    for one in given:
        if _key(one) not in known:
            told = f"{where}: {one.source} {one.record}, row {one.row}"
            if (one.source, one.record, one.row) not in facts.row_keys:
                yield Defect(Kind.EVIDENCE_MISSING, f"{told}: the tables have no such row")
            elif any(row[:3] == _key(one)[:3] for row in known):
                yield Defect(
                    Kind.EVIDENCE_MISSING,
                    f"{told}: the row has another reference or frequency",
                )
            else:
                yield Defect(Kind.EVIDENCE_FOR_OTHER_EDGE, f"{told}: a row of another edge")
        if not _has_licence(one):
            yield Defect(Kind.LICENCE_WRONG, f"{where}: {one.source} is not under {one.licence}")


def _key(one: Evidence) -> Row:
    return Row(one.source, one.record, one.row, one.reference or "", one.frequency or "")


def _has_licence(one: Evidence) -> bool:
    try:
        return licence_of(one.source) == one.licence
    except InputError:
        return False


def _unshown(clue: Clue, ids: dict[str, str], rows: Rows, conditions: Conditions) -> str | None:
    """What the given rows leave open of a clue; `None` if they show it."""
    condition = clue.condition
    given = [_key(one) for one in clue.evidence]
    if isinstance(condition, Atom):
        return _atom_unshown(clue, condition, given, conditions)
    if isinstance(condition, Choice) and condition.measure == "onset":
        earliest = conditions.measured(condition, ids[clue.mask])
        best = {one for one in rows if (ONSET_RANK.get(one.object), 1) == earliest}
        return None if _covered(best, rows, given) else "no row of the earliest onset"
    if isinstance(condition, Choice) and condition.measure == "share":
        (edge,) = rows
        largest = conditions.facts.largest.get((edge.predicate, edge.object), {}).get(edge.subject)
        shown = largest is not None and any(counted(row.frequency) == largest for row in given)
        return None if shown else "not the row with the most patients"
    missing = len(rows) - len(_covered(rows, rows, given))
    return f"{missing} of {len(rows)} edges have no row" if missing else None


def _covered(edges: Iterable[Edge], rows: Rows, given: Sequence[Row]) -> set[Edge]:
    """The edges of which a row is given."""
    return {edge for edge in edges if not set(given).isdisjoint(rows[edge])}


def _atom_unshown(
    clue: Clue, condition: Atom, given: Sequence[Row], conditions: Conditions
) -> str | None:
    if condition.share is not None:
        low, high = condition.share
        values = [value for row in given if (value := share(row.frequency)) is not None]
        shown = any(low <= value <= high for value in values)
        return None if shown else f"no row has a share between {low:g} and {high:g}"
    if clue.witness is None or clue.witness == condition.object:
        return None
    near = conditions.above if condition.negated else conditions.below
    if not condition.closure or clue.witness not in near(condition.object):
        side = "above" if condition.negated else "below"
        return f"the witness {clue.witness} is not {side} {condition.object}"
    return None
