"""Names of HPO terms in Chinese, as the HPO project publishes them.

File: `hp-zh.babelon.tsv` (Babelon: one translated value per row). Only names (`rdfs:label`) whose
status is `OFFICIAL` are taken; drafts and machine translations are passed over.
"""

import re
from collections.abc import Iterator

from medresearcher.records.knowledge import Translation
from medresearcher.sources.files import Files, bad, each
from medresearcher.sources.tables import rows

SOURCE = "hpo_zh"
FILE = "hp-zh.babelon.tsv"
LANGUAGE = "zh"

_HEADER = (
    "source_language translation_language subject_id predicate_id source_value translation_value "
    "translation_status"
)
_COLUMNS = "subject_id predicate_id translation_language translation_value translation_status"
_OFFICIAL = "OFFICIAL"
_TERM = re.compile(r"HP:\d{7}")


def read(files: Files) -> Iterator[Translation]:
    """Yield one translation per official name."""

    def read_row(line: int, row: tuple[str, ...]) -> Iterator[Translation]:
        term, predicate, language, name, status = (one.strip() for one in row)
        if predicate != "rdfs:label" or status != _OFFICIAL:
            return
        if not _TERM.fullmatch(term):
            raise bad(files, FILE, line, "a term as `HP:0001250`", term)
        if language != LANGUAGE:
            raise bad(files, FILE, line, f"the language `{LANGUAGE}`", language)
        if not name:
            raise bad(files, FILE, line, f"a name of {term}", name)
        yield Translation(term, LANGUAGE, name, SOURCE, line)

    yield from each(files, rows(files, FILE, _HEADER, _COLUMNS, quoted=True), read_row)
