"""The audit of a file and its command: counts, exit codes, and files that cannot be audited."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from audit_questions import Prover
from typer.testing import CliRunner

from medresearcher.audit.certificates import audit, auditor_of
from medresearcher.audit.defects import Kind
from medresearcher.audit.origin import Origin
from medresearcher.cli import app
from medresearcher.kb import GRAPH, INDEX
from medresearcher.records.knowledge import Document
from medresearcher.records.question import Question
from medresearcher.retrieval.index import build_index


class Case(NamedTuple):
    """A folder with a knowledge base, and certified questions about it."""

    kb: Path
    questions: list[Question]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    kb = tmp_path_factory.mktemp("audit") / "kb"
    prover = Prover(kb / GRAPH, 2)
    build_index(kb / INDEX, [Document("1", "page", "disease MONDO:1", "finding", "hpo")])
    return Case(kb, list(prover.questions()))


def run(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["audit", *map(str, arguments)], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(line + "\n" for line in lines))
    return path


def test_good_certificates_hold(case: Case, tmp_path: Path) -> None:
    file = written(tmp_path / "q.jsonl", *(one.to_line() for one in case.questions))
    code, out, _ = run(file, "--kb", case.kb, "--json")
    told = json.loads(out)
    n = len(case.questions)
    assert code == 0
    assert told["items"] == n > 5
    assert told["certificates_valid"]["value"] == told["certificates_valid"]["high"] == 1.0
    assert told["certificates_valid"]["low"] == pytest.approx(n / (n + 1.959964**2))
    assert told["defects"] == {}
    assert told["single_document_cover"]["n"] == n


def test_one_that_does_not_hold_fails_the_audit(case: Case, tmp_path: Path) -> None:
    """The wrong one is counted, told with its line, and left out of the shortcuts."""
    wrong = case.questions[0].model_copy(update={"id": "q-0"})
    lines = [wrong.to_line(), *(one.to_line() for one in case.questions[1:]), '{"schema": 1}']
    file = written(tmp_path / "q.jsonl", *lines)
    code, out, err = run(file, "--kb", case.kb, "--json")
    told = json.loads(out)
    n = len(lines)
    assert code == 1
    assert f"2 of {n} certificates do not hold" in err
    assert told["certificates_valid"]["value"] == (n - 2) / n
    assert {kind: one["questions"] for kind, one in told["defects"].items()} == {
        "malformed": 1,
        "wrong_id": 1,
    }
    assert told["defects"]["wrong_id"]["examples"][0].startswith(f"{file}:1 q-0: ")
    assert f"{file}:{n}" in told["defects"]["malformed"]["examples"][0]
    assert told["single_document_cover"]["n"] == n - 2
    code, out, _ = run(file, "--kb", case.kb)
    assert code == 1
    assert "certificates_valid" in out
    assert "wrong_id: 1 of" in out


def test_certificates_of_another_graph_never_pass(case: Case, tmp_path: Path) -> None:
    other = tmp_path / "kb"
    Prover(other / GRAPH, 3)
    file = written(tmp_path / "q.jsonl", *(one.to_line() for one in case.questions))
    code, out, _ = run(file, "--kb", other, "--json")
    told = json.loads(out)
    assert code == 1
    assert told["certificates_valid"]["value"] == 0
    assert told["defects"]["wrong_graph"]["questions"] == len(case.questions)
    assert auditor_of(case.kb / GRAPH).facts.digest in told["defects"]["wrong_graph"]["examples"][0]
    assert told["solved_by_one_search"] == {"value": None, "low": None, "high": None, "n": 0}


def test_a_file_of_another_format_has_no_certificates(case: Case, tmp_path: Path) -> None:
    file = written(tmp_path / "q.jsonl", '{"question": "What has it?", "answer": "basalt"}')
    code, out, _ = run(file, "--kb", case.kb, "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["items"], told["format"]) == (1, "qa")
    assert "certificates_valid" not in told


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        ("", [], "holds no question"),
        ('{"question": "a", "answer": "b"}\n{"question"\n', [], "q.jsonl:2: not valid JSON"),
        ('{"text": "a"}\n', [], "format is not known"),
        ('{"text": "a"}\n', [], "`hotpotqa`"),
        ('{"question": "a", "answer": "b"}\n', ["--format", "csv"], "`csv`; the formats are"),
        (None, [], "cannot be read"),
    ],
)
def test_what_cannot_be_audited_is_the_users_to_mend(
    content: str | None, arguments: list[str], said: str, case: Case, tmp_path: Path
) -> None:
    file = tmp_path / "q.jsonl"
    if content is not None:
        file.write_text(content)
    code, out, err = run(file, "--kb", case.kb, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_no_knowledge_base_is_the_users_to_mend(case: Case, tmp_path: Path) -> None:
    file = written(tmp_path / "q.jsonl", case.questions[0].to_line())
    code, _, err = run(file, "--kb", tmp_path / "none")
    assert code == 2
    assert "run `medresearcher build`" in err


def test_processes_say_the_same_in_the_same_order(case: Case) -> None:
    values: list[tuple[str, Any]] = [
        (str(n), case.questions[n % len(case.questions)].model_dump(mode="json", by_alias=True))
        for n in range(450)
    ]
    values[17] = ("17", [])
    seen: list[float] = []

    def advance(steps: float = 1, note: str = "") -> None:
        seen.append(steps)

    checked = audit(values, case.kb / GRAPH, workers=2, advance=advance)
    assert [one.place for one in checked] == [place for place, _ in values]
    assert [one.place for one in checked if one.defects] == ["17"]
    assert sum(seen) == len(values)


def test_evidence_is_looked_up_in_its_source(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the source gives anew is what the evidence says, until a row of the source changes."""
    prover = Prover(tmp_path / GRAPH, 2)
    rows = list(prover.world.statements)
    monkeypatch.setattr("medresearcher.audit.origin.read_source", lambda *_: iter(rows))
    question = case.questions[0]
    assert list(Origin(tmp_path).unstated(question)) == []
    first = question.hops[0].evidence[0]
    rows[:] = [one for one in rows if (one.record, one.row) != (first.record, first.row)]
    (defect,) = Origin(tmp_path).unstated(question)
    assert defect.kind is Kind.EVIDENCE_NOT_IN_SOURCE
    assert f"row {first.row}" in defect.detail
