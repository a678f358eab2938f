"""The Ray engine mines what the local one does, also when a node dies half-way."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from mining_samples import Version, medline_gz, stored_names

from medresearcher.engines.engine import Engine
from medresearcher.graph.corpus import CORPUS, COUNTS, MINED
from medresearcher.graph.mining import mine
from medresearcher.sources.files import FolderFiles

CLUSTER = Path(__file__).parent / "ray_cluster.py"
NOT_HERE = "Ray is not installed: pip install 'medresearcher[scale]'"


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason=NOT_HERE)
def test_a_cluster_that_loses_a_node_gives_the_bytes_of_the_local_engine(tmp_path):
    names = stored_names(tmp_path / "names")
    texts = " ".join(f"Pain in hypertension with renin {n}." for n in range(30))
    local, cluster = tmp_path / "local", tmp_path / "cluster"
    for place in (local, cluster):
        (place / "files").mkdir(parents=True)
        for file in range(8):
            versions = [Version(100 * file + n, "Carcinoma", texts) for n in range(40)]
            (place / "files" / f"n{file:04}.xml.gz").write_bytes(medline_gz(versions))
    mine([FolderFiles(local / "files")], names, local / "shards", local / "corpus", Engine())
    done = subprocess.run(
        [sys.executable, str(CLUSTER), str(names), str(cluster)],
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    assert (cluster / "stuck").exists(), "a node was to be killed at work"
    for name in (CORPUS, MINED, COUNTS):
        assert (cluster / "corpus" / name).read_bytes() == (local / "corpus" / name).read_bytes()
    whole = {one.name for one in (local / "shards").iterdir()}
    assert {one.name for one in (cluster / "shards").glob("[!.]*")} == whole
