"""Whether the parts of a question agree with each other and with the nodes of the graph.

Most of what is found here makes a proof meaningless, so it is looked for before anything is solved.
"""

from collections.abc import Iterator

from medresearcher.audit.defects import Defect, Kind
from medresearcher.audit.facts import Edge, Facts
from medresearcher.audit.saying import misstated
from medresearcher.records.question import Atom, Choice, Clue, Hop, Masked, Question


def structure(question: Question, facts: Facts) -> Iterator[Defect]:
    """Yield what disagrees: masks, nodes, names, hops, clues."""
    broken = list(_masks(question, facts))
    yield from broken
    if not broken:
        yield from _names(question, facts)
        yield from _hops(question, facts)
        yield from _clues(question, facts)


def _masks(question: Question, facts: Facts) -> Iterator[Defect]:
    """Each mask stands for one node of its type, and each node has one mask."""
    query, proof = question.certificate.query, question.certificate
    masks = [one.mask for one in question.entities]
    ids = {one.mask: one.id for one in question.entities}
    for what, values in (("mask", masks), ("entity", list(ids.values()))):
        for one in sorted({one for one in values if values.count(one) > 1}):
            yield Defect(Kind.MASK_MAPPING_BROKEN, f"{what} {one} stands twice in `entities`")
    for one in sorted(query.variables.keys() ^ ids.keys()):
        yield Defect(Kind.MASK_MAPPING_BROKEN, f"{one} is not both an entity and a variable")
    for one in question.entities:
        yield from _entity(one, question, facts)
    if query.answer not in ids:
        yield Defect(Kind.MASK_MAPPING_BROKEN, f"the answer {query.answer} is no mask")
    elif not ids[query.answer] == proof.answer == question.answer.id:
        named = f"{ids[query.answer]}, {proof.answer} and {question.answer.id}"
        yield Defect(Kind.MASK_MAPPING_BROKEN, f"entity, certificate and answer say {named}")


def _entity(entity: Masked, question: Question, facts: Facts) -> Iterator[Defect]:
    node = facts.nodes.get(entity.id)
    types = {entity.type, question.certificate.query.variables.get(entity.mask, entity.type)}
    if node is None:
        is_answer = entity.id == question.answer.id
        kind = Kind.ANSWER_OUTSIDE_GRAPH if is_answer else Kind.MASK_MAPPING_BROKEN
        yield Defect(kind, f"{entity.id} ({entity.mask}) is no node of the graph")
    elif types != {node.type}:
        said = " and ".join(sorted(types))
        yield Defect(Kind.MASK_MAPPING_BROKEN, f"{entity.id} is a {node.type}, not {said}")


def _names(question: Question, facts: Facts) -> Iterator[Defect]:
    """Names, aliases and equivalents are those of the nodes."""
    for one in question.entities:
        node = facts.nodes[one.id]
        if one.name != node.name or set(one.aliases) != set(node.aliases):
            yield Defect(Kind.NAMES_DIFFER, f"{one.mask}: not the names of {one.id} ({node.name})")
        if set(question.certificate.equivalents.get(one.id, ())) != set(node.equivalents):
            yield Defect(Kind.EQUIVALENTS_DIFFER, f"{one.mask}: not the equivalents of {one.id}")
    answer = question.answer
    node = facts.nodes[answer.id]
    known = {*node.aliases, *facts.translated.get(answer.id, ())}
    if answer.name != node.name or not set(answer.aliases) <= known:
        yield Defect(Kind.NAMES_DIFFER, f"the answer: not the names of {answer.id} ({node.name})")
    for alias in answer.aliases:
        others = facts.names.of(alias) - {answer.id}
        if others:
            yield Defect(Kind.ALIAS_AMBIGUOUS, f"{alias!r} also names {', '.join(sorted(others))}")


def _hops(question: Question, facts: Facts) -> Iterator[Defect]:
    """Each hop is its join and an edge, and grows from what is bound."""
    joins, hops = question.certificate.query.joins, question.hops
    if len(joins) != len(hops):
        yield Defect(Kind.HOP_DISAGREES, f"{len(hops)} hops, {len(joins)} joins")
        return
    ids = {one.mask: one.id for one in question.entities}
    bound = [question.entities[0].mask]
    for place, (hop, join) in enumerate(zip(hops, joins, strict=True)):
        yield from _hop(place, hop, join, ids, facts)
        if hop.start not in bound:
            yield Defect(Kind.WRONG_DIRECTION, f"hop {place} starts at {hop.start}, not yet bound")
        bound += [one for one in (hop.start, hop.end) if one not in bound]
    for mask in ids:
        if mask not in bound:
            yield Defect(Kind.HOP_DISAGREES, f"no hop leads to {mask}")
    if (question.shape == "cycle") != (len(hops) >= len(ids)):
        said = f"{question.shape}, {len(hops)} hops and {len(ids)} entities"
        yield Defect(Kind.SHAPE_DIFFERS, said)
    if len(set(joins)) < len(joins):
        yield Defect(Kind.HOP_DISAGREES, "a join stands twice")


def _hop(place: int, hop: Hop, join: Atom, ids: dict[str, str], facts: Facts) -> Iterator[Defect]:
    edge = Edge(hop.subject, hop.predicate, hop.object)
    said = Edge(ids[join.subject], join.predicate, ids[join.object])
    if {hop.start, hop.end} != {join.subject, join.object} or join.subject == join.object:
        ends = f"{hop.start} to {hop.end}, the join {join.subject} to {join.object}"
        yield Defect(Kind.HOP_DISAGREES, f"hop {place} goes from {ends}")
    if edge != said:
        turned = edge == Edge(said.object, said.predicate, said.subject)
        kind = Kind.WRONG_DIRECTION if turned else Kind.HOP_DISAGREES
        yield Defect(kind, f"hop {place} says {_told(edge)}, its join {_told(said)}")
    elif not facts.asserts(edge):
        turned = facts.asserts(Edge(edge.object, edge.predicate, edge.subject))
        kind = Kind.WRONG_DIRECTION if turned else Kind.HOP_DISAGREES
        yield Defect(kind, f"hop {place}: the graph has no edge {_told(edge)}")


def _told(edge: Edge) -> str:
    return f"{edge.subject} {edge.predicate} {edge.object}"


def _clues(question: Question, facts: Facts) -> Iterator[Defect]:
    """Each clue is its condition, and stands in the text."""
    conditions, clues = question.certificate.query.conditions, question.clues
    if len(conditions) != len(clues):
        yield Defect(Kind.CLUE_DISAGREES, f"{len(clues)} clues, {len(conditions)} conditions")
    text = _folded(question.question)
    for place, clue in enumerate(clues):
        if place < len(conditions) and clue.condition != conditions[place]:
            yield Defect(Kind.CLUE_DISAGREES, f"clue {place} is not condition {place} of the query")
        problem = _malformed(clue, question)
        if problem:
            yield Defect(Kind.CLUE_DISAGREES, f"clue {place}: {problem}")
        said = misstated(clue, facts) if question.language == "en" else None
        if said:
            yield Defect(Kind.CLUE_MISSTATED, f"clue {place}: {said}")
        words = _folded(clue.text)
        if not words or words not in text:
            missing = f"clue {place}, {clue.text!r}, is not in the question"
            yield Defect(Kind.CLUE_TEXT_MISSING, missing)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _malformed(clue: Clue, question: Question) -> str | None:
    """Why a condition has no meaning, or none about its mask; `None` if it has."""
    condition, variables = clue.condition, question.certificate.query.variables
    if condition.subject != clue.mask or clue.mask not in variables:
        return f"it is of {clue.mask}, its condition of {condition.subject}"
    if isinstance(condition, Atom):
        if condition.object in variables:
            return "its object is a mask"
        if condition.share and (condition.closure or condition.negated):
            return "a share takes neither closure nor negation"
    elif isinstance(condition, Choice):
        if condition.measure != "onset" and condition.predicate is None:
            return f"a choice by {condition.measure} needs a predicate"
        if condition.measure == "share" and condition.of not in variables:
            return "a choice by share needs a mask `of` which it is"
    return None
