"""Orphanet as ORPHApackets: one JSON object per disease.

Files: `*.jsonl` with a packet per line, `ORPHApacket_*.json` with one each, or a zip of these; a
packet may stand in an outer `Orphapacket`, a list of one may be the bare object, and the members
of a list may be wrapped in their own name. `row` is the line of the packet, its ordinal in a zip.

Groups of disorders are diseases that others are below; only disorders and their subtypes are
designated as rare. Retired packets are left out. A gene that was merely tested (candidate,
biomarker) is not associated and left out; what Orphanet writes without an HPO term of the same
meaning (`All ages`, adolescent onset, unknown inheritance) is counted in the log, not guessed.
"""

import json
import logging
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, cast

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import (
    Designation,
    Document,
    Entity,
    EntityType,
    Item,
    MatchKind,
    Predicate,
    Prevalence,
    Statement,
)
from medresearcher.records.knowledge import Mapping as Match
from medresearcher.sources.files import Files, Unique, bad, binary, each, json_lines

logger = logging.getLogger(__name__)

SOURCE = "orphanet"
RARE = "orphanet_rare"

Packet = Mapping[str, Any]

_GROUPS = frozenset({"Category", "Clinical group"})
_TYPES = _GROUPS | {
    "Disease",
    "Malformation syndrome",
    "Clinical syndrome",
    "Morphological anomaly",
    "Biological anomaly",
    "Particular clinical situation in a disease or syndrome",
    "Clinical subtype",
    "Etiological subtype",
    "Histopathological subtype",
}
_RETIRED = re.compile(r"(?:OBSOLETE|DEPRECATED|MOVED TO)\b[ :]*", re.IGNORECASE)
_NOT_RARE = re.compile(r"NON RARE IN EUROPE: *", re.IGNORECASE)

# The kind of association, or `None` for what is none.
ASSOCIATIONS: dict[str, str | None] = {
    "Disease-causing germline mutation(s) in": "causal",
    "Disease-causing germline mutation(s) (loss of function) in": "causal",
    "Disease-causing germline mutation(s) (gain of function) in": "causal",
    "Disease-causing somatic mutation(s) in": "somatic",
    "Part of a fusion gene in": "fusion",
    "Major susceptibility factor in": "susceptibility",
    "Modifying germline mutation in": "modifier",
    "Role in the phenotype of": "role_in_phenotype",
    "Candidate gene tested in": None,
    "Biomarker tested in": None,
}
FREQUENCIES = {
    "Obligate (100%)": "HP:0040280",
    "Very frequent (99-80%)": "HP:0040281",
    "Frequent (79-30%)": "HP:0040282",
    "Occasional (29-5%)": "HP:0040283",
    "Very rare (<4-1%)": "HP:0040284",
    "Excluded (0%)": "HP:0040285",
}
_EXCLUDED = FREQUENCIES["Excluded (0%)"]
# `None`: Orphanet says that there is nothing to say, or HPO has no term of that meaning.
INHERITANCES: dict[str, str | None] = {
    "Autosomal dominant": "HP:0000006",
    "Autosomal recessive": "HP:0000007",
    "X-linked dominant": "HP:0001423",
    "X-linked recessive": "HP:0001419",
    "Y-linked": "HP:0001450",
    "Mitochondrial inheritance": "HP:0001427",
    "Multigenic/multifactorial": "HP:0010982",
    "Oligogenic": "HP:0010983",
    "Semi-dominant": "HP:0032113",
    "Not applicable": None,
    "Unknown": None,
    "No data available": None,
    "Not yet documented": None,
}
# The ages of the terms are near, not equal: Orphanet's childhood ends at 11 years, HPO's at 5.
ONSETS: dict[str, str | None] = {
    "Antenatal": "HP:0030674",
    "Neonatal": "HP:0003623",
    "Infancy": "HP:0003593",
    "Childhood": "HP:0011463",
    "Adult": "HP:0003581",
    "Elderly": "HP:0003584",
    "Adolescent": None,
    "All ages": None,
    "No data available": None,
}
_MEASURES = {
    "Point prevalence": "point_prevalence",
    "Prevalence at birth": "birth_prevalence",
    "Lifetime Prevalence": "lifetime_prevalence",
    "Annual incidence": "annual_incidence",
    "Cases/families": "cases",
}
# Bounds per person of each class.
CLASSES: dict[str, tuple[float | None, float | None]] = {
    "<1 / 1 000 000": (0.0, 1e-6),
    "1-9 / 1 000 000": (1e-6, 9e-6),
    "1-9 / 100 000": (1e-5, 9e-5),
    "1-5 / 10 000": (1e-4, 5e-4),
    "6-9 / 10 000": (6e-4, 9e-4),
    ">1 / 1000": (1e-3, None),
    "Unknown": (None, None),
    "Not yet documented": (None, None),
    "no data": (None, None),
}
_NO_DATA = "no data"
_PER = 100_000  # Orphanet gives mean values per 100,000 persons
_MATCHES = {
    "E": MatchKind.EXACT,
    "NTBT": MatchKind.BROAD,  # the code is narrower, so its target is the broader thing
    "BTNT": MatchKind.NARROW,
    "ND": None,
    "W": None,
}
_MEMBER = re.compile(r"ORPHApacket_\w+\.json$")
_PMID = re.compile(r"(\d+)[ ,]*[\[{]PMID|PMID: ?(\d+)")  # as typed: `1 [PMID]`, `1[PMID}`


def read(files: Files) -> Iterator[Item]:
    """Yield diseases with names and definition, and what Orphanet states about them."""
    unmapped: Counter[str] = Counter()
    first: dict[str, str] = {}
    for name in files.names:
        unique = Unique(files, name)

        def read_packet(
            line: int, value: Packet, name: str = name, unique: Unique = unique
        ) -> list[Item]:
            packet = _Packet(files, name, line, value.get("Orphapacket", value), unmapped)
            unique.check(line, packet.id)
            where = f"{files.where(name)}:{line}"
            if first.setdefault(packet.id, where) != where:
                raise packet.bad(f"a code not used in {first[packet.id]}", packet.id)
            return list(packet.items())

        yield from each(files, _packets(files, name), read_packet)
    for what, number in sorted(unmapped.items()):
        logger.info("orphanet: left out %d times: %s", number, what)


def _packets(files: Files, name: str) -> Iterator[tuple[int, Packet]]:
    kind = PurePath(name.removesuffix(".gz")).suffix
    if kind == ".jsonl":
        yield from json_lines(files, name)
        return
    with binary(files, name) as stream:
        if kind == ".json":
            yield 1, _packet(files, name, stream.read())
            return
        with zipfile.ZipFile(stream) as archive:
            members = [one for one in archive.namelist() if _MEMBER.search(one)]
            for number, member in enumerate(sorted(members), 1):
                yield number, _packet(files, f"{name}!{member}", archive.read(member))


def _packet(files: Files, name: str, content: bytes) -> Packet:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{files.where(name)}: not valid JSON ({error})") from error
    if not isinstance(value, dict):
        raise SourceError(f"{files.where(name)}: expected an ORPHApacket, one JSON object")
    return cast("Packet", value)


def _is_of_class(value: float, low: float | None, high: float | None) -> bool:
    """Whether a value lies in a class; that of `1-9` ends below 10, that of `1-5` below 6."""
    if low is None:
        return True
    steps = 9 if low and high and round(high / low) == 9 else 5
    end = float("inf") if high is None else high * (steps + 1) / steps if low else high
    return low * 0.999 <= value <= end


class _Packet:
    """One packet; every value is checked when it is read."""

    def __init__(
        self, files: Files, name: str, line: int, packet: object, unmapped: Counter[str]
    ) -> None:
        self._place = (files, name, line)
        self._unmapped = unmapped
        if not isinstance(packet, dict):
            raise self.bad("an ORPHApacket, a JSON object", packet)
        self._packet = cast("Packet", packet)
        self.line = line
        code = self._text(self._packet, "ORPHAcode")
        if not code.isdecimal():
            raise self.bad("a numeric `ORPHAcode`", code)
        self.id = f"ORPHA:{code}"

    def bad(self, expected: str, came: object) -> Exception:
        """The error that names the packet."""
        files, name, line = self._place
        return bad(files, name, line, expected, came)

    def items(self) -> Iterator[Item]:
        """All that the packet says, nothing if it is retired."""
        label = self._text(self._packet, "Label")
        if _RETIRED.match(label):
            self._unmapped["retired packets"] += 1
            return
        kind = self._known(self._text(self._child("DisorderType"), "value"), _TYPES, "type")
        definition = self._definition()
        name = _NOT_RARE.sub("", label)
        synonyms = (self._plain(one) for one in self._list("Synonyms", "Synonym"))
        aliases = dict.fromkeys(one for one in synonyms if one and one != name)
        yield Entity(self.id, EntityType.DISEASE, name, SOURCE, tuple(aliases), definition)
        if definition:
            yield self._document(name, definition)
        if kind not in _GROUPS and name == label:
            yield Designation(self.id, RARE, SOURCE, self.line)
        yield from self._hierarchy()
        yield from self._matches()
        yield from self._phenotypes()
        yield from self._named("TypeOfInheritance", Predicate.HAS_INHERITANCE, INHERITANCES)
        yield from self._named("AverageAgeOfOnset", Predicate.HAS_ONSET, ONSETS)
        yield from self._genes()
        yield from self._prevalences()

    def _document(self, name: str, definition: str) -> Document:
        return Document(
            id=self.id,
            type="disease_description",
            title=name,
            text=definition,
            source=SOURCE,
            url=f"https://www.orpha.net/en/disease/detail/{self.id.partition(':')[2]}",
            entities=(self.id,),
        )

    def _definition(self) -> str:
        for section in self._list("TextSection", ""):
            if self._text(section, "TextSectionType") == "Definition":
                return " ".join(self._text(section, "Contents").split())
        return ""

    def _hierarchy(self) -> Iterator[Statement]:
        for parent in self._list("Parents", "Parent"):
            yield self._statement(
                self.id, Predicate.SUBCLASS_OF, f"ORPHA:{self._text(parent, 'ORPHAcode')}"
            )

    def _matches(self) -> Iterator[Match]:
        for one in self._list("ExternalReferences", "ExternalReference"):
            relation = self._text(one, "DisorderMappingRelation").partition(" ")[0]
            kind = _MATCHES[self._known(relation, _MATCHES, "mapping relation")]
            if kind is None:
                self._unmapped[f"references of relation {relation}"] += 1
            elif self._text(one, "Source") == "OMIM":
                yield Match(self.id, f"OMIM:{self._text(one, 'Reference')}", kind, SOURCE)

    def _phenotypes(self) -> Iterator[Statement]:
        for one in self._list("Phenotypes", "Phenotype"):
            term, name = self._text(one, "HPOId"), self._text(one, "HPOFrequency")
            if not re.fullmatch(r"HP:\d{7}", term):
                raise self.bad("an HPO term as `HP:0001166`", term)
            frequency = FREQUENCIES[self._known(name, FREQUENCIES, "frequency")]
            yield self._statement(
                self.id,
                Predicate.HAS_PHENOTYPE,
                term,
                negated=frequency == _EXCLUDED,
                frequency=frequency,
            )

    def _named(
        self, single: str, predicate: Predicate, terms: Mapping[str, str | None]
    ) -> Iterator[Statement]:
        for one in self._list(f"{single}s", single):
            value = self._known(self._text(one, "value"), terms, single)
            term = terms[value]
            if term is None:
                self._unmapped[f"{single} `{value}`"] += 1
            else:
                yield self._statement(self.id, predicate, term)

    def _genes(self) -> Iterator[Statement]:
        for one in self._list("Genes", "Gene"):
            association = self._text(one, "DisorderGeneAssociationType")
            qualifier = ASSOCIATIONS[self._known(association, ASSOCIATIONS, "gene association")]
            if qualifier is None:
                self._unmapped[association] += 1
                continue
            yield self._statement(self._gene(one), Predicate.CAUSES, self.id, qualifier=qualifier)

    def _gene(self, gene: Packet) -> str:
        for reference in self._members(gene.get("ExternalReferences"), "ExternalReference"):
            if reference.get("Source") == "HGNC":
                return f"HGNC:{self._text(reference, 'Reference')}"
        return f"SYMBOL:{self._text(gene, 'Symbol')}"

    def _prevalences(self) -> Iterator[Prevalence]:
        for one in self._list("Prevalences", "Prevalence"):
            measure = self._text(one, "PrevalenceType")
            if measure == _NO_DATA:
                self._unmapped["prevalence rows without a type"] += 1
                continue
            yield self._prevalence(_MEASURES[self._known(measure, _MEASURES, "measure")], one)

    def _prevalence(self, measure: str, one: Packet) -> Prevalence:
        label = self._known(self._text(one, "PrevalenceClass"), CLASSES, "prevalence class")
        low, high = CLASSES[label]
        mean = self._mean(self._text(one, "ValMoy"))
        if measure == "cases":
            low = high = mean
            label = self._text(one, "PrevalenceQualification")
        elif mean is not None and _is_of_class(mean / _PER, low, high):
            low = high = mean / _PER
        elif mean is not None:
            self._unmapped["mean values that contradict their class"] += 1
        cited = _PMID.findall(self._plain(one.get("Source") or ""))
        return Prevalence(
            subject=self.id,
            measure=measure,
            label=label,
            low=low,
            high=high,
            area=self._text(one, "PrevalenceGeographic"),
            source=SOURCE,
            record=self.id,
            row=self.line,
            references=tuple(dict.fromkeys(f"PMID:{a or b}" for a, b in cited)),
            validated=one.get("PrevalenceValidationStatus") == "Validated",
        )

    def _mean(self, text: str) -> float | None:
        if text == _NO_DATA:
            return None
        try:
            return float(text) or None
        except ValueError:
            raise self.bad("a number in `ValMoy`", text) from None

    def _statement(self, subject: str, predicate: Predicate, obj: str, **more: Any) -> Statement:
        return Statement(subject, predicate, obj, SOURCE, self.id, self.line, **more)

    def _child(self, key: str) -> Packet:
        value = self._packet.get(key)
        if not isinstance(value, dict):
            raise self.bad(f"an object `{key}`", value)
        return cast("Packet", value)

    def _list(self, plural: str, single: str) -> list[Any]:
        return self._members(self._packet.get(plural), single)

    def _members(self, value: object, single: str) -> list[Any]:
        """A list, however it is packed: absent, bare, or each or all wrapped in `single`."""
        if value is None or value == "":
            return []
        found: list[Any] = []
        for one in cast("list[Any]", value) if isinstance(value, list) else [value]:
            inner = cast("Packet", one).get(single, one) if isinstance(one, dict) else one
            found += cast("list[Any]", inner) if isinstance(inner, list) else [inner]
        return found

    def _text(self, owner: object, key: str) -> str:
        value = cast("Packet", owner).get(key) if isinstance(owner, dict) else None
        if not isinstance(value, str) or not value.strip():
            raise self.bad(f"a text `{key}`", value if isinstance(owner, dict) else owner)
        return value.strip()

    def _plain(self, value: object) -> str:
        if not isinstance(value, str):
            raise self.bad("a text", value)
        return value.strip()

    def _known(self, value: str, known: Any, what: str) -> str:
        if value not in known:
            raise self.bad(f"a {what} known here", value)
        return value
