"""How an index lies on disk: its fields, its analyzer, and the check that its files are whole."""

import json
import re
import shutil
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medresearcher.errors import InputError
from medresearcher.records.knowledge import Document
from medresearcher.runs import write_atomically

if TYPE_CHECKING:
    import tantivy

ANALYZER = "medical"
REBUILD = "run `medresearcher build` to make it anew"

_FORMAT = "medresearcher/index/3"
_MARKER = "index.json"


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
    for name in ("source", "url", "journal", "licence", "entities"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("year", stored=True)
    builder.add_integer_field("rank", fast=True)
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
    fields |= {"entities": list(document.entities), "rank": rank}
    fields["parts"] = document.source.split(", ")
    if document.year is not None:
        fields["year"] = document.year
    return tantivy.Document(**fields)


def from_stored(stored: "tantivy.Document") -> Document:
    """The document that was stored."""
    fields = stored.to_dict()
    names = ("id", "type", "title", "text", "source", "url", "journal", "licence", "year")
    one = {name: fields[name][0] for name in names if fields.get(name)}
    return Document(**one, entities=tuple(fields.get("entities", ())))


def clear(folder: Path) -> None:
    """Make `folder` empty; only an index, whole or half-built, may be deleted."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "meta.json").exists():
        raise InputError(f"{folder}: is not empty and holds no search index; choose another place")
    (folder / _MARKER).unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _is_data(path: Path) -> bool:
    return re.fullmatch(r"[0-9a-f]{32}\..+|meta\.json", path.name) is not None


def _checksum(path: Path) -> int:
    """CRC-32 of a file; reads about 1 GB a second."""
    total = 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            total = zlib.crc32(block, total)
    return total


def check_files(folder: Path) -> int:
    """Check that the build was finished and no byte has changed; return the document count.

    tantivy itself notices damage late, or never: a flipped byte changes the ranking silently.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        raise InputError(f"{folder}: there is no search index; run `medresearcher build`")
    try:
        marker = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        sums: dict[str, int] = dict(marker["files"])
        version, documents = str(marker["format"]), int(marker["documents"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{folder}: the search index is unfinished; {REBUILD}") from error
    if version != _FORMAT:
        raise InputError(f"{folder}: expected format {_FORMAT}, found {version}; {REBUILD}")
    for name, checksum in sums.items():
        file = folder / name
        if not file.is_file() or _checksum(file) != checksum:
            raise InputError(f"{folder}: the search index is damaged (`{name}`); {REBUILD}")
    return documents


def seal(folder: Path, documents: int) -> None:
    """Mark the index in `folder` as finished: the number of documents, a checksum per file."""
    sums = {path.name: _checksum(path) for path in sorted(folder.iterdir()) if _is_data(path)}
    marker = {"format": _FORMAT, "documents": documents, "files": sums}
    write_atomically(folder / _MARKER, json.dumps(marker, indent=2) + "\n")
