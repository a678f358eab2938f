"""PharmacotherapyDB: which drug treats which disease, as physicians judged it.

File: `catalog_indications.tsv`. `DM` is disease-modifying, `SYM` symptomatic, `NOT` no
indication, which becomes a negated statement.
"""

from collections.abc import Iterator

from medresearcher.records.knowledge import Entity, Item
from medresearcher.sources.drugcentral import indications
from medresearcher.sources.files import Files

SOURCE = "pharmacotherapydb"
FILE = "catalog_indications.tsv"

_HEADER = "doid_id drugbank_id disease drug category n_curators n_resources"


def read(files: Files) -> Iterator[Item]:
    """Yield drugs and diseases, each once, and the judgement of each pair."""
    named: set[str] = set()
    for item in indications(files, FILE, _HEADER, SOURCE):
        if isinstance(item, Entity):
            if item.id in named:
                continue
            named.add(item.id)
        yield item
