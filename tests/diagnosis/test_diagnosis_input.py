"""What comes in: ages, notes, phenopackets, the common model; and calibration by hand."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medresearcher.diagnosis.calibration import calibrated, expected_error
from medresearcher.diagnosis.common import CommonModel
from medresearcher.diagnosis.findings import years
from medresearcher.diagnosis.notes import findings_of, read_note
from medresearcher.diagnosis.parameters import Parameters, packaged, written
from medresearcher.diagnosis.phenopackets import read_cases
from medresearcher.errors import InputError
from medresearcher.graph.mentions import Mention
from medresearcher.records.knowledge import EntityType

SHARED = Path(__file__).parents[3] / "shared" / "data"
PACKET: dict[str, Any] = {
    "id": "PMID_15266616_100",
    "subject": {"sex": "FEMALE", "timeAtLastEncounter": {"age": {"iso8601duration": "P6Y6M"}}},
    "phenotypicFeatures": [
        {"type": {"id": "HP:0000348", "label": "High forehead"}},
        {"type": {"id": "HP:0000243"}, "excluded": True},
    ],
    "interpretations": [{"diagnosis": {"disease": {"id": "OMIM:147791"}}}],
}


@pytest.mark.parametrize(
    ("text", "age"),
    [("4y", 4), ("P4Y6M", 4.5), ("3 months", 0.25), ("2 years, 6 months", 2.5), ("7", 7)],
)
def test_ages_in_words(text: str, age: float) -> None:
    assert years(text) == pytest.approx(age)


@pytest.mark.parametrize("text", ["old", "-3", "P", "4 parsecs", "400y"])
def test_an_age_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="age"):
        years(text)


def detect(text: str) -> list[Mention]:
    terms = {"seizures": "HP:1", "cataract": "HP:2", "short stature": "HP:3", "deafness": "HP:4"}
    found = [
        Mention(text.index(word), text.index(word) + len(word), word, (node,), EntityType.PHENOTYPE)
        for word, node in terms.items()
        if word in text
    ]
    return sorted(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The boy has seizures and short stature.", {"HP:1": "present", "HP:3": "present"}),
        ("No seizures or deafness, but short stature.",
         {"HP:1": "absent", "HP:4": "absent", "HP:3": "present"}),
        ("Denies seizures. He has cataract.", {"HP:1": "absent", "HP:2": "present"}),
        ("Her mother has deafness. She has cataract.", {"HP:4": "family", "HP:2": "present"}),
        ("cataract was not seen; seizures: no", {"HP:2": "absent", "HP:1": "absent"}),
        ("Screened for deafness", {"HP:4": "unsure"}),
        ("seizures, cataract, deafness",
         {"HP:1": "present", "HP:2": "present", "HP:4": "present"}),
    ],
)  # fmt: skip
def test_what_a_note_says_of_its_findings(text: str, said: dict[str, str]) -> None:
    assert {one.id: one.said for one in read_note(text, detect)} == said


def test_relatives_are_no_findings_of_the_patient() -> None:
    read = read_note("Family history of deafness. No seizures. Has cataract.", detect)
    assert findings_of(read) == (["HP:2"], ["HP:1"])


def test_packets_in_files_lines_and_folders(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(PACKET))
    lines = json.dumps({"path": "x", "phenopacket": PACKET}) + "\n" + json.dumps(PACKET) + "\n"
    (tmp_path / "many.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    cases = read_cases(tmp_path)
    assert len(cases) == 3
    assert len(set(cases)) == 1
    case = cases[0]
    assert (case.present, case.absent) == (("HP:0000348",), ("HP:0000243",))
    assert (case.age, case.sex, case.diseases) == (6.5, "female", ("OMIM:147791",))
    assert case.references == ("PMID:15266616",)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"phenotypicFeatures": "HP:1"}, "`phenotypicFeatures`"),
        ({"phenotypicFeatures": [{"type": {}}]}, "`phenotypicFeatures[0].type.id`"),
        ({"subject": {"sex": "SOME"}}, "`subject.sex`"),
        ({"interpretations": [{"diagnosis": 3}]}, "`interpretations[0].diagnosis`"),
    ],
)
def test_a_malformed_packet_names_the_field(
    tmp_path: Path, change: dict[str, Any], field: str
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(PACKET | change))
    with pytest.raises(InputError) as caught:
        read_cases(file)
    assert field in str(caught.value)


def test_the_shared_cases_are_read() -> None:
    file = SHARED / "phenopackets" / "cases.jsonl.gz"
    if not file.exists():
        pytest.skip(f"{file}: not here")
    cases = read_cases(file)
    assert len(cases) == 4_504
    assert all(one.diseases and one.references for one in cases)


def test_common_conditions_from_ddxplus() -> None:
    folder = SHARED / "ddxplus"
    if not folder.exists():
        pytest.skip(f"{folder}: not here")
    model = CommonModel.read(folder)
    croup = model.shares[model.conditions.index("Croup")]
    telling = [model.codes[one] for one in np.argsort(-croup)[:6]]
    found = model.diagnose([*telling, "E_none"], [])
    assert found.candidates[0].name == "Croup"
    assert sum(one.probability for one in found.candidates) == pytest.approx(1)
    assert found.notes[0].given == "E_none"
    assert not model.diagnose(["E_none"], []).candidates


def test_calibration_keeps_the_order_and_the_sum() -> None:
    rng = np.random.default_rng(7)
    own = packaged()
    for _ in range(20):
        score = rng.normal(0, 3, 200)
        found = calibrated(score, 5, own.new, own.none)
        assert found.diseases.sum() + found.none == pytest.approx(1)
        assert (np.argsort(found.diseases) == np.argsort(score)).all()


def test_expected_error_by_hand() -> None:
    predicted = np.array([0.95, 0.95, 0.05, 0.05])
    right = np.array([1.0, 0.0, 0.0, 0.0])
    assert expected_error(predicted, right, np.ones(4)) == pytest.approx(0.5 * 0.45 + 0.5 * 0.05)


def test_parameters_survive_their_file() -> None:
    import tomllib

    again = Parameters.model_validate(tomllib.loads(written(packaged())))
    assert written(again) == written(packaged())
    assert again.weights == pytest.approx(packaged().weights, rel=1e-4)
