"""One typed tree of settings: defaults < `medresearcher.toml` < environment < command line.

Environment names are `MEDRESEARCHER_` and the path with `__` between parts, for example
`MEDRESEARCHER_LLM__BASE_URL`. Secrets are never settings: a setting names the environment
variable that holds the key.
"""

import tomllib
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from medresearcher.errors import InputError
from medresearcher.records.base import Frozen

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


class RolloutSettings(Frozen):
    """Limits of one rollout, and how many run at once."""

    max_turns: int = Field(default=48, ge=1, description="messages of the policy, the answer too")
    workers: int = Field(default=4, ge=1)


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
