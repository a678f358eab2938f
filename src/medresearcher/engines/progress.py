"""Progress bars on standard error, so that standard output stays clean for data."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol


class Advance(Protocol):
    """Moves a bar on by `steps`, and may change what it says."""

    def __call__(self, steps: float = 1, note: str = "") -> None:
        """Advance; `note` is shown behind the bar."""


@contextmanager
def progress(label: str, total: float | None = None) -> Generator[Advance]:
    """Show a bar named `label` of `total` steps while the block runs."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total, note="")

        def advance(steps: float = 1, note: str = "") -> None:
            bar.update(task, advance=steps, note=note)

        yield advance
