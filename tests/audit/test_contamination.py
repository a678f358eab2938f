"""The contamination scan, with planted overlaps; decoded texts stay in memory."""

import base64
import csv
import gzip
import json
from pathlib import Path

import pytest
from shortcut_world import write_kb

from medresearcher.audit.benchmarks import BENCHMARKS, texts_of
from medresearcher.audit.contamination import ABSENT, SIZE, compare, grams_of, scan, texts_in
from medresearcher.audit.report import Asked, audit_file
from medresearcher.errors import InputError, SourceError

DATA = Path(__file__).parents[3] / "shared" / "data"
TEXT = "a man of forty has had a cough for three weeks and now coughs blood again"
XBENCH = "Which of the rivers that rise in the seven lakes flows through the old capital today"


@pytest.fixture
def data(tmp_path):
    """Two invented benchmarks in the encodings of their authors."""
    folder = tmp_path / "data"
    (folder / "medbrowsecomp").mkdir(parents=True)
    shifted = "".join(chr(ord(one) + 3) for one in TEXT)
    cell = base64.b64encode(shifted.encode()).decode()
    for file in ("final50_cell_combo_shift3_b64.csv", "final121_cell_combo_shift3_b64.csv"):
        (folder / "medbrowsecomp" / file).write_text(f"cHJ,Z29\n{cell},eA==\n")
    (folder / "xbench").mkdir()
    canary = "canary-1"
    key = canary.encode()
    mixed = bytes(one ^ key[n % len(key)] for n, one in enumerate(XBENCH.encode()))
    for file in ("DeepSearch-2505.csv", "DeepSearch-2510.csv", "ScienceQA.csv"):
        with (folder / "xbench" / file).open("w", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerows([["id", "prompt", "canary"],
                            ["7", base64.b64encode(mixed).decode(), canary]])  # fmt: skip
    return folder


def test_planted_texts_are_found_through_the_encodings(data):
    ours = [
        ("q1", f"Once more: {TEXT.upper()}!"),
        ("q2", "Nothing " * 20),
        ("q3", " ".join(TEXT.split()[:12])),
        ("q4", "Say: " + XBENCH.replace(" ", ", ")),
    ]
    found = scan(ours, data)
    browse = found["medbrowsecomp"]
    assert (browse.items, browse.hits, browse.texts, browse.ours) == (2, 2, 1, ("q1",))
    assert browse.theirs == ("final121/1", "final50/1")
    assert (found["xbench"].ours, found["xbench"].hits) == (("q4",), 3)
    assert found["mirage"] == ABSENT


def test_an_audit_says_what_is_shared(data, tmp_path):
    kb = write_kb(tmp_path / "kb")
    file = tmp_path / "qa.jsonl"
    file.write_text(json.dumps({"id": "q1", "question": f"Tell: {TEXT}?", "answer": "flu"}) + "\n")
    found = audit_file(Asked(file, kb, benchmarks=data))
    assert found.to_json()["contamination"]["medbrowsecomp"]["ours"] == ("q1",)
    said = "\n".join(found.lines())
    assert "shared with medbrowsecomp: 1 questions (q1), of its 2 items 2" in said
    assert "shared with mirage: not known, it is not in the folder" in said
    assert audit_file(Asked(file, kb)).overlaps == {}


def test_a_gram_is_thirteen_words():
    grams = grams_of([("q", TEXT)])
    assert len(grams) == len(TEXT.split()) - SIZE + 1
    shared = " ".join(TEXT.split()[2 : 2 + SIZE])
    assert compare(grams, [("b", f"so {shared} or")]).hits == 1
    shorter = " ".join(TEXT.split()[2 : 1 + SIZE])
    found = compare(grams, [("b", f"so {shorter} or"), ("c", "short")])
    assert (found.hits, found.texts, found.items, found.too_short) == (0, 0, 2, 1)


def test_training_exports_are_read_at_any_depth(tmp_path):
    path = tmp_path / "trl.jsonl"
    record = {"messages": [{"content": "one"}, {"tool_calls": [{"arguments": "two"}]}], "n": 3}
    path.write_text(json.dumps(record) + "\n")
    assert list(texts_in(path)) == [("trl.jsonl:1", "one"), ("trl.jsonl:1", "two")]


def test_missing_and_broken_benchmarks_are_said(tmp_path, data):
    with pytest.raises(InputError, match="holds no benchmark"):
        scan([], tmp_path / "none")
    (data / "pubmedqa").mkdir()
    with pytest.raises(SourceError, match="not the files of `pubmedqa`"):
        scan([], data)
    (data / "xbench" / "ScienceQA.csv").write_text("id,prompt,canary\n1,%%%,c\n")
    with pytest.raises(SourceError, match="`xbench`"):
        list(texts_of("xbench", data / "xbench"))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_real_benchmark_is_read_and_recognised(name):
    """Its own first text of 13 words or more, taken as ours, must be found in it."""
    if not (DATA / name).is_dir():
        pytest.skip(f"{DATA / name}: not there")
    pairs = list(texts_of(name, DATA / name))
    where, text = next(pair for pair in pairs if len(pair[1].split()) > SIZE)
    found = compare(grams_of([("planted", text)]), pairs)
    assert found.texts == 1
    assert where in found.theirs or found.hits > 20
    assert found.items == len({one for one, _ in pairs})


def test_the_real_benchmarks_have_their_known_sizes():
    if not DATA.is_dir():
        pytest.skip(f"{DATA}: not there")
    sizes = {name: len({one for one, _ in texts_of(name, DATA / name)}) for name in
             ("pubmedqa", "medbrowsecomp", "xbench", "healthbench_lite")}  # fmt: skip
    assert sizes == {
        "pubmedqa": 500,
        "medbrowsecomp": 50 + 605,
        "xbench": 300,
        "healthbench_lite": 50,
    }
    with gzip.open(DATA / "mirage" / "benchmark.json.gz", "rt") as stream:
        count = sum(len(part) for part in json.load(stream).values())
    assert sum(1 for one in {n for n, _ in texts_of("mirage", DATA / "mirage")}
               if not one.startswith("bioasq_golden")) == count  # fmt: skip
