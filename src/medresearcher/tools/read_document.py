"""`read_document`: read a document page by page."""

import re
from typing import Annotated

from pydantic import Field

from medresearcher.records.knowledge import Document
from medresearcher.records.trajectory import Outcome
from medresearcher.retrieval.index import Index
from medresearcher.tools.facts import SEPARATOR, one_line
from medresearcher.tools.tool import Result, Tool

PAGE_CHARACTERS = 2_500

# Where a page may end, best first: after a line, a sentence, a word.
_BREAKS = (re.compile(r"\n"), re.compile(r"[.;!?] "), re.compile(r"\s"))


def read_document(index: Index) -> Tool:
    """The reading tool over one index."""

    def read(document_id: str, page: Annotated[int, Field(ge=1)] = 1) -> Result:
        """Read one document, a page at a time.

        Args:
            document_id: The id of the document as medical_search shows it.
            page: The page to read, from 1; the status line says how many there are.
        """  # noqa: D413
        document = index.read(document_id.strip())
        if document is None:
            return Result(Outcome.EMPTY, "", _unknown(index, document_id))
        pages = split_pages(document.text)
        if page > len(pages):
            problem = f"`page` {page} does not exist; {document.id} has pages 1 to {len(pages)}"
            return Result(Outcome.INVALID_ARGUMENTS, "", problem)
        body = f"{_head(document)}\n\n{pages[page - 1].strip()}"
        return Result(Outcome.FOUND, body, f"page {page} of {len(pages)}")

    return Tool("read_document", read)


def split_pages(text: str, size: int = PAGE_CHARACTERS) -> list[str]:
    """Cut `text` into pages of at most `size` characters; joined they are the text again.

    A page ends after a line, else a sentence, else a word, in its second half; else at `size`.
    """
    pages: list[str] = []
    start = 0
    while len(text) - start > size:
        end = _end_of_page(text, start, size)
        pages.append(text[start:end])
        start = end
    return [*pages, text[start:]]


def _end_of_page(text: str, start: int, size: int) -> int:
    for stop in _BREAKS:
        ends = [match.end() for match in stop.finditer(text, start + size // 2, start + size)]
        if ends:
            return ends[-1]
    return start + size


def _head(document: Document) -> str:
    year = str(document.year) if document.year is not None else ""
    parts = (document.id, document.source, document.journal, year, document.url)
    return f"{one_line(document.title)}\n{SEPARATOR.join(filter(None, parts))}"


def _unknown(index: Index, document_id: str) -> str:
    curie = document_id.strip()
    near = [name for kind in ("FACTS", "DEF") if index.read(name := f"{kind}:{curie}")]
    hint = f"did you mean {' or '.join(near)}?" if near else "medical_search shows document ids"
    return f"there is no document {one_line(document_id)[:80]!r}; {hint}"
