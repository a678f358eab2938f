"""DrugCentral, as prepared for Hetionet: targets, pharmacologic classes and indications.

Files: `targets.tsv`, `drug-to-class.tsv`, `indications.tsv`. A target row that cites several
publications gives one statement per publication, all with the same `row`. The category of an
indication is that of PharmacotherapyDB's curators; their `NOT` denies the indication.
"""

import re
from collections.abc import Iterator

from medresearcher.records.knowledge import Entity, EntityType, Item, Predicate, Statement
from medresearcher.sources.files import Files, bad, each
from medresearcher.sources.tables import rows

SOURCE = "drugcentral"
TARGETS, CLASSES, INDICATIONS = "targets.tsv", "drug-to-class.tsv", "indications.tsv"

CATEGORIES = {"DM": "disease_modifying", "SYM": "symptomatic", "NOT": "", "": ""}
_TARGETS_HEADER = "GeneID drugbank_id drugbank_name pubmed_ids sources actions urls"
_TARGETS_COLUMNS = "GeneID drugbank_id drugbank_name pubmed_ids actions"
_CLASSES_HEADER = "drugbank_id drugbank_name class_id class_name"
_INDICATIONS_HEADER = "doid_id drugbank_id disease drug category"
_DRUG = re.compile(r"DB\d{5}")
_DISEASE = re.compile(r"DOID:\d+")
_CLASS = re.compile(r"(?P<CHEBI>CHEBI:\d+)|(?P<NDFRT>N\d{10})|(?P<MESH>D\d{6,9})")


def read(files: Files) -> Iterator[Item]:
    """Yield what each of the files that are there states, and each thing it names once."""
    named: set[str] = set()
    for name, reader in ((TARGETS, _targets), (CLASSES, _classes), (INDICATIONS, indications)):
        if name not in files.names:
            continue
        for item in reader(files, name):
            if not isinstance(item, Entity):
                yield item
            elif item.id not in named:
                named.add(item.id)
                yield item


def drug(files: Files, name: str, line: int, drugbank: str, label: str, source: str) -> Entity:
    """A drug by its DrugBank id; raise `RowError` for anything else."""
    if not _DRUG.fullmatch(drugbank) or not label:
        raise bad(files, name, line, "a drug with a name and an id as `DB00619`", drugbank)
    return Entity(f"DRUGBANK:{drugbank}", EntityType.DRUG, label, source)


def indications(
    files: Files, name: str, header: str = _INDICATIONS_HEADER, source: str = SOURCE
) -> Iterator[Item]:
    """Drugs, diseases, and which drug treats which disease; `NOT` is a negated statement."""

    def read_row(line: int, row: tuple[str, ...]) -> Iterator[Item]:
        disease, drugbank, disease_name, drug_name, category = row
        if not _DISEASE.fullmatch(disease) or not disease_name:
            raise bad(files, name, line, "a disease with a name and an id as `DOID:8778`", disease)
        if category not in CATEGORIES:
            expected = f"a category ({', '.join(filter(None, CATEGORIES))} or nothing)"
            raise bad(files, name, line, expected, category)
        one = drug(files, name, line, drugbank, drug_name, source)
        yield one
        yield Entity(disease, EntityType.DISEASE, disease_name, source)
        yield Statement(
            one.id,
            Predicate.TREATS,
            disease,
            source,
            drugbank,
            line,
            negated=category == "NOT",
            qualifier=CATEGORIES[category],
        )

    columns = "doid_id drugbank_id disease drug category"
    yield from each(files, rows(files, name, header, columns), read_row)


def _targets(files: Files, name: str) -> Iterator[Item]:
    def read_row(line: int, row: tuple[str, ...]) -> Iterator[Item]:
        gene, drugbank, drug_name, publications, action = row
        if not gene.isdecimal():
            raise bad(files, name, line, "a numeric `GeneID`", gene)
        pmids = [part.strip() for part in publications.split("|")]
        if not all(pmid.isdecimal() for pmid in pmids if pmid):
            raise bad(files, name, line, "PubMed ids parted by `|`", publications)
        one = drug(files, name, line, drugbank, drug_name, SOURCE)
        yield one
        for pmid in dict.fromkeys(pmids):
            yield Statement(
                one.id,
                Predicate.AFFECTS,
                f"NCBIGene:{gene}",
                SOURCE,
                drugbank,
                line,
                f"PMID:{pmid}" if pmid else "",
                qualifier=action,
            )

    yield from each(files, rows(files, name, _TARGETS_HEADER, _TARGETS_COLUMNS), read_row)


def _classes(files: Files, name: str) -> Iterator[Item]:
    def read_row(line: int, row: tuple[str, ...]) -> Iterator[Item]:
        drugbank, drug_name, class_id, class_name = row
        match = _CLASS.fullmatch(class_id)
        if match is None or not class_name:
            raise bad(files, name, line, "a class with a name and a known id", class_id)
        curie = class_id if match["CHEBI"] else f"{match.lastgroup}:{class_id}"
        one = drug(files, name, line, drugbank, drug_name, SOURCE)
        yield one
        yield Entity(curie, EntityType.DRUG_CLASS, class_name, SOURCE)
        yield Statement(one.id, Predicate.HAS_ROLE, curie, SOURCE, drugbank, line)

    yield from each(files, rows(files, name, _CLASSES_HEADER, _CLASSES_HEADER), read_row)
