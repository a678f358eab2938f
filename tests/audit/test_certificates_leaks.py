"""Names of hidden entities in the words of a question."""

import pytest

from medresearcher.audit.leakage import stands_in_words


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Wolf-Hirschhorn syndrome", "a child with wolf hirschhorn syndrome"),
        ("Wolf-Hirschhorn syndrome", "(WOLF-HIRSCHHORN SYNDROME)."),
        ("SCA19/22", "it is SCA19/22"),
        ("APC", "the gene APC?"),
        ("REST", "REST, a gene"),
        ("Kv4.3", "the channel Kv4.3"),
    ],
)
def test_is_found(name: str, text: str) -> None:
    assert stands_in_words(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("REST", "the patient needs rest"),
        ("APC", "the APCs of the skin"),
        ("ataxia", "ataxias of all kinds"),
        ("A-T", "a T cell"),
        ("…", "what … is it?"),
        ("fragile X", "a fragile relation"),
    ],
)
def test_is_not_found(name: str, text: str) -> None:
    assert not stands_in_words(name, text)
