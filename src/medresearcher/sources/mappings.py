"""Which ids of other vocabularies are a MONDO disease: `mondo.sssom.tsv` (SSSOM, sssom-py).

`MatchKind` says how the object relates to the MONDO subject, as in SKOS: `BROAD` means that the
object is the broader thing. Close and related matches are no identity and are left out.
"""

from collections.abc import Iterator

from medresearcher.records.knowledge import Item, Mapping, MatchKind
from medresearcher.sources.files import Files, bad, each
from medresearcher.sources.tables import rows

SOURCE = "mondo_mappings"
FILE = "mondo.sssom.tsv"

# Prefix in the file -> prefix in our CURIEs; other vocabularies are skipped.
PREFIXES = {
    "OMIM": "OMIM",
    "OMIMPS": "OMIMPS",
    "Orphanet": "ORPHA",
    "DECIPHER": "DECIPHER",
    "DOID": "DOID",
    "UMLS": "UMLS",
    "mesh": "MESH",
    "NCIT": "NCIT",
    "SCTID": "SCTID",
    "MEDGEN": "MEDGEN",
    "ICD10CM": "ICD10CM",
    "GARD": "GARD",
}
_KINDS = {
    "skos:exactMatch": MatchKind.EXACT,
    "skos:narrowMatch": MatchKind.NARROW,
    "skos:broadMatch": MatchKind.BROAD,
    "skos:closeMatch": None,
    "skos:relatedMatch": None,
}
_HEADER = "subject_id subject_label predicate_id object_id object_label mapping_justification"


def read(files: Files) -> Iterator[Item]:
    """Yield each exact, narrow or broad match to a vocabulary of `PREFIXES`."""

    def read_row(line: int, row: tuple[str, ...]) -> Iterator[Item]:
        subject, predicate, target = row
        if not subject.startswith("MONDO:"):
            raise bad(files, FILE, line, "a subject as `MONDO:0007947`", subject)
        if predicate not in _KINDS:
            raise bad(files, FILE, line, f"a predicate ({', '.join(_KINDS)})", predicate)
        prefix, colon, local = target.partition(":")
        if not (prefix and colon and local):
            raise bad(files, FILE, line, "an object as `OMIM:154700`", target)
        kind = _KINDS[predicate]
        if kind is not None and prefix in PREFIXES:
            yield Mapping(subject, f"{PREFIXES[prefix]}:{local}", kind, SOURCE)

    columns = "subject_id predicate_id object_id"
    yield from each(files, rows(files, FILE, _HEADER, columns), read_row)
