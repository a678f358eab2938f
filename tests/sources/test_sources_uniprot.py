"""The reader of UniProt, and how XML is read, on small inputs written by hand."""

import pytest
from source_inputs import Folder

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import Document, Entity, EntityType, Item, Predicate, Statement
from medresearcher.sources import uniprot


def tryton(*records: tuple[str, dict[str, str]]) -> str:
    body = "".join(
        f'<record model="m" id="{key}">\n'
        + "".join(f'<field name="{name}"{rest}</field>\n' for name, rest in fields.items())
        + "</record>\n"
        for key, fields in records
    )
    return f'<?xml version="1.0" encoding="utf-8"?>\n<tryton><data>\n{body}</data></tryton>\n'


def disease(key: str, mim: str, **changes: str) -> tuple[str, dict[str, str]]:
    fields = {
        "name": f">{key}",
        "disease_name": ">Marfan syndrome",
        "acronym": ">MFS",
        "mim_reference": f">{mim}",
        "description": ">A disorder with &lt;7% risk &amp; <!-- c -->more.",
    }
    return key, fields | changes


def variant(key: str, gene: str, significance: str, dbsnp: str) -> tuple[str, dict[str, str]]:
    search = f" search=\"[('name', '=', '{gene}')]\">"
    return key, {"gene": search, "significance": f">{significance}", "dbsnp": f">{dbsnp}"}


def link(key: str, of: str, to: str) -> tuple[str, dict[str, str]]:
    return key, {"variant": f' ref="{of}">', "phenotype": f' ref="{to}">'}


DISEASES = [
    disease("DI-1", "MIM:154700"),
    disease("DI-2", "MIM:154700", disease_name=">Marfan 2", acronym=">", description=">"),
    disease("DI-3", ""),
]
VARIANTS = [
    variant("V1", "FBN1", "lbb", "rs1"),
    variant("V2", "FBN1", "lpp", "-"),
    variant("V3", "FBN1", "lpp", "rs3"),
    variant("V4", "TGFBR2", "lpp", "rs4"),
    variant("V5", "ACTA2", "us", "rs5"),
]
LINKS = [
    link("L1", "V1", "DI-1"),
    link("L2", "V2", "DI-1"),
    link("L3", "V3", "DI-1"),
    link("L4", "V4", "DI-2"),
    link("L5", "V5", "DI-1"),
    link("L6", "V4", "DI-3"),
]


def read_uniprot(
    folder: Folder,
    diseases: list[tuple[str, dict[str, str]]] = DISEASES,
    variants: list[tuple[str, dict[str, str]]] = VARIANTS,
    links: list[tuple[str, dict[str, str]]] = LINKS,
) -> list[Item]:
    texts = {
        uniprot.DISEASES: tryton(*diseases),
        uniprot.VARIANTS: tryton(*variants),
        uniprot.LINKS: tryton(*links),
    }
    return list(uniprot.read(folder(texts)))


def test_uniprot_diseases_descriptions_and_pathogenic_pairs(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert read_uniprot(folder) == [
        Entity(
            "OMIM:154700",
            EntityType.DISEASE,
            "Marfan syndrome",
            "uniprot",
            aliases=("MFS", "Marfan 2"),
        ),
        Document(
            id="UNIPROT:DI-1",
            type="disease_description",
            title="Marfan syndrome",
            text="A disorder with <7% risk & more.",
            source="uniprot",
            url="https://www.uniprot.org/diseases/DI-1",
            entities=("OMIM:154700",),
        ),
        Statement("SYMBOL:FBN1", Predicate.CAUSES, "OMIM:154700", "uniprot", "V2", 2),
        Statement(
            "SYMBOL:TGFBR2", Predicate.CAUSES, "OMIM:154700", "uniprot", "V4", 4, "dbSNP:rs4"
        ),
    ]
    assert "1 of 3 diseases have no MIM" in caplog.text


@pytest.mark.parametrize(
    ("part", "records", "expected"),
    [
        ("diseases", [disease("DI-1", "OMIM 1")], r"protein_diseases\.xml:3: .*`MIM:154700`"),
        ("diseases", [("DI-1", {"name": ">DI-1"})], r"xml:3: .*a field `mim_reference`"),
        ("diseases", [disease("DI-1", "", disease_name=">")], r"xml:3: .*an id and a name"),
        ("variants", [("V1", {"gene": ' search="FBN1">'})], r"gene_variants\.xml:3: .*a gene as"),
        ("variants", [variant("V1", "A", "bad", "-")], r"xml:3: .*a significance \(lpp"),
        ("links", [link("L", "V9", "DI-1")], r"variant_phenotypes\.xml:3: .*variant of gene_v"),
        ("links", [link("L", "V1", "DI-9")], r"xml:3: .*a disease of protein_d.*; got 'DI-9'"),
    ],
)
def test_uniprot_malformed_record_is_named(
    folder: Folder, part: str, records: list[tuple[str, dict[str, str]]], expected: str
) -> None:
    with pytest.raises(SourceError, match=expected):
        read_uniprot(folder, **{part: records})


def test_xml_entities_are_neither_expanded_nor_fetched(folder: Folder) -> None:
    secret = folder.path / "secret.txt"
    secret.write_text("SECRET")
    text = tryton(disease("DI-1", "MIM:154700", description=">a &x; &y; b")).replace(
        "<tryton>",
        f'<!DOCTYPE t [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY y "LAUGH">]><tryton>',
    )
    empty = tryton()
    files = folder({uniprot.DISEASES: text, uniprot.VARIANTS: empty, uniprot.LINKS: empty})
    (document,) = (i for i in uniprot.read(files) if isinstance(i, Document))
    assert "SECRET" not in document.text
    assert "LAUGH" not in document.text
