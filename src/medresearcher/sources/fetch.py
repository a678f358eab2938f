"""Fetch the wheels with pip, and open them only when their hash is right.

Where packages come from is the user's pip configuration; no host is named here. A wheel is
downloaded beside its place, checked, and moved into it: what lies in the folder under a wheel's
name is whole or was changed later, which every opening detects.
"""

import hashlib
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medresearcher.engines.progress import Advance, progress
from medresearcher.errors import InputError, SourceError
from medresearcher.sources.files import WheelFiles
from medresearcher.sources.registry import SOURCES, Source, Wheel, select

logger = logging.getLogger(__name__)

_PROGRESS = re.compile(r"Progress (\d+) of \d+")
_CAUSES = ("Could not fetch", "Retrying", "Attempting to resume", "timed out", "not a trusted")
_MEGABYTE = 1_000_000
_DRAFT = ".pull-"
_STALE_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came of one wheel; `fetched` is false if it was there already. `size` in bytes."""

    file: str
    fetched: bool
    size: int


def pull(
    names: Sequence[str],
    folder: Path,
    registry: Mapping[str, Source] = SOURCES,
    consent: Sequence[str] = (),
) -> list[Pulled]:
    """Bring the wheels of the named sources into `folder`; no names: all with a wheel.

    Sources that need consent come only where `consent` names them. Wheels that are there and
    whole are kept. One that fails does not stop the others; at the end a `SourceError` lists
    every failure with its reason.
    """
    sources = select(names, registry, consent)
    wheels = list(dict.fromkeys(_wheel(source) for source in sources))
    make_folder(folder)
    missing = [wheel for wheel in wheels if not _is_whole(wheel, folder)]
    failures = _fetch_all(missing, folder) if missing else []
    if failures:
        raise SourceError(_summary(failures, len(wheels)))
    return [Pulled(wheel.file, wheel in missing, wheel.size) for wheel in wheels]


def verify(source: Source, folder: Path) -> Path:
    """The path of the wheel of a source, after its size and hash were checked.

    Raise `InputError` if it was not fetched yet, `SourceError` if it is not the pinned file.
    """
    wheel = _wheel(source)
    path = folder / wheel.file
    agreed = f" --consent {source.name}" if source.needs_consent else ""
    again = f"run `medresearcher sources pull {source.name}{agreed}`"
    if not path.exists():
        raise InputError(f"{path}: source `{source.name}` is not fetched yet; {again}")
    problem = _problem(wheel, path)
    if problem:
        raise SourceError(f"{path}: {problem}; {again} to fetch it again")
    return path


def open_source(source: Source, folder: Path) -> WheelFiles:
    """The verified files of a source."""
    return WheelFiles(verify(source, folder), source.members)


def _wheel(source: Source) -> Wheel:
    if source.wheel is None:
        raise InputError(
            f"source `{source.name}` is in no package; add a folder with its files "
            f"({', '.join(source.files)}): `medresearcher build --add FOLDER`"
        )
    return source.wheel


def make_folder(folder: Path) -> None:
    """Make the folder, and clear what a killed pull left in it long ago."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot hold the downloads ({error.strerror}); set MEDRESEARCHER_HOME"
        ) from error
    for draft in folder.glob(f"{_DRAFT}*"):
        if time.time() - draft.stat().st_mtime > _STALE_S:
            shutil.rmtree(draft, ignore_errors=True)


def _is_whole(wheel: Wheel, folder: Path) -> bool:
    path = folder / wheel.file
    if not path.exists():
        return False
    problem = _problem(wheel, path)
    if problem:
        logger.warning("%s: %s; it is fetched again", path, problem)
    return not problem


def _problem(wheel: Wheel, path: Path) -> str:
    """What is wrong with a file, empty if it is the pinned one."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if size != wheel.size:
        return f"the file is truncated or altered: expected {wheel.size} bytes, came {size}"
    if sha256 != wheel.sha256:
        return f"the file is altered: expected sha256 {wheel.sha256}, came {sha256}"
    return ""


def _fetch_all(wheels: Sequence[Wheel], folder: Path) -> list[str]:
    """Fetch each wheel; return what failed."""
    failures: list[str] = []
    with progress("fetch sources (MB)", sum(w.size for w in wheels) / _MEGABYTE) as advance:
        for wheel in wheels:
            try:
                _fetch(wheel, folder, advance)
            except SourceError as error:
                failures.append(str(error))
    return failures


def _fetch(wheel: Wheel, folder: Path, advance: Advance) -> None:
    with tempfile.TemporaryDirectory(prefix=_DRAFT, dir=folder) as draft:
        done = 0

        def show(received: int) -> None:
            nonlocal done
            advance((received - done) / _MEGABYTE, wheel.file)
            done = received

        code, output = _run_pip(wheel, Path(draft), show)
        came = Path(draft) / wheel.file
        if code != 0 or not came.exists():
            raise SourceError(f"{wheel.file}: {_reason(output, code)}")
        problem = _problem(wheel, came)
        if problem:
            raise SourceError(f"{wheel.file}: {problem}; it was deleted")
        came.replace(folder / wheel.file)
        show(wheel.size)


def _run_pip(wheel: Wheel, draft: Path, show: Callable[[int], None]) -> tuple[int, list[str]]:
    """Download a wheel; call `show` with the bytes received; return exit code and other lines."""
    options = "--no-deps --only-binary :all: --ignore-requires-python --no-input"
    command = [sys.executable, "-m", "pip", "download", *options.split()]
    command += ["--disable-pip-version-check", "--no-color", "--progress-bar", "raw"]
    command += [*_platform(wheel.file), "--dest", str(draft), wheel.pin]
    output: list[str] = []
    with subprocess.Popen(  # noqa: S603 (our own interpreter, arguments from the registry)
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "TMPDIR": str(draft)},
    ) as process:
        try:
            for line in process.stdout or ():
                match = _PROGRESS.match(line)
                if match:
                    show(int(match[1]))
                else:
                    output.append(line.strip())
        except BaseException:
            process.terminate()
            raise
    return process.returncode, output


def _platform(file: str) -> list[str]:
    """The options that ask for this very file of a package that has one per system.

    Only data is read from wheels, so it need not be the system that this runs on.
    """
    python, abi, systems = file.removesuffix(".whl").split("-")[-3:]
    if systems == "any":
        return []
    options = ["--python-version", python[2:], "--implementation", python[:2], "--abi", abi]
    return [*options, *(part for one in systems.split(".") for part in ("--platform", one))]


def _reason(output: Sequence[str], code: int) -> str:
    """The last error of pip, with what led to it if pip warned of a connection."""
    errors = [line.removeprefix("ERROR: ") for line in output if line.startswith("ERROR:")]
    warnings = [line.removeprefix("WARNING: ") for line in output if line.startswith("WARNING:")]
    causes = [line for line in warnings if any(mark in line for mark in _CAUSES)]
    reason = errors[-1] if errors else next((line for line in reversed(output) if line), "")
    parts = [f"pip failed (exit code {code}): {reason[:300] or 'it said nothing'}"]
    if any("(from versions: none)" in line for line in errors):
        parts.append("the index has no file for it or could not be reached")
    if causes:
        parts.append(f"before that: {causes[-1][:300]}")
    return "; ".join(parts)


def _summary(failures: Sequence[str], total: int) -> str:
    listed = "\n".join(f"  - {failure}" for failure in failures)
    return (
        f"{len(failures)} of {total} downloads failed; the others are in place. "
        f"Run the same command again to go on.\n{listed}"
    )
