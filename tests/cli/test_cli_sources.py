"""What `sources` and `build` refuse before anything is fetched, and what the list tells."""

import json
from pathlib import Path

import pytest
from cli_runs import Cli, fine, refusal


def test_the_list_says_where_each_source_comes_from(cli: Cli) -> None:
    rows = {row["name"]: row for row in json.loads(fine(cli("sources", "list", "--json")).stdout)}
    assert {name for name, row in rows.items() if row["needs_consent"]} == {
        "predict",
        "sider",
        "drugbank_targets",
    }
    assert (rows["orphanet"]["pin"], rows["own"]["licence"]) == (None, "LicenseRef-Own")
    assert rows["hpo"]["files"][0] == "hp.obo"
    shown = fine(cli("sources", "list")).stdout
    assert "openpredict==0.0.6 · 21.6 MB · needs --consent sider" in shown
    assert "--add a folder with orphapacket*.jsonl" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("sources pull sider", "under CC-BY-NC-SA-4.0, which does not allow every use; to use it"),
        ("sources pull orphanet", "is in no package; add a folder with its files (orphapacket"),
        ("sources pull --consent atlantis", "no source is called `atlantis`"),
        ("sources pull --latest uniprot", "there is no address for `uniprot`; there is one for"),
        ("build --add nowhere", "nowhere: cannot be read as a folder"),
        ("build --add empty", "empty: holds no file to read; known are"),
        ("build --add odd", "table.xlsx: is not recognised; known are"),
        ("build --add paid", "add `--consent predict`"),
        ("build --consent atlantis", "no source is called `atlantis`"),
        ("build --latest", "no release is fetched yet; run `medresearcher sources pull --latest`"),
    ],
)
def test_a_mistake_is_told_before_anything_is_fetched(
    cli: Cli, arguments: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = ("empty/README.md", "odd/table.xlsx", "paid/openpredict-omim-drug.csv")
    for name in files:
        path = Path(cli.folder) / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    monkeypatch.setattr("medresearcher.sources.fetch._run_pip", None)
    before = sorted(Path(cli.home).rglob("*"))
    assert said in refusal(cli(*arguments.split()))
    assert sorted(Path(cli.home).rglob("*")) == before
