"""Questions in Chinese: only official names, whole sentences, nothing hidden given away."""

# ruff: noqa: RUF001 - the punctuation is Chinese

import re
from collections import Counter
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from question_samples import small_world

from medresearcher.audit.certificates import Auditor
from medresearcher.audit.defects import Kind
from medresearcher.audit.facts import Facts
from medresearcher.errors import InputError
from medresearcher.graph.store import Graph
from medresearcher.graph.translations import read_translations, write_translations
from medresearcher.questions.escalate import Escalation
from medresearcher.questions.grammar_zh import Teller, clue_text, listed, number
from medresearcher.questions.languages import Chinese
from medresearcher.questions.leaks import stands_in
from medresearcher.questions.patterns import Pattern, Step
from medresearcher.questions.specialties import SPECIALTIES
from medresearcher.questions.synthesize import Batch, Plan, Synthesizer, write_questions
from medresearcher.records.knowledge import EntityType, Evidence, Predicate, Translation
from medresearcher.records.question import Atom, Choice, Clue, Count, Masked
from medresearcher.settings import SynthesisSettings
from medresearcher.sources.inputs import choose_inputs

SETTINGS = SynthesisSettings(language="zh")
DATA = Path(__file__).parents[3] / "shared" / "data" / "hpo_translations"
# The signs of the small world are called after characters from here on.
_SIGNS = 0x6C34
_FAULTS = re.compile(r"[，。？、]{2}|Entity|None|\{|\}|后者(?:[。？]|$)|一种的| ")
# What an official name may have beside Chinese characters, and what numbers may.
_LATIN = re.compile(r"[A-Za-z]+")


def small_translations():
    entities, _ = small_world()
    fixed = {
        "Autosomal dominant inheritance": "常染色体显性遗传",
        "Autosomal recessive inheritance": "常染色体隐性遗传",
        "Infantile onset": "婴儿期发病",
        "Adult onset": "成年期发病",
    }
    signs = [one for one in entities if one.type is EntityType.PHENOTYPE]
    names = {one.id: fixed[one.name] for one in entities if one.name in fixed}
    names |= {one.id: f"{chr(_SIGNS + place)}字征" for place, one in enumerate(signs)}
    untold, odd = signs[-1].id, signs[-2].id
    del names[untold]
    names[odd] = f"{names[odd]}（又名）"
    return [Translation(node, "zh", name, "hpo_zh", 1) for node, name in names.items()]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zh") / "graph"
    entities, statements = small_world()
    graph = Graph.build(folder, entities, statements)
    write_translations(folder, small_translations())
    return graph


@pytest.fixture(scope="module")
def questions(world):
    maker = Synthesizer(world, SETTINGS, seed=5)
    batches = [Batch(one.name, number) for one in SPECIALTIES for number in (0, 1)]
    return [question for one in batches for question in maker.batch(one).questions]


def reads_well(question):
    text = question.question
    assert question.language == "zh"
    assert not _FAULTS.search(text), text
    assert text[-1] in "？。", text
    assert all(clue.text in text for clue in question.clues), text
    said = re.sub(r"X-连锁", "", text)
    assert not _LATIN.search(said), text


def test_every_question_reads_well_and_holds(world, questions):
    assert len(questions) >= 8
    assert len({one.shape for one in questions}) > 1
    auditor = Auditor(Facts.load(world.folder))
    for question in questions:
        reads_well(question)
        assert not auditor.check(question)


def test_clues_have_official_names_only(world, questions):
    official = read_translations(world.folder, "zh")
    for question in questions:
        for clue in question.clues:
            if clue.name:
                assert clue.name == official[clue.object]
                assert "（" not in clue.name


def test_the_answer_keeps_its_english_name_and_gets_the_chinese_one(world, questions):
    official = read_translations(world.folder, "zh")
    counted = Counter(official.values())
    for question in questions:
        entity = world.entity(question.answer.id)
        assert question.answer.name == entity.name
        chinese = official.get(question.answer.id)
        assert (chinese in question.answer.aliases) == (counted[chinese] == 1)


@pytest.fixture(scope="module")
def asks_for_a_sign(world):
    maker = Synthesizer(world, SETTINGS, seed=5)
    anchors = ((name, anchor) for name, all_ in maker.anchors.items() for anchor in all_)
    plans = [Plan("chain", hops, EntityType.PHENOTYPE) for hops in (3, 5)]
    made = (maker.make(name, anchor, plan) for name, anchor in anchors for plan in plans)
    return next(filter(None, made))


def test_a_chinese_name_of_a_hidden_entity_is_a_leak(world, asks_for_a_sign):
    official = read_translations(world.folder, "zh")
    auditor = Auditor(Facts.load(world.folder))
    question = asks_for_a_sign
    for name_of in (official.get, lambda node: world.entity(node).name):
        told = f"请想想{name_of(question.answer.id)}是什么。{question.question}"
        draft = question.model_copy(update={"question": told})
        leaking = draft.model_copy(update={"id": draft.content_id()})
        assert [one.kind for one in auditor.check(leaking)] == [Kind.ALIAS_LEAK]


def test_a_name_needs_no_blank_in_chinese():
    assert stands_in("癫痫", "他有癫痫发作")
    assert stands_in("FBN1", "基因FBN1与该病相关")
    assert stands_in("Marfan syndrome", "患有Marfan syndrome的人")
    assert not stands_in("FBN1", "基因FBN10与该病相关")
    assert not stands_in("rest", "forested")


def test_without_chinese_names_there_are_no_chinese_questions(small, tmp_path):
    with pytest.raises(InputError, match="build --add"):
        Chinese(small)
    with pytest.raises(InputError, match="no Chinese names here"):
        write_questions(small, tmp_path / "q.jsonl", SETTINGS, count=1, seed=1)


def test_names_of_several_things_are_not_used(tmp_path):
    entities, statements = small_world()
    graph = Graph.build(tmp_path / "graph", entities, statements)
    rows = small_translations()
    doubled = rows[-1]._replace(name=rows[-2].name)
    write_translations(graph.folder, [*rows[:-1], doubled])
    language = Chinese(graph)
    assert language.names(rows[0].subject) == (rows[0].name,)
    assert language.names(doubled.subject) == language.names(rows[-2].subject) == ()
    assert language.wording.clue(Predicate.HAS_PHENOTYPE, doubled.subject) is None


def test_english_questions_are_the_same_with_and_without_translations(world, small):
    batch = Batch("cardiology", 0)
    with_names = Synthesizer(world, SynthesisSettings(), seed=5).batch(batch)
    assert with_names == Synthesizer(small, SynthesisSettings(), seed=5).batch(batch)


def test_a_chinese_question_made_harder_stays_chinese(world, questions):
    escalation = Escalation(world, SynthesisSettings(), seed=5)
    made = [escalation.harder(one, 1, ()) for one in questions[:3]]
    found = [one for one in made if one]
    assert found
    for one in found:
        reads_well(one)


# The sentences


@pytest.mark.parametrize(
    ("value", "said"),
    [(2, "两"), (3, "三"), (10, "十"), (12, "十二"), (20, "二十"), (47, "四十七")],
)
def test_numbers(value, said):
    assert number(value) == said


def test_lists():
    assert [listed(list("甲乙丙"[:k])) for k in range(4)] == ["", "甲", "甲和乙", "甲、乙和丙"]


ROW = Evidence(source="hpo", licence="none", record="OMIM:1", row=1)
CAUSES, SIGN = Predicate.CAUSES, Predicate.HAS_PHENOTYPE
D, G, P, F = (
    EntityType.DISEASE,
    EntityType.GENE,
    EntityType.PHENOTYPE,
    EntityType.GENE_GROUP,
)


def clue(kind, mask, condition, name=""):
    made = Clue(mask=mask, condition=condition, text="-", name=name, evidence=(ROW,))
    return made.model_copy(update={"text": clue_text(made, kind)})


def atom(mask, name, **more):
    return clue(D, mask, Atom(subject=mask, predicate=SIGN, object=name, **more), name)


def count(kind, mask, predicate, forward, value):
    condition = Count(subject=mask, predicate=predicate, forward=forward, low=value, high=value)
    return clue(kind, mask, condition)


def told(kinds, steps, answer, clues, shape="chain", branch=0, register="report"):
    entities = [
        Masked(mask=mask, id=mask, type=kind, name=mask, aliases=()) for mask, kind in kinds.items()
    ]
    teller = Teller(entities, Pattern(shape, tuple(steps), answer, branch), clues, Random(3))
    teller.register = register
    return teller.tell()


OPENING = [atom("A", "共济失调"), atom("A", "癫痫发作")]
LINKED = [Step("A", CAUSES, "B", False), Step("B", CAUSES, "C", True)]


def test_a_chain_with_all_that_can_be_said_of_a_disease():
    clues = [
        *OPENING,
        clue(D, "C", Atom(subject="C", predicate=Predicate.HAS_INHERITANCE, object="x"),
             "常染色体隐性遗传"),
        clue(D, "C", Atom(subject="C", predicate=Predicate.HAS_ONSET, object="x"), "婴儿期发病"),
        atom("C", "发热"),
        atom("C", "身材矮小", share=(0.2, 0.3)),
        atom("C", "脱发", negated=True, closure=True),
        count(D, "C", CAUSES, False, 2),
    ]  # fmt: skip
    text = told({"A": D, "B": G, "C": D}, LINKED, "C", clues)
    assert "共济失调和癫痫发作" in text.split("。")[0]
    assert text.split("。")[1] == (
        "与该疾病相关的一个基因还与第二种疾病相关，后者呈常染色体隐性遗传，特点是婴儿期发病，"
        "表现包括发热，在20%至30%的受统计患者中出现身材矮小，但不出现脱发，恰好有两个相关基因"
    )


def test_a_cycle_through_a_shared_sign():
    steps = [*LINKED, Step("A", SIGN, "E", True), Step("E", SIGN, "C", False)]
    clues = [*OPENING, count(P, "E", SIGN, False, 12)]
    text = told({"A": D, "B": G, "C": D, "E": P}, steps, "C", clues, "cycle", 2)
    assert "第一种疾病和第二种疾病都出现同一种体征，后者恰好见于十二种疾病。" in text


def test_a_family_and_the_most_linked_gene():
    member = Predicate.MEMBER_OF
    steps = [
        Step("A", CAUSES, "B", False),
        Step("B", member, "C", True),
        Step("C", member, "E", False),
    ]
    choice = Choice(subject="E", measure="edges", extreme="most", predicate=CAUSES)
    clues = [
        *OPENING,
        count(G, "B", CAUSES, True, 3),
        count(F, "C", member, False, 7),
        clue(G, "E", choice),
    ]
    text = told({"A": D, "B": G, "C": F, "E": G}, steps, "E", clues)
    assert "该疾病与一个基因相关，后者恰好与三种疾病相关。" in text
    assert "该基因属于一个基因家族，后者恰好包含七个基因。" in text
    assert text.endswith(
        "该基因家族还包含第二个基因。在符合上述关于第二个基因描述的所有基因中，哪一个相关疾病最多？"
    )


@pytest.mark.parametrize(
    ("kind", "predicate", "clues", "asked"),
    [
        (P, SIGN, [count(P, "E", SIGN, False, 5)], "第二种疾病的哪一种体征恰好见于五种疾病？"),
        (P, SIGN, [], "请说出第二种疾病的一种体征。"),
        (
            P,
            SIGN,
            [clue(P, "E", Choice(subject="E", measure="share", extreme="most", predicate=SIGN,
                                 of="C"))],
            "在第二种疾病有统计数据的体征中，哪一种出现比例最高？",
        ),
        (EntityType.INHERITANCE, Predicate.HAS_INHERITANCE, [], "遗传"),
        (EntityType.ONSET, Predicate.HAS_ONSET, [], "发病？"),
    ],
)  # fmt: skip
def test_a_chain_that_ends_in_a_sign_inheritance_or_onset(kind, predicate, clues, asked):
    steps = [*LINKED, Step("C", predicate, "E", True)]
    text = told({"A": D, "B": G, "C": D, "E": kind}, steps, "E", [*OPENING, *clues])
    assert asked in text.split("。", 2)[2]


@pytest.mark.parametrize("register", ["vignette", "research", "report", "story"])
def test_each_register_opens_with_the_signs(register):
    text = told({"A": D, "B": G, "C": D}, LINKED, "C", OPENING, register=register)
    assert "共济失调和癫痫发作" in text.split("。")[0]
    assert "罕见病" in text.split("。")[0]


# The real names


def test_questions_over_the_real_graph(real_graph, real_tables, tmp_path):
    if not DATA.is_dir():
        pytest.skip(f"{DATA}: is not there")
    (one,) = (it for it in choose_inputs([], tmp_path, added=[DATA]) if it.source.name == "hpo_zh")
    folder = tmp_path / "graph"
    folder.mkdir()
    for file in real_tables.iterdir():
        (folder / file.name).symlink_to(file)
    known = (row for row in one.read() if row.subject in real_graph)
    write_translations(folder, known)
    graph = Graph.load(folder)
    assert graph.digest == real_graph.digest
    maker = Synthesizer(graph, SETTINGS, seed=3)
    tried = (
        maker.make("neurology", anchor, plan)
        for anchor in maker.anchors["neurology"]
        for plan in (Plan("chain", 3, EntityType.GENE), Plan("fork", 4, EntityType.DISEASE))
    )
    made = list(islice(filter(None, tried), 6))
    assert len(made) == 6
    auditor = Auditor(Facts.load(folder))
    for question in made:
        reads_well(question)
        assert not auditor.check(question)
