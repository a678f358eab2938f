"""Dictionary mentions: exact offsets, word boundaries, variants, short forms, ambiguity."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from graph_samples import D, G, P, entity, graph_of, statement
from hypothesis import given
from hypothesis import strategies as st

from medresearcher.graph.abbreviations import Definition, definitions
from medresearcher.graph.dictionary import dictionary, normalise
from medresearcher.graph.mentions import Detector
from medresearcher.graph.store import Graph
from medresearcher.graph.variants import variants
from medresearcher.records.knowledge import Predicate

NAMES = {
    "MONDO:1": ("breast cancer", ("carcinoma of the breast", "BC")),
    "MONDO:2": ("ovarian cancer", ()),
    "MONDO:3": ("Marfan syndrome", ("Marfan's syndrome", "MFS")),
    "MONDO:4": ("ataxia telangiectasia", ("A-T",)),
    "MONDO:5": ("von Hippel-Lindau disease", ()),
    "MONDO:6": ("leukemia", ("MFS",)),
    "MONDO:7": ("diabetes mellitus, insulin-dependent", ("type 2 diabetes",)),
    "MONDO:8": ("myotonic dystrophy", ()),
    "MONDO:9": ("Sjögren syndrome", ()),
    "MONDO:10": ("ZZ deficiency disorder", ("zymase deficiency",)),
    "MONDO:11": ("duplicated name", ()),
    "MONDO:12": ("hypertension", ()),
    "MONDO:13": ("disease", ()),
    "MONDO:14": ("Duchenne muscular dystrophy", ("DMD",)),
    "MONDO:20": ("cancer", ()),
}
SIGNS = {"HP:1": ("Seizure", ()), "HP:2": ("Breast cancer", ()), "HP:3": ("Tall stature", ())}


def _graph() -> Graph:
    entities = [
        *(entity(curie, D, name, aliases=more) for curie, (name, more) in NAMES.items()),
        *(entity(curie, P, name, aliases=more) for curie, (name, more) in SIGNS.items()),
        entity("MONDO:21", D, "duplicated name"),
        entity("HGNC:1", G, "ZYM", aliases=("ZYM1",)),
        entity("HGNC:2", G, "DMD"),
    ]
    statements = [
        statement("HGNC:1", Predicate.CAUSES, "MONDO:10"),
        *(statement(low, Predicate.SUBCLASS_OF, "MONDO:20") for low in ("MONDO:1", "MONDO:2")),
    ]
    return graph_of(entities, statements)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return _graph()


@pytest.fixture(scope="module")
def detector(graph: Graph) -> Detector:
    return Detector(dictionary(graph))


def found(detector: Detector, text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.text, one.nodes) for one in detector.detect(text)]


@pytest.mark.parametrize(
    ("text", "mention", "nodes"),
    [
        ("Two breast cancers were seen.", "breast cancers", ("MONDO:1",)),
        ("a cancer of the breast", "cancer of the breast", ("MONDO:1",)),
        ("the breast-cancer unit", "breast-cancer", ("MONDO:1",)),
        ("Marfan's syndrome", "Marfan's syndrome", ("MONDO:3",)),
        ("MARFAN SYNDROME", "MARFAN SYNDROME", ("MONDO:3",)),
        ("childhood leukaemia", "leukaemia", ("MONDO:6",)),
        ("type II diabetes", "type II diabetes", ("MONDO:7",)),
        ("insulin-dependent diabetes mellitus", "insulin-dependent diabetes mellitus", None),
        ("Sjogren syndrome", "Sjogren syndrome", ("MONDO:9",)),
        ("deficiency of zymase", "deficiency of zymase", ("MONDO:10",)),
        ("ZYM deficiency", "ZYM deficiency", ("MONDO:10",)),
        ("hypertensive rats", "hypertensive", ("MONDO:12",)),
        ("no seizures", "seizures", ("HP:1",)),
        ("breast  \n cancer", "breast  \n cancer", ("MONDO:1",)),
    ],
)
def test_a_name_is_found_in_its_variants(detector, text, mention, nodes):
    ((got, ids),) = found(detector, text)
    assert got == mention
    assert nodes is None or ids == nodes


@pytest.mark.parametrize(
    "text",
    [
        "precancerous",
        "cancerX",
        "cancer2",
        "leukemias2",
        "the disease",
        "bc was mfs",
        "of the breast. Cancer-free",
        "duplicatedname",
        "",
        " ",
        "tallness",
    ],
)
def test_no_mention_within_words_in_plain_words_or_in_another_case(detector, text):
    names = [text for text, _ in found(detector, text)]
    assert names in ([], ["Cancer"])


def test_a_name_does_not_reach_over_the_end_of_a_sentence(detector):
    assert found(detector, "It hits the breast. Cancer follows.") == [("Cancer", ("MONDO:20",))]
    assert found(detector, "type 2. Diabetes") == []


def test_the_longest_of_the_leftmost_names_wins(detector):
    assert found(detector, "breast cancer") == [("breast cancer", ("MONDO:1",))]
    assert found(detector, "lung cancer") == [("cancer", ("MONDO:20",))]


def test_a_disease_beats_a_phenotype_of_the_same_name_and_equal_names_share_a_mention(detector):
    (one,) = detector.detect("breast cancer")
    assert (one.nodes, one.type) == (("MONDO:1",), D)
    assert found(detector, "duplicated name") == [("duplicated name", ("MONDO:11", "MONDO:21"))]


def test_coordinated_names_are_one_mention_of_both(detector):
    both = ("MONDO:1", "MONDO:2")
    assert found(detector, "in breast and ovarian cancer.") == [("breast and ovarian cancer", both)]
    assert found(detector, "breast/ovarian cancers") == [("breast/ovarian cancers", both)]
    assert found(detector, "lung and ovarian cancer") == [("ovarian cancer", ("MONDO:2",))]


def test_general_heads_and_modes_of_inheritance_belong_to_the_mention(detector):
    text = "X-linked recessive myotonic dystrophy syndrome"
    assert found(detector, text) == [(text, ("MONDO:8",))]


def test_a_short_form_stands_for_what_the_text_defines(detector):
    text = "Multifocal sclerosis (MFS) is no leukemia; MFS is mild."
    assert found(detector, text) == [("leukemia", ("MONDO:6",))]
    text = "Marfan syndrome (MFS). MFS patients."
    assert found(detector, text) == [
        ("Marfan syndrome", ("MONDO:3",)),
        ("MFS", ("MONDO:3",)),
        ("MFS", ("MONDO:3",)),
    ]
    text = "Ovarian cancer (OC): of all OCs"
    assert [name for name, _ in found(detector, text)] == ["Ovarian cancer", "OC", "OCs"]


def test_initials_in_another_order_count_right_after_the_mention(detector):
    assert found(detector, "Myotonic dystrophy (DM) and DM")[-1] == ("DM", ("MONDO:8",))
    assert [n for n, _ in found(detector, "Myotonic dystrophy (PCR) and PCR")] == [
        "Myotonic dystrophy"
    ]


def test_a_vague_short_form_counts_only_beside_its_full_name(detector):
    assert found(detector, "MFS was seen") == []  # two diseases
    assert found(detector, "BC was seen") == []  # two letters
    assert found(detector, "the DMD gene") == []  # a gene, too
    text = "Duchenne muscular dystrophy is called DMD"
    assert found(detector, text)[-1] == ("DMD", ("MONDO:14",))
    assert found(detector, "A-T cells") == [("A-T", ("MONDO:4",))]


def test_a_bracket_inside_a_name_is_read_over(detector):
    text = "von Hippel-Lindau (VHL) disease"
    assert found(detector, text) == [(text, ("MONDO:5",))]


def test_over_general_classes_are_left_out(graph):
    detector = Detector(dictionary(graph, most_descendants=1))
    assert found(detector, "a cancer") == []
    assert found(detector, "breast cancer") == [("breast cancer", ("MONDO:1",))]


def test_only_the_types_asked_for_are_found(graph):
    detector = Detector(dictionary(graph, kinds=[P]))
    assert found(detector, "seizures in leukemia") == [("seizures", ("HP:1",))]


def test_the_order_of_types_does_not_matter(graph):
    assert dictionary(graph, kinds=[P, D]) == dictionary(graph, kinds=[D, P])


PIECES = [
    *(name for name, _ in (*NAMES.values(), *SIGNS.values())),
    *(
        "and",
        "(",
        ")",
        "MFS",
        "(MFS)",
        "BC",
        "s",
        "-",
        "\n",
        "  ",
        ". ",
        "İ",
        "ß",
        "e\u0301",
        "\U0001d54f",
        "ﬁ",
    ),
]


@given(
    st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=14), st.sampled_from(["", " "])
)
def test_offsets_always_give_the_mention_and_none_overlap(pieces, glue):
    detector = _shared()
    text = glue.join(pieces)
    mentions = detector.detect(text)
    end = 0
    for one in mentions:
        assert text[one.start : one.end] == one.text
        assert one.start >= end
        assert one.nodes == tuple(sorted(one.nodes))
        assert one.nodes
        assert not text[one.end : one.end + 1].isalnum() or not one.text[-1].isalnum()
        end = one.end
    assert detector.detect(text) == mentions


_DETECTORS: list[Detector] = []


def _shared() -> Detector:
    if not _DETECTORS:
        _DETECTORS.append(Detector(dictionary(_graph())))
    return _DETECTORS[0]


@given(st.text())
def test_normalising_keeps_every_character_in_its_place(text):
    assert len(normalise(text)) == len(text)


def test_threads_may_share_a_detector(detector):
    rng = random.Random(1)
    texts = [" ".join(rng.choices(PIECES, k=30)) for _ in range(200)]
    expected = [detector.detect(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(detector.detect, texts)) == expected


def test_definitions_follow_schwartz_and_hearst():
    text = "Heat shock protein (HSP), ataxia telangiectasia (A-T), and water (see below)."
    assert definitions(text) == [Definition("HSP", 0, 18), Definition("A-T", 26, 47)]
    assert definitions("glucose tolerance (GTT)") == []
    assert definitions("In 1999 (PMID) (a) ((B))") == []


def test_variants_tell_spelling_from_other_words():
    ways = variants("carcinoma of the breast")
    assert ways["breast carcinoma"] == 0
    assert ways["breast carcinomas"] == 0
    assert ways["breast cancer"] == 1
    assert variants("anemia")["anaemia"] == 0
