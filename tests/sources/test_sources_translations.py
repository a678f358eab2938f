"""Chinese names of HPO terms: only the official ones, and what is malformed is said."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from medresearcher.errors import SourceError
from medresearcher.graph.build import build_graph
from medresearcher.graph.translations import TRANSLATIONS, read_translations
from medresearcher.records.knowledge import Entity, EntityType, Translation
from medresearcher.sources.files import ChosenFiles
from medresearcher.sources.inputs import choose_inputs
from medresearcher.sources.translations import FILE, SOURCE, read

DATA = Path(__file__).parents[3] / "shared" / "data" / "hpo_translations"
HEADER = (
    "source_language\ttranslation_language\tsubject_id\tpredicate_id\tsource_value"
    "\ttranslation_value\ttranslation_status"
)


def rows(tmp_path, *lines):
    path = tmp_path / FILE
    path.write_text("\n".join((HEADER, *lines, "")), "utf-8")
    return list(read(ChosenFiles({FILE: path})))


def test_only_official_names_are_taken(tmp_path):
    assert rows(
        tmp_path,
        "en\tzh\tHP:0001250\trdfs:label\tSeizure\t癫痫发作\tOFFICIAL",
        "en\tzh\tHP:0001251\trdfs:label\tAtaxia\t共济失调\tCANDIDATE",
        "en\tzh\tHP:0001250\tIAO:0000115\tA seizure is\t癫痫发作是\tOFFICIAL",
        'en\tzh\tHP:0000033\trdfs:label\t"Ambiguous genitalia, male"\t男性外阴性别不明\tOFFICIAL',
    ) == [
        Translation("HP:0001250", "zh", "癫痫发作", SOURCE, 2),
        Translation("HP:0000033", "zh", "男性外阴性别不明", SOURCE, 5),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("en\tzh\tHP:1\trdfs:label\tSeizure\t癫痫\tOFFICIAL", "a term as `HP:0001250`"),
        ("en\tja\tHP:0001250\trdfs:label\tSeizure\t癫痫\tOFFICIAL", "the language `zh`"),
        ("en\tzh\tHP:0001250\trdfs:label\tSeizure\t \tOFFICIAL", "a name of HP:0001250"),
        ("en\tzh\tHP:0001250\trdfs:label\tSeizure\tOFFICIAL", "7 tab-separated columns"),
    ],
)
def test_malformed_rows_are_refused(tmp_path, line, expected):
    with pytest.raises(SourceError, match=f":2: expected {expected}"):
        rows(tmp_path, line)


def test_they_are_stored_beside_the_graph_and_change_nothing_else(tmp_path):
    seizure = Entity("HP:0001250", EntityType.PHENOTYPE, "Seizure", "hpo")
    known = Translation("HP:0001250", "zh", "癫痫发作", SOURCE, 2)
    unknown = Translation("HP:0009999", "zh", "无", SOURCE, 3)
    plain = build_graph(tmp_path / "plain", [seizure])
    built = build_graph(tmp_path / "named", [seizure, known, unknown])
    assert built.graph.digest == plain.graph.digest
    assert not (tmp_path / "plain" / TRANSLATIONS).exists()
    assert read_translations(tmp_path / "plain", "zh") == {}
    assert read_translations(tmp_path / "named", "zh") == {"HP:0001250": "癫痫发作"}
    assert read_translations(tmp_path / "named", "ja") == {}
    assert "translations" not in plain.counts
    assert (built.counts["translations"], built.counts["translations_of_unknown"]) == (1, 1)


def test_the_official_file():
    if not DATA.is_dir():
        pytest.skip(f"{DATA}: is not there")
    (chosen,) = (
        one for one in choose_inputs([], Path(), added=[DATA]) if one.source.name == SOURCE
    )
    found = list(chosen.read())
    with gzip.open(DATA / f"{FILE}.gz", "rt", encoding="utf-8") as stream:
        raw = [line.rstrip("\n").split("\t") for line in stream][1:]
    assert Counter(one[-1] for one in raw) == {"OFFICIAL": len(found)}
    assert len(found) == len({one.subject for one in found}) == 18_988
    names = {one.subject: one.name for one in found}
    assert all(names[one[2]] == one[5].strip('"') for one in raw)
