"""Names of nodes in other languages: a table of its own beside the graph, if a source gives any.

They are names and no facts: the digest of the graph, and so every certificate, is the same with
and without them.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from medresearcher.errors import InputError
from medresearcher.records.knowledge import Translation

if TYPE_CHECKING:
    import pyarrow as pa

TRANSLATIONS = "translations.parquet"


def write_translations(folder: Path, translations: Iterable[Translation]) -> None:
    """Write the table to the folder of a graph; no table if there is no translation."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = sorted(translations)
    if found:
        table = pa.Table.from_pylist([one._asdict() for one in found], _schema())
        pq.write_table(table, folder / TRANSLATIONS, compression="zstd")


def read_translations(folder: Path, language: str) -> dict[str, str]:
    """The name of each node in a language; empty if the graph in `folder` has none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / TRANSLATIONS
    if not path.exists():
        return {}
    try:
        table = pq.read_table(path, filters=[("language", "==", language)], schema=_schema())
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            f"{path}: the translations are damaged ({error}); run `medresearcher build` again"
        ) from error
    return dict(zip(table["subject"].to_pylist(), table["name"].to_pylist(), strict=True))


def _schema() -> "pa.Schema":
    import pyarrow as pa

    texts = {name: pa.string() for name in Translation._fields}
    return pa.schema({**texts, "row": pa.int32()})
