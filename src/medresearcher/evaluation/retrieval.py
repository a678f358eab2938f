"""Retrieval scored against judged queries, by the measures of trec_eval.

The data is a folder in the format of BEIR (`corpus.jsonl`, `queries.jsonl`, `qrels/*.tsv`; of
several qrels `test.tsv` counts, else all) or the SMART files of MEDLINE (`MED.ALL`, `MED.QRY`,
`MED.REL`). It is indexed in a temporary folder and searched by the same engine, with the same
weights, as a knowledge base. The first 100 documents of a query are scored: so `map` is that of
a run of depth 100. Queries without a relevant document are left out; intervals are 95%
percentile bootstraps over queries.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medresearcher.errors import InputError
from medresearcher.evaluation.mentions import RESAMPLES, Score
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Document
from medresearcher.retrieval.dense import NONE, chosen_embedder, load_embedder, prepare
from medresearcher.retrieval.engine import Engine
from medresearcher.retrieval.index import build_index

DEPTH = 100
_CUT = 10
_SMART = "MED.ALL"
_ITEM = re.compile(r"^\.I +(\S+)[ \t]*$", re.MULTILINE)

Judged = Mapping[str, Mapping[str, int]]


class TestSet(NamedTuple):
    """Documents, queries by id, and for each query the relevance of the judged documents."""

    documents: Sequence[Document]
    queries: Mapping[str, str]
    judged: Judged


class _Line(BaseModel):
    """A line of BEIR; what else stands in it is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    id: str = Field(alias="_id", min_length=1)
    text: str
    title: str = ""


def read_test_set(folder: Path) -> TestSet:
    """The test set in a folder; `InputError` with file and line where it is malformed."""
    if (folder / _SMART).exists():
        return _smart(folder)
    documents = [
        Document(one.id, "article", one.title, one.text, "test set")
        for one in _lines(folder / "corpus.jsonl")
    ]
    queries = {one.id: one.text for one in _lines(folder / "queries.jsonl")}
    return _checked(folder, TestSet(documents, queries, _qrels(folder / "qrels")))


def score_retrieval(
    tests: TestSet, rank: Callable[[str], Sequence[str]], seed: int
) -> dict[str, Score]:
    """Score `rank`, which gives the ids of the documents for a query, best first."""
    figures = np.array(
        [
            measures(rank(tests.queries[query]), tests.judged[query])
            for query in sorted(tests.judged)
        ]
    )
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(figures), size=(RESAMPLES, len(figures)))
    means = figures[drawn].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    value = figures.mean(axis=0)
    return {
        name: Score(value=float(value[i]), low=float(low[i]), high=float(high[i]), n=len(figures))
        for i, name in enumerate(("ndcg@10", "map", "p@10", "recall@100"))
    }


def measures(ranked: Sequence[str], judged: Mapping[str, int]) -> tuple[float, ...]:
    """nDCG@10 (gain: the relevance itself), average precision, P@10 and recall@100 of a query."""
    gains = [max(judged.get(one, 0), 0) for one in ranked[:DEPTH]]
    ideal = sorted((one for one in judged.values() if one > 0), reverse=True)
    hits = np.cumsum([gain > 0 for gain in gains])
    precisions = [hits[place] / (place + 1) for place, gain in enumerate(gains) if gain > 0]
    found = int(hits[-1]) if len(hits) else 0
    first = sum(gain > 0 for gain in gains[:_CUT])
    return (
        _dcg(gains[:_CUT]) / _dcg(ideal[:_CUT]),
        sum(precisions) / len(ideal),
        first / _CUT,
        found / len(ideal),
    )


def evaluate_retrieval(
    data: Path, embedder: str, downloads: Path, seed: int, graph: Graph | None = None
) -> dict[str, Score]:
    """Index a test set, search for each of its queries, and score what is found."""
    tests = read_test_set(data)
    with tempfile.TemporaryDirectory(prefix="medresearcher-") as place:
        engine = engine_over(tests.documents, Path(place), embedder, downloads, graph)
        return score_retrieval(tests, lambda query: engine.ranking(query, DEPTH), seed)


def engine_over(
    documents: Sequence[Document], place: Path, embedder: str, downloads: Path, graph: Graph | None
) -> Engine:
    """Index documents below `place`, with the vectors of an embedder or `none`."""
    models = place / "embedder"
    embedder = chosen_embedder(embedder, len(documents))
    if embedder == NONE:
        build_index(place / "index", documents)
    else:
        prepare(embedder, models, downloads)
        build_index(place / "index", documents, load_embedder(embedder, models))
    return Engine.open(place / "index", models, graph)


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / np.log2(place + 2) for place, gain in enumerate(gains))


def _checked(folder: Path, tests: TestSet) -> TestSet:
    """Only judged queries with something relevant; all of them must have a text."""
    judged = {
        query: found
        for query, found in tests.judged.items()
        if any(one > 0 for one in found.values())
    }
    for query in judged:
        if query not in tests.queries:
            raise InputError(f"{folder}: the qrels judge query {query!r}, which has no text")
    if not judged or not tests.documents:
        raise InputError(f"{folder}: expected documents and judged queries; found none")
    return tests._replace(judged=judged)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); expected corpus.jsonl, queries.jsonl and "
            "qrels/*.tsv, or MED.ALL, MED.QRY and MED.REL"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8 text ({error.reason})") from error


def _lines(path: Path) -> Iterator[_Line]:
    for number, line in enumerate(_text(path).split("\n"), 1):
        if line.strip():
            try:
                yield _Line.model_validate_json(line)
            except ValidationError as error:
                problem = error.errors()[0]["msg"]
                raise InputError(
                    f"{path}:{number}: expected an object with `_id` and `text` ({problem})"
                ) from error


def _qrels(folder: Path) -> dict[str, dict[str, int]]:
    test = folder / "test.tsv"
    paths = [test] if test.exists() else sorted(folder.glob("*.tsv"))
    if not paths:
        raise InputError(f"{folder}: expected qrels as *.tsv; found none")
    found: dict[str, dict[str, int]] = {}
    for path in paths:
        for number, line in enumerate(_text(path).split("\n"), 1):
            _judge(path, number, line, found)
    return found


def _judge(path: Path, number: int, line: str, found: dict[str, dict[str, int]]) -> None:
    """Read one line of qrels: query, document, relevance, or the four columns of TREC."""
    fields = line.split()
    if not fields or (number == 1 and not fields[-1].lstrip("-").isdigit()):
        return
    if len(fields) not in (3, 4) or not fields[-1].lstrip("-").isdigit():
        raise InputError(f"{path}:{number}: expected query, document, relevance; got {line[:80]!r}")
    found.setdefault(fields[0], {})[fields[-2]] = int(fields[-1])


def _smart(folder: Path) -> TestSet:
    documents = [Document(key, "article", "", text, "MED") for key, text in _items(folder / _SMART)]
    found: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_text(folder / "MED.REL").split("\n"), 1):
        _judge(folder / "MED.REL", number, line, found)
    return _checked(folder, TestSet(documents, dict(_items(folder / "MED.QRY")), found))


def _items(path: Path) -> Iterator[tuple[str, str]]:
    """The records of a SMART file: `.I id`, then `.W` and the text."""
    parts = _ITEM.split(_text(path))
    for key, body in zip(parts[1::2], parts[2::2], strict=True):
        yield key, body.partition(".W\n")[2].strip()
