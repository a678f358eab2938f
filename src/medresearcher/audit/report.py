"""The audit of one question file: certificates checked, then shortcuts measured.

Shortcuts are measured over the questions whose certificates hold, and over all questions of the
formats that have none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medresearcher.audit.certificates import Checked, audit, by_kind
from medresearcher.audit.contamination import Overlap, scan
from medresearcher.audit.defects import Defect
from medresearcher.audit.figures import Figure, share
from medresearcher.audit.formats import AUTO, FORMATS, Item, detect, objects, read
from medresearcher.audit.meter import figures, measure
from medresearcher.audit.origin import Origin
from medresearcher.audit.prior import ask_prior
from medresearcher.engines.progress import progress
from medresearcher.errors import InputError
from medresearcher.kb import GRAPH
from medresearcher.records.question import Question
from medresearcher.settings import Settings, load_settings

CERTIFIED = "medresearcher"
_EXAMPLES = 3


@dataclass(frozen=True)
class Asked:
    """What to audit, and what with.

    `rollouts` is the folder of a rollout run over the questions, `downloads` that of the sources
    in which evidence is looked up again. `prior` names the model to ask closed-book, of `settings`;
    `benchmarks` is the folder of those whose texts no question may repeat.
    """

    file: Path
    kb: Path
    format: str = AUTO
    rollouts: Path | None = None
    downloads: Path | None = None
    workers: int = 1
    settings: Settings = field(default_factory=load_settings)
    prior: str | None = None
    benchmarks: Path | None = None


@dataclass(frozen=True)
class Audit:
    """What came of an audit; `checked` is empty for a format without certificates.

    `overlaps` are the benchmarks scanned for, by name.
    """

    items: int
    format: str
    figures: dict[str, Figure]
    checked: list[Checked] = field(default_factory=list[Checked])
    overlaps: dict[str, Overlap] = field(default_factory=dict[str, Overlap])

    @property
    def invalid(self) -> list[Checked]:
        """The questions whose certificate does not hold."""
        return [one for one in self.checked if one.defects]

    def to_json(self) -> dict[str, Any]:
        """Metric -> {value, low, high, n}; `items`, and the defects by kind with examples."""
        counts = by_kind(self.checked)
        return {
            "items": self.items,
            "format": self.format,
            **{name: one.model_dump() for name, one in self.figures.items()},
            "defects": {
                str(kind): {"questions": count, "examples": self.examples(kind)}
                for kind, count in sorted(counts.items())
            },
            "contamination": {name: one.model_dump() for name, one in self.overlaps.items()},
        }

    def examples(self, kind: str) -> list[str]:
        """The first defects of a kind, each with its place and question."""
        found = (
            _told(one, defect)
            for one in self.invalid
            for defect in one.defects
            if defect.kind == kind
        )
        return [one for one, _ in zip(found, range(_EXAMPLES), strict=False)]

    def lines(self) -> list[str]:
        """The audit as text."""
        lines = [f"{'items':<24} {self.items:,} ({self.format})"]
        for name, one in self.figures.items():
            numbers = (one.value, one.low, one.high)
            value, low, high = ("not known" if it is None else f"{it:.3f}" for it in numbers)
            lines.append(f"{name:<24} {value}  ({low} to {high}, n = {one.n})")
        for kind, count in sorted(by_kind(self.checked).items()):
            lines.append(f"{kind}: {count:,} of {self.items:,}")
            lines += [f"  {example}" for example in self.examples(kind)]
        return [*lines, *(_overlap(name, one) for name, one in sorted(self.overlaps.items()))]


def _overlap(name: str, one: Overlap) -> str:
    if one.items is None:
        return f"shared with {name}: not known, it is not in the folder"
    ours = f" ({', '.join(one.ours)})" if one.ours else ""
    return (
        f"shared with {name}: {one.texts:,} questions{ours}, of its {one.items:,} items {one.hits}"
    )


def _told(one: Checked, defect: Defect) -> str:
    return f"{one.place} {one.id}: {defect.detail}"


def audit_file(asked: Asked) -> Audit:
    """Audit a file; `InputError` for one that cannot be read or is of no known format."""
    values = list(objects(asked.file))
    if not values:
        raise InputError(
            f"{asked.file}: holds no question; expected JSONL, or a JSON array of objects"
        )
    name = detect(*values[0]) if asked.format == AUTO else asked.format
    if name != CERTIFIED:
        items = read(asked.file, asked.format)
        return Audit(len(items), name, _shortcuts(items, asked), overlaps=_overlaps(items, asked))
    checked = _certificates(values, asked)
    proven = [
        FORMATS[CERTIFIED].read(value, place)
        for (place, value), one in zip(values, checked, strict=True)
        if not one.defects
    ]
    valid = {"certificates_valid": share(len(proven), len(checked))}
    return Audit(
        len(checked), name, valid | _shortcuts(proven, asked), checked, _overlaps(proven, asked)
    )


def _overlaps(items: Sequence[Item], asked: Asked) -> dict[str, Overlap]:
    if asked.benchmarks is None:
        return {}
    return scan(((one.id, one.question) for one in items), asked.benchmarks)


def _shortcuts(items: Sequence[Item], asked: Asked) -> dict[str, Figure]:
    if not items:
        return figures([])
    results = measure(items, asked.kb, workers=asked.workers, rollouts=asked.rollouts)
    priors = ask_prior(items, asked.prior, asked.settings) if asked.prior else None
    return figures(results, priors)


def _certificates(values: Sequence[tuple[str, Any]], asked: Asked) -> list[Checked]:
    with progress("certificates", len(values)) as advance:
        checked = audit(values, asked.kb / GRAPH, workers=asked.workers, advance=advance)
    return _looked_up(values, checked, Origin(asked.downloads)) if asked.downloads else checked


def _looked_up(
    values: Sequence[tuple[str, Any]], checked: Sequence[Checked], origin: Origin
) -> list[Checked]:
    """The same with evidence that its source does not have as further defects."""
    return [
        one
        if one.defects
        else one._replace(defects=tuple(origin.unstated(Question.model_validate(value))))
        for (_, value), one in zip(values, checked, strict=True)
    ]
