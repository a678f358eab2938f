"""Clues: each kind is true by the rows of the graph, said in words, and gives no name away."""

import re
from itertools import combinations
from random import Random

import pytest
from question_checks import Rows, bearers, check_evidence, is_sign, rows_of, share
from question_samples import draw

from medresearcher.graph.query import Solver
from medresearcher.graph.store import Graph
from medresearcher.questions.clues import MAX_SHARED, MIN_SHARED, Clues
from medresearcher.questions.leaks import stands_in
from medresearcher.questions.wording import Wording
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement
from medresearcher.records.question import Choice, Clue, Count

D, G, P = EntityType.DISEASE, EntityType.GENE, EntityType.PHENOTYPE
SAID = Predicate.HAS_PHENOTYPE


class Maker:
    """Makes clues on entities of one graph; each is its own pattern."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.rows = graph, rows_of(graph)
        self.solver, self.wording = Solver(graph), Wording(graph)

    def clues(self, node: str, *others: str, hidden: tuple[str, ...] = (), seed: int = 1) -> Clues:
        masks = {one: f"Entity_{place}" for place, one in enumerate((node, *others))}
        return Clues(self.solver, self.wording, masks, hidden, Random(seed))


@pytest.fixture(scope="module")
def maker(small) -> Maker:
    return Maker(small)


@pytest.fixture(scope="module")
def real_maker(real_kb) -> Maker:
    return Maker(real_kb.graph)


def everything(make: Maker, node: str, before: str = "", **more) -> list[Clue]:
    """All clues of every kind on one entity."""
    clues = make.clues(node, *([before] if before else []), **more)
    kind = make.graph.type(node)
    found = list(clues.counts(node))
    if kind is not P or before:
        found += clues.choices(node, before)
    if kind is D:
        found += [*clues.signs(node), *clues.context(node), *clues.lacks(node)]
        found += clues.shares(node)
    if kind is G:
        found += clues.families(node)
    return found


def bare(words: str) -> str:
    """Without articles, which a text has and a name may lack."""
    return re.sub(r"\b(?:an?|the) ", "", words)


def check(clue: Clue, node: str, before: str, rows: Rows) -> None:
    """The clue holds of the node, and rests on rows that say so."""
    assert clue.mask == clue.condition.subject == "Entity_0"
    assert clue.text
    assert not clue.name or bare(clue.name) in bare(clue.text)
    if not isinstance(clue.condition, Choice):
        assert rows.holds(clue.condition, node), clue

    class Lone:
        hops = ()
        clues = (clue,)
        entities = ()

    ids = [("Entity_0", node), ("Entity_1", before)]
    Lone.entities = tuple(type("Named", (), {"mask": m, "id": i})() for m, i in ids)
    check_evidence(Lone, rows)


def check_all(make: Maker, nodes: list[str], before: dict[str, str]) -> dict[str, int]:
    """Check all clues on the nodes; how many there are of each kind."""
    found: dict[str, int] = {}
    for node in nodes:
        for clue in everything(make, node, before.get(node, "")):
            check(clue, node, before.get(node, ""), make.rows)
            one = clue.condition
            kind = one.measure if isinstance(one, Choice) else one.kind
            if kind == "atom":
                kind = str(one.predicate) + (" absent" if one.negated else "")
                kind += " share" if one.share else ""
            found[kind] = found.get(kind, 0) + 1
    return found


KINDS = {
    "has_phenotype",
    "has_phenotype absent",
    "has_phenotype share",
    "has_mode_of_inheritance",
    "has_onset",
    "member_of",
    "count",
    "onset",
    "edges",
    "share",
}


def nodes_of(graph: Graph, rng: Random, many: int) -> tuple[list[str], dict[str, str]]:
    """Some entities of each type, and for signs a disease that has them."""
    found: list[str] = []
    for kind in (D, G, P, EntityType.GENE_GROUP):
        ids = graph.ids(kind)
        found += rng.sample(ids, min(many, len(ids)))
    signs = {one: graph.subjects(one, SAID) for one in found if graph.type(one) is P}
    return found, {one: rng.choice(some) for one, some in signs.items() if some}


def test_every_kind_of_clue_is_true_in_the_small_world(maker):
    assert check_all(maker, *nodes_of(maker.graph, Random(1), 100)).keys() == KINDS


@pytest.mark.slow
def test_every_kind_of_clue_is_true_in_the_real_graph(real_maker):
    graph = real_maker.graph
    known = {one for one in graph.ids(D) if graph.negated(one, SAID)}
    nodes, before = nodes_of(graph, Random(2), 150)
    found = check_all(real_maker, [*nodes, *sorted(known)[:40]], before)
    assert found.keys() == KINDS
    assert min(found.values()) >= 10, found


def test_signs_are_shared_and_on_different_branches(maker):
    for disease in maker.graph.ids(D):
        signs = [str(one.object) for one in maker.clues(disease).signs(disease)]
        assert all(MIN_SHARED <= len(bearers(one, maker.rows)) <= MAX_SHARED for one in signs)
        for one, other in combinations(signs, 2):
            assert other not in maker.rows.below(one)
            assert one not in maker.rows.below(other)


def test_a_broader_sign_keeps_its_witness(maker):
    """The rows are those of the sign that the disease has, the words those of the broader one."""
    found = 0
    for disease in maker.graph.ids(D):
        clues = maker.clues(disease)
        for narrow in clues.signs(disease):
            for parent in maker.graph.objects(str(narrow.object), Predicate.SUBCLASS_OF):
                wider = narrow.condition.model_copy(update={"object": parent})
                clue = clues.sign(disease, wider, str(narrow.object))
                if clue is None:
                    continue
                found += 1
                assert (clue.object, clue.witness) == (parent, narrow.object)
                assert clue.evidence == narrow.evidence
                check(clue, disease, "", maker.rows)
    assert found > 20


def test_shares_are_of_five_patients_or_more_and_to_the_tenth(maker):
    found = 0
    for disease in maker.graph.ids(D):
        for clue in maker.clues(disease).shares(disease):
            found += 1
            low, high = clue.condition.share
            assert f"in {low:.0%} to {high:.0%} of the patients counted" in clue.text
            assert high - low == pytest.approx(0.1)
            counted = [one.frequency or "" for one in clue.evidence]
            shares = [share(one) for one in counted if "/" in one and int(one.split("/")[1]) >= 5]
            assert any(low <= one <= high for one in shares if one is not None)
    assert found > 20


def test_what_is_lacking_is_not_present_as_something_more_specific(tmp_path):
    entities = [
        Entity("MONDO:1", D, "amber disease", "mondo"),
        *(Entity(f"HP:{n}", P, name, "hpo") for n, name in enumerate(("Seizure", "Fit", "Ataxia"))),
    ]

    def graph(present: str) -> Graph:
        rows = [("HP:0", True), ("HP:2", True), (present, False)]
        said = [
            Statement("MONDO:1", SAID, sign, "hpo", "OMIM:1", n, negated=negated)
            for n, (sign, negated) in enumerate(rows)
        ]
        said.append(Statement("HP:1", Predicate.SUBCLASS_OF, "HP:0", "hpo", "HP:1", 9))
        return Graph.build(tmp_path / present.replace(":", ""), entities, said)

    for present, lacking in (("HP:1", {"ataxia"}), ("HP:2", {"seizures"}), ("HP:0", {"ataxia"})):
        clues = Maker(graph(present)).clues("MONDO:1")
        assert {one.text for one in clues.lacks("MONDO:1")} == lacking


def test_counts_are_of_a_few_and_name_nothing(maker):
    bounds = {D: (2, 6), G: (2, 6), EntityType.GENE_GROUP: (3, 12), P: (3, 12)}
    words = "zero one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
    for kind, (least, most) in bounds.items():
        found = set()
        for node in maker.graph.ids(kind):
            for clue in maker.clues(node).counts(node):
                assert isinstance(clue.condition, Count)
                assert clue.condition.low == clue.condition.high
                assert clue.text == f"exactly {words[clue.condition.low]}"
                assert clue.name == ""
                found.add(clue.condition.low)
        assert found or kind is P  # signs of the small world are too common
        assert all(least <= one <= most for one in found)


def test_context_needs_one_value_that_is_not_asked_for(maker):
    disease = maker.graph.ids(D)[0]
    both = {one.predicate for one in maker.clues(disease).context(disease)}
    assert both == {Predicate.HAS_INHERITANCE, Predicate.HAS_ONSET}
    (onset,) = maker.graph.objects(disease, Predicate.HAS_ONSET)
    asked = maker.clues(disease, onset).context(disease)
    assert [one.predicate for one in asked] == [Predicate.HAS_INHERITANCE]


@pytest.mark.parametrize("short", [False, True])
def test_no_clue_gives_a_hidden_name_away(maker, short):
    """Nor one whose words are a part of a hidden name."""
    graph = maker.graph
    disease, gene = graph.ids(D)[3], graph.ids(G)[3]
    for node in (disease, gene):
        named = [one for one in everything(maker, node) if one.name]
        assert named
        for clue in named:
            hidden = clue.name.title() if not short else f"acquired {clue.name.upper()} of the old"
            left = everything(maker, node, hidden=(hidden,))
            assert not any(stands_in(hidden, one.text) for one in left)
            assert not any(one.name == clue.name for one in left)
            if not is_sign(clue):  # which signs there are depends on those before
                others = {one.text for one in named if clue.name not in one.text}
                assert others <= {one.text for one in left}


def test_a_short_hidden_symbol_is_found_in_its_own_case(tmp_path):
    entities = [
        Entity("HGNC:1", G, "GEN1", "hgnc"),
        Entity("HGNC.FAMILY:1", EntityType.GENE_GROUP, "AKT kinases", "hgnc"),
    ]
    said = [Statement("HGNC:1", Predicate.MEMBER_OF, "HGNC.FAMILY:1", "hgnc", "HGNC:1", 1)]
    make = Maker(Graph.build(tmp_path / "graph", entities, said))
    for hidden, count in (("AKT", 0), ("akt", 0), ("AK", 1), ("kinases", 0), ("kinase", 1)):
        clues = make.clues("HGNC:1", hidden=(hidden,))
        assert len(list(clues.families("HGNC:1"))) == count, hidden


def test_clues_are_drawn_from_the_generator_alone(maker):
    disease = maker.graph.ids(D)[0]
    orders = [list(maker.clues(disease, seed=seed).signs(disease)) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_samples_draw_what_they_are_asked_for(small):
    assert len(draw(small, 3, 2, min_hops=2, max_hops=2)) == 2
