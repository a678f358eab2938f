"""Disease mentions scored against PubTator files (NCBI Disease, BC5CDR, BioRED).

Strict spans: a mention counts only if both of its ends are right. Concepts are compared per
document, whatever their number of mentions: a predicted node is right if one of the MeSH or OMIM
ids that stand for it (`medresearcher.evaluation.concepts`) is in the gold set. Nodes without such
an id cannot be compared and are left out, as gold mentions without an id are. All figures are
micro-averages; the intervals are 95% percentile bootstraps over documents.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from medresearcher.errors import InputError
from medresearcher.graph.mentions import Mention
from medresearcher.records.base import Frozen

# What the corpora call diseases; their other types (chemicals, genes) are not scored.
DISEASE_TYPES = frozenset(
    {
        "Disease",
        "DiseaseOrPhenotypicFeature",
        "SpecificDisease",
        "DiseaseClass",
        "Modifier",
        "CompositeMention",
    }
)
RESAMPLES = 1_000

_HEADER = re.compile(r"([^|\t]+)\|([ta])\|(.*)")
_SEPARATORS = re.compile(r"[|,+;]")
_MESH = re.compile(r"[CD]\d+")
_OMIM = re.compile(r"\d{6}")
_ANNOTATION_FIELDS = 5


class Gold(NamedTuple):
    """A disease that the annotators marked at `[start:end]`; `concepts` may be empty."""

    start: int
    end: int
    concepts: frozenset[str]


class Annotated(NamedTuple):
    """One document of a PubTator file: title, blank, abstract."""

    id: str
    text: str
    mentions: tuple[Gold, ...]


class Score(Frozen):
    """A figure with its interval; `n` documents. `None`: nothing to compute it from."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class MentionScores(Frozen):
    """Strict spans, and concepts per document."""

    precision: Score
    recall: Score
    f1: Score
    concept_f1: Score


def read_pubtator(path: Path) -> list[Annotated]:
    """The documents of a file; `InputError` with file and line where it is malformed."""
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8 text ({error.reason})") from error
    documents = [_document(path, block) for block in _blocks(path, content)]
    if not documents:
        raise InputError(f"{path}: holds no document; expected PubTator lines as `123|t|Title`")
    return documents


class _Block(NamedTuple):
    """The lines of one document: id, title, abstract, and (line, fields) of what follows."""

    id: str
    title: str
    abstract: str
    rows: list[tuple[int, list[str]]]


def _blocks(path: Path, content: str) -> Iterator[_Block]:
    block: _Block | None = None
    for number, line in enumerate(content.split("\n"), 1):
        line = line.rstrip("\r")
        if not line.strip():
            continue
        header = _HEADER.fullmatch(line)
        if header and header[2] == "t":
            if block:
                yield block
            block = _Block(header[1], header[3], "", [])
        elif block is None:
            raise _bad(path, number, "a title as `123|t|Title` before anything else", line)
        elif header:
            if block.abstract or block.rows or header[1] != block.id:
                raise _bad(path, number, f"one abstract of {block.id}, right after its title", line)
            block = block._replace(abstract=header[3])
        else:
            block.rows.append((number, line.split("\t")))
    if block:
        yield block


def _document(path: Path, block: _Block) -> Annotated:
    text = f"{block.title} {block.abstract}"
    mentions = [
        gold
        for number, fields in block.rows
        if (gold := _gold(path, number, fields, block.id, text)) is not None
    ]
    return Annotated(block.id, text, tuple(dict.fromkeys(mentions)))


def _gold(path: Path, number: int, fields: list[str], name: str, text: str) -> Gold | None:
    """The disease in a line; `None` for a relation or another type of mention."""
    shown = "\t".join(fields)
    if fields[0] != name or len(fields) < _ANNOTATION_FIELDS - 1:
        raise _bad(path, number, f"tab-separated fields that begin with {name}", shown)
    if not fields[1].lstrip("-").isdigit():
        return None
    if len(fields) < _ANNOTATION_FIELDS or not fields[2].isdigit():
        raise _bad(path, number, "document, start, end, text, type and concept", shown)
    start, end = int(fields[1]), int(fields[2])
    if not 0 <= start < end <= len(text):
        raise _bad(path, number, f"offsets within the {len(text)} characters of the text", shown)
    if text[start:end].split() != fields[3].split():
        raise _bad(path, number, f"the text at {start}:{end}, {text[start:end]!r}", fields[3])
    if fields[4] not in DISEASE_TYPES:
        return None
    return Gold(start, end, _concepts(fields[5] if len(fields) > _ANNOTATION_FIELDS else ""))


def _concepts(field: str) -> frozenset[str]:
    """`D003110|D009369`, `OMIM:312080`, `MESH:D001943` as CURIEs; `-1` and unknown ones: none."""
    found: set[str] = set()
    for one in _SEPARATORS.split(field):
        prefix, _, local = one.strip(" *").rpartition(":")
        if prefix.upper() in ("", "MESH") and _MESH.fullmatch(local):
            found.add(f"MESH:{local}")
        elif prefix.upper() == "OMIM" and _OMIM.fullmatch(local):
            found.add(f"OMIM:{local}")
    return frozenset(found)


def _bad(path: Path, line: int, expected: str, came: str) -> InputError:
    shown = repr(came if len(came) <= 120 else f"{came[:119]}…")
    return InputError(f"{path}:{line}: expected {expected}; got {shown}")


def score_mentions(
    documents: Sequence[Annotated],
    detect: Callable[[str], Sequence[Mention]],
    concepts: Callable[[str], frozenset[str]],
    seed: int,
) -> MentionScores:
    """Score a detector; `concepts` gives the comparable ids of a node."""
    counts = np.array([_count(one, detect(one.text), concepts) for one in documents], float)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(counts), size=(RESAMPLES, len(counts)))
    weights = np.stack([np.bincount(row, minlength=len(counts)) for row in drawn])
    samples = weights @ counts
    totals = counts.sum(axis=0, keepdims=True)

    def score(figure: Callable[[np.ndarray], np.ndarray]) -> Score:
        value = figure(totals)[0]
        spread = figure(samples)
        if np.isnan(value):
            return Score(value=None, low=None, high=None, n=len(counts))
        low, high = np.nanpercentile(spread, [2.5, 97.5])
        return Score(value=float(value), low=float(low), high=float(high), n=len(counts))

    return MentionScores(
        precision=score(lambda sums: _ratio(sums[:, 0], sums[:, 1])),
        recall=score(lambda sums: _ratio(sums[:, 0], sums[:, 2])),
        f1=score(lambda sums: _ratio(2 * sums[:, 0], sums[:, 1] + sums[:, 2])),
        concept_f1=score(_concept_f1),
    )


def _count(
    document: Annotated, found: Sequence[Mention], concepts: Callable[[str], frozenset[str]]
) -> tuple[int, ...]:
    """Spans: right, found, gold. Concepts: found right, found, gold found, gold."""
    gold = {(one.start, one.end) for one in document.mentions}
    spans = {(one.start, one.end) for one in found}
    wanted = frozenset[str]().union(*(one.concepts for one in document.mentions))
    said = {ids for one in found for node in one.nodes if (ids := concepts(node))}
    met = wanted & frozenset[str]().union(*said)
    right = sum(1 for ids in said if ids & wanted)
    return len(gold & spans), len(spans), len(gold), right, len(said), len(met), len(wanted)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`part / whole`, not a number where there is nothing to divide by."""
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _concept_f1(sums: np.ndarray) -> np.ndarray:
    """The harmonic mean of the share of found concepts that are right and of gold ones found."""
    found, wanted = sums[:, 4], sums[:, 6]
    precision, recall = _ratio(sums[:, 3], found), _ratio(sums[:, 5], wanted)
    mean = np.nan_to_num(_ratio(2 * precision * recall, precision + recall))
    return np.where(found + wanted > 0, mean, np.nan)
