"""The Orange Book from a folder or a zip of the FDA's files."""

import json
import zipfile
from pathlib import Path

import pytest
from orange_book_files import write

from medresearcher.records.trajectory import Observation
from medresearcher.tools.connectors.orange_book import OrangeBook, orange_book


def ask(path: Path | None, drug: str, **more: int) -> Observation:
    return orange_book(OrangeBook(path)).call(json.dumps({"drug": drug, **more}))


@pytest.mark.parametrize("drug", ["losartan", "Cozaar", "N020386", "020386"])
def test_a_product_is_found_by_its_names_and_number(tmp_path: Path, drug: str) -> None:
    text = ask(write(tmp_path), drug).text
    assert "1. COZAAR · LOSARTAN POTASSIUM · 25MG · TABLET;ORAL" in text
    assert "NDA 020386, product 001 · ORGANON LLC" in text
    assert "approved 1995-04-14 · prescription" in text
    assert "patents: 5138069 expires 2009-08-11" in text
    assert "exclusivity: none listed" in text
    assert "rows of the files that are broken and left out: 1" in text


def test_two_expiry_dates_of_a_patent_are_a_conflict_with_both(tmp_path: Path) -> None:
    found = ask(write(tmp_path), "tapentadol")
    assert found.outcome == "conflict"
    words = "patent 7994364 expires 2025-06-27 by NDA 022304, but 2025-12-27 by NDA 200533"
    assert f"CONFLICT: {words}" in found.text
    assert "NPP until 2026-07-03" in found.text


def test_a_zip_is_read_as_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "files")
    with zipfile.ZipFile(tmp_path / "eob.zip", "w") as archive:
        for file in (tmp_path / "files").iterdir():
            archive.write(file, f"EOB/{file.name.upper()}")
    assert ask(tmp_path / "eob.zip", "cozaar") == ask(tmp_path / "files", "cozaar")


def test_what_is_not_there_is_empty_and_pages_end(tmp_path: Path) -> None:
    assert ask(write(tmp_path), "aspirin").outcome == "empty"
    assert ask(tmp_path, "tab", page=9).outcome == "empty"


@pytest.mark.parametrize("damage", ["unset", "missing", "no file", "no field", "no zip", "bomb"])
def test_what_is_wrong_with_the_files_is_not_configured(
    tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medresearcher.tools.connectors.orange_book._MOST_BYTES", 1_000_000)
    path: Path | None = write(tmp_path / "files")
    if damage == "unset":
        path = None
    elif damage == "missing":
        path = tmp_path / "nowhere"
    elif damage == "no file":
        (tmp_path / "files" / "patent.txt").unlink()
    elif damage == "no field":
        (tmp_path / "files" / "patent.txt").write_text("x~y\n")
    elif damage == "no zip":
        path = tmp_path / "eob.zip"
        path.write_bytes(b"PK nonsense")
    else:
        path = tmp_path / "eob.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("products.txt", b"\0" * 2_000_000)
    found = ask(path, "cozaar")
    assert found.outcome == "not_configured", found.text
    assert "Orange Book" in found.text
    assert ("unpacks to more than" in found.text) == (damage == "bomb")
