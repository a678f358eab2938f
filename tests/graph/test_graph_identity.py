"""Identity: only exact mappings join, nothing is guessed, names come from the better source."""

from graph_samples import D, F, G, P, entity, statement

from medresearcher.graph.identity import Identity
from medresearcher.records.knowledge import Mapping, MatchKind, Predicate

EXACT, NARROW, BROAD = MatchKind.EXACT, MatchKind.NARROW, MatchKind.BROAD


def mapped(subject: str, obj: str, kind: MatchKind = EXACT) -> Mapping:
    return Mapping(subject, obj, kind, "mondo_mappings")


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
    assert identity.ambiguous == 1
    assert [one.id for one in identity.merge(entities)] == ["MONDO:1", "MONDO:2", "OMIM:1"]


def test_a_mapping_of_an_unknown_disease_joins_nothing():
    identity = Identity([OMIM], [mapped("MONDO:9", "OMIM:1")])
    assert identity.node("OMIM:1") == "OMIM:1"
    assert identity.ambiguous == 0


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
