"""How an index lies on disk: its fields, its analyzer, and the check that its files are whole.

A marker (`index.json`) is written last. It has a checksum of every file, how many documents there
are of each value that a filter can ask for, and which embedder made the vectors, if any.
"""

import json
import re
import shutil
import zlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from medresearcher.errors import InputError
from medresearcher.records.knowledge import Document
from medresearcher.retrieval.authority import level
from medresearcher.runs import write_atomically
from medresearcher.sources.registry import SOURCES

if TYPE_CHECKING:
    import tantivy

ANALYZER = "medical"
REBUILD = "run `medresearcher build` to make it anew"

# What a filter can ask for, and the field that holds it.
FACETS: Mapping[str, str] = {"type": "type", "source": "parts", "licence": "licences"}
VECTORS = "vectors.f32"

_FORMAT = "medresearcher/index/4"
_MARKER = "index.json"


class Marker(NamedTuple):
    """What `index.json` says: the documents, how many of each facet's value, the embedder's name.

    The name is empty if there are no vectors.
    """

    documents: int
    facets: Mapping[str, Mapping[str, int]]
    embedder: str


def schema() -> "tantivy.Schema":
    """The fields of a document; title and text are searched."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("type", stored=True, tokenizer_name="raw", index_option="basic")
    # The sources of a document one by one, for the filter; `source` keeps them as written.
    builder.add_text_field("parts", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("title", stored=True, tokenizer_name=ANALYZER, index_option="freq")
    builder.add_text_field("text", stored=True, tokenizer_name=ANALYZER, index_option="position")
    # Title and text as one, for the engine: a document without a title loses nothing.
    builder.add_text_field("body", tokenizer_name=ANALYZER, index_option="freq")
    for name in ("source", "url", "journal", "licence", "entities"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    # The licence of the text, or those of its sources.
    builder.add_text_field("licences", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("year", stored=True, indexed=True, fast=True)
    builder.add_integer_field("core", stored=True)
    builder.add_integer_field("authority", fast=True)
    builder.add_integer_field("rank", indexed=True, fast=True)
    return builder.build()


def analyzer() -> "tantivy.TextAnalyzer":
    """Words without punctuation, in lower case, accents folded, reduced to their English stem."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple())
    for step in (
        Filter.remove_long(80),
        Filter.lowercase(),
        Filter.ascii_fold(),
        Filter.stemmer("english"),
    ):
        builder = builder.filter(step)
    return builder.build()


def to_stored(document: Document, rank: int) -> "tantivy.Document":
    """The document as tantivy stores it; `rank` is its place in the order of ids."""
    import tantivy

    fields: dict[str, Any] = {
        name: getattr(document, name)
        for name in ("id", "type", "title", "text", "source", "url", "journal", "licence")
    }
    fields |= {"entities": list(document.entities), "rank": rank, "core": int(document.core)}
    fields |= {"authority": level(document), "body": f"{document.title}\n{document.text}"}
    fields |= {name: values for name, values in facets_of(document).items() if name != "type"}
    if document.year is not None:
        fields["year"] = document.year
    return tantivy.Document(**fields)


def from_stored(stored: "tantivy.Document") -> Document:
    """The document that was stored."""
    fields = stored.to_dict()
    names = ("id", "type", "title", "text", "source", "url", "journal", "licence", "year")
    one = {name: fields[name][0] for name in names if fields.get(name)}
    core = bool(fields.get("core", [0])[0])
    return Document(**one, entities=tuple(fields.get("entities", ())), core=core)


def facets_of(document: Document) -> dict[str, list[str]]:
    """The values of a document by the field of a facet."""
    sources = document.source.split(", ")
    of_sources = [SOURCES[one].licence for one in sources if one in SOURCES]
    licences = [document.licence] if document.licence else list(dict.fromkeys(of_sources))
    return {"type": [document.type], "parts": sources, "licences": licences}


def count_facets(document: Document, counts: Mapping[str, Counter[str]]) -> None:
    """Add a document to the counts of its facets, by field."""
    for field, values in facets_of(document).items():
        counts[field].update(values)


def clear(folder: Path) -> None:
    """Make `folder` empty; only an index, whole or half-built, may be deleted."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "meta.json").exists():
        raise InputError(f"{folder}: is not empty and holds no search index; choose another place")
    (folder / _MARKER).unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _is_data(path: Path) -> bool:
    return re.fullmatch(rf"[0-9a-f]{{32}}\..+|meta\.json|{VECTORS}.*", path.name) is not None


def _checksum(path: Path) -> int:
    """CRC-32 of a file; reads about 1 GB a second."""
    total = 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            total = zlib.crc32(block, total)
    return total


def check_files(folder: Path) -> Marker:
    """Check that the build was finished and no byte has changed; return what its marker says.

    tantivy itself notices damage late, or never: a flipped byte changes the ranking silently.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        raise InputError(f"{folder}: there is no search index; run `medresearcher build`")
    try:
        marker = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        sums: dict[str, int] = dict(marker["files"])
        version = str(marker["format"])
        found = Marker(
            int(marker["documents"]), marker.get("facets", {}), marker.get("embedder", "")
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{folder}: the search index is unfinished; {REBUILD}") from error
    if version != _FORMAT:
        raise InputError(f"{folder}: expected format {_FORMAT}, found {version}; {REBUILD}")
    for name, checksum in sums.items():
        file = folder / name
        if not file.is_file() or _checksum(file) != checksum:
            raise InputError(f"{folder}: the search index is damaged (`{name}`); {REBUILD}")
    return found


def seal(folder: Path, said: Marker) -> None:
    """Mark the index in `folder` as finished: what it holds, and a checksum per file."""
    sums = {path.name: _checksum(path) for path in sorted(folder.iterdir()) if _is_data(path)}
    marker = {"format": _FORMAT, **said._asdict(), "files": sums}
    write_atomically(folder / _MARKER, json.dumps(marker, indent=2) + "\n")
