"""What a knowledge base is built from: for each source its wheel, or files that the user added.

The files of an added folder (its subfolders are not looked at) are recognised by name. They stand
in for the wheel of their source, or come on top of it where the source says so.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from medresearcher.errors import InputError
from medresearcher.records.knowledge import Item
from medresearcher.runs import file_digest
from medresearcher.sources.fetch import open_source
from medresearcher.sources.files import ChosenFiles, Files, JoinedFiles, Lenient
from medresearcher.sources.registry import SOURCES, Source, require_consent, select

# Files that tell of the others, in any folder.
_ABOUT = (".*", "SOURCE.txt", "readme*", "licen[cs]e*", "citation*", "manifest.json", "*.part")

Added = dict[str, dict[str, Path]]


@dataclass(slots=True)
class Input:
    """One source and its files. `skipped` counts the malformed rows that were left out."""

    source: Source
    downloads: Path
    paths: Mapping[str, Path] = field(default_factory=dict[str, Path])
    skipped: int = 0

    @property
    def needs_wheel(self) -> bool:
        """Whether the wheel of the source is read."""
        return self.source.wheel is not None and (self.source.adds or not self.paths)

    @property
    def pin(self) -> str:
        """A hash of the content: that of the wheel, or over names and bytes of the files."""
        wheel = self.source.wheel if self.needs_wheel else None
        if wheel and not self.paths:
            return wheel.sha256
        total = hashlib.sha256(wheel.sha256.encode() if wheel else b"")
        for name, path in sorted(self.paths.items()):
            total.update(f"{name}\0{file_digest([path])}\0".encode())
        return total.hexdigest()

    def read(self, *, skip_bad_rows: bool = False) -> Iterator[Item]:
        """Verify the files now, then yield their items; `SourceError` where they break."""
        files = self.open()
        return self._counted(files) if skip_bad_rows else self.source.read(files)

    def _counted(self, files: Files) -> Iterator[Item]:
        lenient = Lenient(files)
        yield from self.source.read(lenient)
        self.skipped = lenient.skipped

    def open(self) -> Files:
        """The verified files."""
        if not self.paths:
            return open_source(self.source, self.downloads)
        chosen = ChosenFiles(self.paths)
        if self.needs_wheel:
            return JoinedFiles(open_source(self.source, self.downloads), chosen)
        return chosen


def choose_inputs(
    names: Sequence[str],
    downloads: Path,
    *,
    added: Sequence[Path] = (),
    consent: Sequence[str] = (),
    licences: Sequence[str] = (),
    registry: Mapping[str, Source] = SOURCES,
) -> list[Input]:
    """The named sources (none: all with a wheel) and those of the added folders, in order.

    With `licences`, only sources under one of these are taken. Raise `InputError` for a name that
    is unknown or lacks consent, for a licence that no source has, and for a folder that is
    missing, holds nothing known, or holds a file that is not recognised.
    """
    known = {source.licence for source in registry.values()}
    for licence in licences:
        if licence not in known:
            raise InputError(
                f"no source is under {licence!r}; there are: {', '.join(sorted(known))}"
            )
    found = recognise(added, registry)
    for name in found:
        require_consent(registry[name], consent)
    chosen = {source.name for source in select(names, registry, consent)} | found.keys()
    return [
        Input(source, downloads, found.get(name, {}))
        for name, source in registry.items()
        if name in chosen and (not licences or source.licence in licences)
    ]


def read_source(
    name: str,
    downloads: Path,
    registry: Mapping[str, Source] = SOURCES,
    consent: Sequence[str] = (),
) -> Iterator[Item]:
    """Verify the wheel of a source now, then yield its items."""
    (source,) = select([name], registry, consent)
    return Input(source, downloads).read()


def recognise(folders: Sequence[Path], registry: Mapping[str, Source] = SOURCES) -> Added:
    """The files of the folders by source and by the name that its reader uses."""
    found: Added = {}
    for folder in folders:
        known = 0
        for path in _listed(folder):
            source = _source_of(path, registry)
            if source is None:
                continue
            known += 1
            paths = found.setdefault(source.name, {})
            name = source.short_name(path.name)
            if name in paths:
                raise InputError(f"{path}: stands for the same file as {paths[name]}; add one")
            paths[name] = path
        if not known:
            raise InputError(f"{folder}: holds no file to read; {_recognised(registry)}")
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise InputError(f"{folder}: cannot be read as a folder ({error.strerror})") from error


def _source_of(path: Path, registry: Mapping[str, Source]) -> Source | None:
    """The source that a file belongs to, `None` if nobody reads it."""
    if any(fnmatchcase(path.name.lower(), pattern.lower()) for pattern in _ABOUT):
        return None
    if any(source.ignores(path.name) for source in registry.values()):
        return None
    for source in registry.values():
        if source.short_name(path.name):
            return source
    raise InputError(f"{path}: is not recognised; {_recognised(registry)}")


def _recognised(registry: Mapping[str, Source]) -> str:
    parts = (f"{name}: {', '.join(one.files)}" for name, one in registry.items() if one.files)
    return f"known are (also as .gz) {'; '.join(parts)}"
