"""The readers of MONDO, its mappings and HGNC, on small inputs written by hand."""

import json

import pytest
import zstandard
from source_inputs import Folder, entities, statements

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import (
    Entity,
    EntityType,
    Mapping,
    MatchKind,
    Predicate,
    Statement,
)
from medresearcher.sources import hgnc, mappings, mondo

MONDO = {
    "MONDO:0000001": {"ancestors": {}, "label": "disease", "deprecated": False},
    "MONDO:0700096": {
        "ancestors": {"MONDO:0000001": 1},
        "label": "human disease",
        "deprecated": False,
    },
    "MONDO:0007947": {
        "ancestors": {"MONDO:0700096": 1, "MONDO:0000001": 2},
        "label": "Marfan syndrome",
        "description": "A disorder.",
        "synonyms": ["MFS", "Marfan syndrome", "MFS"],
        "deprecated": False,
    },
    "MONDO:0000009": {
        "ancestors": {"MONDO:0007947": 1, "MONDO:0700096": 2, "MONDO:0000001": 1},
        "label": "neonatal Marfan syndrome",
        "deprecated": False,
    },
    "MONDO:0000010": {
        "ancestors": {"MONDO:0000001": 1},
        "label": "cat disease",
        "deprecated": False,
    },
    "MONDO:0000011": {
        "ancestors": {"MONDO:0700096": 1},
        "label": "obsolete x",
        "deprecated": True,
        "replaced_by": "MONDO:0000012",
    },
    "MONDO:0000012": {
        "ancestors": {},
        "label": None,
        "deprecated": True,
        "replaced_by": "MONDO:0007947",
    },
    "MONDO:0000013": {
        "ancestors": {},
        "label": "loop",
        "deprecated": True,
        "replaced_by": "MONDO:0000013",
    },
}


def packed(value: object) -> bytes:
    return zstandard.ZstdCompressor().compress(json.dumps(value).encode())


def test_mondo_yields_live_human_diseases_and_direct_parents(folder: Folder) -> None:
    items = list(mondo.read(folder({mondo.FILE: packed(MONDO)})))
    found = entities(items)
    assert list(found) == ["MONDO:0700096", "MONDO:0007947", "MONDO:0000009"]
    assert found["MONDO:0007947"] == Entity(
        "MONDO:0007947",
        EntityType.DISEASE,
        "Marfan syndrome",
        "mondo",
        aliases=("MFS",),
        definition="A disorder.",
        equivalents=("MONDO:0000011", "MONDO:0000012"),
    )
    assert [(s.subject, s.object, s.row) for s in statements(items, *Predicate)] == [
        ("MONDO:0007947", "MONDO:0700096", 3),
        ("MONDO:0000009", "MONDO:0007947", 4),
    ]


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ([], "an object; got list"),
        ({"ancestors": {}, "label": "x"}, "`deprecated` true or false; got None"),
        ({"ancestors": [], "label": "x", "deprecated": False}, "`ancestors` as id: distance"),
        ({"ancestors": {}, "label": "", "deprecated": False}, "a `label`; got ''"),
        (
            {"ancestors": {}, "label": "x", "deprecated": False, "synonyms": "y"},
            "`synonyms` as a list",
        ),
    ],
)
def test_mondo_malformed_term_is_named(folder: Folder, term: object, expected: str) -> None:
    files = folder({mondo.FILE: packed({**MONDO, "MONDO:1": term})})
    with pytest.raises(SourceError, match=rf"term 9, MONDO:1: expected {expected}"):
        list(mondo.read(files))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"plain", "not a whole zstd file"),
        (packed([1]), "expected an object of terms; got list"),
        (packed({"a": 1})[:-3], r"not (a whole zstd file|valid JSON)"),
        (zstandard.ZstdCompressor().compress(b"{"), "not valid JSON"),
        (packed({}), "expected a live term MONDO:0700096"),
    ],
)
def test_mondo_broken_file_is_refused(folder: Folder, content: bytes, expected: str) -> None:
    with pytest.raises(SourceError, match=rf"mondo\.json\.zst: {expected}"):
        list(mondo.read(folder({mondo.FILE: content})))


SSSOM = (
    "# curie_map:\n"
    "subject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label\tmapping_justification\n"
)


def sssom(*rows: tuple[str, str, str]) -> str:
    lines = (f"{s}\tx\t{p}\t{o}\t\tsemapv:UnspecifiedMatching\n" for s, p, o in rows)
    return SSSOM + "".join(lines)


def test_mappings_are_renamed_and_filtered(folder: Folder) -> None:
    subject = "MONDO:0007947"
    text = sssom(
        (subject, "skos:exactMatch", "OMIM:154700"),
        (subject, "skos:exactMatch", "Orphanet:558"),
        (subject, "skos:exactMatch", "mesh:D008382"),
        (subject, "skos:broadMatch", "ICD10CM:Q87.4"),
        (subject, "skos:narrowMatch", "UMLS:C1"),
        (subject, "skos:closeMatch", "UMLS:C2"),
        (subject, "skos:relatedMatch", "UMLS:C3"),
        (subject, "skos:exactMatch", "icd11.foundation:1"),
    )
    assert list(mappings.read(folder({mappings.FILE: text}))) == [
        Mapping(subject, "OMIM:154700", MatchKind.EXACT, "mondo_mappings"),
        Mapping(subject, "ORPHA:558", MatchKind.EXACT, "mondo_mappings"),
        Mapping(subject, "MESH:D008382", MatchKind.EXACT, "mondo_mappings"),
        Mapping(subject, "ICD10CM:Q87.4", MatchKind.BROAD, "mondo_mappings"),
        Mapping(subject, "UMLS:C1", MatchKind.NARROW, "mondo_mappings"),
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("DOID:1", "skos:exactMatch", "OMIM:1"), "a subject as `MONDO:0007947`; got 'DOID:1'"),
        (("MONDO:1", "same", "OMIM:1"), "a predicate .*; got 'same'"),
        (("MONDO:1", "skos:exactMatch", "154700"), "an object as `OMIM:154700`; got '154700'"),
    ],
)
def test_mappings_malformed_row_is_named(
    folder: Folder, row: tuple[str, str, str], expected: str
) -> None:
    files = folder({mappings.FILE: sssom(("MONDO:1", "skos:exactMatch", "UMLS:C1"), row)})
    with pytest.raises(SourceError, match=rf"mondo\.sssom\.tsv:4: expected {expected}"):
        list(mappings.read(files))


HGNC_COLUMNS = (*hgnc._COLUMNS.split(), "agr")


def hgnc_text(*rows: dict[str, str]) -> str:
    base = {
        "hgnc_id": "HGNC:3603",
        "symbol": "FBN1",
        "name": "fibrillin 1",
        "locus_type": "gene with protein product",
        "status": "Approved",
        "location": "15q21.1",
    }
    lines = ["\t".join((base | row).get(c, "") for c in HGNC_COLUMNS) for row in rows]
    return "\n".join(["\t".join(HGNC_COLUMNS), *lines]) + "\n"


def test_hgnc_gene_groups_and_memberships(folder: Folder) -> None:
    text = hgnc_text(
        {
            "alias_symbol": '"MASS|OCTD|FBN1"',
            "prev_symbol": '"FBN|MFS1"',
            "gene_group": '"Fibrillins|Endogenous ligands"',
            "gene_group_id": '"1|542"',
            "entrez_id": "2200",
            "ensembl_gene_id": "ENSG00000166147",
            "uniprot_ids": '"P35555|P00000"',
        },
        {"hgnc_id": "HGNC:1", "symbol": "OLD", "status": "Entry Withdrawn"},
        {
            "hgnc_id": "HGNC:2",
            "symbol": "G2",
            "name": "gene two",
            "location": "reserved",
            "gene_group": "Fibrillins",
            "gene_group_id": "1",
        },
    )
    items = list(hgnc.read(folder({hgnc.FILE: text})))
    assert items == [
        Entity(
            "HGNC:3603",
            EntityType.GENE,
            "FBN1",
            "hgnc",
            aliases=("fibrillin 1", "MASS", "OCTD", "FBN", "MFS1"),
            definition="fibrillin 1; gene with protein product at 15q21.1",
            equivalents=(
                "NCBIGene:2200",
                "ENSEMBL:ENSG00000166147",
                "UniProtKB:P35555",
                "UniProtKB:P00000",
                "SYMBOL:FBN",
                "SYMBOL:MFS1",
            ),
        ),
        Entity("HGNC.FAMILY:1", EntityType.GENE_GROUP, "Fibrillins", "hgnc"),
        Statement("HGNC:3603", Predicate.MEMBER_OF, "HGNC.FAMILY:1", "hgnc", "HGNC:3603", 2),
        Entity("HGNC.FAMILY:542", EntityType.GENE_GROUP, "Endogenous ligands", "hgnc"),
        Statement("HGNC:3603", Predicate.MEMBER_OF, "HGNC.FAMILY:542", "hgnc", "HGNC:3603", 2),
        Entity(
            "HGNC:2",
            EntityType.GENE,
            "G2",
            "hgnc",
            aliases=("gene two",),
            definition="gene two; gene with protein product",
        ),
        Statement("HGNC:2", Predicate.MEMBER_OF, "HGNC.FAMILY:1", "hgnc", "HGNC:2", 4),
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"hgnc_id": "3603"}, "an id as `HGNC:3603`; got '3603'"),
        ({"symbol": ""}, "a gene symbol"),
        ({"gene_group": '"A|B"', "gene_group_id": "1"}, "one number per gene group"),
        ({"gene_group": "A", "gene_group_id": "x"}, "one number per gene group"),
        ({"name": "a\tb"}, "14 tab-separated columns; got '15 columns'"),
        ({"name": '"open'}, "balanced double quotes"),
    ],
)
def test_hgnc_malformed_row_is_named(folder: Folder, row: dict[str, str], expected: str) -> None:
    files = folder({hgnc.FILE: hgnc_text({}, row)})
    with pytest.raises(SourceError, match=rf"hgnc_complete_set\.txt:3: expected {expected}"):
        list(hgnc.read(files))
