"""Defects that are put into good questions, to measure what the auditor detects.

Each mutation is wrong by construction: from the tables, or from what the good certificate says,
never from the auditor's own verdict. It changes the question in place, or returns `False` where
the question offers no place for it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from medresearcher.audit.defects import Kind
from medresearcher.audit.facts import Edge, share
from medresearcher.audit.patient import Json, Patient, above, atom
from medresearcher.records.knowledge import Predicate

_NO_ROW = 10_000_000
_SYMBOL = 5

Change = Callable[[Patient], Any]


class Mutation(NamedTuple):
    """A change that puts in a defect; `kinds`: what an auditor should say, one of these."""

    change: Change
    kinds: frozenset[Kind]


MUTATIONS: dict[str, Mutation] = {}

_PROOF = (Kind.ANSWER_NOT_UNIQUE, Kind.ANSWER_DIFFERS)
_NO_ANSWER = (Kind.HOP_DISAGREES, Kind.WRONG_DIRECTION, Kind.ANSWER_DIFFERS)


def _mutation(*kinds: Kind) -> Callable[[Change], Change]:
    def named(change: Change) -> Change:
        name = change.__name__.removeprefix("_")
        MUTATIONS[name] = Mutation(change, frozenset(kinds))
        return change

    return named


# Defects of the proof.


@_mutation(*_PROOF)
def _second_answer(it: Patient) -> Any:
    """A clue becomes one that another entity meets as well as the answer does."""
    place = it.clue()
    if place is None:
        return False
    mask = it.query["answer"]
    others = {(edge.predicate, edge.object) for edge in it.edges(it.rival(place))}
    shared = [edge for edge in it.edges(it.answer["id"]) if edge[1:] in others]
    if not shared:
        return False
    edge = it.rng.choice(shared)
    it.clues[place]["mask"] = mask
    return it.replace(place, atom(edge), it.rows(edge))


@_mutation(*_PROOF)
def _needed_clue_dropped(it: Patient) -> Any:
    """A clue is gone everywhere but from the text."""
    place = it.clue()
    if place is None or len(it.clues) == 1:
        return False
    for some in (it.clues, it.query["conditions"], it.proof["dropped"]):
        del some[place]
    for number, one in enumerate(it.proof["dropped"]):
        one["clue"] = number
    return None


@_mutation(Kind.CLUE_DISAGREES)
def _clue_not_asked(it: Patient) -> Any:
    """A clue that the proof needs is not among the clues of the question."""
    place = it.clue()
    if place is None:
        return False
    del it.clues[place]
    return None


@_mutation(Kind.CLUE_NOT_NEEDED)
def _redundant_clue(it: Patient) -> Any:
    """A further true clue, said to be needed."""
    mask = it.rng.choice(sorted(it.query["variables"]))
    said = {(one["mask"], one["condition"].get("object")) for one in it.clues}
    edges = [edge for edge in it.edges(it.node(mask)) if (mask, edge.object) not in said]
    if not edges:
        return False
    edge = it.rng.choice(edges)
    name = it.facts.nodes[edge.object].name
    it.question["question"] += f" There is also {name}."
    it.clues.append({"mask": mask, "text": name, "level": 0})
    it.query["conditions"].append({})
    it.proof["dropped"].append({**it.proof["dropped"][-1], "clue": len(it.clues) - 1})
    return it.replace(len(it.clues) - 1, atom(edge), it.rows(edge))


@_mutation(Kind.ANSWER_NOT_UNIQUE)
def _generalised_too_far(it: Patient) -> Any:
    """The object of a clue becomes so general that another entity meets the clue."""
    mask = it.query["answer"]
    place = it.clue(lambda one: one["mask"] == mask and bool(one["condition"].get("closure")))
    if place is None or it.clues[place]["condition"]["negated"]:
        return False
    clue = it.clues[place]
    condition = clue["condition"]
    met = it.facts.neighbours(it.rival(place), Predicate(condition["predicate"]), forward=True)
    reached = set(above(it.facts, sorted(met)))
    wider = [one for one in above(it.facts, [condition["object"]]) if one in reached]
    if not wider:
        return False
    clue["witness"] = clue["witness"] or condition["object"]
    clue["level"] += 1
    clue["condition"] = it.query["conditions"][place] = {
        **condition,
        "object": it.rng.choice(wider),
    }
    return None


@_mutation(*_PROOF)
def _choice_with_a_tie(it: Patient) -> Any:
    """A clue becomes a choice by a number in which another entity equals the answer."""
    place = it.clue()
    choices = [n for n, one in enumerate(it.query["conditions"]) if one["kind"] == "choice"]
    if place is None or choices not in ([], [place]):
        return False
    answer, rival = it.answer["id"], it.rival(place)
    ties = [
        (predicate, forward)
        for predicate in Predicate
        for forward in (True, False)
        if it.facts.neighbours(answer, predicate, forward=forward)
        and len(it.facts.neighbours(answer, predicate, forward=forward))
        == len(it.facts.neighbours(rival, predicate, forward=forward))
    ]
    if not ties:
        return False
    predicate, forward = it.rng.choice(ties)
    edges = [one for one in it.edges(answer, forward=forward) if one.predicate is predicate]
    condition = {"kind": "choice", "measure": "edges", "extreme": it.rng.choice(("least", "most"))}
    it.clues[place]["mask"] = it.query["answer"]
    return it.replace(
        place,
        {**condition, "predicate": str(predicate), "forward": forward},
        [it.rows(edge)[0] for edge in edges],
    )


@_mutation(Kind.CONDITION_FAILS)
def _count_off_by_one(it: Patient) -> Any:
    """A clue counts one edge more or less than there are."""
    place = it.clue()
    forward = it.rng.random() < 0.5
    edges = it.edges(it.node(it.clues[place]["mask"]), forward=forward) if place is not None else []
    if place is None or not edges:
        return False
    predicate = it.rng.choice(edges).predicate
    counted = [edge for edge in edges if edge.predicate is predicate]
    said = len(counted) + it.rng.choice((-1, 1))
    condition = {"kind": "count", "predicate": str(predicate), "forward": forward}
    evidence = [it.rows(edge)[0] for edge in counted]
    return it.replace(place, {**condition, "low": said, "high": said}, evidence)


@_mutation(Kind.CONDITION_FAILS)
def _share_out_of_range(it: Patient) -> Any:
    """A clue reports a share that no row of its edge has."""
    place = it.clue()
    mask = it.clues[place]["mask"] if place is not None else ""
    edges = [
        edge
        for edge in (it.edges(it.node(mask)) if mask else [])
        if any(share(row.frequency) is not None for row in it.facts.rows(edge))
    ]
    if place is None or not edges:
        return False
    edge = it.rng.choice(edges)
    stated = [value for row in it.facts.rows(edge) if (value := share(row.frequency)) is not None]
    span = (max(stated) + 0.001, 1.0) if max(stated) < 0.9 else (0.0, min(stated) - 0.001)
    if span[1] < 0:
        return False
    return it.replace(place, {**atom(edge), "share": span}, it.rows(edge))


@_mutation(Kind.CONDITION_FAILS)
def _absence_claimed(it: Patient) -> Any:
    """A sign that the entity has is said to be absent."""
    place = it.clue(lambda one: one["condition"]["kind"] == "atom")
    if place is None:
        return False
    clue = it.clues[place]
    condition = clue["condition"]
    if condition["negated"] or condition["share"]:
        return False
    subject = it.node(clue["mask"])
    denied = it.facts.denied[Predicate(condition["predicate"])]
    if any(subject in denied.get(one, ()) for one in above(it.facts, [condition["object"]])):
        return False
    clue["condition"] = it.query["conditions"][place] = {**condition, "negated": True}
    return None


@_mutation(*_NO_ANSWER)
def _wrong_answer(it: Patient) -> Any:
    """Another entity of the type stands for the answer, wherever the answer stands."""
    old = it.answer["id"]
    others = it.facts.of_type[it.facts.nodes[old].type] - {
        one["id"] for one in it.question["entities"]
    }
    return it.rename(it.rng.choice(sorted(others))) if others else False


@_mutation(*_NO_ANSWER)
def _rival_as_answer(it: Patient) -> Any:
    """What would answer without one of the clues stands for the answer."""
    place = it.clue()
    rival = it.rival(place) if place is not None else None
    if rival is None or rival in {one["id"] for one in it.question["entities"]}:
        return False
    return it.rename(rival)


@_mutation(Kind.ANSWER_OUTSIDE_GRAPH)
def _answer_outside_the_graph(it: Patient) -> Any:
    """The answer is an identifier that the graph does not have."""
    prefix = it.answer["id"].partition(":")[0]
    start = it.rng.randrange(10_000_000, 90_000_000)
    names = (f"{prefix}:{number}" for number in range(start, 2 * start))
    return it.rename(next(name for name in names if name not in it.facts.nodes))


@_mutation(Kind.DROPPED_ANSWERS_WRONG)
def _wrong_dropped_answer(it: Patient) -> Any:
    """An entity is said to answer without a clue, and does not."""
    place = it.clue()
    if place is None:
        return False
    others = [one["id"] for one in it.question["entities"] if one["type"] != it.answer["type"]]
    listed = it.proof["dropped"][place]["answers"]
    listed[it.rng.randrange(len(listed))] = it.rng.choice([it.answer["id"], *others])
    return None


# Defects of the chain.


@_mutation(Kind.HOP_DISAGREES)
def _swapped_hop(it: Patient) -> Any:
    """Two hops stand in each other's place."""
    hops = it.question["hops"]
    if len(hops) == 1:
        return False
    one, other = it.rng.sample(range(len(hops)), 2)
    hops[one], hops[other] = hops[other], hops[one]
    return None


@_mutation(Kind.HOP_DISAGREES, Kind.WRONG_DIRECTION)
def _hop_to_another(it: Patient) -> Any:
    """One end of a hop is another entity of its type."""
    hop = it.rng.choice(it.question["hops"])
    end = it.rng.choice(("subject", "object"))
    kind = it.facts.nodes[hop[end]].type
    hop[end] = it.rng.choice(sorted(it.facts.of_type[kind] - {hop[end]}))
    return None


@_mutation(Kind.WRONG_DIRECTION)
def _wrong_direction(it: Patient) -> Any:
    """A hop and its join state the edge the other way round."""
    place = it.rng.randrange(len(it.question["hops"]))
    hop, join = it.question["hops"][place], it.query["joins"][place]
    edge = Edge(hop["object"], Predicate(hop["predicate"]), hop["subject"])
    if it.facts.asserts(edge):
        return False
    for one in (hop, join):
        one["subject"], one["object"] = one["object"], one["subject"]
    return None


@_mutation(Kind.WRONG_DIRECTION)
def _walked_backwards(it: Patient) -> Any:
    """A hop starts at an entity that nothing has led to."""
    known = {it.question["entities"][0]["mask"]}
    fresh: list[Json] = []
    for hop in it.question["hops"]:
        fresh += [hop] if hop["end"] not in known else []
        known |= {hop["start"], hop["end"]}
    hop = it.rng.choice(fresh)
    hop["start"], hop["end"] = hop["end"], hop["start"]
    return None


@_mutation(Kind.MASK_MAPPING_BROKEN, Kind.HOP_DISAGREES)
def _broken_mask_mapping(it: Patient) -> Any:
    """Two masks are mixed up, one stands twice, or one is of nothing."""
    one, other = it.rng.sample(it.question["entities"], 2)
    change = it.rng.choice(("mixed", "twice", "nothing"))
    if change == "mixed":
        one["mask"], other["mask"] = other["mask"], one["mask"]
    else:
        one["mask"] = other["mask"] if change == "twice" else "Entity_Z"
    return None


@_mutation(Kind.WRONG_GRAPH)
def _other_graph(it: Patient) -> Any:
    """The certificate is of another graph."""
    digits = list(it.proof["graph"])
    place = it.rng.randrange(len(digits))
    digits[place] = it.rng.choice([one for one in "0123456789abcdef" if one != digits[place]])
    it.proof["graph"] = "".join(digits)


# Defects of the evidence.


@_mutation(Kind.EVIDENCE_MISSING)
def _evidence_deleted(it: Patient) -> Any:
    """An evidence row is one that does not exist."""
    it.rng.choice(it.evidence())["row"] += _NO_ROW


@_mutation(Kind.EVIDENCE_FOR_OTHER_EDGE)
def _evidence_of_another_edge(it: Patient) -> Any:
    """An evidence row is one of another edge of the same predicate."""
    hop = it.rng.choice(it.question["hops"])
    own = it.rows(Edge(hop["subject"], Predicate(hop["predicate"]), hop["object"]))
    subject = it.rng.choice(sorted(it.facts.out[Predicate(hop["predicate"])]))
    edges = [one for one in it.edges(subject) if one.predicate == hop["predicate"]]
    row = it.rng.choice(it.rows(it.rng.choice(edges)))
    if row in own:
        return False
    hop["evidence"][it.rng.randrange(len(hop["evidence"]))] = row
    return None


@_mutation(Kind.EVIDENCE_MISSING)
def _wrong_frequency(it: Patient) -> Any:
    """An evidence row has a frequency that its source does not state."""
    it.rng.choice(it.evidence())["frequency"] = "977/978"


@_mutation(Kind.EVIDENCE_MISSING)
def _wrong_reference(it: Patient) -> Any:
    """An evidence row cites a publication that its source does not cite."""
    it.rng.choice(it.evidence())["reference"] = f"PMID:{it.rng.randrange(10**9, 10**10)}"


@_mutation(Kind.LICENCE_WRONG)
def _wrong_licence(it: Patient) -> Any:
    """An evidence row is said to be free of any rights."""
    row = it.rng.choice(it.evidence())
    row["licence"] = "LicenseRef-None"


# Defects of the words.


@_mutation(Kind.ALIAS_LEAK)
def _alias_leak(it: Patient) -> Any:
    """The text has a name or alias of a hidden entity."""
    entity = it.rng.choice(it.question["entities"])
    names = [one for one in (entity["name"], *entity["aliases"]) if any(map(str.isalnum, one))]
    name = it.rng.choice(names)
    if len(name) > _SYMBOL:  # a short symbol is one in its own spelling alone
        name = it.rng.choice((name, name.upper(), name.replace("-", " "), f"({name})"))
    words = it.question["question"].split(" ")
    words.insert(it.rng.randrange(len(words) + 1), name)
    it.question["question"] = " ".join(words)


@_mutation(Kind.NAMES_DIFFER)
def _hidden_alias_left_out(it: Patient) -> Any:
    """An alias of a hidden entity is not listed, so that it could leak unseen."""
    some = [one for one in it.question["entities"] if one["aliases"]]
    if not some:
        return False
    aliases = it.rng.choice(some)["aliases"]
    del aliases[it.rng.randrange(len(aliases))]
    return None


@_mutation(Kind.ALIAS_AMBIGUOUS)
def _foreign_alias(it: Patient) -> Any:
    """A name of another entity is accepted as the answer."""
    kind = it.facts.nodes[it.answer["id"]].type
    other = it.rng.choice(sorted(it.facts.of_type[kind] - {it.answer["id"]}))
    name = it.facts.nodes[other].name
    if it.facts.names.of(name) & {it.answer["id"]}:
        return False
    it.question["answer"]["aliases"].append(name)
    return None


@_mutation(Kind.CLUE_TEXT_MISSING)
def _clue_not_in_the_text(it: Patient) -> Any:
    """A clue is worded in a way that the question is not."""
    place = it.clue()
    if place is None:
        return False
    it.clues[place]["text"] += " of the other kind"
    return None


@_mutation(Kind.CLUE_MISSTATED)
def _text_about_another_thing(it: Patient) -> Any:
    """A clue and the question name another thing than the condition that is proven."""
    place = it.clue(lambda one: bool(one["name"]) and one["name"] in one["text"])
    if place is None:
        return False
    clue = it.clues[place]
    named = clue["condition"]["object"]
    others = it.facts.of_type[it.facts.nodes[named].type] - {named}
    name = it.facts.nodes[it.rng.choice(sorted(others))].name
    text = clue["text"].replace(clue["name"], name)
    it.question["question"] = it.question["question"].replace(clue["text"], text)
    clue.update(name=name, text=text)
    return None


@_mutation(Kind.CLUE_MISSTATED)
def _text_with_another_number(it: Patient) -> Any:
    """A clue and the question tell another number than the one that is proven."""
    place = it.clue(lambda one: one["condition"]["kind"] == "count")
    if place is None:
        return False
    clue = it.clues[place]
    text = f"exactly {clue['condition']['high'] + it.rng.randint(1, 9)}"
    it.question["question"] = it.question["question"].replace(clue["text"], text)
    clue["text"] = text
    return None
