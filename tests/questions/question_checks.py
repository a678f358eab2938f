"""What holds for every question, whatever graph it comes from."""

import re

from medresearcher.graph.store import Graph
from medresearcher.questions.specialties import SPECIALTIES
from medresearcher.records.knowledge import EntityType, Evidence, Predicate
from medresearcher.records.question import Question
from medresearcher.sources.registry import SOURCES

NEXT = {
    (EntityType.DISEASE, EntityType.GENE): Predicate.CAUSES,
    (EntityType.GENE, EntityType.DISEASE): Predicate.CAUSES,
    (EntityType.GENE, EntityType.GENE_GROUP): Predicate.MEMBER_OF,
    (EntityType.GENE_GROUP, EntityType.GENE): Predicate.MEMBER_OF,
}
_FAULTS = re.compile(
    r"  | [,.;?]|[,;.?]{2}|\b(\w+) \1\b|\ba [aeio]|\ban [^aeioux]|Entity_|None", re.I
)


def check(question: Question, graph: Graph) -> None:
    """Assert all of it."""
    assert question.id == question.content_id()
    assert question.specialty in {one.name for one in SPECIALTIES}
    check_chain(question)
    check_evidence(question, graph)
    check_certificate(question, graph)
    check_text(question.question, [clue.text for clue in question.clues])
    check_nothing_leaks(question)
    check_rarity(question, graph)


def check_chain(question: Question) -> None:
    """Masks run along the chain, hop by hop, typed, each entity once; the last is the answer."""
    masks = [entity.mask for entity in question.entities]
    assert masks == [f"Entity_{letter}" for letter in "ABCDEFGHI"[: len(question.hops) + 1]]
    assert len({entity.id for entity in question.entities}) == len(masks)
    for place, hop in enumerate(question.hops):
        start, end = question.entities[place], question.entities[place + 1]
        assert (hop.start, hop.end) == (start.mask, end.mask)
        assert {hop.subject, hop.object} == {start.id, end.id}
        assert hop.predicate is NEXT[start.type, end.type]
        gene = start if start.type is EntityType.GENE else end
        assert hop.subject == gene.id
    assert question.entities[0].type is EntityType.DISEASE
    assert question.answer.id == question.entities[-1].id == question.certificate.answer
    assert question.answer.name == question.entities[-1].name


def check_evidence(question: Question, graph: Graph) -> None:
    """Every hop and clue rests on rows of the graph, each with its source and licence."""
    ids = {entity.mask: entity.id for entity in question.entities}
    for hop in question.hops:
        _check_rows(hop.evidence, graph, hop.subject, hop.predicate, hop.object)
    for clue in question.clues:
        _check_rows(clue.evidence, graph, ids[clue.mask], clue.predicate, clue.object)


def _check_rows(
    evidence: tuple[Evidence, ...], graph: Graph, subject: str, predicate: Predicate, obj: str
) -> None:
    rows = [
        (row.source, row.record, row.row, row.reference or None)
        for row in graph.statements(subject, predicate, obj)
        if not row.negated
    ]
    assert evidence
    assert [(one.source, one.record, one.row, one.reference) for one in evidence] == rows
    assert all(one.licence == SOURCES[one.source].licence for one in evidence)


def check_certificate(question: Question, graph: Graph) -> None:
    """The query says the chain and the clues, and every clue has its alternatives."""
    proof = question.certificate
    masks = {entity.id: entity.mask for entity in question.entities}
    assert proof.graph == graph.digest
    assert proof.query.variables == {one.mask: one.type for one in question.entities}
    assert proof.query.answer == question.entities[-1].mask
    assert [(a.subject, a.predicate, a.object, a.closure) for a in proof.query.atoms] == [
        *((masks[h.subject], h.predicate, masks[h.object], False) for h in question.hops),
        *(
            (c.mask, c.predicate, c.object, c.predicate is Predicate.HAS_PHENOTYPE)
            for c in question.clues
        ),
    ]
    assert [one.clue for one in proof.dropped] == list(range(len(question.clues)))
    assert all(proof.answer not in one.answers for one in proof.dropped)
    for entity in question.entities:
        assert proof.equivalents[entity.id] == graph.entity(entity.id).equivalents


def check_text(text: str, clues: list[str]) -> None:
    """Whole sentences, every clue word for word, and no trace of how they were made."""
    fault = _FAULTS.search(text)
    assert not fault, (fault, text)
    sentences = re.split(r"(?<=[.?]) ", text)
    for sentence in sentences:
        assert sentence[0].isupper(), text
        assert sentence[-1] in ".?", text
    for clue in clues:
        assert clue in text, (clue, text)


def check_nothing_leaks(question: Question) -> None:
    """No name of a hidden entity stands in the text; short ones count in their own case."""
    words = _words(question.question)
    for entity in question.entities:
        for name in (entity.id, entity.name, *entity.aliases):
            plain = _words(name)
            if len(name) <= 5:
                assert plain not in words, name
            else:
                assert plain.casefold() not in words.casefold(), name


def _words(text: str) -> str:
    return " ".join(["", *re.findall(r"[\w-]+", text), ""])


def check_rarity(question: Question, graph: Graph) -> None:
    """The first disease is rare by its own annotations, and at least two signs describe it."""
    first = question.entities[0]
    assert 1 <= question.rarity.value <= question.rarity.limit
    signs = [
        clue
        for clue in question.clues
        if clue.mask == first.mask and clue.predicate is Predicate.HAS_PHENOTYPE
    ]
    assert len(signs) >= 2
    cited = {
        row.reference
        for predicate in (
            Predicate.HAS_PHENOTYPE,
            Predicate.HAS_INHERITANCE,
            Predicate.HAS_ONSET,
        )
        for obj in graph.objects(first.id, predicate)
        for row in graph.statements(first.id, predicate, obj)
        if row.reference.startswith("PMID:")
    }
    assert question.rarity.value == len(cited)
