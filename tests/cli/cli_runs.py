"""Runs the command: in this process, which is quick, or as a user does in one of its own."""

import os
import resource
import signal
import subprocess
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from medresearcher.cli import app

COMMAND = str(Path(sysconfig.get_path("scripts")) / "medresearcher")
STOPPED = "stopped; run the same command again to go on"


class Done(NamedTuple):
    """What came of one command."""

    code: int
    stdout: str
    stderr: str


def environment(home: Path, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without settings of the user, and with loopback only."""
    kept = {name: value for name, value in os.environ.items() if not _is_setting(name)}
    return {
        **kept,
        "MEDRESEARCHER_HOME": str(home),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "COLUMNS": "120",
        **(changes or {}),
    }


def _is_setting(name: str) -> bool:
    return name.startswith("MEDRESEARCHER_") or name in ("OPENAI_API_KEY", "FORCE_COLOR")


class Cli:
    """Runs the command in `folder`, with `home` as the user's data folder."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home

    def __call__(self, *arguments: object, env: Mapping[str, str] | None = None) -> Done:
        """Run in this process; an exception that escapes is raised."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name in set(os.environ) - set(environment(self.home)):
                patch.delenv(name)
            ran = CliRunner().invoke(
                app,
                [str(one) for one in arguments],
                env=environment(self.home, env),
                catch_exceptions=False,
            )
        return Done(ran.exit_code, ran.stdout, ran.stderr)

    def process(
        self, *arguments: object, env: Mapping[str, str] | None = None, most_bytes: int = 0
    ) -> Done:
        """Run as a process; with `most_bytes` no file may grow beyond that, as on a full disk."""

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

        ran = subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env=environment(self.home, env),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            preexec_fn=limit if most_bytes else None,
        )
        return Done(ran.returncode, ran.stdout, ran.stderr)

    def stop(self, *arguments: object, file: Path, lines: int, how: signal.Signals) -> Done:
        """Run until `file` has `lines` lines, then send the signal `how`."""
        with subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env=environment(self.home),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            while process.poll() is None and _lines(file) < lines:
                time.sleep(0.002)
            process.send_signal(how)
            out, err = process.communicate(timeout=60)
        return Done(process.returncode, out, err)


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def refusal(done: Done, code: int = 2) -> str:
    """The one line that a failed command ends with; nothing else but progress may be said."""
    assert done.code == code, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert done.stderr.splitlines()[-1] == errors[0]
    return errors[0].removeprefix("error: ")


def fine(done: Done) -> Done:
    """A command that went well."""
    assert done.code == 0, done
    assert "Traceback" not in done.stderr
    return done


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the manifests, which hold clock times."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("manifest.json")
    }
