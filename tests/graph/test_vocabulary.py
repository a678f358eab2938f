"""Names of genes and drugs, found beside conditions, and the names as they are stored."""

import pyarrow.parquet as pq
import pytest
from graph_samples import D, G, P, entity, graph_of, statement
from hypothesis import given
from hypothesis import strategies as st

from medresearcher.errors import InputError
from medresearcher.graph.dictionary import Entry, dictionary
from medresearcher.graph.mentions import Detector
from medresearcher.graph.molecules import molecule_names
from medresearcher.graph.vocabulary import (
    KEYS,
    NODES,
    Node,
    load_dictionary,
    load_vocabulary,
    nodes_of,
    vocabulary_digest,
    write_dictionary,
    write_vocabulary,
)
from medresearcher.records.knowledge import EntityType, Predicate

DRUG = EntityType.DRUG


def gene(curie: str, symbol: str, full: str, *aliases: str):
    return entity(curie, G, symbol, aliases=(*aliases, full), definition=f"{full}; gene at 1p1")


@pytest.fixture(scope="module")
def graph():
    entities = [
        entity("MONDO:1", D, "Marfan syndrome", aliases=("MFS",)),
        entity("MONDO:2", D, "connective tissue disorder"),
        entity("MONDO:3", D, "insulin resistance"),
        entity("MONDO:4", D, "catatonia", aliases=("CATA",)),
        entity("HP:1", P, "Arachnodactyly"),
        gene("HGNC:1", "FBN1", "fibrillin 1", "MFS1", "hole"),
        gene("HGNC:2", "CAT", "catalase"),
        gene("HGNC:3", "INS", "insulin"),
        gene("HGNC:4", "IL10", "interleukin 10", "IL-10", "shared factor name"),
        gene("HGNC:5", "TP53", "tumor protein p53", "p53", "shared factor name"),
        gene("HGNC:6", "PROS1", "protein S"),
        entity("DRUGBANK:1", DRUG, "Losartan", aliases=("cozaar", "los", "2-butyl-[4,5]imidazole")),
        entity("DRUGBANK:2", DRUG, "Insulin"),
        entity("DRUGBANK:3", DRUG, "Water", aliases=("dihydrogen oxide",)),
        entity("MESH:1", DRUG, "Escherichia"),
        entity("MESH:2", DRUG, "Atenolol", equivalents=("DRUGBANK:9",)),
    ]
    return graph_of(entities, [statement("MONDO:1", Predicate.SUBCLASS_OF, "MONDO:2")])


@pytest.fixture(scope="module")
def folder(graph, tmp_path_factory):
    folder = tmp_path_factory.mktemp("names") / "vocabulary"
    write_dictionary(graph, folder)
    return folder


@pytest.fixture(scope="module")
def detector(folder):
    return Detector(load_dictionary(folder))


def found(detector: Detector, text: str) -> list[tuple[str, str]]:
    return [(one.text, "|".join(one.nodes)) for one in detector.detect(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FBN1 and fbn1", [("FBN1", "HGNC:1")]),
        ("IL-10 or IL10", [("IL-10", "HGNC:4"), ("IL10", "HGNC:4")]),
        ("The CAT scan of p53", []),
        ("Catalase: CAT fell", [("Catalase", "HGNC:2"), ("CAT", "HGNC:2")]),
        ("tumor protein p53, or p53", [("tumor protein p53", "HGNC:5"), ("p53", "HGNC:5")]),
        ("a hole, a shared factor name", []),
        ("protein(s) but protein S", [("protein S", "HGNC:6")]),
        ("losartan, Cozaar and los", [("losartan", "DRUGBANK:1"), ("Cozaar", "DRUGBANK:1")]),
        ("water, dihydrogen oxide", [("dihydrogen oxide", "DRUGBANK:3")]),
        ("Escherichia; atenolol", [("atenolol", "MESH:2")]),
        ("insulin", [("insulin", "HGNC:3")]),
    ],
)
def test_genes_and_drugs(detector, text, expected):
    assert found(detector, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("insulin resistance", [("insulin resistance", "MONDO:3")]),
        (
            "losartan in Marfan syndrome",
            [("losartan", "DRUGBANK:1"), ("Marfan syndrome", "MONDO:1")],
        ),
        ("catatonia (CAT) and CAT", [("catatonia", "MONDO:4"), ("CAT", "MONDO:4")]),
        ("catalase in cold air tests (CAT): CAT", [("catalase", "HGNC:2")]),
    ],
)
def test_what_a_condition_or_the_text_takes_is_no_gene(detector, text, expected):
    assert found(detector, text)[: len(expected)] == expected
    assert not {("CAT", "HGNC:2")} & set(found(detector, text))


WORDS = "Marfan syndrome|MFS|FBN1|insulin|resistance|losartan|(MFS)|CAT|catalase|in|and|, |. "


@given(st.lists(st.sampled_from(WORDS.split("|")), max_size=12).map(" ".join))
def test_looking_for_genes_and_drugs_changes_no_condition(detector, graph, text):
    alone = Detector(dictionary(graph)).detect(text)
    both = detector.detect(text)
    assert [one for one in both if one.type in (D, P)] == alone
    ends = [0, *(one.end for one in both)]
    assert all(one.start >= end for one, end in zip(both, ends, strict=False))


def test_the_stored_names_are_those_of_the_graph(folder, graph):
    assert load_dictionary(folder) == {**molecule_names(graph), **dictionary(graph)}
    assert load_dictionary(folder, (D, P)) == dictionary(graph)
    stored = load_vocabulary(folder)
    assert stored.digest == vocabulary_digest(folder)
    assert sorted(stored.nodes) == nodes_of(folder)
    assert stored.type("MESH:2") is DRUG
    assert (stored.above("MONDO:1"), stored.above("HGNC:1")) == ({"MONDO:2"}, frozenset())


ENTRIES = st.builds(
    Entry,
    st.lists(st.sampled_from(["A:1", "A:2", "B:1"]), min_size=1, unique=True).map(tuple),
    st.sampled_from([D, P, G]),
    st.frozensets(st.sampled_from(["AB", "A-B", "Ab"])),
    st.booleans(),
)


@given(
    one=st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), ENTRIES, max_size=6),
    other=st.dictionaries(st.text(min_size=1, alphabet="ab c"), ENTRIES, max_size=6),
)
def test_what_is_stored_is_what_is_loaded_and_the_digest_tells_it_apart(
    tmp_path_factory, one, other
):
    nodes = {node: Node(D, frozenset({"A:0", "A:9"})) for node in ("A:1", "A:2", "B:1")}
    folder = tmp_path_factory.mktemp("stored")
    digests = []
    for number, entries in enumerate((one, other, one)):
        digests.append(write_vocabulary(entries, nodes, folder / str(number)))
        assert load_dictionary(folder / str(number)) == entries
    assert digests[0] == digests[2]
    assert (digests[0] == digests[1]) == (one == other)


def test_missing_damaged_or_mixed_names_are_the_user_s(folder, graph, tmp_path):
    with pytest.raises(InputError, match="no stored names here; run `medresearcher build`"):
        load_dictionary(tmp_path)
    write_dictionary(graph, tmp_path)
    write_vocabulary({}, {}, tmp_path / "other")
    (tmp_path / KEYS).write_bytes((tmp_path / "other" / KEYS).read_bytes())
    with pytest.raises(InputError, match="not of one build"):
        load_vocabulary(tmp_path)
    (tmp_path / KEYS).write_bytes(b"PAR1")
    with pytest.raises(InputError, match="damaged"):
        load_vocabulary(tmp_path)
    assert pq.read_table(folder / NODES).num_rows > 0
