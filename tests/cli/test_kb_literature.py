"""What the knowledge base knows from texts: counts, sentences, and relations that a model read."""

import json
import re
from pathlib import Path

import pytest
from agent_kb import build_tiny, tiny_registry

from medresearcher.errors import InputError
from medresearcher.graph.extraction import Extraction, Relation
from medresearcher.kb import EXTRACTED, KnowledgeBase
from medresearcher.llm.chat import Reply
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.trajectory import Message, Usage
from medresearcher.runs import Ledger
from medresearcher.sources.inputs import choose_inputs


class FirstPair:
    """A model that claims one relation per text: what it is shown first, with a false span."""

    name = "first/pair"

    def complete(self, messages, tools, seed):
        claim = {"subject": "A", "predicate": "treats", "object": "B", "span": "not in the text"}
        return Reply(Message(role="assistant", content=json.dumps([claim])), Usage())


def test_citations_are_counted_and_mined_sentences_are_in_them(real_kb: KnowledgeBase) -> None:
    corpus = real_kb.corpus
    assert corpus is not None
    assert corpus.citations == real_kb.counts["corpus"]["citations"] > 50_000
    mentioned = [
        node for node in real_kb.graph.ids(EntityType.DISEASE) if corpus.frequency(node) > 20
    ]
    rows = [row for node in mentioned[:30] for row in corpus.mined(node, 3)]
    assert len(rows) > 30
    for row in rows:
        assert row.reference.startswith("PMID:")
        assert row.subject in real_kb.graph
        assert row.object in real_kb.graph
        # The sentence stands in the indexed citation, white space apart.
        document = real_kb.index.read(row.reference)
        assert document is not None
        text = re.sub(r"\s+", " ", f"{document.title}\n{document.text}")
        assert re.sub(r"\s+", " ", row.span) in text


def test_what_no_text_bears_out_is_dropped_and_counted(
    real_kb: KnowledgeBase, home: Path, tmp_path: Path
) -> None:
    base = KnowledgeBase(_linked(real_kb.folder, tmp_path / "kb"))
    counts = base.extract(FirstPair(), home / "sources", limit=40, seed=1)
    assert counts["documents"] == 40
    assert counts["relations"] == 0
    assert sum(counts["dropped"].values()) > 0
    assert base.extracted == ()


def test_relations_of_a_model_come_before_mentions(real_kb: KnowledgeBase, tmp_path: Path) -> None:
    base = KnowledgeBase(_linked(real_kb.folder, tmp_path / "kb"))
    disease = next(
        node for node in base.graph.ids(EntityType.DISEASE) if base.corpus.frequency(node) > 20
    )
    drug = base.graph.ids(EntityType.DRUG)[0]
    ledger = Ledger(base.folder / EXTRACTED / "m.jsonl", Extraction)
    told = Relation(subject=drug, predicate=Predicate.TREATS, object=disease, span="A helps B.")
    lost = told.model_copy(update={"object": "MONDO:gone"})
    ledger.append(
        Extraction.create(document="PMID:1", request="r", method="llm:m", relations=(told, lost))
    )
    assert [row.object for row in base.extracted] == [disease]
    first, *rest = base.literature.mined(disease, 3)
    assert (first.method, first.reference, first.span) == ("llm:m", "PMID:1", "A helps B.")
    assert len(rest) == 2
    assert {row.method for row in rest} == {"co_mention"}
    assert base.literature.mined(disease, 1) == [first]


def test_a_rebuilt_knowledge_base_keeps_what_a_model_read(tmp_path: Path) -> None:
    downloads = tmp_path / "sources"
    registry = tiny_registry(downloads)
    built = build_tiny(tmp_path / "kb", downloads, registry)
    before = built.manifest.identity
    record = Extraction.create(document="PMID:1", request="r", method="llm:m")
    Ledger(built.folder / EXTRACTED / "m.jsonl", Extraction).append(record)
    again = build_tiny(tmp_path / "kb", downloads, registry, skip_bad_rows=True)
    assert again.manifest.identity != before
    assert Ledger(again.folder / EXTRACTED / "m.jsonl", Extraction).read() == [record]


def test_licences_limit_the_sources(tmp_path: Path) -> None:
    downloads = tmp_path / "sources"
    registry = tiny_registry(downloads)
    allowed = choose_inputs([], downloads, licences=["CC0-1.0"], registry=registry)
    assert [one.source.name for one in allowed] == ["hpo"]
    names = {one.source.licence for one in choose_inputs([], downloads, licences=["CC-BY-4.0"])}
    assert names == {"CC-BY-4.0"}
    with pytest.raises(InputError, match="no source is under 'GPL'"):
        choose_inputs([], downloads, licences=["GPL"], registry=registry)


def _linked(folder: Path, copy: Path) -> Path:
    """A knowledge base of links to another one, so that it can be written to."""
    copy.mkdir()
    for part in folder.iterdir():
        (copy / part.name).symlink_to(part)
    return copy
