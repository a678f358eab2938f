"""The mention scorer against figures worked out by hand, and the reader of PubTator files."""

import json
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medresearcher.cli import app
from medresearcher.errors import InputError
from medresearcher.evaluation.benchmarks import evaluate
from medresearcher.evaluation.concepts import Concepts, read_headings
from medresearcher.evaluation.mentions import (
    Annotated,
    Gold,
    MentionScores,
    read_pubtator,
    score_mentions,
)
from medresearcher.graph.dictionary import Dictionary, dictionary
from medresearcher.graph.mentions import Detector, Mention
from medresearcher.graph.store import Graph
from medresearcher.kb import KnowledgeBase
from medresearcher.records.knowledge import Entity, EntityType, Predicate, Statement
from medresearcher.sources.fetch import open_source
from medresearcher.sources.files import FolderFiles
from medresearcher.sources.registry import SOURCES

D, P = EntityType.DISEASE, EntityType.PHENOTYPE
DATA = Path(__file__).parents[2].parent / "shared" / "data"
WHOLE = """\
1|t|Flu and colds.
1|a|Two colds; aspirin.
1\t0\t3\tFlu\tDisease\tD007251
1\t8\t13\tcolds\tSpecificDisease\tD003139|OMIM:123456
1\t19\t24\tcolds\tDiseaseOrPhenotypicFeature\t-1
1\t26\t33\taspirin\tChemical\tD001241
1\tCID\tD001241\tD007251

2|t|Nothing.
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "gold.txt"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_diseases_and_their_concepts_are_read(tmp_path, end):
    one, two = read_pubtator(written(tmp_path, WHOLE.replace("\n", end)))
    assert one.text == "Flu and colds. Two colds; aspirin."
    assert one.mentions == (
        Gold(0, 3, frozenset({"MESH:D007251"})),
        Gold(8, 13, frozenset({"MESH:D003139", "OMIM:123456"})),
        Gold(19, 24, frozenset()),
    )
    assert (two.id, two.text, two.mentions) == ("2", "Nothing. ", ())


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("1\t0\t3\tFlu\tDisease\tD1\n", 1, "a title"),
        ("1|a|Abstract\n", 1, "a title"),
        ("1|t|Flu\n1|a|A\n1|a|B\n", 3, "one abstract"),
        ("1|t|Flu\n2|a|A\n", 2, "one abstract"),
        ("1|t|Flu\n2\t0\t3\tFlu\tDisease\tD1\n", 2, "begin with 1"),
        ("1|t|Flu\nno tabs\n", 2, "tab-separated"),
        ("1|t|Flu\n1\t0\tx\tFlu\tDisease\tD1\n", 2, "document, start, end"),
        ("1|t|Flu\n1\t0\t3\tFlu\n", 2, "document, start, end"),
        ("1|t|Flu\n1\t0\t30\tFlu\tDisease\tD1\n", 2, "offsets within the 4"),
        ("1|t|Flu\n1\t-1\t3\tFlu\tDisease\tD1\n", 2, "offsets within"),
        ("1|t|Flu\n1\t1\t3\tFlu\tDisease\tD1\n", 2, "the text at 1:3, 'lu'"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, text, line, expected):
    path = written(tmp_path, text)
    with pytest.raises(InputError) as error:
        read_pubtator(path)
    assert str(error.value).startswith(f"{path}:{line}: expected ")
    assert expected in str(error.value)


def test_a_file_without_documents_or_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no document"):
        read_pubtator(written(tmp_path, "\n\n"))
    with pytest.raises(InputError, match="cannot be read"):
        read_pubtator(tmp_path / "none.txt")
    (tmp_path / "bytes.txt").write_bytes(b"1|t|\xff\n")
    with pytest.raises(InputError, match="UTF-8"):
        read_pubtator(tmp_path / "bytes.txt")


def mention(start: int, end: int, *nodes: str) -> Mention:
    return Mention(start, end, "x" * (end - start), nodes, D)


IDS = {"a": {"MESH:D1"}, "b": {"MESH:D2", "OMIM:100000"}, "c": {"MESH:D3"}}


def scored(documents: list[Annotated], predicted: dict[str, list[Mention]]) -> MentionScores:
    return score_mentions(
        documents,
        lambda text: predicted[text],
        lambda node: frozenset(IDS.get(node, ())),
        seed=7,
    )


def test_scores_agree_with_figures_worked_out_by_hand():
    one = Annotated(
        "1",
        "one",
        (
            Gold(0, 3, frozenset({"MESH:D1"})),
            Gold(5, 9, frozenset({"OMIM:100000"})),
            Gold(10, 12, frozenset({"MESH:D9"})),
        ),
    )
    two = Annotated("2", "two", (Gold(0, 2, frozenset()),))
    predicted = {
        # Right; a wrong end; none; and again the concept of the first, elsewhere.
        "one": [mention(0, 3, "a"), mention(5, 8, "b"), mention(20, 22, "a")],
        # Right span without an id; a wrong one with two nodes, one of them without an id.
        "two": [mention(0, 2, "nothing"), mention(4, 6, "c", "nothing")],
    }
    scores = scored([one, two], predicted)
    assert scores.precision.value == pytest.approx(2 / 5)
    assert scores.recall.value == pytest.approx(2 / 4)
    assert scores.f1.value == pytest.approx(4 / 9)
    precision, recall = 2 / 3, 2 / 3  # {a, b} of {a, b, c}; {D1, OMIM} of {D1, OMIM, D9}
    assert scores.concept_f1.value == pytest.approx(2 * precision * recall / (precision + recall))
    assert {score.n for _, score in scores} == {2}
    for _, score in scores:
        assert 0 <= score.low <= score.value <= score.high <= 1
    assert scored([one, two], predicted) == scores


def test_what_cannot_be_computed_is_none_and_not_zero():
    empty = [Annotated("1", "one", ())]
    scores = scored(empty, {"one": []})
    assert {score.value for _, score in scores} == {None}
    missed = scored([Annotated("1", "one", (Gold(0, 2, frozenset({"MESH:D1"})),))], {"one": []})
    assert missed.precision.value is None
    assert missed.recall.value == 0
    assert missed.f1.value == 0
    assert missed.concept_f1.value == 0


def _graph() -> Graph:
    entities = [
        Entity("MONDO:1", D, "flu", "mondo", equivalents=("MESH:D007251", "DOID:1")),
        Entity("MONDO:2", D, "bad flu", "mondo", equivalents=("OMIM:100001",)),
        Entity("HP:1", P, "Pain", "hpo", equivalents=("UMLS:C1",)),
        Entity("HP:2", P, "Sneezing", "hpo", equivalents=("UMLS:C2",)),
        Entity("HP:3", P, "Loud sneezing", "hpo"),
        Entity("MONDO:3", D, "sneezing disorder", "mondo", equivalents=("MESH:D9", "UMLS:C2")),
    ]
    below = [("MONDO:2", "MONDO:1"), ("HP:3", "HP:2")]
    statements = [
        Statement(low, Predicate.SUBCLASS_OF, high, "mondo", low, 1) for low, high in below
    ]
    with tempfile.TemporaryDirectory() as folder:
        return Graph.build(Path(folder), entities, statements)


def test_ids_come_from_the_node_its_heading_its_twin_or_the_class_above():
    graph = _graph()
    concepts = Concepts(graph, dictionary(graph), {"Pains": "MESH:D010146", "Water": "MESH:D1"})
    assert concepts.of("MONDO:1") == {"MESH:D007251"}
    assert concepts.of("MONDO:2") == {"OMIM:100001", "MESH:D007251"}
    assert concepts.of("HP:1") == {"MESH:D010146"}
    assert concepts.of("HP:2") == {"MESH:D9"}
    assert concepts.of("HP:3") == frozenset()  # a sign above is another sign


def test_headings_are_read_from_medline(tmp_path):
    line = '<DescriptorName UI="D010146" MajorTopicYN="N">Pain &amp; more</DescriptorName>\n'
    (tmp_path / "a.xml").write_text(line * 3)
    assert read_headings(FolderFiles(tmp_path)) == {"Pain & more": "MESH:D010146"}


def test_an_unknown_benchmark_is_a_users_mistake(tmp_path):
    with pytest.raises(InputError, match=r"expected a benchmark \(`mentions`.*\); got 'nope'"):
        evaluate("nope", tmp_path, KnowledgeBase(tmp_path), tmp_path, 1)


def test_the_command_needs_a_knowledge_base(tmp_path):
    arguments = ["evaluate", "mentions", "--data", str(tmp_path), "--kb", str(tmp_path / "none")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.output.startswith("error: ")


@pytest.fixture(scope="module")
def real_names(real_graph: Graph) -> Dictionary:
    return dictionary(real_graph)


@pytest.mark.slow
def test_real_names_in_a_real_sentence(real_names):
    detector = Detector(real_names)
    text = (
        "Patients with Marfan syndrome (MFS) had hypotension, seizures and breast or ovarian "
        "cancer; MFS was not the disease of the G6PD gene. AIDS can aid nobody."
    )
    assert [one.text for one in detector.detect(text)] == [
        "Marfan syndrome",
        "MFS",
        "hypotension",
        "seizures",
        "breast or ovarian cancer",
        "MFS",
        "AIDS",
    ]
    first: Mention = detector.detect(text)[0]
    assert first.nodes == ("MONDO:0007947",)


@pytest.mark.slow
def test_the_targets_are_met_on_the_real_corpora(real_graph, real_names, home):
    """Train parts only: the rules were written against them; dev is for reports."""
    files = {
        "ncbi": DATA / "ncbi_disease" / "NCBItrainset_corpus.txt",
        "bc5cdr": DATA / "bc5cdr" / "CDR_TrainingSet.PubTator.txt",
    }
    missing = [str(path) for path in files.values() if not path.exists()]
    if missing:
        pytest.skip(f"no such files: {', '.join(missing)}")
    detector = Detector(real_names)
    headings = read_headings(open_source(SOURCES["pubmed"], home / "sources"))
    concepts = Concepts(real_graph, real_names, headings)
    scores = {
        name: score_mentions(read_pubtator(path), detector.detect, concepts.of, 1)
        for name, path in files.items()
    }
    assert json.loads(scores["ncbi"].model_dump_json()) == scores["ncbi"].model_dump()
    assert scores["ncbi"].f1.value > 0.79
    assert scores["bc5cdr"].f1.value > 0.76
    assert scores["bc5cdr"].concept_f1.value > 0.67
