"""`medical_search`: find documents by relevance and clinical authority."""

import re
from typing import Annotated

from pydantic import Field

from medresearcher.errors import InputError
from medresearcher.records.trajectory import Outcome
from medresearcher.retrieval.engine import Found, Searchable, engine_of
from medresearcher.retrieval.filters import Filters
from medresearcher.tools.facts import SEPARATOR, one_line
from medresearcher.tools.tool import Result, Tool

_HIT = re.compile(
    r"^\d+\. (?P<title>.*?)(?: \((?P<curie>[^\s():]+:[^\s()]+)\))? · [^·\n]* · [^·\n]*\n"
    r" +document: (?P<id>[^\n]*?)(?: · \d+)?$",
    re.MULTILINE,
)


def medical_search(searchable: Searchable) -> Tool:
    """The search tool over one engine, or over an index without vectors and graph."""
    engine = engine_of(searchable)

    def search(
        query: str,
        limit: Annotated[int, Field(ge=1, le=20)] = 5,
        type: str | None = None,  # noqa: A002 - the word that models expect
        source: str | None = None,
        first_year: int | None = None,
        last_year: int | None = None,
        licence: str | None = None,
        specialty: str | None = None,
        entity: str | None = None,
    ) -> Result:
        """Search the medical documents: fact pages, definitions, descriptions and abstracts.

        Each hit shows the document's id (for read_document), the identifier of the entity that
        it is about (for lookup_entity), the passage that fits best, and why it stands where it
        does: its relevance and its clinical authority, each from 0 to 1. Retracted papers are
        marked and come last. Quotes and operators have no meaning.

        Args:
            query: Words to look for, such as findings, names of diseases or genes, or a question.
            limit: How many documents to show.
            type: Only documents of this type, such as guideline, systematic_review, article,
                case_report, disease_page or definition.
            source: Only documents from this source, such as pubmed or hpo.
            first_year: Only documents of this year or later.
            last_year: Only documents of this year or earlier.
            licence: Only documents under this licence.
            specialty: Only documents about a disease of this medical specialty.
            entity: Only documents about this entity (a name or an identifier), or that name it.
        """  # noqa: D413
        if not engine.index.terms(query):
            return Result(
                Outcome.INVALID_ARGUMENTS, "", "the query has no words; expected words to look for"
            )
        filters = Filters(
            *(tuple(filter(None, [one])) for one in (type, source, licence)),
            first_year=first_year,
            last_year=last_year,
            entities=tuple(filter(None, [entity])),
            specialties=tuple(filter(None, [specialty])),
        )
        try:
            hits = engine.search(query, limit, filters)
        except InputError as error:
            return Result(Outcome.INVALID_ARGUMENTS, "", str(error))
        if not hits:
            hint = "try other words, or the full name of a finding or a gene"
            return Result(Outcome.EMPTY, "", f"nothing matches {one_line(query)[:80]!r}; {hint}")
        body = "\n".join(_entry(number, hit) for number, hit in enumerate(hits, 1))
        count = f"{len(hits)} document{'s' if len(hits) > 1 else ''}"
        retracted = sum(hit.retracted for hit in hits)
        return Result(
            Outcome.FOUND, body, f"{count}, {retracted} RETRACTED" if retracted else count
        )

    return Tool("medical_search", search)


def parse_hits(text: str) -> list[tuple[str, str, str | None]]:
    """Read search results back: (title, document id, CURIE of its one entity or `None`)."""
    return [(hit["title"], hit["id"], hit["curie"]) for hit in _HIT.finditer(text)]


def _entry(number: int, hit: Found) -> str:
    found = hit.document
    entity = f" ({found.entities[0]})" if len(found.entities) == 1 else ""
    mark = "RETRACTED: " if hit.retracted else ""
    title = f"{mark}{one_line(found.title).replace('·', '-')}{entity}"
    first = SEPARATOR.join([title, found.type, found.source])
    year = [str(found.year)] if found.year is not None else []
    second = SEPARATOR.join([f"document: {found.id}", *year])
    why = (
        f"passage {hit.passage.id}; relevance {hit.relevance:.2f}, authority {hit.authority:.2f} "
        f"({', '.join(hit.evidence)})"
    )
    return f"{number}. {first}\n   {second}\n   {hit.snippet}\n   {why}"
