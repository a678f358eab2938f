"""Mining: what stands in one sentence, each citation once, shards that are kept and replaced."""

import gzip
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mining_samples import NAMES, NODES, Version, live, medline_gz, stored_names

from medresearcher.engines.engine import Engine
from medresearcher.errors import InputError, SourceError
from medresearcher.graph.corpus import CORPUS, COUNTS, MINED, Corpus
from medresearcher.graph.merge import merge
from medresearcher.graph.mining import Miner, medline_files, mine
from medresearcher.graph.sentences import sentences
from medresearcher.graph.shards import MENTIONS, PAIRS
from medresearcher.graph.vocabulary import load_vocabulary
from medresearcher.records.knowledge import Document, EntityType, Mined, Predicate
from medresearcher.sources.fetch import open_source
from medresearcher.sources.files import FolderFiles, Lenient
from medresearcher.sources.medline import Record, records
from medresearcher.sources.registry import SOURCES


@pytest.fixture(scope="module")
def names(tmp_path_factory) -> Path:
    return stored_names(tmp_path_factory.mktemp("names") / "vocabulary")


class World:
    """A folder of MEDLINE files, and what is mined from it."""

    def __init__(self, place: Path, names: Path) -> None:
        self.place, self.names = place, names
        self.files = place / "files"
        self.shards = place / "shards"
        self.out = place / "corpus"
        self.files.mkdir(parents=True)

    def write(self, *files: list[Version]) -> None:
        for old in self.files.iterdir():
            old.unlink()
        for number, versions in enumerate(files):
            (self.files / f"n{number:04}.xml.gz").write_bytes(medline_gz(versions))

    def mine(self, engine: Engine | None = None) -> Corpus:
        return mine([FolderFiles(self.files)], self.names, self.shards, self.out, engine)

    def keys(self) -> set[str]:
        return {one.name for one in self.shards.iterdir()}

    def tables(self) -> tuple[bytes, bytes]:
        return (self.out / CORPUS).read_bytes(), (self.out / MINED).read_bytes()


@pytest.fixture
def world(tmp_path, names) -> World:
    return World(tmp_path / "world", names)


def pairs(corpus: Corpus) -> list[tuple[str, str, str, str]]:
    rows = pq.read_table(corpus.folder / MINED).to_pylist()
    return [(r["subject"], r["object"], r["reference"], r["span"]) for r in rows]


def stamps(world: World) -> dict[str, int]:
    """When each whole shard was written."""
    return {one.name: one.stat().st_mtime_ns for one in world.shards.glob("[!.]*")}


def test_a_pair_is_a_disease_and_something_else_in_one_sentence(world):
    text = "Propranolol in hypertension. Renin and headache. No carcinoma with pain or headache."
    world.write([Version(7, "Hypertension and carcinoma", text)])
    first, last = "Propranolol in hypertension.", "No carcinoma with pain or headache."
    assert pairs(world.mine()) == [
        ("MONDO:2", "HP:1", "PMID:7", last),
        ("MONDO:2", "HP:2", "PMID:7", last),
        ("MONDO:2", "MONDO:3", "PMID:7", "Hypertension and carcinoma"),
        ("MONDO:3", "DRUGBANK:1", "PMID:7", first),
    ]


def test_a_class_and_its_kind_are_no_pair_and_a_pair_counts_once_in_a_sentence(world):
    world.write([Version(1, "Neoplasm, carcinoma, carcinoma: pain, pain.", "Carcinoma; pain.")])
    title = "Neoplasm, carcinoma, carcinoma: pain, pain."
    assert pairs(world.mine()) == [
        ("MONDO:1", "HP:1", "PMID:1", title),
        ("MONDO:2", "HP:1", "PMID:1", title),
        ("MONDO:2", "HP:1", "PMID:1", "Carcinoma; pain."),
    ]


def test_mentions_keep_their_place_and_sentence(world):
    world.write([Version(4, "On pain.", "Renin rises. Then headache & pain (\u03b1-renin).")])
    world.mine()
    (key,) = world.keys()
    rows = pq.read_table(world.shards / key / MENTIONS).to_pylist()
    text = "On pain.\nRenin rises. Then headache & pain (\u03b1-renin)."
    assert [(r["node"], text[r["start"] : r["end"]], r["sentence"], r["first"]) for r in rows] == [
        ("HP:1", "pain", 0, True),
        ("HGNC:1", "Renin", 1, True),
        ("HP:2", "headache", 2, True),
        ("HP:1", "pain", 2, False),
        ("HGNC:1", "renin", 2, False),
    ]


def test_frequencies_count_citations_and_0_is_told_from_no_name(world):
    world.write([Version(1, "Pain and pain"), Version(2, "Pain", "Renin."), Version(3, "Nothing")])
    corpus = world.mine()
    assert (corpus.citations, corpus.counts["abstracts"], corpus.years) == (3, 1, (2001, 2001))
    assert corpus.frequency("HP:1") == 2
    assert (corpus.frequency("MONDO:1"), corpus.knows("MONDO:1")) == (0, True)
    assert (corpus.frequency("MONDO:9"), corpus.knows("MONDO:9")) == (0, False)
    assert corpus.counts["mentions"] == 4


def test_mined_gives_one_sentence_of_each_partner_first(world):
    world.write(
        [
            Version(1, "Hypertension: renin."),
            Version(2, "Hypertension: renin, headache."),
            Version(3, "Hypertension: headache.", "Hypertension: renin."),
            Version(4, "Pain."),
        ]
    )
    corpus = world.mine()
    found = corpus.mined("MONDO:3", 3)
    assert [(one.object, one.reference) for one in found] == [
        ("HGNC:1", "PMID:3"),
        ("HP:2", "PMID:3"),
        ("HGNC:1", "PMID:2"),
    ]
    assert corpus.mined("HP:2", 1) == [
        Mined(
            "MONDO:3",
            Predicate.OCCURS_TOGETHER,
            "HP:2",
            "PMID:3",
            "Hypertension: headache.",
            "co_mention",
        )
    ]
    assert len(corpus.mined("MONDO:3")) == corpus.counts["co_mentions"] == 5
    assert corpus.mined("HP:1") == []


def test_a_file_is_mined_once_whatever_its_name_and_again_when_it_or_the_names_change(world):
    one, two = [Version(1, "Pain")], [Version(2, "Renin")]
    world.write(one)
    world.mine()
    before = world.keys()
    old = stamps(world)
    world.write(two, one)
    assert world.mine().citations == 2
    assert before < world.keys()
    assert old.items() <= stamps(world).items()
    world.write([Version(2, "Headache")], one)
    assert world.mine().frequency("HGNC:1") == 0
    assert len(world.keys()) == 3
    world.names = stored_names(world.place / "names", {"pain": "HP:1"})
    assert world.mine().counts["mentioned_nodes"] == 1
    assert len(world.keys()) == 5


def test_a_broken_file_is_named_and_the_others_are_kept(world):
    world.write([Version(1, "Pain")], [Version(2, "Renin")], [Version(3, "Pain")])
    broken = world.files / "n0001.xml.gz"
    broken.write_bytes(broken.read_bytes()[:-20])
    with pytest.raises(SourceError, match=r"1 of 3 MEDLINE files .*\n.*n0001\.xml\.gz.*truncated"):
        world.mine()
    assert len(world.keys()) == 2
    assert not world.out.exists()
    assert not list(world.shards.glob(".*"))


def test_skipped_citations_are_not_kept_for_a_strict_run(world):
    world.write([Version(1, "Pain"), Version(2, "Renin")])
    (path,) = world.files.iterdir()
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b">2<", b">two<")))
    files = Lenient(FolderFiles(world.files))
    corpus = mine([files], world.names, world.shards, world.out)
    assert (corpus.citations, files.skipped) == (1, 1)
    with pytest.raises(SourceError, match="expected a numeric `PMID`; got 'two'"):
        world.mine()


def test_a_corpus_stays_as_it_was_when_a_later_run_fails(world):
    world.write([Version(1, "Pain")])
    world.mine()
    before = world.tables()
    (world.files / "n0002.xml.gz").write_bytes(b"no gzip")
    with pytest.raises(SourceError):
        world.mine()
    assert world.tables() == before


def test_a_missing_or_damaged_corpus_is_the_user_s(world, tmp_path):
    with pytest.raises(InputError, match="no mined corpus here"):
        Corpus.open(tmp_path)
    world.write([Version(1, "Pain")])
    world.mine()
    (world.out / COUNTS).write_text('{"schema": "medresearcher/corpus/0"}')
    with pytest.raises(InputError, match="expected 'medresearcher/corpus/1'"):
        Corpus.open(world.out)
    (world.out / COUNTS).write_text("{")
    with pytest.raises(InputError, match="damaged"):
        Corpus.open(world.out)


def test_a_damaged_shard_is_named(world):
    world.write([Version(1, "Pain")])
    world.mine()
    (key,) = world.keys()
    (world.shards / key / PAIRS).write_bytes(b"PAR1")
    with pytest.raises(InputError, match=f"{key}.*damaged.*delete"):
        world.mine()


# Any split of the citations into files, in any order of adding, gives the tables of one build.

WORDS = (*NAMES, "and", "with", "of. The")
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
VERSIONS = st.builds(
    Version,
    st.integers(1, 5) | st.just(70_000),
    st.none() | TEXTS,
    TEXTS,
    st.sampled_from([1999, 2001]),
)
FILES = st.lists(st.lists(VERSIONS, max_size=5), min_size=1, max_size=4)


@settings(max_examples=15)
@given(files=FILES, edit=st.lists(VERSIONS, max_size=4), place=st.integers(0, 3))
def test_any_history_gives_the_tables_of_one_build(names, files, edit, place):
    with tempfile.TemporaryDirectory() as folder:
        grown = World(Path(folder) / "grown", names)
        grown.write(files[0])
        grown.mine()
        changed = [*files]
        changed[min(place, len(files) - 1)] = edit
        grown.write(*changed)
        grown.mine()  # one file is another
        grown.write(*files)
        corpus = grown.mine()  # and back again
        whole = World(Path(folder) / "whole", names)
        kept = live(files)
        whole.write([kept[pmid] for pmid in sorted(kept)])
        scratch = whole.mine()
        assert grown.tables() == whole.tables()
        assert {**corpus.counts, "files": 1} == scratch.counts
        assert corpus.citations == sum(bool(one.title or one.abstract) for one in kept.values())


def test_pairs_of_many_shards_are_merged_in_order(world):
    words = sorted(NAMES)
    versions = [
        Version(n, f"{words[n % 7]}, {words[n * 3 % 5]}; {words[n * 5 % 7]}") for n in range(1, 90)
    ]
    world.write(*([one] for one in versions))
    assert world.mine().counts["files"] == 89
    scattered = world.tables()
    world.write(versions)
    world.mine()
    assert world.tables() == scattered


# Against a naive reading of real citations.

# Frequent words in the place of names; the nodes are only nodes.
WORDS_OF_REAL = {
    "disease": "MONDO:1",
    "infection": "MONDO:2",
    "cancer": "MONDO:2",
    "hypertension": "MONDO:3",
    "diabetes": "MONDO:3",
    "treatment": "HGNC:1",
    "pain": "HP:1",
    "mortality": "HP:2",
    "patients": "DRUGBANK:1",
    "insulin": "HGNC:1",
    "blood": "DRUGBANK:1",
    "propranolol": "DRUGBANK:1",
}


@pytest.fixture(scope="module")
def real_records(home) -> list[Record]:
    if not (home / "sources" / SOURCES["pubmed"].wheel.file).exists():
        pytest.skip("not fetched yet: run `medresearcher sources pull pubmed`")
    files = open_source(SOURCES["pubmed"], home / "sources")
    return [one for name in files.names for one in islice(records(files, name), 1_500)]


def _naive(document: Document) -> tuple[set[str], set[tuple[str, str, str]]]:
    """Nodes of a document, and its pairs with their sentences."""
    nodes: set[str] = set()
    found: set[tuple[str, str, str]] = set()
    text = f"{document.title}\n{document.text}"
    for start, end in sentences(text):
        span = text[start:end]
        plain = re.sub(r"[^a-z0-9]", " ", span.lower())
        inside = {node for word, node in WORDS_OF_REAL.items() if f" {word} " in f" {plain} "}
        nodes |= inside
        for one in inside:
            for other in inside:
                kinds = [NODES[node].type == EntityType.DISEASE for node in (one, other)]
                first = kinds[0] and (not kinds[1] or one < other)
                if first and other not in NODES[one].above and one not in NODES[other].above:
                    found.add((one, other, span))
    return nodes, found


def _is_plain(one: Record) -> bool:
    """Whether no bracket may define a short form, which a naive reading knows nothing of."""
    return one.document is not None and "(" not in one.document.title + one.document.text


def test_real_citations_are_counted_as_by_hand(real_records, world):
    world.names = stored_names(world.place / "names", WORDS_OF_REAL)
    documents = {one.pmid: one.document for one in real_records if _is_plain(one)}
    assert len(documents) >= 1_000
    versions = [Version(p, d.title, d.text, d.year or 2000) for p, d in documents.items()]
    half = len(versions) // 2
    spoiled = [one._replace(title="Headache in hypertension") for one in versions[:40]]
    gone = [one._replace(title=None) for one in versions[40:60]]
    # Older versions first, then the true ones; twenty citations are deleted in the end.
    world.write(versions[40:half], spoiled, versions[half:], [*versions[:40], *gone])
    corpus = world.mine()
    cited: Counter[str] = Counter()
    wanted: list[tuple[str, str, str, str]] = []
    for pmid, document in list(documents.items())[:40] + list(documents.items())[60:]:
        flat = Document(f"PMID:{pmid}", "", document.title, " ".join(document.text.split()), "")
        nodes, found = _naive(flat)
        cited.update(nodes)
        wanted += [(one, other, flat.id, span) for one, other, span in found]
    assert corpus.citations == len(documents) - 20
    assert {node: corpus.frequency(node) for node in NODES} == {n: cited[n] for n in NODES}
    assert len(wanted) >= 50
    assert sorted(set(pairs(corpus))) == sorted(set(wanted))


# The engines.


@pytest.mark.parametrize("engine", [Engine(workers=2)], ids=["processes"])
def test_an_engine_gives_the_same_bytes(world, engine):
    versions = [Version(n, "Pain in hypertension", f"Renin {n}. Carcinoma.") for n in range(60)]
    world.write(*(versions[start : start + 10] for start in range(0, 60, 10)))
    world.mine()
    before = world.tables(), world.keys()
    other = World(world.place / "other", world.names)
    other.write(*(versions[start : start + 10] for start in range(0, 60, 10)))
    other.mine(engine)
    assert (other.tables(), other.keys()) == before


KILLED = """
import sys
from pathlib import Path
from medresearcher.graph.mining import mine
from medresearcher.sources.files import FolderFiles, Lenient
place = Path(sys.argv[1])
mine([FolderFiles(place / "files")], Path(sys.argv[2]), place / "shards", place / "corpus")
"""


def test_a_run_that_is_killed_goes_on_where_it_was(world):
    texts = " ".join(f"Pain in hypertension with renin {n}." for n in range(120))
    versions = [Version(n, "Carcinoma", texts) for n in range(240)]
    world.write(*(versions[start : start + 30] for start in range(0, 240, 30)))
    script = [sys.executable, "-c", KILLED, str(world.place), str(world.names)]
    with subprocess.Popen(script, stderr=subprocess.DEVNULL) as run:
        while not world.shards.exists() or len(list(world.shards.glob("[!.]*"))) < 2:
            assert run.poll() is None
            time.sleep(0.002)
        run.kill()
    kept = stamps(world)
    assert len(kept) < 8
    world.mine()
    assert kept.items() <= stamps(world).items()
    before = world.tables()
    clean = World(world.place / "clean", world.names)
    clean.write(*(versions[start : start + 30] for start in range(0, 240, 30)))
    clean.mine()
    assert clean.tables() == before


def test_files_of_several_sources_are_ordered_by_name_and_the_last_of_one_name_wins(tmp_path):
    for folder, files in (("a", ("n2", "n9")), ("b", ("n1", "n9"))):
        (tmp_path / folder).mkdir()
        for name in files:
            (tmp_path / folder / f"{name}.xml.gz").write_bytes(gzip.compress(b""))
    sources = [FolderFiles(tmp_path / "a"), FolderFiles(tmp_path / "b")]
    found = [(one.files.where(one.name)) for one in medline_files(sources)]
    wanted = ("b/n1", "a/n2", "b/n9")
    assert found == [str(tmp_path / f"{one}.xml.gz") for one in wanted]


def test_a_mention_beyond_its_sentence_makes_no_pair(names):
    miner = Miner(load_vocabulary(names))
    record = Record(1, Document("PMID:1", "", "Pain. Hypertension", "Renin", ""))
    citations, named, found = miner.rows([(0, record)])
    assert [one.node for one in named] == ["HP:1", "MONDO:3", "HGNC:1"]
    assert [one.sentence for one in named] == [0, 1, 2]
    assert found == []
    assert [one.pmid for one in citations] == [1]


def test_merging_nothing_is_an_empty_corpus(tmp_path):
    merge([], ["HP:1"], "names", tmp_path / "corpus")
    corpus = Corpus.open(tmp_path / "corpus")
    assert (corpus.citations, corpus.years, corpus.mined("HP:1")) == (0, None, [])
