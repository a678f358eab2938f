"""MedQuAD: pages of NIH sites as questions and answers (`medquad.jsonl`, one page per line).

A page is one document. Pages are known by collection and number; where a number is missing or
used twice, the line is added. A page without a focus is titled by its first question; one without
any answer has no text and is left out.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import ConfigDict, Field, ValidationError

from medresearcher.records.base import Frozen
from medresearcher.records.knowledge import Document
from medresearcher.sources.files import Files, bad, each, json_lines

SOURCE = "medquad"
TYPE = "patient_page"


class _Answer(Frozen):
    model_config = ConfigDict(extra="ignore")

    question: str
    answer: str


class _Page(Frozen):
    model_config = ConfigDict(extra="ignore")

    collection: str = Field(min_length=1)
    id: str | None
    url: str
    focus: str
    cui: tuple[str, ...]
    qa: tuple[_Answer, ...]


def read(files: Files) -> Iterator[Document]:
    """Yield one document per page."""
    seen: set[str] = set()
    for name in files.names:

        def read_page(line: int, value: dict[str, Any], name: str = name) -> Iterator[Document]:
            try:
                page = _Page.model_validate(value)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise bad(files, name, line, f"a page of MedQuAD ({first['msg']})", where) from (
                    error
                )
            key = f"MEDQUAD:{page.collection.partition('_')[0]}-{page.id or 0}"
            key = f"{key}-{line}" if page.id is None or key in seen else key
            seen.add(key)
            answers = [one for one in page.qa if one.answer.strip()]
            if answers:
                yield _document(key, page, answers)

        yield from each(files, json_lines(files, name), read_page)


def _document(key: str, page: _Page, answers: list[_Answer]) -> Document:
    return Document(
        id=key,
        type=TYPE,
        title=page.focus.strip() or answers[0].question.strip(),
        text="\n\n".join(f"{one.question}\n{one.answer.strip()}" for one in answers),
        source=SOURCE,
        url=page.url,
        entities=tuple(dict.fromkeys(f"UMLS:{cui}" for cui in page.cui)),
    )
