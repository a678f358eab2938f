"""UniProt's diseases and disease variants, as GNU Health packs them.

Files: `protein_diseases.xml`, `gene_variants.xml`, `variant_phenotypes.xml`. Diseases without a
MIM number are counted in the log and left out. Of 40,000 variant rows one statement is kept for
each gene and disease: the first variant that UniProt calls likely pathogenic or pathogenic
(`lpp`); its `row` is the 1-based ordinal of the record in `variant_phenotypes.xml`. The gene is
only known by symbol: `SYMBOL:HSD3B1`.
"""

import itertools
import logging
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from medresearcher.records.knowledge import (
    Document,
    Entity,
    EntityType,
    Item,
    Predicate,
    Statement,
)
from medresearcher.sources.elements import Element, elements, line_of, text_of
from medresearcher.sources.files import Files, Unique, bad, each

logger = logging.getLogger(__name__)

SOURCE = "uniprot"
DISEASES, VARIANTS, LINKS = "protein_diseases.xml", "gene_variants.xml", "variant_phenotypes.xml"
PATHOGENIC = "lpp"
_SIGNIFICANCES = (PATHOGENIC, "lbb", "us")
_MIM = re.compile(r"MIM:(\d{6})")
_GENE = re.compile(r"\[\('name', '=', '([^']+)'\)\]")
_NAMES = ("name", "mim_reference", "disease_name", "acronym", "description")
_DBSNP = re.compile(r"rs\d+")


class _Disease(NamedTuple):
    id: str
    omim: str
    name: str
    acronym: str
    description: str


class _Variant(NamedTuple):
    gene: str
    significance: str
    dbsnp: str


def read(files: Files) -> Iterator[Item]:
    """Yield one entity per OMIM id, a document per description, one statement per gene pair."""
    diseases = _diseases(files)
    yield from _entities(diseases.values())
    for disease in diseases.values():
        if disease.omim and disease.description:
            yield _document(disease)
    yield from _statements(files, diseases)


def _diseases(files: Files) -> dict[str, _Disease]:
    """All records by UniProt id; those without MIM have an empty `omim`."""
    found: dict[str, _Disease] = {}
    unique = Unique(files, DISEASES)

    def read_record(line: int, record: Element) -> Iterator[_Disease]:
        fields = _fields(record)
        values = [text_of(_needed(files, DISEASES, record, fields, name)) for name in _NAMES]
        key, mim, name, acronym, description = values
        match = _MIM.fullmatch(mim)
        if mim and match is None:
            raise bad(files, DISEASES, line, "a reference as `MIM:154700`", mim)
        if not key or not name:
            raise bad(files, DISEASES, line, "an id and a name of the disease", key)
        unique.check(line, key)
        omim = f"OMIM:{match[1]}" if match else ""
        yield _Disease(key, omim, name, acronym, description)

    for disease in each(files, _records(files, DISEASES), read_record):
        found[disease.id] = disease
    missing = sum(not disease.omim for disease in found.values())
    logger.info("%s: %d of %d diseases have no MIM", files.where(DISEASES), missing, len(found))
    return found


def _entities(diseases: Iterable[_Disease]) -> Iterator[Entity]:
    names: dict[str, dict[str, None]] = {}
    for disease in diseases:
        if disease.omim:
            known = names.setdefault(disease.omim, {})
            known.update(dict.fromkeys(filter(None, (disease.name, disease.acronym))))
    for omim, (name, *aliases) in names.items():
        yield Entity(omim, EntityType.DISEASE, name, SOURCE, aliases=tuple(aliases))


def _document(disease: _Disease) -> Document:
    return Document(
        id=f"UNIPROT:{disease.id}",
        type="disease_description",
        title=disease.name,
        text=disease.description,
        source=SOURCE,
        url=f"https://www.uniprot.org/diseases/{disease.id}",
        entities=(disease.omim,),
    )


def _statements(files: Files, diseases: dict[str, _Disease]) -> Iterator[Statement]:
    variants = dict(_variants(files))
    seen: set[tuple[str, str]] = set()
    ordinals = itertools.count(1)

    def read_record(line: int, record: Element) -> Iterator[Statement]:
        number = next(ordinals)
        fields = _fields(record)
        variant_id, disease_id = (
            _needed(files, LINKS, record, fields, name).get("ref", "")
            for name in ("variant", "phenotype")
        )
        variant, disease = variants.get(variant_id), diseases.get(disease_id)
        if variant is None:
            raise bad(files, LINKS, line, f"a variant of {VARIANTS}", variant_id)
        if disease is None:
            raise bad(files, LINKS, line, f"a disease of {DISEASES}", disease_id)
        pair = (variant.gene, disease.omim)
        if variant.significance == PATHOGENIC and disease.omim and pair not in seen:
            seen.add(pair)
            yield _statement(pair, variant_id, variant, number)

    yield from each(files, _records(files, LINKS), read_record)


def _statement(pair: tuple[str, str], record: str, variant: _Variant, row: int) -> Statement:
    gene, omim = pair
    subject = f"SYMBOL:{gene}"
    return Statement(subject, Predicate.CAUSES, omim, SOURCE, record, row, variant.dbsnp)


def _variants(files: Files) -> Iterator[tuple[str, _Variant]]:
    def read_record(line: int, record: Element) -> Iterator[tuple[str, _Variant]]:
        fields = _fields(record)
        search = _needed(files, VARIANTS, record, fields, "gene").get("search", "")
        gene = _GENE.fullmatch(search)
        if gene is None:
            expected = "a gene as `[('name', '=', 'FBN1')]`"
            raise bad(files, VARIANTS, line, expected, search)
        significance = text_of(_needed(files, VARIANTS, record, fields, "significance"))
        if significance not in _SIGNIFICANCES:
            expected = f"a significance ({', '.join(_SIGNIFICANCES)})"
            raise bad(files, VARIANTS, line, expected, significance)
        dbsnp = text_of(_needed(files, VARIANTS, record, fields, "dbsnp"))
        reference = f"dbSNP:{dbsnp}" if _DBSNP.fullmatch(dbsnp) else ""
        yield record.get("id", ""), _Variant(gene[1], significance, reference)

    yield from each(files, _records(files, VARIANTS), read_record)


def _records(files: Files, name: str) -> Iterator[tuple[int, Element]]:
    return ((line_of(record), record) for record in elements(files, name, "record"))


def _fields(record: Element) -> dict[str, Element]:
    return {field.get("name", ""): field for field in record.iterchildren("field")}


def _needed(
    files: Files, file: str, record: Element, fields: dict[str, Element], name: str
) -> Element:
    if name not in fields:
        raise bad(files, file, line_of(record), f"a field `{name}`", sorted(fields))
    return fields[name]
