"""Identity: only exact mappings join, nothing is guessed, names come from the better source."""

from graph_samples import D, F, G, P, entity, statement
from hypothesis import given
from hypothesis import strategies as st

from medresearcher.graph.identity import Identity
from medresearcher.records.knowledge import EntityType, Mapping, MatchKind, Predicate, Statement

EXACT, NARROW, BROAD = MatchKind.EXACT, MatchKind.NARROW, MatchKind.BROAD


DRUG = EntityType.DRUG


def mapped(
    subject: str, obj: str, kind: MatchKind = EXACT, source: str = "mondo_mappings"
) -> Mapping:
    return Mapping(subject, obj, kind, source)


def said(subject: str, obj: str, kind: MatchKind = EXACT) -> Mapping:
    """What Orphanet says of its own entries."""
    return mapped(subject, obj, kind, "orphanet")


MARFAN = entity("MONDO:1", D, "Marfan syndrome", aliases=("MFS",), definition="of MONDO")
OMIM = entity("OMIM:1", D, "MARFAN SYNDROME; MFS", source="hpo", aliases=("mfs", "Marfan's"))
UNIPROT = entity("OMIM:1", D, "Marfan syndrome", source="uniprot", aliases=("MFS1",))


def test_exact_joins_and_narrow_or_broad_do_not():
    entities = [MARFAN, *(entity(f"OMIM:{n}", D, source="hpo") for n in (1, 2, 3))]
    mappings = [
        mapped("MONDO:1", "OMIM:1"),
        mapped("MONDO:1", "OMIM:2", BROAD),
        mapped("MONDO:1", "OMIM:3", NARROW),
    ]
    identity = Identity(entities, mappings)
    nodes = [identity.node(f"OMIM:{n}") for n in (1, 2, 3)]
    assert nodes == ["MONDO:1", "OMIM:2", "OMIM:3"]
    merged = {one.id: one for one in identity.merge(entities)}
    assert sorted(merged) == ["MONDO:1", "OMIM:2", "OMIM:3"]
    assert merged["MONDO:1"].equivalents == ("OMIM:1",)


def test_an_id_with_two_exact_partners_stays_apart_and_is_counted():
    entities = [MARFAN, entity("MONDO:2", D), entity("OMIM:1", D, source="hpo")]
    identity = Identity(entities, [mapped("MONDO:1", "OMIM:1"), mapped("MONDO:2", "OMIM:1")])
    assert identity.node("OMIM:1") == "OMIM:1"
    assert identity.ambiguous() == {"OMIM": 1}
    assert identity.is_ambiguous("OMIM:1")
    assert [one.id for one in identity.merge(entities)] == ["MONDO:1", "MONDO:2", "OMIM:1"]


def test_a_mapping_of_an_unknown_disease_joins_nothing():
    identity = Identity([OMIM], [mapped("MONDO:9", "OMIM:1")])
    assert identity.node("OMIM:1") == "OMIM:1"
    assert not identity.ambiguous()


def test_the_node_has_the_name_of_the_preferred_source_and_every_alias_once():
    entities = [UNIPROT, OMIM, MARFAN]
    (one,) = Identity(entities, [mapped("MONDO:1", "OMIM:1")]).merge(entities)
    assert (one.id, one.name, one.source) == ("MONDO:1", "Marfan syndrome", "mondo")
    assert one.definition == "of MONDO"
    assert one.aliases == ("MARFAN SYNDROME; MFS", "Marfan's", "MFS", "MFS1")
    assert one.equivalents == ("OMIM:1",)


def test_without_mondo_the_name_of_hpo_goes_before_that_of_uniprot():
    entities = [UNIPROT, OMIM]
    (one,) = Identity(entities, []).merge(entities)
    assert (one.id, one.name, one.source) == ("OMIM:1", "MARFAN SYNDROME; MFS", "hpo")
    assert one.aliases == ("Marfan syndrome", "Marfan's", "mfs", "MFS1")


def test_the_order_of_the_input_does_not_matter():
    entities = [UNIPROT, OMIM, MARFAN, entity("HP:1", P)]
    mappings = [mapped("MONDO:1", "OMIM:1"), mapped("MONDO:1", "ORPHA:5")]
    forth = Identity(entities, mappings).merge(entities)
    back = Identity(entities[::-1], mappings[::-1]).merge(entities[::-1])
    assert forth == back


def test_symbols_and_other_ids_of_genes_join_to_hgnc():
    fbn1 = entity(
        "HGNC:3603", G, "FBN1", source="hgnc", equivalents=("NCBIGene:2200", "UniProtKB:P35555")
    )
    identity = Identity([fbn1, entity("HGNC.FAMILY:1", F)], [])
    asked = ("SYMBOL:FBN1", "NCBIGene:2200", "UniProtKB:P35555", "HGNC:3603", "SYMBOL:FBN2")
    assert [identity.node(curie) for curie in asked] == ["HGNC:3603"] * 4 + ["SYMBOL:FBN2"]


def test_a_former_symbol_joins_unless_it_is_in_use():
    one = entity("HGNC:1", G, "TAFAZZIN", equivalents=("SYMBOL:TAZ", "SYMBOL:OLD"))
    other = entity("HGNC:2", G, "OLD", equivalents=("SYMBOL:TWICE",))
    third = entity("HGNC:3", G, "NEW", equivalents=("SYMBOL:TWICE",))
    identity = Identity([one, other, third], [])
    asked = [identity.node(f"SYMBOL:{name}") for name in ("TAZ", "OLD", "TWICE")]
    assert asked == ["HGNC:1", "HGNC:2", "SYMBOL:TWICE"]
    assert identity.is_ambiguous("SYMBOL:TWICE")
    assert all(gene.equivalents == () for gene in identity.merge([one, other, third]))


def test_former_ids_of_terms_join_to_the_current_one():
    sign = entity("HP:1", P, source="hpo", equivalents=("HP:9",))
    assert Identity([sign], []).node("HP:9") == "HP:1"


def test_statements_move_to_the_nodes_and_keep_the_id_of_the_source():
    fbn1 = entity("HGNC:3603", G, "FBN1", source="hgnc", equivalents=("NCBIGene:2200",))
    entities = [MARFAN, OMIM, fbn1]
    identity = Identity(entities, [mapped("MONDO:1", "OMIM:1")])
    before = statement("NCBIGene:2200", Predicate.CAUSES, "OMIM:1", 7, reference="PMID:1")
    (after,) = identity.join([before])
    assert after == before._replace(subject="HGNC:3603", object="MONDO:1")
    assert after.record == "OMIM:1"


def test_two_sources_of_one_orpha_code_are_one_node():
    entities = [
        entity("ORPHA:5", D, "Rare thing", source="orphanet", definition="of Orphanet"),
        entity("ORPHA:5", D, "RARE THING", source="hpo"),
    ]
    (alone,) = Identity(entities, []).merge(entities)
    assert (alone.id, alone.name, alone.definition) == ("ORPHA:5", "Rare thing", "of Orphanet")
    (one,) = Identity([MARFAN, *entities], [mapped("MONDO:1", "ORPHA:5")]).merge(
        [MARFAN, *entities]
    )
    assert (one.id, one.equivalents) == ("MONDO:1", ("ORPHA:5",))


def test_narrow_and_broad_become_matches_between_nodes():
    entities = [MARFAN, OMIM, entity("ORPHA:5", D, source="orphanet")]
    mappings = [
        mapped("MONDO:1", "OMIM:1"),
        said("ORPHA:5", "OMIM:1", BROAD),
        said("ORPHA:5", "ICD10:Q87.4", NARROW),
    ]
    assert Identity(entities, mappings).matches() == [
        said("ORPHA:5", "ICD10:Q87.4", NARROW),
        said("ORPHA:5", "MONDO:1", BROAD),
    ]
    inside = [*mappings, mapped("MONDO:1", "ORPHA:5")]
    assert Identity(entities, inside).matches() == [said("MONDO:1", "ICD10:Q87.4", NARROW)]


ORPHAS = [entity(f"ORPHA:{n}", D, source="orphanet") for n in (5, 6)]


def test_what_mondo_has_not_placed_joins_through_another_source():
    entities = [MARFAN, OMIM, ORPHAS[0]]
    mappings = [mapped("MONDO:1", "OMIM:1"), said("ORPHA:5", "OMIM:1"), said("ORPHA:5", "UMLS:C1")]
    identity = Identity(entities, mappings)
    nodes = {identity.disease(one) for one in ("ORPHA:5", "OMIM:1", "UMLS:C1")}
    assert nodes == {"MONDO:1"}
    (one,) = identity.merge(entities)
    assert one.equivalents == ("OMIM:1", "ORPHA:5", "UMLS:C1")
    assert identity.matches() == []


def test_outside_mondo_two_sources_join_each_other():
    entities = [OMIM, ORPHAS[0]]
    identity = Identity(entities, [said("ORPHA:5", "OMIM:1")])
    assert identity.node("ORPHA:5") == identity.node("OMIM:1") == "OMIM:1"


def test_an_exact_mapping_that_would_melt_two_nodes_is_only_a_match():
    entities = [MARFAN, entity("MONDO:2", D), OMIM, *ORPHAS]
    mappings = [mapped("MONDO:1", "OMIM:1"), mapped("MONDO:2", "ORPHA:5")]
    identity = Identity(entities, [*mappings, said("ORPHA:5", "OMIM:1")])
    assert identity.node("ORPHA:5") == "MONDO:2"
    assert identity.matches() == [said("MONDO:2", "MONDO:1")]


def test_two_entries_of_one_vocabulary_never_become_one_node():
    entities = [MARFAN, OMIM, *ORPHAS]
    mappings = [mapped("MONDO:1", "OMIM:1"), said("ORPHA:5", "OMIM:1"), said("ORPHA:6", "OMIM:1")]
    for some in (mappings, [*mappings[:2], mapped("MONDO:1", "ORPHA:6")]):
        identity = Identity(entities, some)
        assert identity.node("ORPHA:5") == "ORPHA:5"
        assert said("ORPHA:5", "MONDO:1") in identity.matches()
        (marfan,) = [one for one in identity.merge(entities) if one.id == "MONDO:1"]
        assert "ORPHA:5" not in marfan.equivalents


def test_one_id_of_a_disease_and_a_sign_is_what_the_statement_expects():
    sign = entity("HP:1", P, "Seizure", source="hpo", equivalents=("UMLS:C1",))
    drug = entity("DRUGBANK:1", DRUG, source="drug_names", equivalents=("MESH:D1",))
    entities = [MARFAN, sign, drug]
    identity = Identity(entities, [mapped("MONDO:1", "UMLS:C1")])
    effect = Statement("MESH:D1", Predicate.HAS_SIDE_EFFECT, "UMLS:C1", "sider", "x", 1)
    cure = effect._replace(predicate=Predicate.TREATS)
    joined = [(one.subject, one.object) for one in identity.join([effect, cure])]
    assert joined == [("DRUGBANK:1", "HP:1"), ("DRUGBANK:1", "MONDO:1")]
    assert identity.about(["UMLS:C1", "MESH:D1"]) == ("MONDO:1", "DRUGBANK:1")
    assert identity.node("UMLS:C1") == "UMLS:C1"


def test_a_drug_known_by_another_id_joins_the_one_of_drugbank():
    first = entity("DRUGBANK:1", DRUG, source="drug_names", equivalents=("MESH:D1",))
    other = entity("MESH:D1", DRUG, "drug one", source="sider")
    lonely = entity("MESH:D2", DRUG, "drug two", source="drug_names")
    merged = Identity([first, other, lonely], []).merge([first, other, lonely])
    assert [one.id for one in merged] == ["DRUGBANK:1", "MESH:D2"]


def test_former_ids_of_diseases_join_to_the_current_one():
    disease = entity("MONDO:1", D, equivalents=("MONDO:9",))
    assert Identity([disease], []).disease("MONDO:9") == "MONDO:1"


_IDS = st.sampled_from([f"{prefix}:{n}" for prefix in ("MONDO", "OMIM", "ORPHA") for n in range(3)])
_MAPPINGS = st.lists(st.builds(mapped, _IDS, _IDS, st.sampled_from(MatchKind)), max_size=12)


@given(st.sets(_IDS), _MAPPINGS)
def test_nodes_are_stable_and_hold_one_entry_of_a_vocabulary(ids: set[str], mappings) -> None:
    entities = [entity(curie, D) for curie in sorted(ids)]
    identity = Identity(entities, mappings)
    merged = identity.merge(entities)
    for curie in ids:
        node = identity.disease(curie)
        assert identity.disease(node) == node
        assert node in ids
    stated = {frozenset((one.subject, one.object)) for one in mappings if one.kind is EXACT}
    for one in merged:
        within = [curie for curie in ids if identity.disease(curie) == one.id]
        assert sum(curie.startswith("MONDO:") for curie in within) <= 1
        for curie in within:  # each id is tied to another one of its node by a mapping
            rest = [*within, *one.equivalents, one.id]
            assert len(within) == 1 or any(frozenset((curie, two)) in stated for two in rest)
    back = Identity(entities[::-1], mappings[::-1])
    assert back.merge(entities[::-1]) == merged
    assert back.matches() == identity.matches()
