"""How connectors answer: numbered entries with what to cite, between the marks of outside text."""

import json
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from medresearcher.records.trajectory import Outcome
from medresearcher.tools.facts import SEPARATOR, one_line
from medresearcher.tools.tool import Result
from medresearcher.tools.untrusted import as_data

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]
Limit = Annotated[int, Field(ge=1, le=20)]
Page = Annotated[int, Field(ge=1)]

_SNIPPET = 400


def entry(number: int, head: Iterable[str | None], *lines: str | None) -> str:
    """A numbered entry: a head of parts, and lines below it; what is empty is left out."""
    first = SEPARATOR.join(one_line(part) for part in head if part)
    rest = [f"   {' '.join(line.split())}" for line in lines if line]
    return "\n".join([f"{number}. {first}", *rest])


def snippet(text: str, most: int = _SNIPPET) -> str:
    """The beginning of a text, on one line."""
    line = one_line(text)
    return line if len(line) <= most else f"{line[:most].rsplit(' ', 1)[0]} …"


def listing(
    source: str, entries: Sequence[str], total: int | None, where: str, notes: Iterable[str] = ()
) -> Result:
    """The entries of one page; none is `empty`. `where` says which part of the whole it is."""
    said = "\n".join(notes)
    if not entries:
        body = as_data(source, said) if said else ""
        status = "nothing matches; try other or fewer words"
        if total:
            status = f"nothing on this page; {total:,} records in all"
        return Result(Outcome.EMPTY, body, status)
    body = as_data(source, "\n".join([*entries, *([said] if said else [])]))
    number = total if total is not None else len(entries)
    count = f"{number:,} record{'' if number == 1 else 's'}"
    return Result(Outcome.FOUND, body, f"{source} · {count} · {where}")


def cursor_listing(
    source: str, entries: Sequence[str], total: int | None, name: str, cursor: str
) -> Result:
    """A page whose next one has a cursor; the cursor is the service's, so it stands in the data."""
    notes = [f"next page: {name} {json.dumps(cursor)}"] if cursor and entries else []
    where = f"more pages, see the last line for the {name}" if notes else "the last page"
    return listing(source, entries, total, where, notes)


def page_of(total: int, limit: int, page: int) -> str:
    """`page 2 of 7`."""
    return f"page {page} of {max(1, -(-total // limit))}"
