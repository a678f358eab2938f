"""Relations from a language model: only what the text bears out stays; all else is counted."""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "llm"))

from llm_server import Answer, completion, serve

from medresearcher.errors import ModelError
from medresearcher.graph.extraction import (
    MAX_CHARACTERS,
    Extraction,
    Reason,
    extract,
    read_answer,
    task_of,
)
from medresearcher.graph.mentions import Mention
from medresearcher.llm.endpoint import EndpointModel
from medresearcher.llm.scripted import ScriptedModel, say
from medresearcher.records.knowledge import Document, EntityType, Mined, Predicate
from medresearcher.records.trajectory import Message
from medresearcher.runs import Ledger, read_records
from medresearcher.settings import LlmSettings

NAMES = {
    "Marfan syndrome": (("MONDO:1",), EntityType.DISEASE),
    "Marfan's": (("MONDO:1",), EntityType.DISEASE),
    "FBN1": (("HGNC:1",), EntityType.GENE),
    "tall stature": (("HP:1",), EntityType.PHENOTYPE),
    "losartan": (("DRUGBANK:1",), EntityType.DRUG),
    "MFS": (("MONDO:1", "MONDO:2"), EntityType.DISEASE),
}
TITLE = "Losartan and Marfan syndrome"
SIGN = "Marfan syndrome came with tall stature"
TEXT = f"{SIGN}. Variants of FBN1 cause Marfan's; losartan was given to MFS."
PAPER = Document("PMID:1", "article", TITLE, TEXT, "pubmed")
BARE = Document("PMID:2", "article", "FBN1", "Nothing else is named.", "pubmed")
GOLDEN = Path(__file__).parent / "golden"


def detect(text: str) -> list[Mention]:
    found = [
        Mention(one.start(), one.end(), one[0], *NAMES[name])
        for name in NAMES
        for one in re.finditer(name, text)
    ]
    return sorted(found)


TASK = task_of(PAPER, detect)
D, P, G, DRUG = "E1", "E2", "E3", "E4"


def claim(subject: str, predicate: str, obj: str, span: str) -> dict[str, str]:
    return {"subject": subject, "predicate": predicate, "object": obj, "span": span}


GOOD = claim(D, "has_phenotype", P, SIGN)
CAUSE = claim(G, "gene_associated_with_condition", D, "FBN1 cause Marfan's")


def answer(*claims: object) -> str:
    return json.dumps({"relations": claims})


def test_the_prompt_is_that_of_its_version():
    assert [one.node for one in TASK.entities.values()] == [
        "MONDO:1",
        "HP:1",
        "HGNC:1",
        "DRUGBANK:1",
    ]
    golden = GOLDEN / "relations.v1.txt"
    assert TASK.text + "\n" == golden.read_text("utf-8")


def test_what_the_text_bears_out_is_kept():
    kept, dropped = read_answer(TASK, answer(GOOD, CAUSE))
    assert not dropped
    assert [(one.subject, one.predicate, one.object, one.span) for one in kept] == [
        ("MONDO:1", Predicate.HAS_PHENOTYPE, "HP:1", SIGN),
        ("HGNC:1", Predicate.CAUSES, "MONDO:1", "FBN1 cause Marfan's"),
    ]
    fenced = f"```json\n{answer(GOOD)}\n```"
    assert read_answer(TASK, fenced)[0] == kept[:1]
    assert read_answer(TASK, answer()) == ((), {})


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({**GOOD, "span": SIGN.upper()}, Reason.NOT_VERBATIM),
        ({**GOOD, "span": SIGN.replace(" ", "  ")}, Reason.NOT_VERBATIM),
        ({**GOOD, "span": f"{TITLE[9:]}\n{SIGN}"}, Reason.NOT_VERBATIM),  # title and text at once
        ({**GOOD, "span": "came with tall stature"}, Reason.NAMES_NOT_IN_SPAN),
        ({**GOOD, "span": "Marfan syndrome came with tall"}, Reason.NAMES_NOT_IN_SPAN),
        ({**GOOD, "object": "E9"}, Reason.UNKNOWN_ENTITY),
        ({**GOOD, "object": "tall stature"}, Reason.UNKNOWN_ENTITY),
        ({**GOOD, "predicate": "cures"}, Reason.BAD_PREDICATE),
        ({**GOOD, "predicate": "subclass_of"}, Reason.BAD_PREDICATE),
        ({**GOOD, "predicate": "treats"}, Reason.BAD_PREDICATE),  # a disease treats nothing
        ({**GOOD, "subject": P, "object": D}, Reason.BAD_PREDICATE),
        ({**GOOD, "span": ""}, Reason.MALFORMED),
        ({**GOOD, "span": 3}, Reason.MALFORMED),
        ({"subject": D}, Reason.MALFORMED),
        ("words", Reason.MALFORMED),
    ],
)
def test_what_the_text_does_not_bear_out_is_dropped_by_reason(wrong, reason):
    kept, dropped = read_answer(TASK, answer(wrong, CAUSE))
    assert [one.predicate for one in kept] == [Predicate.CAUSES]
    assert dropped == {reason.value: 1}


@pytest.mark.parametrize(
    "text", ["", "I found none.", "[]", "null", '{"relations": 3}', "{" * 9_999]
)
def test_an_answer_of_another_form_is_malformed(text):
    assert read_answer(TASK, text) == ((), {"malformed": 1})


def test_the_same_relation_twice_counts_once():
    kept, dropped = read_answer(TASK, answer(GOOD, GOOD))
    assert len(kept) == 1
    assert dropped == {"repeated": 1}


def test_a_name_of_several_things_names_none():
    span = "losartan was given to MFS"
    kept, dropped = read_answer(TASK, answer(claim(DRUG, "treats", D, span)))
    assert not kept
    assert dropped == {"names_not_in_span": 1}


_CLAIMS = st.fixed_dictionaries(
    {
        "subject": st.sampled_from(["E1", "E2", "E3", "E4", "E5", ""]),
        "predicate": st.sampled_from([*(one.value for one in Predicate), "x"]),
        "object": st.sampled_from(["E1", "E2", "E3", "E4", 7]),
        "span": st.one_of(
            st.text(max_size=9),
            st.tuples(st.integers(0, len(TEXT)), st.integers(0, len(TEXT))).map(
                lambda ends: f"{TITLE}\n{TEXT}"[slice(*sorted(ends))]
            ),
        ),
    }
)


@given(st.lists(_CLAIMS, max_size=5))
def test_every_claim_is_kept_or_counted_and_what_is_kept_stands_in_the_text(claims):
    kept, dropped = read_answer(TASK, answer(*claims))
    assert len(kept) + dropped.total() == len(claims)
    for one in kept:
        assert one.span in TITLE or one.span in TEXT
        named = {node for found in detect(one.span) for node in found.nodes}
        assert {one.subject, one.object} <= named


class Script:
    """Answers about PMID:1 and counts its calls; `failing` documents get no answer."""

    def __init__(self, *failing: str) -> None:
        self.asked = 0
        self.failing = failing

    def __call__(self, messages: Sequence[Message]) -> Message:
        self.asked += 1
        if any(words in str(messages[0].content) for words in self.failing):
            raise ModelError("no connection")
        return say(answer(GOOD, claim(D, "cures", P, SIGN)))


def other(number: int) -> Document:
    return Document(f"PMID:{number}", "article", TITLE, f"{TEXT} Paper {number}.", "pubmed")


PAPERS = [PAPER, BARE, other(3), other(4)]


def run(script: Script, out: Path, papers: Sequence[Document] = PAPERS, workers: int = 1):
    return extract(papers, detect, ScriptedModel(script), out, seed=1, workers=workers)


def test_each_document_is_asked_about_once(tmp_path):
    script = Script()
    counts = run(script, tmp_path / "x.jsonl")
    assert script.asked == 3  # no two entities of PMID:2 could be related
    assert counts == {
        "documents": 4,
        "documents_cut": 0,
        "without_pairs": 1,
        "asked": 3,
        "failed": {},
        "relations": 3,
        "dropped": {
            "malformed": 0,
            "unknown_entity": 0,
            "bad_predicate": 3,
            "not_verbatim": 0,
            "names_not_in_span": 0,
            "repeated": 0,
        },
        "prompt_tokens": 0,
        "completion_tokens": 0,
    }
    records = list(read_records(tmp_path / "x.jsonl", Extraction))
    assert [one.document for one in records] == ["PMID:1", "PMID:3", "PMID:4"]
    assert list(records[0].mined()) == [
        Mined("MONDO:1", Predicate.HAS_PHENOTYPE, "HP:1", "PMID:1", SIGN, "llm:scripted")
    ]
    assert run(script, tmp_path / "x.jsonl") == counts
    assert script.asked == 3


def test_a_failed_call_is_a_record_and_is_tried_again(tmp_path):
    out, whole = tmp_path / "x.jsonl", tmp_path / "whole.jsonl"
    broken = Script("Paper 3")
    counts = run(broken, out, workers=3)
    assert counts["failed"] == {"model": 1}
    assert counts["relations"] == 2
    (failed,) = [one for one in read_records(out, Extraction) if one.error]
    assert (failed.document, failed.error) == ("PMID:3", "model: no connection")
    mended = Script()
    assert run(mended, out)["failed"] == {}
    assert mended.asked == 1
    run(Script(), whole)
    assert out.read_bytes() == whole.read_bytes()


def test_a_run_that_was_cut_goes_on(tmp_path):
    out, whole = tmp_path / "x.jsonl", tmp_path / "whole.jsonl"
    run(Script(), whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    out.write_bytes(lines[0] + lines[1][:20])
    script = Script()
    run(script, out)
    assert script.asked == 2
    assert out.read_bytes() == whole.read_bytes()


def test_a_changed_text_is_asked_about_anew(tmp_path):
    out = tmp_path / "x.jsonl"
    run(Script(), out)
    script = Script()
    run(script, out, [Document("PMID:1", "article", TITLE, f"{TEXT} Corrected.", "pubmed")])
    assert script.asked == 1
    assert len(Ledger(out, Extraction).read()) == 1


def test_a_long_text_is_cut_and_counted(tmp_path):
    long = Document("PMID:5", "article", TITLE, TEXT + " x" * MAX_CHARACTERS, "pubmed")
    counts = run(Script(), tmp_path / "x.jsonl", [long])
    assert (counts["documents_cut"], counts["relations"]) == (1, 1)


def test_a_real_endpoint_answers_fails_and_is_asked_again(tmp_path):
    good = Answer(completion({"role": "assistant", "content": answer(GOOD)}))
    settings = {"api_key_env": "", "retries": 0, "timeout_s": 5.0, "temperature": 0.0}
    with serve(good, Answer({"error": {"message": "too busy"}}, status=500), good) as endpoint:
        model = EndpointModel("m", LlmSettings(base_url=endpoint.url, **settings))
        out = tmp_path / "x.jsonl"
        first = extract(PAPERS, detect, model, out, seed=7)
        assert first["failed"] == {"model": 1}
        assert (first["relations"], first["prompt_tokens"]) == (2, 22)
        again = extract(PAPERS, detect, model, out, seed=7)
    assert again["failed"] == {}
    assert len(endpoint.requests) == 4
    assert endpoint.requests[0]["messages"] == [{"role": "user", "content": TASK.text}]
    assert endpoint.requests[0]["seed"] == 7
    assert "tools" not in endpoint.requests[0]
    assert {one.method for one in read_records(out, Extraction)} == {"llm:m"}
