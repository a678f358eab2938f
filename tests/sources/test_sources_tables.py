"""The readers of drugs, pathways, rare-disease subsets and the official MONDO and HPO files."""

import bz2
import os
import pickle
from typing import Any

import pytest
from source_inputs import Folder, entities, statements

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import Designation, EntityType, Predicate, Statement
from medresearcher.sources import (
    drug_names,
    drugcentral,
    gene_sets,
    hpo,
    mondo,
    mondo_rare,
    openpredict,
    pharmacotherapydb,
)

MONDO_OBO = """format-version: 1.2

[Term]
id: MONDO:0700096
name: human disease

[Term]
id: MONDO:0007947
name: Marfan syndrome
def: "A disorder." [PMID:1]
subset: gard_rare {source="GARD:6975"}
subset: http://purl.obolibrary.org/obo/mondo#nord_rare
subset: clingen
synonym: "MFS" EXACT []
synonym: "big hands" BROAD []
alt_id: MONDO:0000002
is_a: MONDO:0700096 {source="x"} ! human disease

[Term]
id: MONDO:0000003
name: obsolete Marfan
is_obsolete: true
replaced_by: MONDO:0007947

[Term]
id: MONDO:0000004
name: cat disease
"""


def test_mondo_obo_gives_hierarchy_former_ids_and_designations(folder: Folder) -> None:
    items = list(mondo.read(folder({"mondo.obo": MONDO_OBO})))
    found = entities(items)
    assert found.keys() == {"MONDO:0700096", "MONDO:0007947"}
    marfan = found["MONDO:0007947"]
    assert marfan.aliases == ("MFS",)
    assert marfan.equivalents == ("MONDO:0000002", "MONDO:0000003")
    (parent,) = statements(items, Predicate.SUBCLASS_OF)
    assert (parent.subject, parent.object, parent.row) == ("MONDO:0007947", "MONDO:0700096", 17)
    labels = [one.label for one in items if isinstance(one, Designation)]
    assert labels == ["gard_rare", "nord_rare"]


def test_mondo_obo_of_another_release_is_refused(folder: Folder) -> None:
    with pytest.raises(SourceError, match=r"mondo\.obo: expected a live term MONDO:0700096"):
        list(mondo.read(folder({"mondo.obo": MONDO_OBO.replace("MONDO:0700096", "MONDO:0000001")})))


def test_hpo_associations_say_how_a_gene_is_associated(folder: Folder) -> None:
    header = "ncbi_gene_id gene_symbol association_type disease_id source"
    rows = ["MENDELIAN", "POLYGENIC", "UNKNOWN"]
    text = "".join(f"NCBIGene:2200\tFBN1\t{kind}\tOMIM:{n}\turl\n" for n, kind in enumerate(rows))
    files = folder({hpo.ASSOCIATIONS: header.replace(" ", "\t") + "\n" + text})
    found = list(hpo._associations(files))
    assert [(one.object, one.qualifier) for one in found] == [
        ("OMIM:0", "causal"),
        ("OMIM:1", "susceptibility"),
        ("OMIM:2", ""),
    ]


def test_rare_subsets(folder: Folder) -> None:
    rare = "http://purl.obolibrary.org/obo/mondo#"
    gard = (
        "mondo_id\ttype\tgard_id\tsource_external\tsubset\tsubset_source\n"
        f"ID\tTYPE\tA\tA\tAI\tA\nMONDO:0000001\tc\tGARD:1\tx\t{rare}gard_rare\ty\n"
    )
    nord = (
        f"ID\tType\tSubset\nID\tTYPE\tAI\n\tc\t{rare}nord_rare\n"
        f"http://purl.obolibrary.org/obo/MONDO_0000002\tc\t{rare}nord_rare\n"
    )
    assert list(mondo_rare.read(folder({mondo_rare.GARD: gard, mondo_rare.NORD: nord}))) == [
        Designation("MONDO:0000001", "gard_rare", "mondo_rare", 3),
        Designation("MONDO:0000002", "nord_rare", "mondo_rare", 4),
    ]


def test_drugcentral(folder: Folder) -> None:
    files = folder(
        {
            "targets.tsv": "GeneID\tdrugbank_id\tdrugbank_name\tpubmed_ids\tsources\tactions"
            "\turls\n"
            "25\tDB00619\tImatinib\t11|12\tx\tinhibitor\ty\n18\tDB00619\tImatinib\t\tx\topener\ty\n",
            "drug-to-class.tsv": "drugbank_id\tdrugbank_name\tclass_id\tclass_name\n"
            "DB00619\tImatinib\tN0000175605\tKinase Inhibitor\n"
            "DB00619\tImatinib\tD000970\tAntineoplastic Agents\n"
            "DB00619\tImatinib\tCHEBI:35610\tantineoplastic agent\n",
            "indications.tsv": "doid_id\tdrugbank_id\tdisease\tdrug\tcategory\n"
            "DOID:1\tDB00619\tleukemia\tImatinib\tDM\nDOID:1\tDB00001\tleukemia\tX\tNOT\n"
            "DOID:1\tDB00002\tleukemia\tY\t\n",
        }
    )
    items = list(drugcentral.read(files))
    targets = statements(items, Predicate.AFFECTS)
    assert [(s.object, s.qualifier, s.reference, s.row) for s in targets] == [
        ("NCBIGene:25", "inhibitor", "PMID:11", 2),
        ("NCBIGene:25", "inhibitor", "PMID:12", 2),
        ("NCBIGene:18", "opener", "", 3),
    ]
    roles = [s.object for s in statements(items, Predicate.HAS_ROLE)]
    assert roles == ["NDFRT:N0000175605", "MESH:D000970", "CHEBI:35610"]
    assert [(s.qualifier, s.negated) for s in statements(items, Predicate.TREATS)] == [
        ("disease_modifying", False),
        ("", True),
        ("", False),
    ]
    found = entities(items)
    assert found["DRUGBANK:DB00619"].type is EntityType.DRUG
    assert found["DOID:1"].type is EntityType.DISEASE
    assert len([one for one in items if not isinstance(one, Statement)]) == len(found)


def test_pharmacotherapydb(folder: Folder) -> None:
    text = (
        "doid_id\tdrugbank_id\tdisease\tdrug\tcategory\tn_curators\tn_resources\n"
        "DOID:1\tDB00001\td\tX\tSYM\t1\t1\nDOID:1\tDB00002\td\tY\tNOT\t1\t1\n"
    )
    items = list(pharmacotherapydb.read(folder({"catalog_indications.tsv": text})))
    found = statements(items, Predicate.TREATS)
    assert [(s.source, s.qualifier, s.negated) for s in found] == [
        ("pharmacotherapydb", "symptomatic", False),
        ("pharmacotherapydb", "", True),
    ]


def test_gene_sets_in_the_layout_of_each_publisher(folder: Folder) -> None:
    files = folder(
        {
            "hsapiens.REAC.name.gmt": "REAC:0000000\tREACTOME root term\tA\n"
            "REAC:R-HSA-1\tSignaling\tJAK2\tTYK2\n",
            "ReactomePathways.gmt": "Signaling\tR-HSA-1\tJAK2\tCBL\nApoptosis\tR-HSA-2\tBAD\n",
        }
    )
    items = list(gene_sets.read_reactome(files))
    assert {i: e.name for i, e in entities(items).items()} == {
        "REACT:R-HSA-1": "Signaling",
        "REACT:R-HSA-2": "Apoptosis",
    }
    found = [(s.subject, s.object) for s in statements(items, Predicate.PARTICIPATES_IN)]
    assert found == [
        ("SYMBOL:JAK2", "REACT:R-HSA-1"),
        ("SYMBOL:CBL", "REACT:R-HSA-1"),
        ("SYMBOL:BAD", "REACT:R-HSA-2"),
        ("SYMBOL:TYK2", "REACT:R-HSA-1"),
    ]


def test_wikipathways(folder: Folder) -> None:
    files = folder(
        {
            "WP_RareDiseases_2022.gmt": "pathwayIDs\tpathways\tHGNC\nWP1\tOne\tA\n",
            "hsapiens.WP.name.gmt": "WP:000000\tWIKIPATHWAYS\tA\nWP:WP2\tTwo\tB\n",
            "wikipathways-20240110-gmt-Homo_sapiens.gmt": "Three%WikiPathways_20240110%WP3"
            "%Homo sapiens\thttps://x\t2200\n",
        }
    )
    items = list(gene_sets.read_wikipathways(files))
    assert sorted(e.name for e in entities(items).values()) == ["One", "Three", "Two"]
    found = {(s.subject, s.object) for s in statements(items, Predicate.PARTICIPATES_IN)}
    assert ("NCBIGene:2200", "WIKIPATHWAYS:WP3") in found
    assert len(found) == 3


def dictionary(data: Any, variants: Any) -> bytes:
    return bz2.compress(
        pickle.dumps({"drug_canonical_to_data": data, "drug_variant_to_canonical": variants})
    )


def test_drug_names(folder: Folder) -> None:
    data = {
        "imatinib": {"name": "Imatinib", "drugbank_id": "DB00619", "mesh_id": "D000970"},
        "citrates": {"name": "Citrates", "mesh_id": "D002951", "mesh_tree": ["D02.1"]},
        "thrombin": {"name": "Thrombin", "mesh_id": "D013917", "mesh_tree": ["D08.1", "D12.2"]},
        "combination": {"name": "A and B", "medline_plus_id": "a1"},
        "classed": {"name": "C", "mesh_id": "D000970", "mesh_tree": ["D27.5"]},
    }
    variants = {"imatinib": ["imatinib"], "gleevec": ["imatinib"], "citrate": ["citrates"]}
    files = folder({drug_names.FILE: dictionary(data, variants)})
    found = list(drug_names.read(files))
    assert [(one.id, one.name, one.aliases, one.equivalents) for one in found] == [
        ("DRUGBANK:DB00619", "Imatinib", ("gleevec",), ()),
        ("MESH:D002951", "Citrates", ("citrate",), ()),
    ]


class _Malicious:
    def __reduce__(self) -> Any:
        return os.system, ("touch pwned",)


@pytest.mark.parametrize("value", [_Malicious(), {"a": _Malicious()}, {1}, Exception("x"), os.path])
def test_a_pickle_of_anything_but_plain_values_is_refused(
    folder: Folder, value: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        body = pickle.dumps({"drug_canonical_to_data": value, "drug_variant_to_canonical": {}}, 2)
    except TypeError:
        body = b"cos\nsystem\n(S'touch pwned'\ntR."
    files = folder({drug_names.FILE: bz2.compress(body)})
    with pytest.raises(SourceError, match="no pickle of plain values and was not read: it asks"):
        list(drug_names.read(files))
    assert not (tmp_path / "pwned").exists()


def test_a_damaged_dictionary_is_named(folder: Folder) -> None:
    whole = dictionary({}, {})
    for body in (whole[:-4], b"no bzip", bz2.compress(b"junk"), bz2.compress(pickle.dumps({}))):
        with pytest.raises(SourceError, match=r"drug_ner_dictionary\.pkl\.bz2: "):
            list(drug_names.read(folder({drug_names.FILE: body})))


def test_openpredict(folder: Folder) -> None:
    files = folder(
        {
            openpredict.PREDICT_FILE: "drugid,omimid\nDB01148,231200\n",
            openpredict.SIDER_FILE: "drugid,umlsid\nDB00583,C0000729\n",
            openpredict.TARGETS_FILE: "drugid,geneid\nDB01148,10846\n",
        }
    )
    found = [
        next(iter(read(files)))
        for read in (openpredict.read_predict, openpredict.read_sider, openpredict.read_targets)
    ]
    assert [(s.subject, s.predicate.name, s.object, s.source) for s in found] == [
        ("DRUGBANK:DB01148", "TREATS", "OMIM:231200", "predict"),
        ("DRUGBANK:DB00583", "HAS_SIDE_EFFECT", "UMLS:C0000729", "sider"),
        ("DRUGBANK:DB01148", "AFFECTS", "NCBIGene:10846", "drugbank_targets"),
    ]
