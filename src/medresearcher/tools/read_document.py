"""`read_document`: read a document page by page, find words in it, or what answers a question.

No language model is involved: what answers a question are the passages with the rarest words of
it, each with its span, so that it can be cited.
"""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from medresearcher.records.knowledge import Document
from medresearcher.records.trajectory import Outcome
from medresearcher.retrieval.authority import RETRACTED
from medresearcher.retrieval.engine import Engine, Searchable, engine_of
from medresearcher.retrieval.passages import Passage, parse_passage
from medresearcher.tools.facts import SEPARATOR, one_line
from medresearcher.tools.tool import Result, Tool

PAGE_CHARACTERS = 2_500
PASSAGES = 8
_AROUND = 100

# Where a page may end, best first: after a line, a sentence, a word.
_BREAKS = (re.compile(r"\n"), re.compile(r"[.;!?] "), re.compile(r"\s"))


def read_document(searchable: Searchable) -> Tool:
    """The reading tool over one engine or index."""
    engine = engine_of(searchable)

    def read(
        document_id: str,
        page: Annotated[int, Field(ge=1)] = 1,
        find: str | None = None,
        question: str | None = None,
    ) -> Result:
        """Read one document, a page at a time, or only what matters in it.

        Args:
            document_id: The id of the document, or of a passage, as medical_search shows it.
            page: The page to read, from 1; the status line says how many there are.
            find: Show only the places where these words stand, as written, in any case.
            question: Show only the passages that fit this question best.
        """  # noqa: D413
        passage = parse_passage(document_id)
        document = engine.index.read(document_id.strip())
        if document is None and passage:
            document = engine.index.read(passage.document)
            if document and passage.start < passage.end <= len(document.text):
                return Result(Outcome.FOUND, _shown(document, [passage]), "1 passage")
        if document is None or document.id != document_id.strip():
            return Result(Outcome.EMPTY, "", _unknown(engine, document_id))
        if find is not None or question is not None:
            return _part(engine, document, find, question)
        pages = split_pages(document.text)
        if page > len(pages):
            problem = f"`page` {page} does not exist; {document.id} has pages 1 to {len(pages)}"
            return Result(Outcome.INVALID_ARGUMENTS, "", problem)
        body = f"{_head(document)}\n\n{pages[page - 1].strip()}"
        return Result(Outcome.FOUND, body, f"page {page} of {len(pages)}")

    return Tool("read_document", read)


def _part(engine: Engine, document: Document, find: str | None, question: str | None) -> Result:
    """The places where words stand, or the passages that fit a question."""
    if find is not None and question is not None:
        return Result(Outcome.INVALID_ARGUMENTS, "", "expected `find` or `question`, not both")
    asked = find if find is not None else question or ""
    if not engine.index.terms(asked):
        return Result(Outcome.INVALID_ARGUMENTS, "", "expected words to look for; there are none")
    found = _places(document, asked) if find is not None else _fitting(engine, document, asked)
    if not found:
        problem = f"{one_line(asked)[:80]!r} is not in {document.id}"
        return Result(Outcome.EMPTY, "", problem)
    shown = found[:PASSAGES]
    status = f"{len(shown)} of {len(found)} place{'s' if len(found) > 1 else ''}"
    return Result(Outcome.FOUND, _shown(document, shown), status)


def _places(document: Document, words: str) -> list[Passage]:
    """Where the words stand, with what is around them."""
    pattern = r"\s+".join(map(re.escape, words.split()))
    return [
        Passage(
            document.id,
            max(0, match.start() - _AROUND),
            min(len(document.text), match.end() + _AROUND),
        )
        for match in re.finditer(pattern, document.text, re.IGNORECASE)
    ]


def _fitting(engine: Engine, document: Document, question: str) -> list[Passage]:
    return [one for one in engine.span(document, question, PASSAGES) if one.weight > 0]


def _shown(document: Document, found: Sequence[Passage]) -> str:
    lines = (f"[{one.id}] {one_line(document.text[one.start : one.end])}" for one in found)
    return "\n\n".join([_head(document), *lines])


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
    mark = "RETRACTED: " if document.type == RETRACTED else ""
    return f"{mark}{one_line(document.title)}\n{SEPARATOR.join(filter(None, parts))}"


def _unknown(engine: Engine, document_id: str) -> str:
    curie = document_id.strip()
    near = [name for kind in ("FACTS", "DEF") if engine.index.read(name := f"{kind}:{curie}")]
    hint = f"did you mean {' or '.join(near)}?" if near else "medical_search shows document ids"
    return f"there is no document {one_line(document_id)[:80]!r}; {hint}"
