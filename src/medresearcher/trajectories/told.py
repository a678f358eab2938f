"""A trajectory as text for the terminal: its scenes with badges, long observations folded."""

import re
import textwrap
from collections.abc import Iterator

from medresearcher.trajectories.stored import Stored
from medresearcher.trajectories.story import Answered, Asked, Called, Observed, Scene, Thought
from medresearcher.trajectories.turns import call_count

_LABEL = 12
# Texts of pages are shown to a terminal: nothing in them may move the cursor or change colours.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def told(stored: Stored, scenes: list[Scene], *, width: int) -> str:
    """The whole story: a headline, then one paragraph per scene."""
    one = stored.trajectory
    head = [
        one.id,
        one.question_id,
        one.specialty,
        f"policy {one.policy}",
        f"attempt {one.attempt}",
        f"{call_count(one)} calls",
        str(one.termination),
    ]
    lines = [" · ".join(head)]
    if stored.rejected:
        lines.append(f"rejected: {stored.rejected}")
    number = 0
    for scene in scenes:
        number += isinstance(scene, Called)
        lines += ["", *_paragraphs(scene, number, width)]
    return "\n".join(lines)


def _paragraphs(scene: Scene, number: int, width: int) -> Iterator[str]:
    if isinstance(scene, Asked):
        yield _labelled("QUESTION", scene.text, width)
    elif isinstance(scene, Thought):
        yield _labelled("thought", scene.text, width)
    elif isinstance(scene, Called):
        values = ", ".join(f"{name}={it}" if name else it for name, it in scene.values)
        yield _labelled(f"call {number}", f"{scene.tool}({values})", width)
    elif isinstance(scene, Observed):
        status = scene.status or "no status"
        badge = scene.outcome or "no outcome"
        yield _labelled(f"[{badge}]", status.removeprefix(f"{badge} · "), width)
        if scene.text:
            yield _labelled("", scene.text, width)
        if scene.left_out:
            yield " " * _LABEL + f"… {scene.left_out:,} more characters"
    elif isinstance(scene, Answered):
        yield _labelled("ANSWER", scene.text, width)
    else:
        right = {True: "right", False: "wrong", None: "not judged"}[scene.correct]
        expected = f". Expected: {scene.expected}" if scene.expected else ""
        yield _labelled("VERDICT", f"{right}: {scene.reason}{expected}", width)


def _labelled(label: str, text: str, width: int) -> str:
    """Wrapped text beside a label; its own line breaks are kept."""
    lines = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text).split("\n")
    wrapped = [
        part
        for line in lines
        for part in textwrap.wrap(line, width - _LABEL, break_long_words=False) or [""]
    ]
    start = label.ljust(_LABEL) if len(label) < _LABEL else f"{label}\n{' ' * _LABEL}"
    return start + f"\n{' ' * _LABEL}".join(wrapped)
