"""Tab-separated files with a header: only the columns that are asked for, checked by name.

A column that is gone is schema drift: the error says which are missing and which are new.
"""

import csv
import logging
from collections.abc import Iterator, Sequence
from operator import itemgetter

from medresearcher.errors import SourceError
from medresearcher.sources.files import Files, bad, lines

logger = logging.getLogger(__name__)


def rows(
    files: Files, name: str, header: str, columns: str, quoted: bool = False
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield (1-based line, the values of `columns`) for every row below the header.

    `header` names the columns of the release that the reader was written for, `columns` (at
    least two) those that it needs, both parted by blanks. Lines that start with
    `#` are comments; with `quoted` there are none, and double quotes are read as CSV does.
    Raise `SourceError` for a missing column and for a row of another width.
    """
    numbered = _fields(files, name, quoted)
    start, found = next(numbered, (0, []))
    _check_header(f"{files.where(name)}:{start}", found, header.split(), columns.split())
    pick = itemgetter(*(found.index(column) for column in columns.split()))
    width = len(found)
    for line, fields in numbered:
        if len(fields) != width:
            expected = f"{width} tab-separated columns"
            raise bad(files, name, line, expected, f"{len(fields)} columns")
        yield line, pick(fields)


def _fields(files: Files, name: str, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    numbered = ((line, text) for line, text in lines(files, name) if text[:1] != "#")
    if not quoted:
        for line, text in numbered:
            yield line, text.split("\t")
        return
    reader = csv.reader((text for _, text in lines(files, name)), delimiter="\t", strict=True)
    try:
        for fields in reader:
            yield reader.line_num, fields
    except csv.Error as error:
        raise bad(files, name, reader.line_num, "balanced double quotes", str(error)) from error


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
