"""The text form of facts: written by `lookup_entity`, read back by policies and checks.

A section is a heading `<relation> (<count>):` and one line per fact, `- <name> (<CURIE>)` with
optional ` · <details>`. The count is of all facts; a section may show only the first of them.
"""

import re
from collections.abc import Iterable

from medresearcher.graph.conflicts import Conflict
from medresearcher.graph.store import Graph
from medresearcher.retrieval.relations import Fact, claim_words, claims_of

SEPARATOR = " · "

_HEADING = re.compile(r"(\w+) \(\d+\):")
_FACT = re.compile(r"- (.*?) \(([^\s():]+:[^\s()]+)\)(?: · .*)?")


def entity_line(name: str, curie: str, *details: str) -> str:
    """`- <name> (<CURIE>) · <details>`; empty details are left out."""
    return SEPARATOR.join([f"- {one_line(name)} ({curie})", *filter(None, details)])


def fact_line(fact: Fact) -> str:
    """The line of one fact: frequency and citations, and the other side of a conflict."""
    conflict = ""
    if fact.against:
        other = "present" if fact.absent else "absent"
        conflict = f"CONFLICT: also stated {other} by {', '.join(fact.against)}"
    return entity_line(fact.name, fact.id, claim_words(fact.claims), conflict)


def conflict_lines(graph: Graph, conflict: Conflict) -> list[str]:
    """One line for each object that a conflict is about: how it differs, and what each row says."""
    kind = conflict.kind.replace("_", " ")
    return [
        entity_line(
            graph.name(obj),
            obj,
            kind,
            claim_words(claims_of([row for row in conflict.statements if row.object == obj])),
        )
        for obj in conflict.objects
    ]


def section(heading: str, count: int, lines: Iterable[str]) -> str:
    """A heading with the count of all its facts, and the lines of those that are shown."""
    return "\n".join([f"{heading} ({count}):", *lines])


def parse_facts(text: str) -> dict[str, list[tuple[str, str]]]:
    """Read sections back: heading -> [(name, CURIE)] in order; other lines are passed over."""
    found: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] | None = None
    for line in text.split("\n"):
        if heading := _HEADING.fullmatch(line):
            current = found.setdefault(heading[1], [])
        elif not line:
            current = None
        elif current is not None and (match := _FACT.fullmatch(line)):
            current.append((match[1], match[2]))
    return found


def one_line(text: str) -> str:
    """`text` without line breaks and without the separator of details."""
    return " ".join(text.split()).replace(SEPARATOR, " - ")
