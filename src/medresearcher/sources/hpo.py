"""The Human Phenotype Ontology and its annotations of diseases and genes.

Files: `hp.obo`, `phenotype.hpoa`, and `genes_to_phenotype.txt` or, where it is there,
`genes_to_disease.txt`, which also says how a gene is associated (one release of all).
A row of `phenotype.hpoa` that cites several references gives one statement per reference, all
with the same `row`: count rows, not statements, where a patient must be counted once.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import Entity, EntityType, Item, Predicate, Statement
from medresearcher.sources.files import Files, bad, each, refuse
from medresearcher.sources.obo import Term, below, terms
from medresearcher.sources.tables import rows

SOURCE = "hpo"
OBO, HPOA, GENES = "hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt"
ASSOCIATIONS = "genes_to_disease.txt"

# The nearest listed ancestor wins in this order; what is under none is a modifier.
ROOTS = (
    ("HP:0000118", EntityType.PHENOTYPE),
    ("HP:0000005", EntityType.INHERITANCE),
    ("HP:0003674", EntityType.ONSET),
    ("HP:0040279", EntityType.FREQUENCY),
)
_PREDICATES = {
    "P": Predicate.HAS_PHENOTYPE,
    "I": Predicate.HAS_INHERITANCE,
    "C": Predicate.HAS_MODIFIER,
    "M": Predicate.HAS_MODIFIER,
    "H": Predicate.HAS_MODIFIER,
}
_HPOA_HEADER = (
    "database_id disease_name qualifier hpo_id reference evidence onset frequency sex modifier "
    "aspect biocuration"
)
_HPOA_COLUMNS = "database_id disease_name qualifier hpo_id reference onset frequency sex aspect"
_GENES_HEADER = "ncbi_gene_id gene_symbol hpo_id hpo_name frequency disease_id"
_ASSOCIATIONS_HEADER = "ncbi_gene_id gene_symbol association_type disease_id source"
_ASSOCIATIONS = {"MENDELIAN": "causal", "POLYGENIC": "susceptibility", "UNKNOWN": ""}
_NCBI_GENE = re.compile(r"NCBIGene:\d+")
_TERM = re.compile(r"HP:\d{7}")
_DISEASE = re.compile(r"[A-Za-z][\w.]*:\S+")
_FREQUENCY = re.compile(r"(?:HP:\d{7}|\d+/[1-9]\d*|\d+(?:\.\d+)?%)?")
_UMLS = re.compile(r"UMLS:C\d{7}")
_SEXES = {"": "", "MALE": "male", "FEMALE": "female"}


def read(files: Files) -> Iterator[Item]:
    """Yield terms, their hierarchy, disease annotations, diseases, and gene associations."""
    live = [term for term in terms(files, OBO) if not term.obsolete]
    kinds = types(live)
    for term in live:
        yield _entity(term, kinds[term.id])
        yield from _parents(files, term, kinds)
    alternatives = {alt: kinds[term.id] for term in live for alt in term.alternatives}
    yield from _annotations(files, {**alternatives, **kinds})
    yield from _associations(files) if ASSOCIATIONS in files.names else _genes(files)


def types(live: Iterable[Term]) -> dict[str, EntityType]:
    """The type of each live term by the roots above it (see `ROOTS`)."""
    live = list(live)
    kinds = {term.id: EntityType.MODIFIER for term in live}
    for root, kind in reversed(ROOTS):
        if root not in kinds:
            raise SourceError(f"{OBO}: expected the term {root}; the ontology has no such term")
        for term_id in below(root, live):
            kinds[term_id] = kind
    return kinds


def _entity(term: Term, kind: EntityType) -> Entity:
    """Aliases are the exact synonyms: "Kidney disease" is only a broad one of a finding."""
    exact = (s.text for s in term.synonyms if s.scope == "EXACT" and s.kind != "obsolete_synonym")
    xrefs = (xref for xref in term.xrefs if _UMLS.fullmatch(xref))
    return Entity(
        id=term.id,
        type=kind,
        name=term.name,
        source=SOURCE,
        aliases=tuple(alias for alias in dict.fromkeys(exact) if alias != term.name),
        definition=term.definition,
        equivalents=tuple(dict.fromkeys((*term.alternatives, *xrefs))),
    )


def _parents(files: Files, term: Term, known: Mapping[str, EntityType]) -> Iterator[Statement]:
    for parent, line in term.parents:
        if parent not in known:
            refuse(files, bad(files, OBO, line, "a live term as parent", parent))
        else:
            yield Statement(term.id, Predicate.SUBCLASS_OF, parent, SOURCE, term.id, line)


@dataclass(frozen=True, slots=True)
class _Row:
    disease: str
    name: str
    qualifier: str
    term: str
    reference: str
    onset: str
    frequency: str
    sex: str
    aspect: str


def _annotations(files: Files, known: Mapping[str, EntityType]) -> Iterator[Item]:
    names: dict[str, dict[str, None]] = {}

    def read_row(line: int, values: tuple[str, ...]) -> Iterator[Item]:
        row = _Row(*values)
        _check(files, line, row, known)
        names.setdefault(row.disease, {})[row.name] = None
        return _statements(line, row, known[row.term])

    yield from each(files, rows(files, HPOA, _HPOA_HEADER, _HPOA_COLUMNS), read_row)
    for disease, (name, *others) in names.items():
        yield Entity(disease, EntityType.DISEASE, name, SOURCE, aliases=tuple(others))


def _check(files: Files, line: int, row: _Row, known: Mapping[str, EntityType]) -> None:
    if not _DISEASE.fullmatch(row.disease):
        raise bad(files, HPOA, line, "a disease as `OMIM:154700`", row.disease)
    if not row.name:
        raise bad(files, HPOA, line, "a disease name", row.name)
    if row.term not in known:
        raise bad(files, HPOA, line, f"a term of {OBO} (same release)", row.term)
    if row.aspect not in _PREDICATES:
        raise bad(files, HPOA, line, f"an aspect ({', '.join(_PREDICATES)})", row.aspect)
    if row.qualifier not in ("", "NOT"):
        raise bad(files, HPOA, line, "the qualifier NOT or nothing", row.qualifier)
    if row.sex not in _SEXES:
        raise bad(files, HPOA, line, "a sex (MALE, FEMALE or nothing)", row.sex)
    if row.onset and not _TERM.fullmatch(row.onset):
        raise bad(files, HPOA, line, "an onset as `HP:0003577` or nothing", row.onset)
    if not _FREQUENCY.fullmatch(row.frequency):
        expected = "a frequency as `16/21`, `45%`, `HP:0040282` or nothing"
        raise bad(files, HPOA, line, expected, row.frequency)


def _statements(line: int, row: _Row, kind: EntityType) -> Iterator[Statement]:
    """One statement per reference; a sign seen in none (`0/7`) is stated to be absent."""
    onset = row.aspect == "C" and kind is EntityType.ONSET
    predicate = Predicate.HAS_ONSET if onset else _PREDICATES[row.aspect]
    for reference in dict.fromkeys(part.strip() for part in row.reference.split(";")):
        yield Statement(
            row.disease,
            predicate,
            row.term,
            SOURCE,
            row.disease,
            line,
            reference,
            row.qualifier == "NOT" or row.frequency.startswith("0/"),
            row.frequency,
            row.onset,
            _SEXES[row.sex],
        )


def _genes(files: Files) -> Iterator[Statement]:
    """Yield each (gene, disease) once, at its first row; the file repeats it per phenotype."""
    seen: set[tuple[str, ...]] = set()

    def read_row(line: int, pair: tuple[str, ...]) -> Iterator[Statement]:
        if pair in seen:
            return
        seen.add(pair)
        gene, disease = pair
        if not gene.isdigit():
            raise bad(files, GENES, line, "a numeric `ncbi_gene_id`", gene)
        if not _DISEASE.fullmatch(disease):
            raise bad(files, GENES, line, "a disease as `OMIM:154700`", disease)
        yield Statement(f"NCBIGene:{gene}", Predicate.CAUSES, disease, SOURCE, disease, line)

    columns = "ncbi_gene_id disease_id"
    yield from each(files, rows(files, GENES, _GENES_HEADER, columns), read_row)


def _associations(files: Files) -> Iterator[Statement]:
    """Each row of `genes_to_disease.txt`, which says how the gene is associated."""

    def read_row(line: int, row: tuple[str, ...]) -> Iterator[Statement]:
        gene, association, disease = row
        if association not in _ASSOCIATIONS:
            expected = f"an association type ({', '.join(_ASSOCIATIONS)})"
            raise bad(files, ASSOCIATIONS, line, expected, association)
        if not _NCBI_GENE.fullmatch(gene):
            raise bad(files, ASSOCIATIONS, line, "a gene as `NCBIGene:2200`", gene)
        if not _DISEASE.fullmatch(disease):
            raise bad(files, ASSOCIATIONS, line, "a disease as `OMIM:154700`", disease)
        yield Statement(
            gene,
            Predicate.CAUSES,
            disease,
            SOURCE,
            disease,
            line,
            qualifier=_ASSOCIATIONS[association],
        )

    columns = "ncbi_gene_id association_type disease_id"
    numbered = rows(files, ASSOCIATIONS, _ASSOCIATIONS_HEADER, columns)
    yield from each(files, numbered, read_row)
