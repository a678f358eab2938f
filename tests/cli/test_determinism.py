"""Two runs with one seed are equal, byte for byte, whatever the process, its hashes and workers."""

from pathlib import Path

from cli_runs import Cli, contents, fine


def stages(folder: Path, home: Path, seed: int, *, hashes: int, workers: int) -> dict[str, bytes]:
    """Synthesize, roll out and curate in `folder`; every file but the manifests."""
    folder.mkdir()
    cli = Cli(folder, home)
    env = {"PYTHONHASHSEED": str(hashes), "MEDRESEARCHER_ROLLOUT__WORKERS": str(workers)}
    seeded = ("--seed", seed)
    synthesize = ("synthesize", "--count", 24, "--out", "questions.jsonl", "--workers", workers)
    fine(cli.process(*synthesize, *seeded, env=env))
    fine(cli.process("rollout", "questions.jsonl", "--out", "rolled", *seeded, env=env))
    curate = ("curate", "rolled", "--out", "curated", "--questions", "questions.jsonl")
    fine(cli.process(*curate, env=env))
    return contents(folder)


def test_equal_seeds_give_equal_files_and_others_do_not(tiny_home: Path, tmp_path: Path) -> None:
    one = stages(tmp_path / "one", tiny_home, 1, hashes=0, workers=1)
    same = stages(tmp_path / "same", tiny_home, 1, hashes=4242, workers=5)
    other = stages(tmp_path / "other", tiny_home, 2, hashes=0, workers=1)
    assert {"questions.jsonl", "rolled/trajectories.jsonl", "curated/trl.parquet"} < one.keys()
    assert one.keys() == same.keys() == other.keys()
    assert [name for name in one if one[name] != same[name]] == []
    equal = {name for name in one if one[name] == other[name]}
    # Of these questions all are answered right, so that there is nothing to reject.
    assert equal <= {"curated/dataset_info.json", "curated/rejected.jsonl"}
