"""Full disks, Ctrl-C and kill -9: what is done stays, and the rest ends in the same bytes."""

import signal
from pathlib import Path

import pytest
from cli_runs import STOPPED, Cli, Done, contents, fine, refusal

from medresearcher.records.question import Question

SYNTHESIZE = ("synthesize", "--count", 4, "--out", "questions.jsonl")
ROLLOUT = ("rollout", "questions.jsonl", "--out", "rolled")
CURATE = ("curate", "rolled", "--out", "curated", "--questions", "questions.jsonl")
FULL = "no_disk_space: "


def take(cli: Cli, done_runs: Path, *names: str) -> None:
    """Copy finished files into the folder of the command."""
    for name in names:
        path = cli.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((done_runs / name).read_bytes())


@pytest.mark.parametrize("most_bytes", [4_000, 12_000])
def test_a_full_disk_while_questions_are_made(cli: Cli, done_runs: Path, most_bytes: int) -> None:
    """The first limit ends inside the first line or two, the second later."""
    said = refusal(cli.process(*SYNTHESIZE, most_bytes=most_bytes), 1)
    assert said.startswith(FULL)
    whole = (done_runs / "questions.jsonl").read_bytes()
    path = cli.folder / "questions.jsonl"
    left = path.read_bytes()
    assert whole.startswith(left)
    assert len(left) == most_bytes
    again = fine(cli.process(*SYNTHESIZE))
    assert "questions.jsonl: the last line was half-written (" in again.stderr
    assert path.read_bytes() == whole


def test_a_full_disk_while_rolling_out(cli: Cli, done_runs: Path) -> None:
    take(cli, done_runs, "questions.jsonl")
    said = refusal(cli.process(*ROLLOUT, most_bytes=40_000), 1)
    assert said.startswith(FULL)
    fine(cli.process(*ROLLOUT))
    assert contents(cli.folder / "rolled") == contents(done_runs / "rolled")


def test_a_full_disk_while_curating_leaves_no_half_file(cli: Cli, done_runs: Path) -> None:
    take(cli, done_runs, "questions.jsonl", "rolled/trajectories.jsonl", "rolled/manifest.json")
    said = refusal(cli.process(*CURATE, most_bytes=20_000), 1)
    assert said.startswith(FULL)
    whole = contents(done_runs / "curated")
    assert contents(cli.folder / "curated").items() <= whole.items()
    fine(cli.process(*CURATE))
    assert contents(cli.folder / "curated") == whole


def test_a_half_written_last_line_is_removed_and_said(cli: Cli, done_runs: Path) -> None:
    take(cli, done_runs, "questions.jsonl", "rolled/trajectories.jsonl", "rolled/manifest.json")
    path = cli.folder / "rolled" / "trajectories.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    manifest = cli.folder / "rolled" / "manifest.json"
    text = manifest.read_text().replace('"done"', '"running"')
    start, end = text.index('"finished": "'), text.index('",', text.index('"finished": "'))
    manifest.write_text(text[:start] + '"finished": null' + text[end + 1 :])
    again = fine(cli.process(*ROLLOUT))
    assert "rolled/trajectories.jsonl: the last line was half-written (" in again.stderr
    assert path.read_bytes() == whole


def stopped(done: Done) -> None:
    """What Ctrl-C must look like."""
    assert done.code == 1, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1] == STOPPED


def whole_lines(path: Path) -> list[bytes]:
    content = path.read_bytes()
    assert content.endswith(b"\n")
    return content.splitlines()


COUNT = 24
MANY = ("synthesize", "--count", 40, "--out", "questions.jsonl", "--seed", 3)


def test_ctrl_c_while_questions_are_made(cli: Cli, done_runs: Path) -> None:
    """Stopped in the first batches and again in later ones, it ends as without a stop."""
    smooth = Cli(cli.folder / "smooth", cli.home)
    smooth.folder.mkdir()
    fine(smooth.process(*MANY))
    expected = (smooth.folder / "questions.jsonl").read_bytes()
    path = cli.folder / "questions.jsonl"
    for lines in (1, 22):
        stopped(cli.stop(*MANY, file=path, lines=lines, how=signal.SIGINT))
        assert lines <= len(whole_lines(path)) < 40
        assert expected.startswith(path.read_bytes())
    fine(cli.process(*MANY))
    assert path.read_bytes() == expected


@pytest.fixture(scope="session")
def smooth(
    real_questions: list[Question], home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Questions about the real knowledge base, and their rollouts, made without a stop."""
    folder = tmp_path_factory.mktemp("smooth")
    lines = [question.to_line() for question in real_questions[:COUNT]]
    (folder / "questions.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    fine(Cli(folder, home).process(*ROLLOUT))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_rollout_that_is_stopped_goes_on(
    real_cli: Cli, smooth: Path, how: signal.Signals
) -> None:
    take(real_cli, smooth, "questions.jsonl")
    path = real_cli.folder / "rolled" / "trajectories.jsonl"
    expected = whole_lines(smooth / "rolled" / "trajectories.jsonl")
    for lines in (2, 8):
        done = real_cli.stop(*ROLLOUT, file=path, lines=lines, how=how)
        if how is signal.SIGINT:
            stopped(done)
        else:
            assert done.code == -signal.SIGKILL
        kept = whole_lines(path)
        assert lines <= len(kept) < COUNT
        assert len(set(kept)) == len(kept)
        assert set(kept) <= set(expected)
        with path.open("ab") as stream:
            stream.write(expected[-1][:1_000])
    again = fine(real_cli.process(*ROLLOUT))
    assert "half-written (1000 bytes)" in again.stderr
    assert whole_lines(path) == expected


@pytest.mark.slow
def test_ctrl_c_while_the_knowledge_base_is_built_leaves_the_old_one(
    home: Path, tiny_home: Path, tmp_path: Path, real_kb: object
) -> None:
    own = tmp_path / "home"
    own.mkdir()
    (own / "sources").symlink_to(home / "sources")
    (own / "kb").mkdir()
    for name, content in contents(tiny_home / "kb").items():
        target = own / "kb" / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
    (own / "kb" / "manifest.json").write_bytes((tiny_home / "kb" / "manifest.json").read_bytes())
    before = contents(own / "kb")
    # The draft's manifest is written when the build begins.
    draft = own / "kb.part" / "manifest.json"
    stopped(Cli(tmp_path, own).stop("build", file=draft, lines=5, how=signal.SIGINT))
    assert contents(own / "kb") == before
    assert not draft.parent.exists()
    assert fine(Cli(tmp_path, own)("stats", "--json")).stdout
