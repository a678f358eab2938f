"""Drug edges of OpenPredict, three contents with terms of their own, each a table of pairs.

`openpredict-omim-drug.csv` is the gold standard of PREDICT (drug, disease), `drugbank-sider-se.csv`
has the side effects of SIDER (drug, UMLS concept), `drugbank-drug-target.csv` the targets of
DrugBank (drug, NCBI gene). None of the rows cites anything.
"""

import re
from collections.abc import Iterator

from medresearcher.records.knowledge import Predicate, Statement
from medresearcher.sources.files import Files, bad, each
from medresearcher.sources.tables import rows

PREDICT, SIDER, TARGETS = "predict", "sider", "drugbank_targets"
PREDICT_FILE = "openpredict-omim-drug.csv"
SIDER_FILE = "drugbank-sider-se.csv"
TARGETS_FILE = "drugbank-drug-target.csv"

_DRUG = re.compile(r"DB\d{5}")


def read_predict(files: Files) -> Iterator[Statement]:
    """Yield which drug treats which disease."""
    treats = Predicate.TREATS
    return _pairs(files, PREDICT, PREDICT_FILE, "omimid", treats, "OMIM:", r"\d{6}")


def read_sider(files: Files) -> Iterator[Statement]:
    """Yield the side effects of drugs."""
    predicate = Predicate.HAS_SIDE_EFFECT
    return _pairs(files, SIDER, SIDER_FILE, "umlsid", predicate, "UMLS:", r"C\d{7}")


def read_targets(files: Files) -> Iterator[Statement]:
    """Yield the genes whose products drugs act on."""
    predicate = Predicate.AFFECTS
    return _pairs(files, TARGETS, TARGETS_FILE, "geneid", predicate, "NCBIGene:", r"\d+")


def _pairs(
    files: Files,
    source: str,
    name: str,
    column: str,
    predicate: Predicate,
    prefix: str,
    pattern: str,
) -> Iterator[Statement]:
    def read_row(line: int, row: tuple[str, ...]) -> Iterator[Statement]:
        drug, other = row
        if not _DRUG.fullmatch(drug):
            raise bad(files, name, line, "a drug as `DB00619`", drug)
        if not re.fullmatch(pattern, other):
            raise bad(files, name, line, f"a `{column}` of the form {pattern}", other)
        yield Statement(f"DRUGBANK:{drug}", predicate, f"{prefix}{other}", source, drug, line)

    header = f"drugid {column}"
    yield from each(files, rows(files, name, header, header, delimiter=","), read_row)
