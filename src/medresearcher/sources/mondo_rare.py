"""Which bodies list a disease as rare: the subset templates of MONDO for GARD and NORD.

Files: `gard-subset.template.tsv`, `nord-subset.template.tsv` (ROBOT templates, whose second row
repeats the header for the tool; a row without an id names nothing). `mondo-rare_edges.tsv` is
left alone: it holds the classes above the rare diseases too, such as hypertensive disorder.
"""

import re
from collections.abc import Iterator

from medresearcher.records.knowledge import Designation
from medresearcher.sources.files import Files, bad, each
from medresearcher.sources.tables import rows

SOURCE = "mondo_rare"
GARD, NORD = "gard-subset.template.tsv", "nord-subset.template.tsv"

_HEADERS = {
    GARD: ("mondo_id type gard_id source_external subset subset_source", "mondo_id subset"),
    NORD: ("ID Type Subset", "ID Subset"),
}
_DISEASE = re.compile(r"(?:MONDO:|http://purl\.obolibrary\.org/obo/MONDO_)(\d{7})")
_SUBSET = re.compile(r"http://purl\.obolibrary\.org/obo/mondo#(\w+_rare)")


def read(files: Files) -> Iterator[Designation]:
    """Yield one designation per row; a disease of two GARD pages has two rows."""
    for name in files.names:
        header, columns = _HEADERS[name]

        def read_row(line: int, row: tuple[str, ...], name: str = name) -> Iterator[Designation]:
            disease, subset = row
            if disease in ("", "ID"):
                return
            known, match = _DISEASE.fullmatch(disease), _SUBSET.fullmatch(subset)
            if known is None:
                raise bad(files, name, line, "a disease as `MONDO:0007947`", disease)
            if match is None:
                raise bad(files, name, line, "a subset as `…/mondo#gard_rare`", subset)
            yield Designation(f"MONDO:{known[1]}", match[1], SOURCE, line)

        yield from each(files, rows(files, name, header, columns), read_row)
