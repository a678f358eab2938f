"""GA4GH Phenopackets (v2, JSON): one patient each, with findings, age, sex and diagnosis.

Read are a file with one packet (or a list), JSON Lines with a packet per line (bare or as the
member `phenopacket`), both also gzipped, and folders of such files.
"""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

from medresearcher.diagnosis.findings import sex_of, years
from medresearcher.errors import InputError

_NAMES = (".json", ".jsonl", ".json.gz", ".jsonl.gz")
_PMID = re.compile(r"PMID[_:](\d+)")


class Case(NamedTuple):
    """One packet. `diseases`: ids of the diagnosis; `references`: publications that describe it."""

    name: str
    present: tuple[str, ...]
    absent: tuple[str, ...]
    age: float | None
    sex: str | None
    diseases: tuple[str, ...]
    references: tuple[str, ...]


def read_cases(path: Path) -> list[Case]:
    """All packets of a file or folder; `InputError` names file, line and field."""
    files = (
        sorted(one for one in path.rglob("*") if one.name.endswith(_NAMES))
        if path.is_dir()
        else [path]
    )
    cases = [_case(where, packet) for file in files for where, packet in _packets(file)]
    if not cases:
        raise InputError(
            f"{path}: holds no phenopacket; expected JSON, JSON Lines or a folder of them"
        )
    return cases


def _packets(path: Path) -> Iterator[tuple[str, Any]]:
    text = _text(path)
    if ".jsonl" not in path.name:
        value = _json(str(path), text)
        many = cast("list[Any]", value) if isinstance(value, list) else [value]
        yield from ((str(path), one) for one in many)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{path}:{number}", _json(f"{path}:{number}", line)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8 text ({error.reason})") from error


def _json(where: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: expected JSON ({error})") from error


def _case(where: str, value: Any) -> Case:
    packet = _Field(where, "", value).object()
    if "phenopacket" in packet.value:
        packet = packet.child("phenopacket").object()
    subject = packet.child("subject").object()
    features = [one.object() for one in packet.child("phenotypicFeatures").items()]
    terms = [(one.child("type").object().child("id").text(), one.excluded()) for one in features]
    metadata = packet.child("metaData").object()
    cited = [
        one.object().child("id").text() for one in metadata.child("externalReferences").items()
    ]
    name = packet.child("id").text(optional=True)
    cited += [f"PMID:{one}" for one in _PMID.findall(name)]
    return Case(
        name or where,
        tuple(one for one, excluded in terms if not excluded),
        tuple(one for one, excluded in terms if excluded),
        _age(subject),
        subject.child("sex").sex(),
        tuple(dict.fromkeys(_diagnoses(packet))),
        tuple(dict.fromkeys(one for one in cited if one.startswith("PMID:"))),
    )


def _diagnoses(packet: "_Field") -> Iterator[str]:
    """The diagnoses of the interpretations; without any, the diseases that are not excluded."""
    given = False
    for one in packet.child("interpretations").items():
        disease = one.object().child("diagnosis").object().child("disease").object()
        if disease.value:
            given = True
            yield disease.child("id").text()
    for one in packet.child("diseases").items() if not given else ():
        disease = one.object()
        if not disease.excluded() and disease.child("term").value is not None:
            yield disease.child("term").object().child("id").text()


def _age(subject: "_Field") -> float | None:
    """The age at the last encounter; the start of a range of ages."""
    last = subject.child("timeAtLastEncounter").object()
    age = last.child("age").object()
    if not age.value:
        age = last.child("ageRange").object().child("start").object()
    text = age.child("iso8601duration").text(optional=True)
    try:
        return years(text) if text else None
    except InputError as error:
        raise InputError(f"{age.where}: `{age.path}.iso8601duration`: {error}") from error


class _Field(NamedTuple):
    """A value in a packet, and the path to it for messages."""

    where: str
    path: str
    value: Any

    def child(self, name: str) -> "_Field":
        return _Field(self.where, f"{self.path}.{name}".lstrip("."), self.value.get(name))

    def object(self) -> "_Field":
        """Itself if it is an object; a missing one is empty."""
        if self.value is None:
            return self._replace(value={})
        return self if isinstance(self.value, dict) else self._refused("an object")

    def items(self) -> "Iterator[_Field]":
        """Its members if it is a list; a missing one has none."""
        if self.value is not None and not isinstance(self.value, list):
            self._refused("a list")
        for number, one in enumerate(cast("list[Any]", self.value or [])):
            yield _Field(self.where, f"{self.path}[{number}]", one)

    def text(self, *, optional: bool = False) -> str:
        if optional and self.value is None:
            return ""
        if not isinstance(self.value, str) or not self.value.strip():
            self._refused("a text")
        return cast("str", self.value).strip()

    def excluded(self) -> bool:
        value = self.child("excluded")
        if value.value not in (None, True, False):
            value._refused("true or false")
        return bool(value.value)

    def sex(self) -> str | None:
        try:
            return sex_of(self.text(optional=True))
        except InputError as error:
            raise InputError(f"{self.where}: `{self.path}`: {error}") from error

    def _refused(self, expected: str) -> "_Field":
        shown = repr(self.value)[:80]
        raise InputError(
            f"{self.where}: `{self.path or 'packet'}`: expected {expected}; got {shown}"
        )
