"""Wording, leaks and specialties."""

import pytest
from question_samples import BRAIN, HEART

from medresearcher.graph.store import Graph
from medresearcher.questions.leaks import leaks, stands_in
from medresearcher.questions.specialties import SPECIALTIES, Classifier
from medresearcher.questions.wording import Wording, article, number
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement
from medresearcher.records.question import Masked

NAMES = {
    "HP:1": ("Wide nose", "The nose is wide."),
    "HP:2": ("Raynaud phenomenon", "Attacks, as in Raynaud disease. Also called Raynaud."),
    "HP:3": ("EEG with burst suppression", ""),
    "HP:4": ("Abnormality of the nose", ""),
    "HP:5": ("Seizure (generalized)", ""),
    "HP:6": ("Type 2 muscle fiber atrophy", ""),
    "HP:7": ("Budd-Chiari syndrome", ""),
    "HP:8": ("Non-Hodgkin lymphoma", "A lymphoma that is not of Hodgkin."),
    "HP:9": ("X-linked dominant inheritance", ""),
    "HP:10": ("Autosomal recessive inheritance", ""),
    "HP:11": ("Sporadic", ""),
    "HP:12": ("Young adult onset", ""),
    "HP:13": ("Typified by age-related disease onset", ""),
    "HP:14": ("T-wave inversion", ""),
    "HP:15": ("Dandy syndrome", "In dandy syndrome … after Dandy, see Dandy."),
    "HP:16": ("A" * 60, ""),
    "HP:18": ("Small for gestational age", ""),
    "HP:19": ("Rheumatoid factor positive", ""),
}


@pytest.fixture(scope="module")
def wording(tmp_path_factory) -> Wording:
    entities = [
        Entity(curie, EntityType.PHENOTYPE, name, "hpo", definition=definition)
        for curie, (name, definition) in NAMES.items()
    ]
    entities.append(Entity("MONDO:1", EntityType.DISEASE, "Fabry disease", "mondo"))
    entities.append(Entity("OMIM:1", EntityType.DISEASE, "Nose syndrome", "hpo"))
    entities.append(Entity("HP:17", EntityType.PHENOTYPE, "Fabry crisis", "hpo"))
    return Wording(Graph.build(tmp_path_factory.mktemp("words"), entities, []))


@pytest.mark.parametrize(
    ("predicate", "node", "text"),
    [
        (Predicate.HAS_PHENOTYPE, "HP:1", "wide nose"),
        (Predicate.HAS_PHENOTYPE, "HP:2", "Raynaud phenomenon"),
        (Predicate.HAS_PHENOTYPE, "HP:3", "EEG with burst suppression"),
        (Predicate.HAS_PHENOTYPE, "HP:4", None),
        (Predicate.HAS_PHENOTYPE, "HP:5", None),
        (Predicate.HAS_PHENOTYPE, "HP:6", None),
        (Predicate.HAS_PHENOTYPE, "HP:7", "Budd-Chiari syndrome"),
        (Predicate.HAS_PHENOTYPE, "HP:8", "non-Hodgkin lymphoma"),
        (Predicate.HAS_PHENOTYPE, "HP:14", "T-wave inversion"),
        (Predicate.HAS_PHENOTYPE, "HP:15", "Dandy syndrome"),
        (Predicate.HAS_PHENOTYPE, "HP:16", None),
        (Predicate.HAS_PHENOTYPE, "HP:17", "Fabry crisis"),
        (Predicate.HAS_PHENOTYPE, "HP:18", None),
        (Predicate.HAS_PHENOTYPE, "HP:19", None),
        (Predicate.HAS_INHERITANCE, "HP:9", "X-linked dominant"),
        (Predicate.HAS_INHERITANCE, "HP:10", "autosomal recessive"),
        (Predicate.HAS_INHERITANCE, "HP:11", None),
        (Predicate.HAS_ONSET, "HP:12", "young adult onset"),
        (Predicate.HAS_ONSET, "HP:13", None),
    ],
)
def test_names_stand_in_a_sentence_as_they_should_or_not_at_all(wording, predicate, node, text):
    assert wording.clue(predicate, node) == text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("narrow mouth", "a narrow mouth"),
        ("umbilical hernia", "an umbilical hernia"),
        ("unilateral facial palsy", "a unilateral facial palsy"),
        ("urogenital fistula", "a urogenital fistula"),
        ("ulcer", "an ulcer"),
        ("EEG with burst suppression", "an EEG with burst suppression"),
        ("neoplasm of the skin", "a neoplasm of the skin"),
        ("focal seizure", "focal seizures"),
        ("seizure with fever", "seizure with fever"),
        ("thick eyebrow", "thick eyebrows"),
        ("cleft of the ear", "a cleft of the ear"),
        ("narrow mouths", "narrow mouths"),
        ("mitral valve prolapse", "mitral valve prolapse"),
        ("kyphosis", "kyphosis"),
        ("cerebral palsy", "cerebral palsy"),
        ("nausea and vomiting", "nausea and vomiting"),
        ("agenesis of corpus callosum", "agenesis of the corpus callosum"),
        ("flexion contracture of digit", "a flexion contracture of a digit"),
        ("dilatation of the aorta", "dilatation of the aorta"),
    ],
)
def test_a_sign_in_a_list_takes_an_article_where_one_is_counted(wording, name, words):
    assert wording.sign(name) == words
    assert set(name.split()) <= {*words.split(), words.split()[-1].removesuffix("s")}


@pytest.mark.parametrize(
    ("words", "first"),
    [("old", "an "), ("union", "a "), ("euthyroid", "a "), ("one-eyed", "a "), ("X-linked", "an ")],
)
def test_articles_go_by_the_first_sound(words, first):
    assert article(words) == first


def test_numbers_are_words_up_to_twelve():
    assert [number(n) for n in (0, 1, 12, 13)] == ["zero", "one", "twelve", "13"]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Marfan syndrome", "he has marfan SYNDROME.", True),
        ("Marfan syndrome", "marfan syndromes", False),
        ("REST", "the rest of it", False),
        ("REST", "a gene, REST, is", True),
        ("Fever", "there is fever.", True),
        ("akt", "a gene, AKT, is", True),
        ("COL4A5", "col4a5 is", True),  # six letters are no word by chance
        ("a b", "A B", True),
        ("C+", "a C+ b", True),
        ("46,XX", "146,XX", False),
    ],
)
def test_a_name_stands_in_a_text_as_whole_words(name, text, found):
    assert stands_in(name, text) is found


def test_leaks_names_what_leaks():
    gene = Masked(
        mask="Entity_B", id="HGNC:1", type=EntityType.GENE, name="FBN1", aliases=("fibrillin 1",)
    )
    assert leaks("a gene for Fibrillin 1 (HGNC:1)", [gene]) == ["fibrillin 1", "HGNC:1"]
    assert leaks("FBN1", [gene]) == ["FBN1"]
    assert leaks("a gene", [gene]) == []


def _classified(tmp_path, organs, classes):
    signs = [f"HP:{n}" for n in range(len(organs))]
    diseases = ["MONDO:1", "MONDO:0004995", "MONDO:0005071"]
    entities = [
        *(Entity(one, EntityType.PHENOTYPE, one, "hpo") for one in (*signs, HEART, BRAIN)),
        *(Entity(one, EntityType.DISEASE, one, "mondo") for one in diseases),
    ]
    statements = [
        *(
            Statement(sign, Predicate.SUBCLASS_OF, organ, "hpo", sign, 1)
            for sign, organ in zip(signs, organs, strict=True)
        ),
        *(
            Statement("MONDO:1", Predicate.HAS_PHENOTYPE, sign, "hpo", "OMIM:1", 1)
            for sign in signs
        ),
        *(
            Statement("MONDO:1", Predicate.SUBCLASS_OF, one, "mondo", "MONDO:1", 1)
            for one in classes
        ),
    ]
    return Classifier(Graph.build(tmp_path, entities, statements))


@pytest.mark.parametrize(
    ("organs", "classes", "specialty"),
    [
        ([HEART, HEART, BRAIN], [], "cardiology"),
        ([HEART, BRAIN, BRAIN], [], "neurology"),
        ([HEART, BRAIN], [], "cardiology"),  # equal scores go to the earlier one
        ([HEART, HEART, BRAIN], ["MONDO:0005071"], "neurology"),  # the class outweighs the signs
        ([], ["MONDO:0004995"], "cardiology"),
        ([], [], None),
    ],
)
def test_signs_and_classes_give_the_specialty(tmp_path, organs, classes, specialty):
    assert _classified(tmp_path, organs, classes).specialty("MONDO:1") == specialty


@pytest.mark.parametrize(
    ("organs", "classes", "specialties"),
    [
        ([HEART, BRAIN, BRAIN, BRAIN], [], ["cardiology", "neurology"]),  # a quarter is enough
        ([HEART, BRAIN, BRAIN, BRAIN, BRAIN], [], ["neurology"]),
        ([BRAIN], ["MONDO:0004995"], ["cardiology", "neurology"]),
        ([], [], []),
    ],
)
def test_a_disease_belongs_to_all_that_a_quarter_of_it_is_of(
    tmp_path, organs, classes, specialties
):
    assert _classified(tmp_path, organs, classes).specialties("MONDO:1") == specialties


def test_there_are_twelve_specialties():
    assert len({one.name for one in SPECIALTIES}) == 12


@pytest.mark.slow
def test_every_root_of_the_specialties_is_in_the_real_graph(real_graph):
    for one in SPECIALTIES:
        for root in (*one.organs, *one.classes):
            assert root in real_graph, root


@pytest.mark.slow
@pytest.mark.parametrize(
    ("disease", "specialty"),
    [
        ("Marfan syndrome", "musculoskeletal and rheumatology"),
        ("long QT syndrome 1", "cardiology"),
        ("cystic fibrosis", "pulmonology"),
        ("hemophilia A", "haematology"),
        ("Huntington disease", "neurology"),
        ("Lynch syndrome", "oncology"),
    ],
)
def test_well_known_diseases_have_their_specialty(real_graph, disease, specialty):
    (node,) = real_graph.resolve(disease)
    assert Classifier(real_graph).specialty(node) == specialty
