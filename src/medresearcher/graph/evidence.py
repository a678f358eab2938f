"""The evidence of an edge: every source row that states it, with licence and citation."""

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Evidence, Predicate, Statement
from medresearcher.sources.registry import licence_of


def evidence_of(
    graph: Graph, subject: str, predicate: Predicate, obj: str, *, negated: bool = False
) -> tuple[Evidence, ...]:
    """The rows that assert an edge (`negated`: deny it), in table order; empty if none does."""
    rows = graph.statements(subject, predicate, obj)
    return tuple(_evidence(row) for row in rows if row.negated is negated)


def _evidence(row: Statement) -> Evidence:
    return Evidence(
        source=row.source,
        licence=licence_of(row.source),
        record=row.record,
        row=row.row,
        reference=row.reference or None,
        frequency=row.frequency or None,
    )
