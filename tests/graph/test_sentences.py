"""Where sentences end, and that nothing is lost between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medresearcher.graph.sentences import sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("A title\nOf (S. aureus) strains.", ["A title", "Of (S. aureus) strains."]),
        ("It rose (p < 0.05). In 3.5% it fell.", ["It rose (p < 0.05).", "In 3.5% it fell."]),
        ("Smith et al. Found it, e.g. In rats.", ["Smith et al. Found it, e.g. In rats."]),
        ("Given vitamin A. The rats grew.", ["Given vitamin A.", "The rats grew."]),
        ("METHODS: We did.\n\nRESULTS: 5 mg.", ["METHODS: We did.", "RESULTS: 5 mg."]),
        ("(It ended.) [Then more.]", ["(It ended.)", "[Then more.]"]),
        ("no. 5 of the list", ["no. 5 of the list"]),
        (" \n ", []),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@given(st.text("aB. !?\n()", max_size=40))
def test_nothing_but_white_space_is_lost(text: str) -> None:
    parts = sentences(text)
    ends = [0, *(one.end for one in parts)]
    starts = [*(one.start for one in parts), len(text)]
    assert all(not text[end:start].strip() for end, start in zip(ends, starts, strict=True))
    assert all(text[one.start : one.end].strip() == text[one.start : one.end] for one in parts)
    assert all("\n" not in text[one.start : one.end] for one in parts)
