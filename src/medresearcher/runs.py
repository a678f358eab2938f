"""Runs on disk: a manifest, and append-only JSONL that survives a crash and resumes.

A run is one stage with one identity (settings, seed and inputs, hashed). Its manifest is the
only place for clock times. Records are appended one line at a time; a half-written last line
is cut off at the next start. When a run is complete its records are put in their work order,
so equal runs give equal bytes, however they were scheduled or interrupted.
"""

import hashlib
import json
import logging
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Literal, Self, TypeVar

from pydantic import Field, ValidationError

from medresearcher import __version__
from medresearcher.errors import InputError
from medresearcher.records.base import Frozen, Record, canonical, digest

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"

R = TypeVar("R", bound=Record)


class Manifest(Frozen):
    """What a run is, and what came of it."""

    schema_name: Literal["medresearcher/manifest/1"] = "medresearcher/manifest/1"
    stage: str
    identity: str
    settings: dict[str, Any]
    inputs: dict[str, str]
    versions: dict[str, str]
    started: str
    status: Literal["running", "stopped", "done"] = "running"
    finished: str | None = None
    counts: dict[str, Any] = Field(default_factory=dict)
    timings: dict[str, float] = Field(default_factory=dict)


def write_atomically(path: Path, text: str) -> None:
    """Write `text` beside `path`, then move it into place: readers see all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path)
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def read_json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield (line number, value); raise `InputError` naming file and line of what is not JSON."""
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip():
                    continue
                try:
                    yield number, json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise InputError(f"{path}:{number}: not valid JSON ({error})") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def read_records(path: Path, kind: type[R]) -> Iterator[R]:
    """Yield the records of a JSONL file; raise `InputError` with file, line and field."""
    for number, value in read_json_lines(path):
        found = value.get("schema", kind.SCHEMA) if isinstance(value, dict) else kind.SCHEMA
        if found != kind.SCHEMA:
            raise InputError(
                f"{path}:{number}: `schema`: expected {kind.SCHEMA!r}, found {found!r}"
            )
        try:
            yield kind.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "record"
            raise InputError(
                f"{path}:{number}: not a {kind.SCHEMA} record: `{where}`: {first['msg']}"
            ) from error


def recover(path: Path) -> int:
    """Cut a half-written last line off a JSONL file; return how many bytes were dropped."""
    if not path.exists():
        return 0
    with path.open("rb+") as stream:
        content = stream.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            stream.truncate(whole)
    lost = len(content) - whole
    if lost:
        logger.warning("%s: the last line was half-written (%d bytes) and was removed", path, lost)
    return lost


@dataclass
class Ledger(Generic[R]):
    """An append-only JSONL file of one kind of record."""

    path: Path
    kind: type[R]

    def read(self) -> list[R]:
        """All whole records; a half-written last line is removed first."""
        recover(self.path)
        return list(read_records(self.path, self.kind)) if self.path.exists() else []

    def append(self, record: R) -> None:
        """Add one record; on return it is with the operating system."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as stream:
            stream.write(record.to_line().encode() + b"\n")

    def write(self, records: Iterable[R]) -> None:
        """Replace the file by these records, in this order, all or nothing."""
        write_atomically(self.path, "".join(record.to_line() + "\n" for record in records))

    def sort(self, key: Callable[[R], Any]) -> None:
        """Put the records in order of `key`, equal keys in order of the id."""
        self.write(sorted(self.read(), key=lambda record: (key(record), record.id)))


@dataclass
class Run:
    """One run of one stage and its manifest at `path`."""

    path: Path
    manifest: Manifest
    resumed: bool
    clock: float = field(default_factory=time.perf_counter)

    @classmethod
    def in_folder(
        cls, folder: Path, stage: str, settings: dict[str, Any], inputs: dict[str, str]
    ) -> Self:
        """Open or resume the run in `folder`; refuse a folder that holds anything else."""
        path = folder / MANIFEST
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder}: expected a folder, found a file; choose another --out")
        if not path.exists() and folder.exists() and set(folder.iterdir()) - {_draft(path)}:
            raise InputError(
                f"{folder}: is not empty and holds no run of medresearcher; choose another --out"
            )
        return cls._open(path, folder, stage, settings, inputs)

    @classmethod
    def beside(
        cls, file: Path, stage: str, settings: dict[str, Any], inputs: dict[str, str]
    ) -> Self:
        """Open or resume the run whose one output is `file`; without it the run starts over."""
        path = file.with_name(f"{file.stem}.manifest.json")
        if file.is_dir():
            raise InputError(f"{file}: expected a file, found a folder; choose another --out")
        if not path.exists() and file.exists():
            raise InputError(
                f"{file}: exists and was not written by a run known here; choose another --out"
            )
        return cls._open(path, file, stage, settings, inputs)

    @classmethod
    def _open(
        cls, path: Path, output: Path, stage: str, settings: dict[str, Any], inputs: dict[str, str]
    ) -> Self:
        identity = digest({"stage": stage, "settings": settings, "inputs": inputs})
        found = read_manifest(path) if path.exists() else None
        if not output.exists():
            found = None
        if found and found.identity != identity:
            how = _differences(found, stage, settings, inputs)
            raise InputError(
                f"{output}: holds another run ({how}); "
                "choose another --out, or delete it to start over"
            )
        manifest = found or Manifest(
            stage=stage,
            identity=identity,
            settings=settings,
            inputs=inputs,
            versions=versions(),
            started=_now(),
        )
        run = cls(path, manifest, resumed=found is not None)
        if not run.done:
            try:
                run.update(status="running")
            except (FileExistsError, NotADirectoryError) as error:
                raise InputError(
                    f"{output}: cannot be made, a part of this path is a file; choose another --out"
                ) from error
        return run

    @property
    def done(self) -> bool:
        """Whether an earlier start of this run finished it."""
        return self.manifest.finished is not None

    def update(self, **changes: Any) -> None:
        """Change fields of the manifest on disk."""
        self.manifest = self.manifest.model_copy(update=changes)
        write_atomically(self.path, self.manifest.model_dump_json(indent=2) + "\n")

    def lap(self, name: str) -> None:
        """Add the seconds since the last lap to `name`; a resumed run adds to its earlier ones.

        A run that was done before is left as it is.
        """
        if self.done:
            return
        now = time.perf_counter()
        seconds = now - self.clock + self.manifest.timings.get(name, 0.0)
        self.clock = now
        self.update(timings={**self.manifest.timings, name: round(seconds, 3)})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Mark a run that is left by an error as stopped; the error goes on."""
        if kind is not None and not self.done:
            self.update(status="stopped")

    def finish(self, counts: dict[str, Any]) -> None:
        """Mark the run as complete."""
        self.update(status="done", finished=_now(), counts=counts)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; raise `InputError` if it is none."""
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(f"{path}: is not a readable manifest of medresearcher") from error


def versions() -> dict[str, str]:
    """The versions that can change a result."""
    return {"medresearcher": __version__, "python": platform.python_version()}


def file_digest(paths: Sequence[Path]) -> str:
    """A hash of the bytes of files, in order; raise `InputError` for one that cannot be read."""
    total = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    return total.hexdigest()[:16]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _differences(
    found: Manifest, stage: str, settings: dict[str, Any], inputs: dict[str, str]
) -> str:
    if found.stage != stage:
        return f"of stage `{found.stage}`, not `{stage}`"
    names = _changed(found.settings, settings) | _changed(found.inputs, inputs)
    return "it differs in " + ", ".join(f"`{name}`" for name in sorted(names))


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    """Names whose JSON differs, or that only one side has."""
    before, after = ({name: canonical(it) for name, it in side.items()} for side in (old, new))
    return {name for name, _ in before.items() ^ after.items()}
