"""Prompts are files with a version, `<name>.v<version>.txt`, filled by named placeholders."""

from importlib.resources import files

VERSIONS = {
    "research": 2,
    "guide": 1,
    "closed_book": 1,
    "relations": 1,
    "phrase": 1,
    "read_back": 1,
}


def prompt(name: str, **values: str) -> str:
    """The current version of a prompt, filled; `KeyError` for a placeholder without a value."""
    file = files("medresearcher.llm.prompts") / f"{name}.v{VERSIONS[name]}.txt"
    return file.read_text("utf-8").strip().format(**values)
