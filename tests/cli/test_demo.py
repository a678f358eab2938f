"""The main job on the real knowledge base, small: all of its files, and what they must show."""

import time
from collections import Counter
from pathlib import Path

import lxml.html
import pytest
from cli_runs import contents

from medresearcher.demo import run_demo
from medresearcher.kb import KnowledgeBase
from medresearcher.questions.specialties import SPECIALTIES
from medresearcher.records.trajectory import Trajectory
from medresearcher.runs import read_records
from medresearcher.settings import load_settings
from medresearcher.trajectories.curate import FILES

COUNT = 24


@pytest.mark.slow
def test_the_demo(real_kb: KnowledgeBase, home: Path, tmp_path: Path) -> None:
    out, settings = tmp_path / "demo", load_settings(home=home)
    shown = run_demo(out, settings, count=COUNT, seed=2508)
    files = contents(out)
    expected = {"questions.jsonl", "rollouts/trajectories.jsonl", "report.html"}
    assert files.keys() == expected | {f"curated/{name}" for name in FILES}
    assert all(text for name, text in files.items() if name != "curated/rejected.jsonl")
    assert len(files["questions.jsonl"].splitlines()) == COUNT
    assert Path(shown["report"]) == out / "report.html"

    kept = list(read_records(out / "curated" / "kept.jsonl", Trajectory))
    assert shown["questions"] == COUNT
    assert shown["kept"] == len(kept) == COUNT - sum(shown["dropped"].values())
    assert shown["success"] >= 0.7
    assert Counter(one.specialty for one in kept) == shown["kept_by_specialty"]
    assert shown["kept_by_specialty"].keys() == {specialty.name for specialty in SPECIALTIES}
    assert shown["tool_calls_mean"] >= 4.2
    check_report((out / "report.html").read_text("utf-8"), shown["kept_by_specialty"])

    start = time.perf_counter()
    again = run_demo(out, settings, count=COUNT, seed=2508)
    assert time.perf_counter() - start < 10
    assert contents(out) == files
    assert {**again, "seconds": 0} == {**shown, "seconds": 0}


def check_report(html: str, specialties: dict[str, int]) -> None:
    """It parses without a mistake, needs nothing from elsewhere, and counts the specialties."""
    page = lxml.html.document_fromstring(html, parser=lxml.html.HTMLParser(recover=False))
    assert (
        page.xpath("//script[@src] | //link[@href] | //img[not(starts-with(@src, 'data:'))]") == []
    )
    text = page.text_content().casefold()
    assert all(name in text for name in specialties)
