"""Names of drugs, from the dictionary of `drug-named-entity-recognition`.

The file is a pickle. It is read by an unpickler that makes plain values only: a pickle that
names any class or function is refused before anything of it runs.

A drug is known by its DrugBank id. The MeSH ids in the file are identities only of the rows that
are MeSH headings themselves; those of other rows name the class of the drug and are not used. A
heading without DrugBank id is kept if it is a chemical or a preparation: proteins, enzymes, other
constituents of the body and kinds of action are no drugs.
"""

import bz2
import io
import logging
import pickle
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn, cast

from medresearcher.errors import SourceError
from medresearcher.records.knowledge import Entity, EntityType
from medresearcher.sources.files import Files, RowError, binary, refuse

logger = logging.getLogger(__name__)

SOURCE = "drug_names"
FILE = "drug_ner_dictionary.pkl.bz2"

# Organic, heterocyclic and polycyclic chemicals, carbohydrates, lipids; mixtures; preparations.
_BRANCHES = frozenset({"D02", "D03", "D04", "D09", "D10", "D20", "D26"})
_LISTS = ("medline_plus_id", "nhs_url")  # rows of these are no MeSH headings
_PARTS = ("drug_canonical_to_data", "drug_variant_to_canonical")


class _PlainUnpickler(pickle.Unpickler):
    """Makes numbers, texts, lists, tuples and dictionaries, and refuses all else."""

    def find_class(self, module: str, name: str, /) -> NoReturn:
        """Refuse every global that a pickle asks for."""
        raise pickle.UnpicklingError(f"it asks for `{module}.{name}`")

    def persistent_load(self, pid: Any, /) -> NoReturn:
        """Refuse references to the outside."""
        raise pickle.UnpicklingError(f"it refers to {pid!r}")


def load_plain(stream: IO[bytes]) -> Any:
    """Unpickle plain values; raise `pickle.UnpicklingError` for a pickle of anything else."""
    return _PlainUnpickler(stream).load()


def read(files: Files) -> Iterator[Entity]:
    """Yield each drug with its names."""
    data, variants = _load(files)
    aliases: dict[str, list[str]] = defaultdict(list)
    for variant, targets in variants.items():
        for target in targets:
            aliases[target].append(variant)
    shared = Counter(row.get("mesh_id") for row in data.values())
    left_out = 0
    for number, (key, row) in enumerate(data.items(), 1):
        name, synonyms = row.get("name", key), row.get("synonyms", [])
        if not isinstance(name, str) or not isinstance(synonyms, list):
            where = f"{files.where(FILE)}: drug {number}"
            refuse(files, RowError(f"{where}: expected a `name` and `synonyms`; got {row!r:.120}"))
            continue
        curie = _curie(row, shared)
        left_out += not curie
        if curie:
            others = dict.fromkeys([*aliases[key], *cast("list[str]", synonyms)])
            others.pop(name.lower(), None)
            yield Entity(curie, EntityType.DRUG, name, SOURCE, tuple(others))
    logger.info("%s: %d of %d entries are no drugs with an id", FILE, left_out, len(data))


def _curie(row: Mapping[str, Any], shared: Counter[Any]) -> str:
    """The id of a drug, empty if it has none of its own."""
    if row.get("drugbank_id"):
        return f"DRUGBANK:{row['drugbank_id']}"
    mesh = row.get("mesh_id")
    branches = {str(place)[:3] for place in row.get("mesh_tree", [])}
    heading = mesh and shared[mesh] == 1 and not any(row.get(one) for one in _LISTS)
    return f"MESH:{mesh}" if heading and branches and branches <= _BRANCHES else ""


def _load(files: Files) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    where = files.where(FILE)
    with binary(files, FILE) as stream:
        content = stream.read()
    try:
        table = load_plain(io.BytesIO(bz2.decompress(content)))
        data, variants = (dict(table[part]) for part in _PARTS)
    except (OSError, EOFError) as error:
        raise SourceError(f"{where}: the file is damaged or truncated ({error})") from error
    except pickle.UnpicklingError as error:
        raise SourceError(f"{where}: is no pickle of plain values and was not read: {error}") from (
            error
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise SourceError(
            f"{where}: expected dictionaries {' and '.join(_PARTS)}; got {error!r}"
        ) from error
    return data, variants
