"""Standard output holds the data and nothing else, in the names of the contract."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cli_runs import COMMAND, Cli, environment, fine, refusal

STATS = ("nodes", "edges", "documents")
CURATE = {"kept_share", "kept", "tool_calls_mean", "by_reason", "by_specialty"}


def data(done: Any) -> Any:
    return json.loads(fine(done).stdout)


def test_stats(cli: Cli) -> None:
    counts = data(cli("stats", "--json"))
    assert all(isinstance(n, int) for name in STATS for n in counts[name].values())
    assert counts["nodes"]["disease"] == 80
    assert counts["documents"]["disease_page"] == 80
    assert all(counts[name] for name in ("statements_by_licence", "diseases_by_specialty"))
    shown = fine(cli("stats"))
    assert "nodes:\n  disease                                      80\n" in shown.stdout
    assert shown.stderr == ""


def test_the_stages(cli: Cli) -> None:
    made = cli("synthesize", "--count", 4, "--out", "q.jsonl", "--json")
    counts = data(made)
    assert counts["questions"] == sum(counts["by_specialty"].values()) == 4
    assert "synthesize" in made.stderr
    counts = data(cli("rollout", "q.jsonl", "--out", "rolled", "--k", 2, "--json"))
    assert (counts["rollouts"], counts["judged"]) == (8, 8)
    assert counts["success"] == counts["correct"] / 8
    kept = data(cli("curate", "rolled", "--out", "curated", "--questions", "q.jsonl", "--json"))
    assert kept.keys() >= CURATE
    assert kept["kept"] == sum(kept["by_specialty"].values()) == 8 * kept["kept_share"]
    assert sum(kept["by_reason"].values()) == 8 - kept["kept"]
    shown = fine(cli("curate", "rolled", "--out", "curated", "--questions", "q.jsonl"))
    assert "kept_share" in shown.stdout
    for name in ("q.jsonl", "rolled/trajectories.jsonl", "curated/trl.jsonl"):
        for line in (cli.folder / name).read_text().splitlines():
            json.loads(line)


def test_search(cli: Cli) -> None:
    hits = data(cli("search", "heart block amber", "--limit", 2, "--json"))
    assert len(hits) == 2
    assert hits[0].keys() >= {"id", "title", "type", "source", "year", "snippet", "score"}
    shown = fine(cli("search", "short report heart block", "--type", "article"))
    assert shown.stdout.startswith(
        " 1. Heart block in amber dysplasia\n    PMID:1 · article · pubmed"
    )
    assert " · 1999 · score " in shown.stdout
    assert shown.stderr == ""
    assert "the types are" in refusal(cli("search", "x", "--type", "poem"))


@pytest.mark.parametrize(
    "query",
    [
        "qwxzv plugh",
        "",
        "   ",
        '") OR (',
        "title:heart AND *",
        "-",
        "\\",
        "${jndi}",
        "心臓",
        "\U0001f9ec",
        "--",
    ],
)
def test_a_search_of_nonsense_finds_nothing_and_is_fine(cli: Cli, query: str) -> None:
    done = fine(cli("search", "--json", "--", query))
    assert isinstance(json.loads(done.stdout), list)
    shown = fine(cli("search", "--", query))
    assert shown.stdout or shown.stderr == "nothing found; try other or fewer words\n"


def test_a_very_long_query_is_searched(cli: Cli) -> None:
    long = "heart block " * 8_500
    assert len(long) > 100_000
    assert data(cli("search", "--json", long))[0]["title"]
    assert data(cli("search", "--json", "x" * 100_000)) == []


def test_show(cli: Cli) -> None:
    shown = fine(cli("show", "GEN1"))
    assert shown.stdout.startswith("GEN1 (HGNC:1) · gene\n")
    assert shown.stderr == ""
    found = data(cli("show", "HGNC:1", "--relation", "causes", "--json"))
    assert found["entity"]["id"] == "HGNC:1"
    assert list(found["facts"]) == ["causes"]
    assert all(row["source"] for one in found["facts"]["causes"] for row in one["evidence"])
    text = fine(cli("show", "HGNC:1", "--relation", "causes")).stdout
    for one in found["facts"]["causes"]:
        assert f"{one['id']} " in text
    whole = data(cli("show", "HGNC:1", "--json"))
    assert whole["facts"]["causes"] == found["facts"]["causes"]
    assert {"rarity", "conflicts", "matches", "prevalence", "mentions"} <= set(whole)


def test_stats_say_what_disagrees_and_what_is_rare(cli: Cli) -> None:
    counts = data(cli("stats", "--json"))
    assert set(counts["conflicts"]) >= {"asserted_and_negated", "different_frequency"}
    assert counts["diseases_by_rarity"]["cited_publications"]["rare"] > 0
    shown = fine(cli("stats")).stdout
    section = shown.split("diseases_by_rarity:\n")[1].split("\ncorpus")[0]
    assert "  cited_publications:\n" in section
    assert "\n    rare  " in section


def test_sources(cli: Cli) -> None:
    rows = data(cli("sources", "list", "--json"))
    assert {"hpo", "mondo", "hgnc", "uniprot", "pubmed"} <= {row["name"] for row in rows}
    for row in rows:
        assert row["licence"]
        assert row["pin"] or row["files"]
        assert row["pin"] is None or len(row["sha256"]) == 64
    assert "no source is called `atlantis`" in refusal(cli("sources", "pull", "atlantis"))


def test_a_reader_that_has_enough_is_no_error(cli: Cli) -> None:
    """As in `medresearcher stats --json | head -1`."""
    with subprocess.Popen(
        [COMMAND, "search", "heart block", "--limit", "100", "--json"],
        cwd=cli.folder,
        env=environment(cli.home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()
    assert said == b""
    assert process.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_one_line(cli: Cli) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, "stats", "--json"],
            env=environment(cli.home),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: no_disk_space: No space left on device\n"
