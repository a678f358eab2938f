"""How a user's mistakes are told: one clear line, exit code 2, nothing lost."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from cli_runs import Cli, contents, fine, refusal

from medresearcher import __version__
from medresearcher.cli import app


def _names(group: Any, before: str = "") -> list[str]:
    """Every command and group below `group`, as it is typed."""
    found: list[str] = []
    for name, command in getattr(group, "commands", {}).items():
        found += [f"{before}{name}", *_names(command, f"{before}{name} ")]
    return found


COMMANDS = _names(typer.main.get_command(app))


@pytest.fixture
def runs(cli: Cli, done_runs: Path) -> Path:
    """A copy of the finished runs, in the folder of the command."""
    shutil.copytree(done_runs, cli.folder, dirs_exist_ok=True)
    return cli.folder


def test_the_installed_command(cli: Cli) -> None:
    text = fine(cli.process("--help")).stdout
    assert set(COMMANDS) >= {"demo", "sources list", "sources pull", "build", "stats", "synthesize"}
    assert set(COMMANDS) >= {"rollout", "curate", "search", "show"}
    assert all(f"  {name.split()[0]} " in text for name in COMMANDS)
    assert fine(cli.process("--version")).stdout == f"{__version__}\n"
    assert fine(cli.process("stats")).stdout == fine(cli("stats")).stdout
    for wrong in ("frobnicate", "stats --frobnicate", "stats --kb none", "show nobody"):
        done = cli.process(*wrong.split())
        assert (done.code, done.stdout) == (2, "")
        assert done == cli(*wrong.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(cli: Cli, command: str) -> None:
    done = fine(cli(*command.split(), "--help"))
    assert done.stdout.startswith(f"Usage: medresearcher {command}")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("frobnicate", "frobnicate"),
        ("stats --frobnicate", "--frobnicate"),
        ("synthesize --out q.jsonl", "--count"),
        ("synthesize --count 0 --out q.jsonl", "--count"),
        ("synthesize --count many --out q.jsonl", "--count"),
        ("rollout", "{questions}"),
        ("search x --limit 0", "--limit"),
        ("sources frobnicate", "frobnicate"),
    ],
)
def test_wrong_options_are_bad_usage(cli: Cli, arguments: str, named: str) -> None:
    done = cli(*arguments.split())
    assert done.code == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert named.casefold() in done.stderr.casefold()
    assert list(cli.folder.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    ["stats", "search x", "show FBN1", "synthesize --count 1 --out q.jsonl"],
)
def test_without_a_knowledge_base_the_way_to_one_is_told(
    cli: Cli, tmp_path: Path, arguments: str
) -> None:
    cli.home = tmp_path / "empty"
    said = refusal(cli(*arguments.split()))
    assert said == f"{tmp_path / 'empty' / 'kb'}: no knowledge base here; run `medresearcher build`"
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_no_knowledge_base_and_is_never_built_over(cli: Cli, runs: Path) -> None:
    before = contents(runs)
    for command in ("stats", "search x"):
        said = refusal(cli(*command.split(), "--kb", "rolled"))
        assert said.startswith("rolled: holds a run of stage `rollout`, no knowledge base")
    assert contents(runs) == before


def test_settings_that_are_wrong_are_named(cli: Cli) -> None:
    said = refusal(cli("stats", env={"MEDRESEARCHER_ROLLOUT__WORKERS": "none"}))
    assert "`rollout.workers`" in said
    assert "'none'" in said
    said = refusal(cli("stats", env={"MEDRESEARCHER_LLM": "{broken"}))
    assert "llm" in said
    (cli.folder / "medresearcher.toml").write_text("[rollout\n")
    assert refusal(cli("stats")).startswith("medresearcher.toml: not valid TOML")
    (cli.folder / "medresearcher.toml").write_text("[rollout]\nworkerz = 2\n")
    assert "`rollout.workerz`" in refusal(cli("stats"))


class TestModels:
    def test_without_an_endpoint_what_to_set_is_told(self, cli: Cli, runs: Path) -> None:
        call = ("rollout", "questions.jsonl", "--out", "new", "--policy", "some-model")
        key = {"OPENAI_API_KEY": "sk-very-secret"}
        said = refusal(cli(*call, env=key))
        assert "policy `some-model`" in said
        assert "MEDRESEARCHER_LLM__BASE_URL" in said
        url = {"MEDRESEARCHER_LLM__BASE_URL": "http://127.0.0.1:9/v1"}
        said = refusal(cli(*call, env=url))
        assert "environment variable OPENAI_API_KEY" in said
        said = refusal(cli(*call, env={**key, "MEDRESEARCHER_LLM__BASE_URL": "localhost"}))
        assert "must begin with http" in said
        assert "sk-" not in said
        assert not (runs / "new").exists()


class TestInputFiles:
    @pytest.mark.parametrize("line", ["{broken", "[]", '{"schema": "medresearcher/question/1"}'])
    def test_malformed_questions_name_file_and_line(self, cli: Cli, runs: Path, line: str) -> None:
        path = runs / "questions.jsonl"
        lines = path.read_text().splitlines()
        path.write_text("\n".join([lines[0], line, *lines[1:]]) + "\n")
        said = refusal(cli("rollout", "questions.jsonl", "--out", "new"))
        assert said.startswith("questions.jsonl:2: not ")
        assert not (runs / "new").exists()

    def test_malformed_trajectories_name_file_and_line(self, cli: Cli, runs: Path) -> None:
        with (runs / "rolled" / "trajectories.jsonl").open("a") as stream:
            stream.write("{half")
        said = refusal(cli("curate", "rolled", "--out", "new"))
        assert said.startswith("rolled/trajectories.jsonl:5: not valid JSON")

    def test_records_of_another_kind_are_told_apart(self, cli: Cli, runs: Path) -> None:
        said = refusal(cli("rollout", "rolled/trajectories.jsonl", "--out", "new"))
        assert "`schema`: expected 'medresearcher/question/1'" in said

    @pytest.mark.parametrize("content", [b"\x00\xff\xfe\x80", b"\x89PNG\r\n\x1a\n"])
    def test_a_binary_file_is_no_question_file(self, cli: Cli, content: bytes) -> None:
        (cli.folder / "photo.png").write_bytes(content)
        said = refusal(cli("rollout", "photo.png", "--out", "new"))
        assert said.startswith("photo.png:1: not valid JSON")

    def test_what_cannot_be_read_is_named(self, cli: Cli) -> None:
        said = refusal(cli("rollout", "none.jsonl", "--out", "new"))
        assert said == "none.jsonl: cannot be read (No such file or directory)"
        (cli.folder / "folder").mkdir()
        said = refusal(cli("rollout", "folder", "--out", "new"))
        assert said == "folder: cannot be read (Is a directory)"
        said = refusal(cli("curate", "folder", "--out", "new"))
        assert said.startswith("folder: holds no rollout run")
        assert not (cli.folder / "new").exists()


class TestOut:
    def test_another_run_in_the_way_is_refused_and_the_difference_named(
        self, cli: Cli, runs: Path
    ) -> None:
        before = contents(runs)
        synthesize = ("synthesize", "--count", 4, "--out", "questions.jsonl")
        assert "`seed`" in refusal(cli(*synthesize, "--seed", 1))
        assert "`count`" in refusal(cli("synthesize", "--count", 5, "--out", "questions.jsonl"))
        rollout = ("rollout", "questions.jsonl", "--out", "rolled")
        assert "it differs in `attempts`" in refusal(cli(*rollout, "--k", 2))
        said = refusal(cli("rollout", "questions.jsonl", "--out", "curated"))
        assert "curated: holds another run (of stage `curate`, not `rollout`)" in said
        said = refusal(cli("curate", "rolled", "--out", "rolled"))
        assert said.endswith("choose another --out, or delete it to start over")
        assert contents(runs) == before

    def test_the_same_run_again_changes_nothing(self, cli: Cli, runs: Path) -> None:
        before = {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()}
        fine(cli("synthesize", "--count", 4, "--out", "questions.jsonl"))
        fine(cli("rollout", "questions.jsonl", "--out", "rolled"))
        fine(cli("curate", "rolled", "--out", "curated", "--questions", "questions.jsonl"))
        assert {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()} == before

    def test_a_file_or_a_stranger_folder_in_the_way_is_refused(self, cli: Cli, runs: Path) -> None:
        (runs / "thesis.tex").write_text("mine")
        (runs / "photos").mkdir()
        (runs / "photos" / "cat.jpg").write_text("mine")
        before = contents(runs)
        rollout = ("rollout", "questions.jsonl", "--out")
        assert "found a file" in refusal(cli(*rollout, "thesis.tex"))
        assert "a part of this path is a file" in refusal(cli(*rollout, "thesis.tex/below"))
        assert "is not empty and holds no run" in refusal(cli(*rollout, "photos"))
        synthesize = ("synthesize", "--count", 1, "--out")
        assert "found a folder" in refusal(cli(*synthesize, "photos"))
        assert "was not written by a run" in refusal(cli(*synthesize, "thesis.tex"))
        assert "is not empty" in refusal(cli("curate", "rolled", "--out", "photos"))
        assert "found a file" in refusal(cli("demo", "--out", "thesis.tex"))
        assert contents(runs) == before


class TestShow:
    def test_an_unknown_entity_offers_the_nearest_names_on_one_line(self, cli: Cli) -> None:
        said = refusal(cli("show", "amber displasia"))
        assert said.startswith("no entity is named 'amber displasia'; ")
        assert "; nearest: amber dysplasia (MONDO:0000001)" in said

    def test_a_relation_that_does_not_apply_names_those_that_do(self, cli: Cli) -> None:
        assert "relations: causes, gene_groups" in refusal(
            cli("show", "GEN1", "--relation", "phenotypes")
        )
        assert '"causal_genes"' in refusal(cli("show", "GEN1", "--relation", "foo"))
        said = refusal(cli("show", "amber dysplasia", "--relation", "phenotypes", "--page", 9))
        assert "pages 1 to 1" in said
