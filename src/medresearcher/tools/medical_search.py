"""`medical_search`: find documents by their words."""

import re
from typing import Annotated, Literal

from pydantic import Field

from medresearcher.records.trajectory import Outcome
from medresearcher.retrieval.index import Hit, Index
from medresearcher.tools.facts import SEPARATOR, one_line
from medresearcher.tools.tool import Result, Tool

DocumentType = Literal[
    "disease_page",
    "gene_page",
    "definition",
    "disease_description",
    "guideline",
    "systematic_review",
    "review",
    "randomised_trial",
    "clinical_trial",
    "case_report",
    "article",
]

_HIT = re.compile(
    r"^\d+\. (?P<title>.*?)(?: \((?P<curie>[^\s():]+:[^\s()]+)\))? · [^·\n]* · [^·\n]*\n"
    r" +document: (?P<id>[^\n]*?)(?: · \d+)?$",
    re.MULTILINE,
)


def medical_search(index: Index) -> Tool:
    """The search tool over one index."""

    def search(
        query: str,
        limit: Annotated[int, Field(ge=1, le=20)] = 5,
        type: DocumentType | None = None,  # noqa: A002 - the word that models expect
    ) -> Result:
        """Search the medical documents: fact pages, definitions, descriptions and abstracts.

        Each hit shows the document's id (for read_document), the identifier of the entity that
        it is about (for lookup_entity) and the passage that fits best. Documents that share
        more and rarer words with the query come first; quotes and operators have no meaning.

        Args:
            query: Words to look for, such as findings, names of diseases or genes.
            limit: How many documents to show.
            type: Only documents of this type; pages list the facts about one disease or gene.
        """  # noqa: D413
        if not index.terms(query):
            return Result(
                Outcome.INVALID_ARGUMENTS, "", "the query has no words; expected words to look for"
            )
        hits = index.search(query, limit, types=[type] if type else None)
        if not hits:
            hint = "try other words, or the full name of a finding or a gene"
            return Result(Outcome.EMPTY, "", f"nothing matches {one_line(query)[:80]!r}; {hint}")
        body = "\n".join(_entry(number, hit) for number, hit in enumerate(hits, 1))
        count = f"{len(hits)} document{'s' if len(hits) > 1 else ''}"
        return Result(Outcome.FOUND, body, count)

    return Tool("medical_search", search)


def parse_hits(text: str) -> list[tuple[str, str, str | None]]:
    """Read search results back: (title, document id, CURIE of its one entity or `None`)."""
    return [(hit["title"], hit["id"], hit["curie"]) for hit in _HIT.finditer(text)]


def _entry(number: int, hit: Hit) -> str:
    entity = f" ({hit.entities[0]})" if len(hit.entities) == 1 else ""
    title = f"{one_line(hit.title).replace('·', '-')}{entity}"
    first = SEPARATOR.join([title, hit.type, hit.source])
    year = [str(hit.year)] if hit.year is not None else []
    second = SEPARATOR.join([f"document: {hit.id}", *year])
    return f"{number}. {first}\n   {second}\n   {hit.snippet}"
