"""One typed tree of settings: defaults < `medresearcher.toml` < environment < command line.

Environment names are `MEDRESEARCHER_` and the path with `__` between parts, for example
`MEDRESEARCHER_LLM__BASE_URL`. Secrets are never settings: a setting names the environment
variable that holds the key.
"""

import tomllib
from pathlib import Path
from typing import Any, Literal, get_args

from platformdirs import user_data_path
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from medresearcher.errors import InputError
from medresearcher.records.base import Frozen
from medresearcher.records.trajectory import FaultKind

FILE = "medresearcher.toml"


class LlmSettings(Frozen):
    """An OpenAI-compatible endpoint."""

    base_url: str = Field(default="", description="URL of the endpoint, with /v1")
    api_key_env: str = Field(default="OPENAI_API_KEY", description="variable that holds the key")
    temperature: float = Field(default=0.7, ge=0.0, le=2.0)
    max_tokens: int = Field(default=1024, ge=1, description="completion tokens per call")
    timeout_s: float = Field(default=120.0, gt=0.0, description="seconds per call")
    retries: int = Field(default=4, ge=0, description="tries after a failed call")


class Controls(Frozen):
    """What makes questions hard (FORT, 2026); each can be turned off to measure what it does."""

    cycles: bool = Field(default=True, description="forks and cycles beside chains")
    rare: bool = Field(default=True, description="start from rare diseases only")
    scatter: bool = Field(default=True, description="no entity has more than half of the clues")
    withhold: bool = Field(default=True, description="prefer clues that name nothing")
    unsearchable: bool = Field(default=True, description="refuse what one search solves")
    obfuscation: int = Field(default=1, ge=0, le=3, description="steps to broader terms per sign")


class SynthesisSettings(Frozen):
    """Which questions are drawn."""

    language: Literal["en", "zh"] = Field(default="en", description="of the questions")
    min_hops: int = Field(default=2, ge=2)
    max_hops: int = Field(default=5, ge=2, le=8)
    controls: Controls = Controls()
    max_publications: int = Field(
        default=5, ge=1, description="a disease is rare with at most this many cited publications"
    )


class FaultSettings(Frozen):
    """Faults put into tool calls on purpose, drawn from the seed of the rollout."""

    rate: float = Field(default=0.0, ge=0.0, le=1.0, description="share of calls with a fault")
    kinds: tuple[FaultKind, ...] = Field(default=get_args(FaultKind), min_length=1)


class RolloutSettings(Frozen):
    """Limits of one rollout, and how many run at once."""

    max_turns: int = Field(default=48, ge=1, description="messages of the policy, the answer too")
    workers: int = Field(default=4, ge=1)
    faults: FaultSettings = FaultSettings()


class ServiceSettings(Frozen):
    """Where the public services are; the keys are optional and raise their limits."""

    pubmed: str = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
    pubmed_key_env: str = Field(default="NCBI_API_KEY", description="variable that holds the key")
    europe_pmc: str = "https://www.ebi.ac.uk/europepmc/webservices/rest"
    clinical_trials: str = "https://clinicaltrials.gov/api/v2"
    openfda: str = "https://api.fda.gov"
    openfda_key_env: str = Field(default="OPENFDA_API_KEY", description="variable with the key")
    dailymed: str = "https://dailymed.nlm.nih.gov/dailymed/services/v2"
    orange_book: Path | None = Field(
        default=None, description="folder or zip with the FDA's products, patent, exclusivity .txt"
    )
    email: str = Field(default="", description="sent to NCBI, which asks for it")


class HttpSettings(Frozen):
    """Limits of every call over HTTP."""

    deadline_s: float = Field(default=30.0, gt=0.0, description="seconds per call, retries too")
    retries: int = Field(default=2, ge=0, description="tries after a failed one")
    backoff_s: float = Field(default=0.5, ge=0.0, description="first wait; doubles each time")
    pace: float = Field(default=1.0, gt=0.0, description="multiple of the services' own limits")
    max_bytes: int = Field(default=8_000_000, ge=1_000, description="of one answer, unpacked")
    cache_days: float = Field(default=7.0, ge=0.0, description="age of kept answers; 0 keeps none")
    proxy: str = Field(default="", description="for the services; pages are fetched without")


class WebSettings(Frozen):
    """Web search and page reading."""

    provider: Literal["", "serper", "tavily", "brave", "searxng"] = ""
    url: str = Field(default="", description="address of the search service; needed for searxng")
    key_env: str = Field(default="", description="variable with its key, if not the usual one")
    allow_hosts: tuple[str, ...] = Field(
        default=(), description="hosts that may be read though their addresses are not public"
    )


class McpServer(Frozen):
    """A foreign MCP server: a command that speaks over stdio, or the URL of one over HTTP."""

    command: tuple[str, ...] = ()
    url: str = ""
    env: tuple[str, ...] = Field(default=(), description="variables that the command may see")

    @model_validator(mode="after")
    def _one(self) -> "McpServer":
        if bool(self.command) == bool(self.url):
            raise ValueError("expected either `command` or `url`")
        return self


class ToolSettings(Frozen):
    """Which tools an agent has, and how they reach the world outside."""

    enabled: tuple[str, ...] = Field(
        default=("kb",), description="groups `kb`, `web`, `medical`, or names of single tools"
    )
    http: HttpSettings = HttpSettings()
    services: ServiceSettings = ServiceSettings()
    web: WebSettings = WebSettings()
    mcp_servers: dict[str, McpServer] = Field(default={}, description="name → foreign server")
    record: Path | None = Field(default=None, description="write every call to this cassette")
    replay: Path | None = Field(default=None, description="answer calls from this cassette alone")


class RetrievalSettings(Frozen):
    """How the documents are searched."""

    embedder: str = Field(
        default="auto",
        description="of texts: `auto`, `static`, `minilm`, `endpoint:MODEL`, `st:NAME` or `none`",
    )


def _default_home() -> Path:
    return user_data_path("medresearcher", appauthor=False)


class Settings(BaseSettings):
    """The whole tree."""

    model_config = SettingsConfigDict(
        env_prefix="MEDRESEARCHER_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
    )

    home: Path = Field(
        default_factory=_default_home,
        description="folder of downloads and of the default knowledge base",
    )
    llm: LlmSettings = LlmSettings()
    synthesis: SynthesisSettings = SynthesisSettings()
    rollout: RolloutSettings = RolloutSettings()
    tools: ToolSettings = ToolSettings()
    retrieval: RetrievalSettings = RetrievalSettings()

    @field_validator("home")
    @classmethod
    def _expand(cls, home: Path) -> Path:
        return home.expanduser()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, then environment, then the TOML file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path(FILE))

    @property
    def kb(self) -> Path:
        """The default knowledge base."""
        return self.home / "kb"

    @property
    def cache(self) -> Path:
        """Where answers of services are kept for a while."""
        return self.home / "cache"

    @property
    def downloads(self) -> Path:
        """Where fetched source files are kept."""
        return self.home / "sources"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; raise `InputError` naming the setting that is wrong."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InputError(f"setting `{name}`: {first['msg']}; got {first['input']!r}") from error
    except SettingsError as error:
        raise InputError(f"settings: {error}; expected JSON there") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{FILE}: not valid TOML ({error})") from error
