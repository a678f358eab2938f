"""The house stays in order: importing the core is light, and rooms depend one way."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"duckdb", "jinja2", "lxml", "numpy", "openai", "pyarrow", "rustworkx", "tantivy", "torch"}
CORE = (
    "medresearcher.records.question",
    "medresearcher.records.trajectory",
    "medresearcher.errors",
    "medresearcher.runs",
    "medresearcher.settings",
    "medresearcher.engines.local",
    "medresearcher.engines.progress",
    "medresearcher.cli",
)


def python(code: str) -> str:
    """What a fresh interpreter prints for `code`; it must end well."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("module", CORE)
def test_importing_the_core_is_light(module):
    assert python(f"import sys, {module}; print(*({HEAVY!r} & sys.modules.keys()))").split() == []


def test_dependencies_run_one_way():
    python("from importlinter.cli import lint_imports_command as run; run(['--no-cache'])")
