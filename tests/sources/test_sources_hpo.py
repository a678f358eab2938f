"""The reader of the Human Phenotype Ontology, on small inputs written by hand."""

import pytest
from source_inputs import Folder, entities, statements

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement
from medresearcher.sources import hpo

OBO = r"""format-version: 1.2
data-version: x

[Term]
id: HP:0000001
name: All

[Term]
id: HP:0000118
name: Phenotypic abnormality
is_a: HP:0000001 ! All

[Term]
id: HP:0001166
name: Arachnodactyly
alt_id: HP:0001505
def: "Long \"spider\" fingers\, thin\nand slender." [PMID:1]
synonym: "Arachnodactyly" EXACT []
synonym: "Spider fingers" EXACT layperson [x:y]
synonym: "Old name" EXACT obsolete_synonym []
synonym: "Hand disease" BROAD layperson []
synonym: "Related" RELATED []
xref: SNOMEDCT_US:62250003
xref: UMLS:C0003706
xref: UMLS:0003706
is_a: HP:0000118 ! Phenotypic abnormality

[Term]
id: HP:0000999
name: obsolete thing
is_obsolete: true

[Term]
id: HP:0000005
name: Mode of inheritance
is_a: HP:0000001 ! All

[Term]
id: HP:0000006
name: Autosomal dominant inheritance
is_a: HP:0000005 ! Mode of inheritance

[Term]
id: HP:0012823
name: Clinical modifier
is_a: HP:0000001 ! All

[Term]
id: HP:0031797
name: Clinical course
is_a: HP:0012823 ! Clinical modifier

[Term]
id: HP:0003674
name: Onset
is_a: HP:0031797 ! Clinical course

[Term]
id: HP:0003577
name: Congenital onset
is_a: HP:0003674 ! Onset

[Term]
id: HP:0003680
name: Nonprogressive
is_a: HP:0031797 ! Clinical course

[Term]
id: HP:0040279
name: Frequency
is_a: HP:0000001 ! All

[Term]
id: HP:0040282
name: Frequent
is_a: HP:0040279 ! Frequency

[Typedef]
id: part_of
name: part of
"""
HPOA_HEADER = (
    "#description: x\ndatabase_id\tdisease_name\tqualifier\thpo_id\treference\tevidence\tonset\t"
    "frequency\tsex\tmodifier\taspect\tbiocuration\n"
)
GENES_HEADER = "ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id\n"
GENES = GENES_HEADER + (
    "2200\tFBN1\tHP:0001166\tArachnodactyly\t-\tOMIM:154700\n"
    "2200\tFBN1\tHP:0000118\tx\t-\tOMIM:154700\n"
    "2200\tFBN1\tHP:0001166\tArachnodactyly\t-\tORPHA:558\n"
)


def hpoa(**changes: str) -> str:
    row = {
        "id": "OMIM:154700",
        "name": "Marfan syndrome",
        "qualifier": "",
        "term": "HP:0001166",
        "reference": "PMID:1",
        "evidence": "PCS",
        "onset": "",
        "frequency": "16/21",
        "sex": "",
        "modifier": "",
        "aspect": "P",
        "biocuration": "x",
    }
    return "\t".join((row | changes).values()) + "\n"


def read_hpo(folder: Folder, annotations: str = "", obo: str = OBO, genes: str = GENES):
    texts = {hpo.OBO: obo, hpo.HPOA: HPOA_HEADER + annotations, hpo.GENES: genes}
    return list(hpo.read(folder(texts)))


def test_hpo_terms_get_their_type_aliases_definition_and_equivalents(folder: Folder) -> None:
    found = entities(read_hpo(folder))
    assert found["HP:0001166"] == Entity(
        "HP:0001166",
        EntityType.PHENOTYPE,
        "Arachnodactyly",
        "hpo",
        aliases=("Spider fingers",),
        definition='Long "spider" fingers, thin\nand slender.',
        equivalents=("HP:0001505", "UMLS:C0003706"),
    )
    assert {term: entity.type.value for term, entity in found.items()} == {
        "HP:0000001": "modifier",
        "HP:0000118": "phenotype",
        "HP:0001166": "phenotype",
        "HP:0000005": "inheritance",
        "HP:0000006": "inheritance",
        "HP:0012823": "modifier",
        "HP:0031797": "modifier",
        "HP:0003674": "onset",
        "HP:0003577": "onset",
        "HP:0003680": "modifier",
        "HP:0040279": "frequency",
        "HP:0040282": "frequency",
    }


def test_hpo_hierarchy_names_term_and_line(folder: Folder) -> None:
    subclasses = statements(read_hpo(folder), Predicate.SUBCLASS_OF)
    line = OBO.split("\n").index("is_a: HP:0000118 ! Phenotypic abnormality") + 1
    arachnodactyly = [s for s in subclasses if s.subject == "HP:0001166"]
    assert arachnodactyly == [
        Statement("HP:0001166", Predicate.SUBCLASS_OF, "HP:0000118", "hpo", "HP:0001166", line)
    ]
    assert len(subclasses) == 11


def test_hpo_annotation_keeps_what_the_row_says(folder: Folder) -> None:
    row = hpoa(qualifier="NOT", onset="HP:0003577", sex="FEMALE", reference="OMIM:154700")
    (statement,) = statements(read_hpo(folder, row), Predicate.HAS_PHENOTYPE)
    assert statement == Statement(
        subject="OMIM:154700",
        predicate=Predicate.HAS_PHENOTYPE,
        object="HP:0001166",
        source="hpo",
        record="OMIM:154700",
        row=3,
        reference="OMIM:154700",
        negated=True,
        frequency="16/21",
        onset="HP:0003577",
        sex="female",
    )


@pytest.mark.parametrize(("frequency", "absent"), [("0/7", True), ("1/7", False), ("", False)])
def test_a_sign_seen_in_no_patient_is_stated_to_be_absent(
    folder: Folder, frequency: str, absent: bool
) -> None:
    (statement,) = statements(read_hpo(folder, hpoa(frequency=frequency)), Predicate.HAS_PHENOTYPE)
    assert (statement.negated, statement.frequency) == (absent, frequency)


@pytest.mark.parametrize(
    ("aspect", "term", "predicate"),
    [
        ("P", "HP:0001166", Predicate.HAS_PHENOTYPE),
        ("P", "HP:0001505", Predicate.HAS_PHENOTYPE),
        ("I", "HP:0000006", Predicate.HAS_INHERITANCE),
        ("C", "HP:0003577", Predicate.HAS_ONSET),
        ("C", "HP:0003680", Predicate.HAS_MODIFIER),
        ("M", "HP:0012823", Predicate.HAS_MODIFIER),
        ("H", "HP:0012823", Predicate.HAS_MODIFIER),
    ],
)
def test_hpo_aspect_and_term_give_the_predicate(
    folder: Folder, aspect: str, term: str, predicate: Predicate
) -> None:
    items = read_hpo(folder, hpoa(aspect=aspect, term=term))
    (statement,) = (s for s in statements(items, *Predicate) if s.subject == "OMIM:154700")
    assert (statement.predicate, statement.object) == (predicate, term)


def test_hpo_row_with_several_references_gives_one_statement_each_on_the_same_row(
    folder: Folder,
) -> None:
    items = read_hpo(folder, hpoa(reference="PMID:1;OMIM:154700;PMID:1"))
    found = statements(items, Predicate.HAS_PHENOTYPE)
    assert [(s.reference, s.row) for s in found] == [("PMID:1", 3), ("OMIM:154700", 3)]


def test_hpo_disease_takes_its_first_name_and_keeps_the_others(folder: Folder) -> None:
    items = read_hpo(folder, hpoa() + hpoa(name="Marfan's") + hpoa() + hpoa(id="ORPHA:558"))
    found = entities(items)
    assert found["OMIM:154700"].name == "Marfan syndrome"
    assert found["OMIM:154700"].aliases == ("Marfan's",)
    assert found["OMIM:154700"].type is EntityType.DISEASE
    assert "ORPHA:558" in found


def test_hpo_gene_pairs_come_once_at_their_first_row(folder: Folder) -> None:
    found = statements(read_hpo(folder), Predicate.CAUSES)
    assert [(s.subject, s.object, s.record, s.row) for s in found] == [
        ("NCBIGene:2200", "OMIM:154700", "OMIM:154700", 2),
        ("NCBIGene:2200", "ORPHA:558", "ORPHA:558", 4),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": "154700"}, "a disease as `OMIM:154700`; got '154700'"),
        ({"name": ""}, "a disease name"),
        ({"term": "HP:9999999"}, r"a term of hp\.obo .*HP:9999999"),
        ({"term": "HP:0000999"}, r"a term of hp\.obo"),
        ({"aspect": "Z"}, r"an aspect \(P, I, C, M, H\); got 'Z'"),
        ({"qualifier": "not"}, "the qualifier NOT"),
        ({"sex": "M"}, "a sex"),
        ({"onset": "early"}, "an onset"),
        ({"frequency": "often"}, "a frequency as .*; got 'often'"),
        ({"frequency": "3/0"}, "a frequency"),
        ({"biocuration": "a\tb"}, "12 tab-separated columns; got '13 columns'"),
    ],
)
def test_hpo_malformed_annotation_names_file_and_line(
    folder: Folder, changes: dict[str, str], expected: str
) -> None:
    with pytest.raises(SourceError, match=rf"phenotype\.hpoa:4: expected {expected}"):
        read_hpo(folder, hpoa() + hpoa(**changes))


@pytest.mark.parametrize("frequency", ["", "0/3", "45%", "79.6%", "HP:0040282"])
def test_hpo_frequencies_are_kept_as_written(folder: Folder, frequency: str) -> None:
    items = read_hpo(folder, hpoa(frequency=frequency))
    assert [s.frequency for s in statements(items, Predicate.HAS_PHENOTYPE)] == [frequency]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("format-version: 1.2", "<html>", r"hp\.obo:1: expected `format-version"),
        ("name: Frequency", "name Frequency", r"hp\.obo:\d+: expected `tag: value`"),
        ("name: Frequency\n", "", r"hp\.obo:\d+: expected a term with `id` and `name`"),
        ('def: "Long', "def: Long", r"hp\.obo:17: expected a text in double quotes"),
        ("EXACT layperson [x:y]", "PRECISE []", r"hp\.obo:19: expected a synonym scope"),
        ("is_a: HP:0031797 ! C", "is_a: HP:7 ! C", r"hp\.obo:\d+: expected a live term"),
        ("HP:0040279", "HP:0040270", r"expected the term HP:0040279"),
    ],
)
def test_hpo_malformed_ontology_is_refused(
    folder: Folder, old: str, new: str, expected: str
) -> None:
    assert old in OBO
    with pytest.raises(SourceError, match=expected):
        read_hpo(folder, obo=OBO.replace(old, new))


def test_changed_columns_are_told(folder: Folder) -> None:
    texts = {
        hpo.OBO: OBO,
        hpo.HPOA: HPOA_HEADER.replace("frequency", "freq") + hpoa(),
        hpo.GENES: GENES,
    }
    with pytest.raises(SourceError, match=r"hpoa:2: .*missing frequency; new freq$"):
        list(hpo.read(folder(texts)))
    with pytest.raises(SourceError, match=r"genes_to_phenotype\.txt:0: .*missing ncbi_gene_id"):
        read_hpo(folder, genes="")
    with pytest.raises(SourceError, match=r"genes_to_phenotype\.txt:2: expected a numeric"):
        read_hpo(folder, genes=GENES_HEADER + "X\tFBN1\tHP:1\tx\t-\tOMIM:1\n")
    with pytest.raises(SourceError, match=r"genes_to_phenotype\.txt:2: expected a disease"):
        read_hpo(folder, genes=GENES_HEADER + "1\tFBN1\tHP:1\tx\t-\t154700\n")


def test_text_that_is_no_utf8_names_its_line(folder: Folder) -> None:
    files = folder({hpo.OBO: OBO.encode() + b"\n[Term]\nname: \xff\n"})
    line = OBO.count("\n") + 3
    with pytest.raises(SourceError, match=rf"hp\.obo:{line}: expected UTF-8 text"):
        list(hpo.read(files))


def test_a_missing_file_is_named(folder: Folder) -> None:
    with pytest.raises(SourceError, match=r"hp\.obo: cannot be read \(No such file"):
        list(hpo.read(folder({})))
