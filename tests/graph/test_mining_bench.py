"""The corpus of copies that the memory of mining is measured on."""

from collections import Counter

import pytest
from mining_samples import Version, medline_gz, stored_names

from medresearcher.bench import BENCHMARKS, ON_REQUEST, Bench, run_bench
from medresearcher.bench_mining import Copies, measure_mining
from medresearcher.errors import InputError
from medresearcher.graph.mining import medline_files
from medresearcher.sources.files import FolderFiles
from medresearcher.sources.medline import records

FILES = {
    "n1.xml.gz": [Version(1, "Pain", "Hypertension & renin. " * 9), Version(2, None)],
    "n2.xml.gz": [Version(n, f"Title {n}") for n in range(3, 9)],
}


@pytest.fixture
def files(tmp_path) -> FolderFiles:
    for name, versions in FILES.items():
        (tmp_path / name).write_bytes(medline_gz(versions))
    return FolderFiles(tmp_path)


def test_copies_differ_in_their_pmids_alone(files):
    copies = [
        [(one.pmid, one.deleted, one.document) for one in records(item.files, item.name)]
        for item in medline_files([Copies(files, 3)])
    ]
    assert len(copies) == 6
    for number, copy in enumerate(copies):
        assert [(pmid % 100_000_000, deleted) for pmid, deleted, _ in copy] == [
            (one.pmid, one.title is None) for one in FILES[("n1.xml.gz", "n2.xml.gz")[number % 2]]
        ]
        assert {pmid // 100_000_000 for pmid, _, _ in copy} == {number // 2}
    texts = Counter((one.title, one.text) for copy in copies for *_, one in copy if one)
    assert set(texts.values()) == {3}


def test_mining_is_measured_in_a_process_of_its_own(files, tmp_path):
    names = stored_names(tmp_path / "names")
    done = measure_mining(Copies(files, 2), names)
    assert done.citations == 2 * 7
    assert done.seconds > 0
    assert done.ready_s > 0
    assert done.peak > 10_000_000


def test_what_takes_minutes_runs_only_by_name():
    assert set(BENCHMARKS) > ON_REQUEST == {"mining-memory"}


def test_mining_needs_the_fetched_files():
    with pytest.raises(InputError, match="fetched MEDLINE files"):
        run_bench(Bench(None, seed=1, max_publications=5), ["mining"])
