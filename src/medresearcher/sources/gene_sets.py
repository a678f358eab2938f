"""Pathways as gene sets (`*.gmt`): Reactome and WikiPathways.

A row is pathway, name, and the symbols of its genes; the official files of the two put id and
name in their own order, and WikiPathways gives NCBI gene ids. The whole of a collection, which
g:Profiler adds as a pathway, is left out, and so is a header. A pathway of two files is one
entity, and a gene in both is stated once.
"""

import re
from collections.abc import Iterator

from medresearcher.records.knowledge import Entity, EntityType, Item, Predicate, Statement
from medresearcher.sources.files import Files, Unique, bad, each, lines

REACTOME, WIKIPATHWAYS = "reactome", "wikipathways"

_IDS = {
    REACTOME: (re.compile(r"(?:REAC:)?(R-HSA-\d+)"), "REACT"),
    WIKIPATHWAYS: (re.compile(r"(?:WP:|.+%)?(WP\d+)(?:%Homo sapiens)?"), "WIKIPATHWAYS"),
}
_ROOT = re.compile(r"(?:REAC|WP):0+")
_HEADER = "pathwayIDs"


def read_reactome(files: Files) -> Iterator[Item]:
    """Yield Reactome's pathways and their genes."""
    return _read(files, REACTOME)


def read_wikipathways(files: Files) -> Iterator[Item]:
    """Yield the pathways of WikiPathways and their genes."""
    return _read(files, WIKIPATHWAYS)


def _read(files: Files, source: str) -> Iterator[Item]:
    seen: set[tuple[str, str]] = set()
    for name in files.names:
        unique = Unique(files, name)

        def read_row(
            line: int, text: str, name: str = name, unique: Unique = unique
        ) -> Iterator[Item]:
            fields = text.split("\t")
            if _ROOT.fullmatch(fields[0]) or fields[0] == _HEADER:
                return
            curie, label = _pathway(files, name, line, fields, source)
            unique.check(line, curie)
            if ("", curie) not in seen:
                seen.add(("", curie))
                yield Entity(curie, EntityType.PATHWAY, label, source)
            for gene in filter(None, fields[2:]):
                subject = f"NCBIGene:{gene}" if gene.isdecimal() else f"SYMBOL:{gene}"
                if (subject, curie) not in seen:
                    seen.add((subject, curie))
                    yield Statement(subject, Predicate.PARTICIPATES_IN, curie, source, curie, line)

        yield from each(files, lines(files, name), read_row)


def _pathway(files: Files, name: str, line: int, fields: list[str], source: str) -> tuple[str, str]:
    """The id and the name, whichever of the first two fields holds the id."""
    pattern, prefix = _IDS[source]
    if len(fields) < 3:
        raise bad(files, name, line, "an id, a name and genes, parted by tabs", fields)
    for field, other in (fields[:2], fields[1::-1]):
        match = pattern.fullmatch(field)
        if match:
            label = field.partition("%")[0] if "%" in field else other
            if label:
                return f"{prefix}:{match[1]}", label
    raise bad(files, name, line, f"a pathway of {source} with a name", fields[:2])
