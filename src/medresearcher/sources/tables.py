"""Tab-separated files with a header: only the columns that are asked for, checked by name.

A column that is gone is schema drift: the error says which are missing and which are new.
"""

import csv
import logging
from collections.abc import Iterator, Sequence
from operator import itemgetter

from medresearcher.errors import SourceError
from medresearcher.sources.files import Files, bad, lines, refuse

logger = logging.getLogger(__name__)


def rows(
    files: Files,
    name: str,
    header: str,
    columns: str,
    *,
    quoted: bool = False,
    delimiter: str = "\t",
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield (1-based line, the values of `columns`) for every row below the header.

    `header` names the columns of the release that the reader was written for, `columns` (at
    least two) those that it needs, both parted by blanks. Lines that start with
    `#` are comments; with `quoted` there are none, and double quotes are read as CSV does.
    Raise `SourceError` for a missing column; a row of another width is refused.
    """
    numbered = _quoted(files, name, delimiter) if quoted else _plain(files, name, delimiter)
    start, found = next(numbered, (0, []))
    _check_header(f"{files.where(name)}:{start}", found, header.split(), columns.split())
    pick = itemgetter(*(found.index(column) for column in columns.split()))
    width = len(found)
    for line, fields in numbered:
        if len(fields) != width:
            parted = "tab" if delimiter == "\t" else "comma"
            expected = f"{width} {parted}-separated columns"
            refuse(files, bad(files, name, line, expected, f"{len(fields)} columns"))
            continue
        yield line, pick(fields)


def _plain(files: Files, name: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    for line, text in lines(files, name):
        if text[:1] != "#":
            yield line, text.split(delimiter)


def _quoted(files: Files, name: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line by line, so that a quote that is never closed spoils one row only."""
    for line, text in lines(files, name):
        try:
            (fields,) = csv.reader([text], delimiter=delimiter, strict=True)
        except (csv.Error, ValueError) as error:
            refuse(files, bad(files, name, line, f"balanced double quotes ({error})", text))
        else:
            yield line, fields


def _check_header(
    where: str, found: Sequence[str], header: Sequence[str], columns: Sequence[str]
) -> None:
    missing = [column for column in columns if column not in found]
    new = [column for column in found if column not in header]
    if missing:
        raise SourceError(
            f"{where}: the columns of this release are not those known here: "
            f"missing {', '.join(missing)}; new {', '.join(new)[:200] or 'none'}"
        )
    if new:
        logger.info("%s: unknown columns are ignored: %s", where, ", ".join(new))
