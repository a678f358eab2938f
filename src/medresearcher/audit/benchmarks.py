"""The texts of benchmarks that nothing may be trained on, decoded in memory and never written.

Each reader yields (item id, text). The encodings are those of the benchmarks' authors, who ask to
keep the texts out of training data: MedBrowseComp shifts each character and wraps cells in
base64, xbench combines the text with a canary by exclusive or.
"""

import base64
import csv
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from medresearcher.errors import SourceError
from medresearcher.runs import read_json_lines

Texts = Iterator[tuple[str, str]]

_SHIFT = 3


def texts_of(name: str, folder: Path) -> Texts:
    """The texts of the benchmark `name` in its folder; `SourceError` if they cannot be read."""
    try:
        yield from BENCHMARKS[name](folder)
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        kind = type(error).__name__
        raise SourceError(
            f"{folder}: not the files of `{name}` as their SOURCE.txt says ({kind})"
        ) from error


def _mirage(folder: Path) -> Texts:
    for part, items in _gzipped(folder / "benchmark.json.gz").items():
        for key, item in items.items():
            options = " ".join(map(str, item.get("options", {}).values()))
            yield f"{part}/{key}", f"{item['question']} {options}"
    with gzip.open(folder / "bioasq_golden.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            item = json.loads(line)
            yield f"bioasq_golden/{item['id']}", item["body"]
            for answer in item.get("ideal_answer") or ():
                yield f"bioasq_golden/{item['id']}", str(answer)


def _pubmedqa(folder: Path) -> Texts:
    """The test part; the other half of the labelled questions may be trained on."""
    test = json.loads((folder / "test_ground_truth.json").read_bytes())
    for key, item in _gzipped(folder / "ori_pqal.json.gz").items():
        if key in test:
            yield key, item["QUESTION"]
            yield key, item["LONG_ANSWER"]
            yield from ((key, context) for context in item["CONTEXTS"])


def _medbrowsecomp(folder: Path) -> Texts:
    for file in ("final50_cell_combo_shift3_b64.csv", "final121_cell_combo_shift3_b64.csv"):
        with (folder / file).open(encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream)
            next(rows)
            for number, row in enumerate(rows, 1):
                if row:
                    yield f"{file.split('_')[0]}/{number}", _unshifted(row[0])


def _unshifted(cell: str) -> str:
    return "".join(chr(ord(one) - _SHIFT) for one in base64.b64decode(cell, validate=True).decode())


def _xbench(folder: Path) -> Texts:
    for file in ("DeepSearch-2505.csv", "DeepSearch-2510.csv", "ScienceQA.csv"):
        with (folder / file).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                yield f"{Path(file).stem}/{row['id']}", _combined(row["prompt"], row["canary"])


def _combined(cell: str, canary: str) -> str:
    key = canary.encode()
    data = base64.b64decode(cell, validate=True)
    return bytes(one ^ key[place % len(key)] for place, one in enumerate(data)).decode()


def _healthbench(folder: Path) -> Texts:
    for _, item in read_json_lines(folder / "test.jsonl"):
        for message in item["prompt"]:
            yield item["prompt_id"], message["content"]
        for rubric in item["rubrics"]:
            yield item["prompt_id"], str(rubric.get("criterion", ""))
        ideal = item.get("ideal_completions_data") or {}
        yield item["prompt_id"], str(ideal.get("ideal_completion") or "")


def _phenopackets(folder: Path) -> Texts:
    """The only prose of a case: the title of its publication."""
    with gzip.open(folder / "cases.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            case = json.loads(line)
            for one in case["phenopacket"]["metaData"].get("externalReferences", ()):
                yield case["path"], str(one.get("description", ""))


def _gzipped(path: Path) -> dict[str, Any]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return json.load(stream)


BENCHMARKS: Mapping[str, Callable[[Path], Texts]] = {
    "mirage": _mirage,
    "pubmedqa": _pubmedqa,
    "medbrowsecomp": _medbrowsecomp,
    "xbench": _xbench,
    "healthbench_lite": _healthbench,
    "phenopackets": _phenopackets,
}
