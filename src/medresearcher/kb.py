"""The knowledge base: graph, mined corpus and search index in one folder, built in one go.

A build happens in a folder beside the target, which is moved into place when it is whole; so a
knowledge base that can be opened is complete. `manifest.json` tells its sources and counts.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, cast

from medresearcher.engines.engine import Engine
from medresearcher.engines.progress import progress
from medresearcher.errors import InputError
from medresearcher.graph.build import Built, build_graph
from medresearcher.graph.conflicts import conflict_counts
from medresearcher.graph.corpus import Corpus
from medresearcher.graph.dictionary import Dictionary
from medresearcher.graph.extraction import Extraction, extract
from medresearcher.graph.mentions import Detector
from medresearcher.graph.mining import mine
from medresearcher.graph.rarity import rare_by_rule
from medresearcher.graph.store import Graph
from medresearcher.graph.vocabulary import VOCABULARY, load_dictionary, write_dictionary
from medresearcher.llm.chat import ChatModel
from medresearcher.questions.specialties import Classifier
from medresearcher.records.knowledge import Document, EntityType, Item, Mined, Predicate
from medresearcher.retrieval.dense import NONE, chosen_embedder, load_embedder, prepare
from medresearcher.retrieval.engine import Engine as SearchEngine
from medresearcher.retrieval.index import Index, build_index
from medresearcher.retrieval.pages import definition_documents, fact_pages
from medresearcher.runs import MANIFEST, Manifest, Run, file_digest, read_manifest, read_records
from medresearcher.settings import SynthesisSettings
from medresearcher.sources import medline
from medresearcher.sources.inputs import Input, choose_inputs, read_source
from medresearcher.sources.registry import licence_of

GRAPH = "graph"
INDEX = "index"
MODELS = "embedder"
CORPUS = "corpus"
SHARDS = "shards"
EXTRACTED = "extracted"
STAGE = "build"


@dataclass(frozen=True)
class KnowledgeBase:
    """An opened knowledge base; graph and index are loaded when first used."""

    folder: Path

    @classmethod
    def open(cls, folder: Path) -> "KnowledgeBase":
        """Open the knowledge base in `folder`; `InputError` if there is none."""
        if _manifest(folder) is None:
            raise InputError(f"{folder}: no knowledge base here; run `medresearcher build`")
        return cls(folder)

    @cached_property
    def manifest(self) -> Manifest:
        """What the knowledge base was built from, and its counts."""
        return read_manifest(self.folder / MANIFEST)

    @property
    def counts(self) -> dict[str, Any]:
        """Nodes, edges and documents by type, source, specialty and licence."""
        return self.manifest.counts

    def check_type(self, kind: str | None) -> None:
        """Raise `InputError` for a type that no document has."""
        known: dict[str, int] = self.counts["documents"]
        if kind is not None and kind not in known:
            raise InputError(f"no document has type `{kind}`; the types are {', '.join(known)}")

    @cached_property
    def graph(self) -> Graph:
        """The graph."""
        return Graph.load(self.folder / GRAPH)

    @cached_property
    def index(self) -> Index:
        """The search index."""
        return Index.open(self.folder / INDEX)

    @cached_property
    def search(self) -> SearchEngine:
        """The retrieval engine over the index, with the embedder it was built with."""
        models = self.folder / MODELS
        return SearchEngine.open(self.folder / INDEX, models, self.graph, self.specialists)

    def specialists(self) -> dict[str, list[str]]:
        """The diseases of each specialty."""
        classifier = Classifier(self.graph)
        found: dict[str, list[str]] = {}
        for disease in self.graph.ids(EntityType.DISEASE):
            specialty = classifier.specialty(disease)
            if specialty:
                found.setdefault(specialty, []).append(disease)
        return found

    @cached_property
    def corpus(self) -> Corpus | None:
        """What the citations mention; `None` if none were mined."""
        folder = self.folder / CORPUS
        return Corpus.open(folder) if folder.exists() else None

    @cached_property
    def literature(self) -> "Literature | None":
        """The corpus with the relations that a model read out of it; `None` without a corpus."""
        return Literature(self.corpus, self.extracted) if self.corpus else None

    @cached_property
    def extracted(self) -> tuple[Mined, ...]:
        """Relations that a model read out of documents, between nodes of the graph."""
        ledgers = sorted((self.folder / EXTRACTED).glob("*.jsonl"))
        rows = (
            row for path in ledgers for one in read_records(path, Extraction) for row in one.mined()
        )
        return tuple(row for row in rows if row.subject in self.graph and row.object in self.graph)

    def extract(
        self, model: ChatModel, downloads: Path, *, limit: int, seed: int, workers: int = 1
    ) -> dict[str, Any]:
        """Ask a model for the relations in the first `limit` abstracts; return what came of it.

        Answers are kept in the knowledge base, also when it is built anew; none is asked twice.
        """
        name = re.sub(r"[^\w.-]+", "_", model.name)
        names = load_dictionary(self.folder / VOCABULARY)
        documents = (one for one in read_source(medline.SOURCE, downloads) if _has_text(one))
        out = self.folder / EXTRACTED / f"{name}.jsonl"
        with progress("extract relations", limit) as advance:
            return extract(
                cast("Iterator[Document]", islice(documents, limit)),
                Detector(names).detect,
                model,
                out,
                seed=seed,
                workers=workers,
                advance=advance,
            )

    def dictionary(self) -> Dictionary:
        """The names of diseases and phenotypes to look for in texts."""
        return load_dictionary(self.folder / VOCABULARY, (EntityType.DISEASE, EntityType.PHENOTYPE))


@dataclass(frozen=True, slots=True)
class Literature:
    """A mined corpus, and relations that a model read out of its texts."""

    corpus: Corpus
    extracted: tuple[Mined, ...]

    @property
    def citations(self) -> int:
        """How many citations the corpus has."""
        return self.corpus.citations

    def knows(self, node: str) -> bool:
        """Whether the node was looked for, by a name of its own."""
        return self.corpus.knows(node)

    def frequency(self, node: str) -> int:
        """How many citations mention a node."""
        return self.corpus.frequency(node)

    def mined(self, node: str, limit: int | None = None) -> list[Mined]:
        """Rows with a node at either end: what a model read first, then what stands together."""
        read = [row for row in self.extracted if node in (row.subject, row.object)][:limit]
        left = None if limit is None else limit - len(read)
        return [*read, *self.corpus.mined(node, left)] if left != 0 else read


def build(
    folder: Path,
    downloads: Path,
    names: Sequence[str] = (),
    *,
    added: Sequence[Path] = (),
    consent: Sequence[str] = (),
    licences: Sequence[str] = (),
    skip_bad_rows: bool = False,
    engine: Engine | None = None,
    embedder: str = NONE,
) -> KnowledgeBase:
    """Build from the named sources (none: all with a wheel) and the files of the added folders.

    One that is up to date is kept. Sources that need consent count only where `consent` names
    them. With `licences`, only what is under one of these is taken, so that all that is made from
    the knowledge base is limited to them. Malformed rows stop the build, or are skipped and
    counted in the manifest. Citations are mined on `engine`; what was mined of a file is kept in
    `shards` beside `downloads`, so that a build that was stopped, or one with more files, mines no
    file twice. `embedder` makes the vectors of the documents (`medresearcher.retrieval.dense`).

    Raises `InputError` for a source that is not fetched or a folder that holds something else,
    `SourceError` for a broken source; the knowledge base that was there then stays as it was.
    """
    folder = folder.resolve()  # a link stays, what it leads to is replaced
    inputs = choose_inputs(names, downloads, added=added, consent=consent, licences=licences)
    pins = {one.source.name: one.pin for one in inputs}
    old = _manifest(folder)
    if old is None and folder.exists():
        _refuse_unless_empty(folder)
    draft = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    settings = {
        "code": _code(),
        "skip_bad_rows": skip_bad_rows,
        "licences": sorted(licences),
        "embedder": chosen_embedder(embedder),
    }
    run = Run.in_folder(draft, STAGE, settings, pins)
    new = run.manifest
    if old and (old.identity, old.versions) == (new.identity, new.versions):
        shutil.rmtree(draft)
        return KnowledgeBase.open(folder)
    try:
        shards = downloads.with_name(SHARDS)
        mining = Mining(shards.resolve(), engine or Engine())
        chosen = chosen_embedder(embedder)
        if chosen != NONE:
            prepare(chosen, draft / MODELS, downloads)
        counts = _build(draft, inputs, run, mining, licences=licences, skip_bad_rows=skip_bad_rows)
        if (folder / EXTRACTED).exists():
            shutil.copytree(folder / EXTRACTED, draft / EXTRACTED)
        run.finish(counts)
        if folder.exists():
            former = folder.with_name(f"{folder.name}.old")
            shutil.rmtree(former, ignore_errors=True)
            folder.rename(former)
            draft.replace(folder)
            shutil.rmtree(former)
        else:
            draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return KnowledgeBase.open(folder)


def _manifest(folder: Path) -> Manifest | None:
    """What the knowledge base in `folder` was built from; `InputError` for a run that is none."""
    if not (folder / MANIFEST).exists():
        return None
    manifest = read_manifest(folder / MANIFEST)
    if manifest.stage != STAGE:
        raise InputError(
            f"{folder}: holds a run of stage `{manifest.stage}`, no knowledge base; "
            "choose another --kb"
        )
    return manifest


def _refuse_unless_empty(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder, found a file; choose another --kb")
    if any(folder.iterdir()):
        raise InputError(f"{folder}: is not empty and holds no knowledge base; choose another --kb")


class Mining(NamedTuple):
    """Where citations are mined, and where the shards are kept."""

    shards: Path
    engine: Engine


def _build(
    draft: Path,
    inputs: list[Input],
    run: Run,
    mining: Mining,
    *,
    licences: Sequence[str],
    skip_bad_rows: bool,
) -> dict[str, Any]:
    """Graph first; then the citations are mined; then all documents are indexed as a stream."""
    corpus = [one for one in inputs if one.source.corpus]
    facts = [one for one in inputs if not one.source.corpus]
    with progress("read sources", len(facts)) as advance:

        def items() -> Iterator[Item]:
            for one in facts:
                yield from one.read(skip_bad_rows=skip_bad_rows)
                advance(note=one.source.name)

        built = build_graph(draft / GRAPH, items())
    run.lap("graph_s")
    mined = _mine(draft, built.graph, corpus, mining)
    run.lap("mining_s")
    documents = Counter[tuple[str, str, str]]()
    with progress("index documents") as advance:

        def counted() -> Iterator[Document]:
            streams = (_texts(one, built, skip_bad_rows=skip_bad_rows) for one in corpus)
            for document in chain(_documents(built.graph, built.documents), *streams):
                if licences and document.licence and document.licence not in licences:
                    continue
                documents[document.type, document.source, document.licence] += 1
                advance()
                yield document

        chosen = run.manifest.settings["embedder"]
        vectors = load_embedder(chosen, draft / MODELS) if chosen != NONE else None
        total = build_index(draft / INDEX, counted(), vectors)
    run.lap("index_s")
    counts = {**_counts(built.graph, documents, mined), "total_documents": total}
    skipped = {one.source.name: one.skipped for one in inputs if one.skipped}
    return {**counts, "build": {**built.counts, "skipped_rows": skipped}}


def _mine(draft: Path, graph: Graph, corpus: list[Input], mining: Mining) -> Corpus | None:
    """Store the names of the graph, and what the citations mention, if there are citations."""
    write_dictionary(graph, draft / VOCABULARY)
    files = [one.open() for one in corpus if one.source.name == medline.SOURCE]
    if not files:
        return None
    out = draft / CORPUS
    return mine(files, draft / VOCABULARY, mining.shards, out, mining.engine)


def _has_text(item: Item) -> bool:
    return isinstance(item, Document) and bool(item.text)


def _texts(one: Input, built: Built, *, skip_bad_rows: bool) -> Iterator[Document]:
    for item in one.read(skip_bad_rows=skip_bad_rows):
        if isinstance(item, Document):
            yield built.about_nodes(item)


def _code() -> str:
    """A hash of the code that a knowledge base comes from: changed code builds anew."""
    package = Path(__file__).parent
    rooms = ("records", "sources", "graph", "retrieval", "questions/specialties.py")
    files = [file for room in rooms for file in _python(package / room)]
    return file_digest([Path(__file__), *files])


def _python(place: Path) -> list[Path]:
    return sorted(place.glob("*.py")) if place.is_dir() else [place]


def _documents(graph: Graph, given: list[Document]) -> Iterator[Document]:
    yield from fact_pages(graph)
    yield from definition_documents(graph)
    yield from given


def _counts(
    graph: Graph, documents: Counter[tuple[str, str, str]], corpus: Corpus | None
) -> dict[str, Any]:
    """What `stats` shows: nodes, edges and documents by type, source, specialty and licence."""
    classifier = Classifier(graph)
    diseases = graph.ids(EntityType.DISEASE)
    specialties = Counter(classifier.specialty(one) or "none" for one in diseases)
    by_type: Counter[str] = Counter()
    by_source: Counter[str] = Counter()
    by_licence: Counter[str] = Counter()
    for (kind, source, licence), number in documents.items():
        by_type[kind] += number
        parts = source.split(", ")
        by_source.update(dict.fromkeys(parts, number))
        licences_of_text = [licence] if licence else map(licence_of, parts)
        by_licence.update(dict.fromkeys(licences_of_text, number))
    statements = graph.statement_counts()
    licences: Counter[str] = Counter()
    for source, number in statements.items():
        licences[licence_of(source)] += number
    return {
        "nodes": {str(kind): len(graph.codes_of(kind)) for kind in EntityType},
        "edges": {str(predicate): graph.edge_count(predicate) for predicate in Predicate},
        "documents": _ordered(by_type),
        "documents_by_source": _ordered(by_source),
        "documents_by_licence": _ordered(by_licence),
        "statements_by_source": _ordered(statements),
        "statements_by_licence": _ordered(licences),
        "diseases_by_specialty": _ordered(specialties),
        "diseases_by_rarity": rare_by_rule(graph, SynthesisSettings().max_publications, corpus),
        "corpus": _corpus_counts(corpus) if corpus else {},
        "conflicts": conflict_counts(graph),
        "graph": graph.digest,
    }


def _corpus_counts(corpus: Corpus) -> dict[str, Any]:
    first, last = corpus.years or (None, None)
    counts = {name: value for name, value in corpus.counts.items() if name != "by_year"}
    return {**counts, "years": f"{first} to {last}"}


def _ordered(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
