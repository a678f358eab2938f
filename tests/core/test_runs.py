"""Runs on disk: what a crash, a full disk, a wrong file or another run in the way come to."""

import errno
import itertools
import json
import logging
import random
import subprocess
import sys
from pathlib import Path

import pytest
from core_samples import Note, question
from hypothesis import given
from hypothesis import strategies as st

from medresearcher.errors import InputError, boundary
from medresearcher.records.question import Question
from medresearcher.runs import (
    Ledger,
    Run,
    file_digest,
    read_json_lines,
    read_manifest,
    read_records,
    recover,
    write_atomically,
)

SETTINGS = {"max_hops": 5, "types": ("gene", "disease"), "seed": 1}
INPUTS = {"graph": "abc"}


def notes(count: int) -> list[Note]:
    return [Note.create(number=number, text=f"naïve\u2028{number}") for number in range(count)]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger[Note]:
    return Ledger(tmp_path / "deep" / "notes.jsonl", Note)


class TestReading:
    def test_malformed_json_names_file_and_line(self, tmp_path):
        path = tmp_path / "notes.jsonl"
        path.write_text(f"{notes(1)[0].to_line()}\n\n{{broken\n")
        with pytest.raises(InputError, match=r"notes\.jsonl:3: not valid JSON"):
            list(read_records(path, Note))

    @pytest.mark.parametrize("line", [b"\xff\xfe", b"[" * 100_000, b"9" * 10_000, b"{} {}"])
    def test_no_line_escapes_as_another_error(self, tmp_path, line):
        path = tmp_path / "notes.jsonl"
        path.write_bytes(line + b"\n")
        with pytest.raises(InputError, match=r"notes\.jsonl:1: not valid JSON"):
            list(read_json_lines(path))

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"number": "one"}, "`number`"),
            ({"colour": "red"}, "`colour`"),
            ({"id": None}, "`id`"),
            ({"schema": "medresearcher/note/2"}, "`schema`: expected 'medresearcher/note/1'"),
        ],
    )
    def test_a_wrong_field_is_named_with_its_line(self, tmp_path, change, named):
        path = tmp_path / "notes.jsonl"
        good = json.loads(notes(1)[0].to_line())
        path.write_text(f"{json.dumps(good)}\n{json.dumps({**good, **change})}\n")
        with pytest.raises(InputError, match=r"notes\.jsonl:2: .*") as caught:
            list(read_records(path, Note))
        assert named in str(caught.value)

    def test_a_wrong_field_deep_inside_is_named_by_its_path(self, tmp_path):
        value = json.loads(question().to_line())
        value["hops"][0]["evidence"][0]["row"] = "seven"
        path = tmp_path / "questions.jsonl"
        path.write_text(json.dumps(value))
        with pytest.raises(InputError, match=r"`hops\.0\.evidence\.0\.row`"):
            list(read_records(path, Question))

    @pytest.mark.parametrize("line", ["[]", "7", "null", '"text"'])
    def test_what_is_no_object_is_no_record(self, tmp_path, line):
        path = tmp_path / "notes.jsonl"
        path.write_text(line)
        with pytest.raises(InputError, match="not a medresearcher/note/1 record"):
            list(read_records(path, Note))

    def test_a_missing_file_and_a_folder_are_input_errors(self, tmp_path):
        for path in (tmp_path / "none.jsonl", tmp_path):
            with pytest.raises(InputError, match="cannot be read"):
                list(read_json_lines(path))
        with pytest.raises(InputError, match="cannot be read"):
            file_digest([tmp_path / "none.jsonl"])


class TestLedger:
    def test_append_and_resume(self, ledger):
        assert ledger.read() == []
        first, second = notes(2)
        ledger.append(first)
        again = Ledger(ledger.path, Note)
        assert again.read() == [first]
        again.append(second)
        assert ledger.read() == [first, second]

    def test_a_half_written_last_line_is_removed_and_said(self, ledger, caplog):
        first, second = notes(2)
        ledger.append(first)
        with ledger.path.open("ab") as stream:
            stream.write(second.to_line().encode()[:25])
        with caplog.at_level(logging.WARNING):
            assert ledger.read() == [first]
        assert "half-written (25 bytes) and was removed" in caplog.text
        ledger.append(second)
        assert ledger.read() == [first, second]

    def test_nothing_is_said_of_a_whole_file(self, ledger, caplog):
        ledger.append(notes(1)[0])
        ledger.read()
        assert caplog.text == ""

    def test_damage_in_the_middle_is_an_error_and_stays(self, ledger):
        ledger.append(notes(1)[0])
        with ledger.path.open("ab") as stream:
            stream.write(b"{half\n")
        ledger.append(notes(1)[0])
        before = ledger.path.read_bytes()
        with pytest.raises(InputError, match=r":2: not valid JSON"):
            ledger.read()
        assert ledger.path.read_bytes() == before

    def test_sorting_gives_equal_bytes_for_any_order(self, tmp_path):
        records = [Note.create(number=number % 3, text=str(number)) for number in range(12)]
        seen: set[bytes] = set()
        for seed in range(5):
            ledger = Ledger(tmp_path / f"{seed}.jsonl", Note)
            for record in random.Random(seed).sample(records, len(records)):
                ledger.append(record)
            ledger.sort(lambda note: note.number)
            seen.add(ledger.path.read_bytes())
        assert len(seen) == 1
        assert [note.number for note in ledger.read()] == sorted(n.number for n in records)

    def test_writing_is_all_or_nothing(self, ledger):
        ledger.write(notes(3))
        before = ledger.path.read_bytes()
        with pytest.raises(ZeroDivisionError):
            ledger.write(Note.create(number=1 // number) for number in (1, 0))
        assert ledger.path.read_bytes() == before
        assert list(ledger.path.parent.iterdir()) == [ledger.path]

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_full_disk_is_classified(self, tmp_path):
        path = tmp_path / "notes.jsonl"
        path.symlink_to("/dev/full")
        with pytest.raises(OSError, match="No space left") as caught:
            Ledger(path, Note).append(notes(1)[0])
        assert caught.value.errno == errno.ENOSPC
        assert boundary(caught.value).kind == "no_disk_space"

    @pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
    def test_a_disk_that_fills_up_leaves_the_old_file_whole(self, tmp_path):
        path = tmp_path / "notes.jsonl"
        path.write_text("old\n")
        code = (
            "import resource, sys; from pathlib import Path\n"
            "from medresearcher.errors import boundary\n"
            "from medresearcher.runs import write_atomically\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
            "try: write_atomically(Path(sys.argv[1]), 'x' * 100_000)\n"
            "except OSError as error: print(boundary(error).kind)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
        )
        assert done.stdout.strip() == "no_disk_space"
        assert path.read_text() == "old\n"
        assert list(tmp_path.iterdir()) == [path]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5), st.data())
def test_cut_at_any_byte_recovery_keeps_exactly_the_whole_lines(tmp_path_factory, texts, data):
    records = [Note.create(number=index, text=text) for index, text in enumerate(texts)]
    lines = [record.to_line().encode() + b"\n" for record in records]
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    ends = list(itertools.accumulate(map(len, lines), initial=0))
    kept = max(index for index, end in enumerate(ends) if end <= cut)

    path = tmp_path_factory.mktemp("cut") / "notes.jsonl"
    path.write_bytes(whole[:cut])
    assert recover(path) == cut - ends[kept]
    assert path.read_bytes() == whole[: ends[kept]]
    ledger = Ledger(path, Note)
    assert ledger.read() == records[:kept]
    for record in records[kept:]:
        ledger.append(record)
    assert path.read_bytes() == whole


def test_recovery_of_no_file_is_nothing(tmp_path):
    assert recover(tmp_path / "none.jsonl") == 0


class TestRunInFolder:
    def test_a_new_run_writes_its_manifest(self, tmp_path):
        run = Run.in_folder(tmp_path / "out", "rollout", SETTINGS, INPUTS)
        found = read_manifest(tmp_path / "out" / "manifest.json")
        assert (found.stage, found.status, found.inputs) == ("rollout", "running", INPUTS)
        assert not run.resumed
        assert not run.done

    def test_the_same_run_resumes(self, tmp_path):
        first = Run.in_folder(tmp_path, "rollout", SETTINGS, INPUTS)
        first.update(status="stopped")
        (tmp_path / "trajectories.jsonl").touch()
        again = Run.in_folder(tmp_path, "rollout", dict(reversed(SETTINGS.items())), INPUTS)
        assert again.resumed
        assert again.manifest.status == "running"
        assert again.manifest.started == first.manifest.started

    def test_a_finished_run_stays_finished_when_opened_again(self, tmp_path):
        Run.in_folder(tmp_path, "rollout", SETTINGS, INPUTS).finish({"trajectories": 2})
        before = (tmp_path / "manifest.json").read_bytes()
        again = Run.in_folder(tmp_path, "rollout", SETTINGS, INPUTS)
        assert again.done
        assert again.manifest.counts == {"trajectories": 2}
        assert (tmp_path / "manifest.json").read_bytes() == before

    @pytest.mark.parametrize(
        ("stage", "settings", "inputs", "how"),
        [
            ("rollout", {**SETTINGS, "seed": 2}, INPUTS, "it differs in `seed`)"),
            ("rollout", SETTINGS, {"graph": "xyz"}, "it differs in `graph`)"),
            ("rollout", {**SETTINGS, "limit": None}, INPUTS, "it differs in `limit`)"),
            ("rollout", {"seed": 2}, {}, "it differs in `graph`, `max_hops`, `seed`, `types`)"),
            ("curate", SETTINGS, INPUTS, "of stage `rollout`, not `curate`)"),
        ],
    )
    def test_another_run_is_refused_and_the_difference_named(
        self, tmp_path, stage, settings, inputs, how
    ):
        Run.in_folder(tmp_path, "rollout", SETTINGS, INPUTS)
        before = (tmp_path / "manifest.json").read_bytes()
        with pytest.raises(InputError, match="holds another run") as caught:
            Run.in_folder(tmp_path, stage, settings, inputs)
        assert how in str(caught.value)
        assert (tmp_path / "manifest.json").read_bytes() == before

    def test_a_folder_with_anything_else_is_refused_untouched(self, tmp_path):
        (tmp_path / "thesis.tex").write_text("mine")
        with pytest.raises(InputError, match="is not empty"):
            Run.in_folder(tmp_path, "rollout", SETTINGS, INPUTS)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]

    def test_a_foreign_manifest_is_refused_untouched(self, tmp_path):
        (tmp_path / "manifest.json").write_text('{"name": "a web app"}')
        with pytest.raises(InputError, match="not a readable manifest"):
            Run.in_folder(tmp_path, "rollout", SETTINGS, INPUTS)
        assert (tmp_path / "manifest.json").read_text() == '{"name": "a web app"}'

    def test_a_run_killed_at_its_first_write_can_start_again(self, tmp_path):
        (tmp_path / ".manifest.json.part").write_text("{")
        assert not Run.in_folder(tmp_path, "rollout", SETTINGS, INPUTS).resumed
        assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]

    def test_a_file_in_the_way_is_an_input_error(self, tmp_path):
        file = tmp_path / "file"
        file.touch()
        for folder in (file, file / "below", file / "far" / "below"):
            with pytest.raises(InputError, match="choose another --out"):
                Run.in_folder(folder, "rollout", SETTINGS, INPUTS)

    def test_only_the_manifest_holds_clock_times_and_laps_add_up(self, tmp_path):
        run = Run.in_folder(tmp_path, "rollout", SETTINGS, INPUTS)
        run.clock -= 10
        run.lap("rollouts")
        again = Run.in_folder(tmp_path, "rollout", SETTINGS, INPUTS)
        again.clock -= 5
        again.lap("rollouts")
        assert read_manifest(again.path).timings["rollouts"] >= 15
        again.finish({})
        assert read_manifest(again.path).finished is not None


class TestRunBesideFile:
    def test_the_same_run_resumes(self, tmp_path):
        file = tmp_path / "questions.jsonl"
        assert not Run.beside(file, "synthesize", SETTINGS, INPUTS).resumed
        file.touch()
        assert Run.beside(file, "synthesize", SETTINGS, INPUTS).resumed
        assert (tmp_path / "questions.manifest.json").exists()

    def test_another_run_is_refused_by_the_name_of_its_file(self, tmp_path):
        file = tmp_path / "questions.jsonl"
        Run.beside(file, "synthesize", SETTINGS, INPUTS)
        file.touch()
        with pytest.raises(InputError, match=r"questions\.jsonl: holds another run"):
            Run.beside(file, "synthesize", {**SETTINGS, "seed": 2}, INPUTS)

    def test_deleting_the_file_starts_over(self, tmp_path):
        file = tmp_path / "questions.jsonl"
        run = Run.beside(file, "synthesize", SETTINGS, INPUTS)
        file.touch()
        run.finish({"questions": 0})
        file.unlink()
        again = Run.beside(file, "synthesize", {**SETTINGS, "seed": 2}, INPUTS)
        assert not again.resumed
        assert not again.done

    def test_a_foreign_file_manifest_or_folder_is_refused(self, tmp_path):
        file = tmp_path / "questions.jsonl"
        file.write_text("mine")
        with pytest.raises(InputError, match="was not written by a run"):
            Run.beside(file, "synthesize", SETTINGS, INPUTS)
        assert file.read_text() == "mine"
        with pytest.raises(InputError, match="found a folder"):
            Run.beside(tmp_path, "synthesize", SETTINGS, INPUTS)
        (tmp_path / "other.manifest.json").write_text("{}")
        with pytest.raises(InputError, match="not a readable manifest"):
            Run.beside(tmp_path / "other.jsonl", "synthesize", SETTINGS, INPUTS)


def test_file_digests_depend_on_bytes_and_order(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    write_atomically(one, "1")
    write_atomically(other, "2")
    assert file_digest([one, other]) == file_digest([one, other])
    assert file_digest([one, other]) != file_digest([other, one])
    other.write_text("1")
    assert file_digest([one]) == file_digest([other])
