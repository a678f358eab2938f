"""Settings: command line over environment over TOML over defaults, and errors that name them."""

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medresearcher.errors import InputError
from medresearcher.settings import FILE, Settings, load_settings


@pytest.fixture(autouse=True)
def clean_folder(tmp_path, monkeypatch):
    """An empty working folder and an environment without settings."""
    for name in os.environ:
        if name.startswith("MEDRESEARCHER_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_need_no_file_and_no_environment():
    settings = load_settings()
    assert settings.llm.base_url == ""
    assert settings.kb == settings.home / "kb"
    assert settings.downloads == settings.home / "sources"


def test_each_source_beats_the_one_before(monkeypatch):
    Path(FILE).write_text("[rollout]\nworkers = 2\nmax_turns = 3\n[synthesis]\nmax_hops = 4\n")
    assert load_settings().rollout.workers == 2
    monkeypatch.setenv("MEDRESEARCHER_ROLLOUT__WORKERS", "5")
    assert load_settings().rollout.workers == 5
    settings = load_settings(rollout={"workers": 7})
    assert (settings.rollout.workers, settings.rollout.max_turns) == (7, 3)
    assert settings.synthesis.max_hops == 4


def test_home_comes_from_the_environment_and_knows_the_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MEDRESEARCHER_HOME", "~/here")
    assert load_settings().home == tmp_path / "here"


def test_an_empty_variable_is_an_unset_one(monkeypatch):
    default = load_settings().home
    monkeypatch.setenv("MEDRESEARCHER_HOME", "")
    assert load_settings().home == default


@pytest.mark.parametrize(
    ("toml", "name"),
    [
        ("[llm]\ntemperature = 9\n", "llm.temperature"),
        ("[rollout]\nworkers = 'many'\n", "rollout.workers"),
        ("[synthesis]\nmax_hops = 99\n", "synthesis.max_hops"),
        ("[rollout]\nwork = 1\n", "rollout.work"),
        ("colour = 1\n", "colour"),
    ],
)
def test_a_wrong_or_unknown_setting_in_the_file_is_named(toml, name):
    Path(FILE).write_text(toml)
    with pytest.raises(InputError, match=f"setting `{name}`"):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("MEDRESEARCHER_LLM__MAX_TOKENS", "0", "`llm.max_tokens`.*got '0'"),
        ("MEDRESEARCHER_LLM__MAX_TOKENZ", "1", "`llm.max_tokenz`"),
        ("MEDRESEARCHER_LLM", "{not json", '"llm"'),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch, variable, value, named):
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match=named):
        load_settings()


@pytest.mark.parametrize("content", [b"[llm\n", b"home = 'caf\xe9'\n"])
def test_a_malformed_file_is_named(content):
    Path(FILE).write_bytes(content)
    with pytest.raises(InputError, match=r"medresearcher\.toml: not valid TOML"):
        load_settings()


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().home = Path()  # pyright: ignore[reportAttributeAccessIssue]


@given(st.text(max_size=40))
def test_any_text_as_toml_is_settings_or_an_input_error(text):
    Path(FILE).write_text(text, encoding="utf-8", newline="")
    try:
        tomllib.loads(text)
        assert isinstance(load_settings(), Settings)
    except (tomllib.TOMLDecodeError, InputError):
        with pytest.raises(InputError):
            load_settings()
