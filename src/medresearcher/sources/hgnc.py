"""The HGNC complete set (`hgnc_complete_set.txt`): approved human genes and gene groups.

Fields with several values hold them in double quotes, parted by `|`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from medresearcher.records.knowledge import Entity, EntityType, Item, Predicate, Statement
from medresearcher.sources.files import Files, Unique, bad, each
from medresearcher.sources.tables import rows

SOURCE = "hgnc"
FILE = "hgnc_complete_set.txt"

_COLUMNS = (
    "hgnc_id symbol name locus_type status location alias_symbol prev_symbol gene_group "
    "gene_group_id entrez_id ensembl_gene_id uniprot_ids"
)
_OTHERS = (
    "locus_group location_sortable alias_name prev_name date_approved_reserved "
    "date_symbol_changed date_name_changed date_modified vega_id ucsc_id ena refseq_accession "
    "ccds_id pubmed_id mgd_id rgd_id lsdb cosmic omim_id mirbase homeodb snornabase "
    "bioparadigms_slc orphanet pseudogene.org horde_id merops imgt iuphar "
    "kznf_gene_catalog mamit-trnadb cd lncrnadb enzyme_id intermediate_filament_db "
    "rna_central_id lncipedia gtrnadb agr mane_select gencc"
)
_ID = re.compile(r"HGNC:\d+")


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    symbol: str
    name: str
    locus_type: str
    status: str
    location: str
    alias_symbols: str
    previous_symbols: str
    groups: str
    group_ids: str
    ncbi: str
    ensembl: str
    uniprot: str


def read(files: Files) -> Iterator[Item]:
    """Yield each approved gene, its groups (each once) and its memberships."""
    known: set[str] = set()
    unique = Unique(files, FILE)

    def read_row(line: int, values: tuple[str, ...]) -> Iterator[Item]:
        row = _Row(*values)
        if not _ID.fullmatch(row.id):
            raise bad(files, FILE, line, "an id as `HGNC:3603`", row.id)
        if row.status != "Approved":
            return
        if not row.symbol:
            raise bad(files, FILE, line, "a gene symbol", row.symbol)
        groups = _groups(files, line, row)
        unique.check(line, row.id)
        yield _gene(row)
        for group, name in groups:
            if group not in known:
                known.add(group)
                yield Entity(group, EntityType.GENE_GROUP, name, SOURCE)
            yield Statement(row.id, Predicate.MEMBER_OF, group, SOURCE, row.id, line)

    header = f"{_COLUMNS} {_OTHERS}"
    yield from each(files, rows(files, FILE, header, _COLUMNS, quoted=True), read_row)


def _gene(row: _Row) -> Entity:
    names = (row.name, *_parts(row.alias_symbols), *_parts(row.previous_symbols))
    return Entity(
        id=row.id,
        type=EntityType.GENE,
        name=row.symbol,
        source=SOURCE,
        aliases=tuple(name for name in dict.fromkeys(names) if name and name != row.symbol),
        definition=_definition(row),
        equivalents=(
            *(f"NCBIGene:{part}" for part in _parts(row.ncbi)),
            *(f"ENSEMBL:{part}" for part in _parts(row.ensembl)),
            *(f"UniProtKB:{part}" for part in _parts(row.uniprot)),
            *(f"SYMBOL:{part}" for part in _parts(row.previous_symbols)),
        ),
    )


def _definition(row: _Row) -> str:
    """For example "fibrillin 1; gene with protein product at 15q21.1"."""
    known = row.location not in ("", "reserved", "unplaced", "not on reference assembly")
    place = f" at {row.location}" if known else ""
    return f"{row.name}; {row.locus_type}{place}"


def _groups(files: Files, line: int, row: _Row) -> list[tuple[str, str]]:
    ids, names = _parts(row.group_ids), _parts(row.groups)
    if len(ids) != len(names) or not all(part.isdigit() for part in ids):
        raise bad(files, FILE, line, "one number per gene group", f"{row.group_ids} {row.groups}")
    return [(f"HGNC.FAMILY:{number}", name) for number, name in zip(ids, names, strict=True)]


def _parts(field: str) -> list[str]:
    return [part.strip() for part in field.split("|") if part.strip()]
