"""Snippets: short, on one line, from the text, and where the words are."""

from hypothesis import given
from hypothesis import strategies as st

from medresearcher.retrieval.snippets import MAX_CHARACTERS, best_passage


def words(text: str) -> list[str]:
    return text.lower().replace(".", " ").split()


def test_the_passage_with_the_heaviest_words_wins() -> None:
    text = "Nothing here.\n" * 40 + "The rare aorta. It hurts.\n" + "Common common.\n" * 40
    found = best_passage(text, {"aorta": 5.0, "common": 0.1}, words)
    assert "rare aorta" in found
    assert len(found) <= MAX_CHARACTERS


def test_the_start_is_shown_when_no_word_is_found() -> None:
    assert best_passage("One sentence. Two.", {"zebra": 1.0}, words) == "One sentence. Two."


def test_words_far_inside_one_endless_line_are_found() -> None:
    text = "word " * 1000 + "needle " + "word " * 1000
    assert "needle" in best_passage(text, {"needle": 1.0}, words)


@given(st.lists(st.text("abc .\n-é", max_size=60), max_size=30).map(" ".join))
def test_a_passage_is_one_short_line_of_the_text(text: str) -> None:
    found = best_passage(text, {"a": 1.0, "bc": 2.0}, words)
    assert len(found) <= MAX_CHARACTERS
    assert "\n" not in found
    assert found in " ".join(text.split())
    if max(map(len, text.split()), default=0) < MAX_CHARACTERS:
        assert set(found.split()) <= set(text.split())
