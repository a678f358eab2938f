"""A program for the test of the Ray engine: mine on two nodes, and kill one at work.

Arguments: the folder of the names, and one with `files`, which gets `shards` and `corpus`.
"""

import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
from ray.cluster_utils import Cluster

from medresearcher.engines.engine import choose_engine
from medresearcher.graph.mining import mine
from medresearcher.sources.files import FolderFiles

# So that a dead node is noticed within two seconds.
ALERT = {
    "health_check_initial_delay_ms": 1_000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 5_000,
    "health_check_failure_threshold": 3,
}


@dataclass(frozen=True)
class Stuck(FolderFiles):
    """The files of a folder; whoever first opens `name` says on which node, and stays stuck."""

    name: str = "n0003.xml.gz"

    @property
    def mark(self) -> Path:
        return self.path.parent / "stuck"

    def open(self, name: str) -> IO[bytes]:
        if name == self.name and not self.mark.exists():
            draft = self.mark.with_suffix(".part")
            draft.write_text(ray.get_runtime_context().get_node_id())
            draft.rename(self.mark)
            time.sleep(3_600)
        return super().open(name)


def kill_stuck(cluster: Cluster, nodes: list[Any], files: Stuck) -> None:
    """Kill the node that is stuck, as soon as it says so."""
    while not files.mark.exists():
        time.sleep(0.01)
    (node,) = (one for one in nodes if one.node_id == files.mark.read_text())
    cluster.remove_node(node, allow_graceful=False)


def main() -> None:
    names, place = Path(sys.argv[1]), Path(sys.argv[2])
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "_system_config": ALERT})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    files = Stuck(place / "files")
    threading.Thread(target=kill_stuck, args=(cluster, nodes, files), daemon=True).start()
    engine = choose_engine("ray", address=cluster.address)
    mine([files], names, place / "shards", place / "corpus", engine)
    cluster.shutdown()


if __name__ == "__main__":
    main()
