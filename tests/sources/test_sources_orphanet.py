"""The reader of ORPHApackets, on small packets written by hand in the shapes that occur."""

import gzip
import io
import json
import zipfile
from typing import Any

import pytest
from source_inputs import Folder, entities, statements

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import (
    Designation,
    Document,
    Item,
    Mapping,
    MatchKind,
    Predicate,
    Prevalence,
)
from medresearcher.sources import orphanet
from medresearcher.sources.files import Lenient


def packet(code: str = "10", **more: Any) -> dict[str, Any]:
    named = {"ORPHAcode": code, "Label": f"disease {code}", "DisorderType": {"value": "Disease"}}
    return {**named, **more}


def line(*packets: dict[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in packets)


@pytest.fixture
def read(folder: Folder) -> Any:
    def run(*packets: dict[str, Any]) -> list[Item]:
        return list(orphanet.read(folder({"orphapackets.jsonl": line(*packets)})))

    return run


def prevalence(**more: str) -> dict[str, str]:
    return {
        "Source": "ORPHANET",
        "PrevalenceType": "Point prevalence",
        "PrevalenceQualification": "Class only",
        "PrevalenceClass": "1-9 / 100 000",
        "ValMoy": "no data",
        "PrevalenceGeographic": "Worldwide",
        **more,
    }


def test_a_disease_its_definition_and_designation(read: Any) -> None:
    section = {"TextSectionType": "Definition", "Contents": "A  rare\nthing."}
    items = read(packet(TextSection=section, Synonyms=[{"Synonym": "MFS"}, {"Synonym": "MFS"}]))
    found = entities(items)["ORPHA:10"]
    assert (found.name, found.aliases, found.definition) == (
        "disease 10",
        ("MFS",),
        "A rare thing.",
    )
    (document,) = (one for one in items if isinstance(one, Document))
    assert (document.text, document.entities) == ("A rare thing.", ("ORPHA:10",))
    assert Designation("ORPHA:10", "orphanet_rare", "orphanet", 1) in items


def test_groups_and_what_is_not_rare_are_not_designated_and_retired_ones_left_out(
    read: Any,
) -> None:
    items = read(
        packet("1", DisorderType={"value": "Category"}),
        packet("2", Label="NON RARE IN EUROPE: Gout"),
        packet("3", Label="OBSOLETE: Old"),
        packet("4", DisorderType={"value": "Clinical subtype"}),
    )
    assert entities(items).keys() == {"ORPHA:1", "ORPHA:2", "ORPHA:4"}
    assert entities(items)["ORPHA:2"].name == "Gout"
    assert [one.subject for one in items if isinstance(one, Designation)] == ["ORPHA:4"]


@pytest.mark.parametrize(
    "shape",
    [
        lambda many: [{"Parent": [one]} for one in many],
        lambda many: {"Parent": many},
        lambda many: [{"Parent": one} for one in many],
        lambda many: many,
    ],
)
def test_lists_are_read_however_they_are_packed(read: Any, shape: Any) -> None:
    parents = [{"ORPHAcode": "7", "Label": "x"}, {"ORPHAcode": "8", "Label": "y"}]
    found = statements(read(packet(Parents=shape(parents))), Predicate.SUBCLASS_OF)
    assert [one.object for one in found] == ["ORPHA:7", "ORPHA:8"]
    assert statements(read(packet(Parents=[])), Predicate.SUBCLASS_OF) == []


def test_phenotypes_carry_the_frequency_class_and_exclusion_is_negation(read: Any) -> None:
    rows = [("HP:0000001", name) for name in orphanet.FREQUENCIES]
    phenotypes = [{"Phenotype": {"HPOId": i, "HPOTerm": "x", "HPOFrequency": f}} for i, f in rows]
    found = statements(read(packet(Phenotypes=phenotypes)), Predicate.HAS_PHENOTYPE)
    assert [one.frequency for one in found] == [f"HP:004028{n}" for n in range(6)]
    assert [one.negated for one in found] == [False] * 5 + [True]
    assert {(one.record, one.row) for one in found} == {("ORPHA:10", 1)}


def test_genes_by_hgnc_or_symbol_with_the_kind_of_association(read: Any) -> None:
    def gene(association: str, *references: dict[str, str]) -> dict[str, Any]:
        return {
            "Gene": {
                "Symbol": "ATM",
                "ExternalReferences": list(references),
                "DisorderGeneAssociationType": association,
            }
        }

    hgnc = {"Source": "HGNC", "Reference": "795"}
    genes = [
        gene("Disease-causing germline mutation(s) (loss of function) in", hgnc),
        gene("Major susceptibility factor in", {"Source": "OMIM", "Reference": "1"}),
        gene("Biomarker tested in", hgnc),
        gene("Candidate gene tested in", hgnc),
        gene("Role in the phenotype of", hgnc),
    ]
    found = statements(read(packet(Genes=genes)), Predicate.CAUSES)
    assert [(one.subject, one.object, one.qualifier) for one in found] == [
        ("HGNC:795", "ORPHA:10", "causal"),
        ("SYMBOL:ATM", "ORPHA:10", "susceptibility"),
        ("HGNC:795", "ORPHA:10", "role_in_phenotype"),
    ]


def test_inheritance_and_onset_take_hpo_terms_of_the_same_meaning(
    read: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    items = read(
        packet(
            TypeOfInheritances={"TypeOfInheritance": [{"value": "Autosomal recessive"}]},
            AverageAgeOfOnsets=[
                {"AverageAgeOfOnset": {"value": "All ages"}},
                {"AverageAgeOfOnset": {"value": "Infancy"}},
            ],
        )
    )
    found = statements(items, Predicate.HAS_INHERITANCE, Predicate.HAS_ONSET)
    assert [one.object for one in found] == ["HP:0000007", "HP:0003593"]
    assert "left out 1 times: AverageAgeOfOnset `All ages`" in caplog.text


@pytest.mark.parametrize(
    ("row", "measure", "label", "low", "high"),
    [
        ({}, "point_prevalence", "1-9 / 100 000", 1e-5, 9e-5),
        ({"PrevalenceClass": "<1 / 1 000 000"}, "point_prevalence", "<1 / 1 000 000", 0.0, 1e-6),
        ({"PrevalenceClass": ">1 / 1000"}, "point_prevalence", ">1 / 1000", 1e-3, None),
        ({"PrevalenceClass": "Unknown"}, "point_prevalence", "Unknown", None, None),
        ({"ValMoy": "2.5"}, "point_prevalence", "1-9 / 100 000", 2.5e-5, 2.5e-5),
        ({"ValMoy": "0.0"}, "point_prevalence", "1-9 / 100 000", 1e-5, 9e-5),
        ({"ValMoy": "250"}, "point_prevalence", "1-9 / 100 000", 1e-5, 9e-5),
        (
            {"PrevalenceType": "Prevalence at birth", "PrevalenceClass": "6-9 / 10 000"},
            "birth_prevalence",
            "6-9 / 10 000",
            6e-4,
            9e-4,
        ),
        (
            {
                "PrevalenceType": "Cases/families",
                "PrevalenceClass": "no data",
                "PrevalenceQualification": "Family(ies)",
                "ValMoy": "12.0",
            },
            "cases",
            "Family(ies)",
            12.0,
            12.0,
        ),
    ],
)
def test_prevalence(
    read: Any,
    row: dict[str, str],
    measure: str,
    label: str,
    low: float | None,
    high: float | None,
) -> None:
    items = read(packet(Prevalences={"Prevalence": [prevalence(**row)]}))
    (found,) = (one for one in items if isinstance(one, Prevalence))
    assert (found.measure, found.label, found.area) == (measure, label, "Worldwide")
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_prevalence_cites_its_publications(read: Any) -> None:
    source = "[EXPERT]_568179[PMID]_14477077 [PMID]_568179[PMID}_PMID: 30306084_X 2014[REG]"
    bare = {**prevalence(), "Source": None, "PrevalenceValidationStatus": "Validated"}
    items = read(packet(Prevalences=[{"Prevalence": prevalence(Source=source)}, bare]))
    one, other = (item for item in items if isinstance(item, Prevalence))
    assert one.references == ("PMID:568179", "PMID:14477077", "PMID:30306084")
    assert (other.references, one.validated, other.validated) == ((), False, True)


def test_references_say_which_code_is_broader(read: Any) -> None:
    references = [
        {"Source": "OMIM", "Reference": str(n), "DisorderMappingRelation": f"{kind} (text)"}
        for n, kind in enumerate(("E", "NTBT", "BTNT", "ND"))
    ]
    wrapped = [{"ExternalReference": one} for one in references[:2]] + references[2:]
    found = [one for one in read(packet(ExternalReferences=wrapped)) if isinstance(one, Mapping)]
    assert found == [
        Mapping("ORPHA:10", "OMIM:0", MatchKind.EXACT, "orphanet"),
        Mapping("ORPHA:10", "OMIM:1", MatchKind.BROAD, "orphanet"),
        Mapping("ORPHA:10", "OMIM:2", MatchKind.NARROW, "orphanet"),
    ]


def test_every_official_packing_gives_the_same_items(folder: Folder) -> None:
    packets = [packet("1"), packet("2")]
    as_lines = list(orphanet.read(folder({"orphapackets.jsonl": line(*packets)})))
    (folder.path / "orphapackets.jsonl").unlink()
    outer = [json.dumps({"Orphapacket": one}).encode() for one in packets]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, body in enumerate(outer, 1):
            archive.writestr(f"orphapacket-master/json/ORPHApacket_{number}.json", body)
        archive.writestr("orphapacket-master/README.md", "x")
    assert list(orphanet.read(folder({"orphapackets.zip": buffer.getvalue()}))) == as_lines
    (folder.path / "orphapackets.zip").unlink()
    names = ("ORPHApacket_1.json", "ORPHApacket_2.json.gz")
    files = folder({names[0]: outer[0], names[1]: gzip.compress(outer[1])})
    assert entities(list(orphanet.read(files))) == entities(as_lines)


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ({"ORPHAcode": "x1"}, "a numeric `ORPHAcode`; got 'x1'"),
        ({"Label": " "}, "a text `Label`"),
        ({"DisorderType": None}, "an object `DisorderType`"),
        ({"DisorderType": {"value": "Poem"}}, "a type known here; got 'Poem'"),
        ({"Phenotypes": [{"HPOId": "HP:1", "HPOFrequency": "x"}]}, "an HPO term"),
        (
            {"Phenotypes": [{"HPOId": "HP:0000001", "HPOFrequency": "Often"}]},
            "a frequency known here; got 'Often'",
        ),
        ({"Prevalences": [prevalence(ValMoy="many")]}, "a number in `ValMoy`; got 'many'"),
        ({"Parents": ["x"]}, "a text `ORPHAcode`; got 'x'"),
    ],
)
def test_a_malformed_packet_is_named_or_skipped_whole(
    folder: Folder, broken: dict[str, Any], expected: str
) -> None:
    files = folder({"orphapackets.jsonl": line(packet("1"), packet("2", **broken), packet("3"))})
    with pytest.raises(SourceError, match=rf"orphapackets\.jsonl:2: expected {expected}"):
        list(orphanet.read(files))
    lenient = Lenient(files)
    assert entities(list(orphanet.read(lenient))).keys() == {"ORPHA:1", "ORPHA:3"}
    assert lenient.skipped == 1


def test_a_code_of_two_packets_names_both(folder: Folder) -> None:
    files = folder({"orphapackets.jsonl": line(packet("1"), packet("2"), packet("1"))})
    with pytest.raises(
        SourceError, match=r"jsonl:3: expected an id not used in line 1; got 'ORPHA"
    ):
        list(orphanet.read(files))
    files = folder(
        {"orphapackets.jsonl": line(packet("1")), "ORPHApacket_1.json": line(packet("1"))}
    )
    with pytest.raises(
        SourceError, match=r"jsonl:1: expected .*not used in .*ORPHApacket_1\.json:1"
    ):
        list(orphanet.read(files))
