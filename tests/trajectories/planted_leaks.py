"""Leaks put into trajectories on purpose, and how many of them the detector finds.

Measure with real rollouts: `python tests/trajectories/planted_leaks.py QUESTIONS ROLLOUTS [N]`.
A plant is only made where no earlier message has any name or identifier of the entity, which is
told by plain substrings and not by the detector's own means.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from medresearcher.records.knowledge import EntityType
from medresearcher.records.question import Masked, Question
from medresearcher.records.trajectory import Message, Trajectory
from medresearcher.runs import read_records
from medresearcher.trajectories.leaks import find_leaks

Form = Callable[[Random, Question, Masked], str | None]


def _name(rng: Random, question: Question, entity: Masked) -> str | None:
    return entity.name


def _alias(rng: Random, question: Question, entity: Masked) -> str | None:
    fit = [one for one in entity.aliases if sum(map(str.isalnum, one)) > 2]
    return rng.choice(fit) if fit else None


def _id(rng: Random, question: Question, entity: Masked) -> str | None:
    return entity.id


def _id_spelt(rng: Random, question: Question, entity: Masked) -> str | None:
    return entity.id.lower().replace(":", rng.choice(["_", " ", "-", ": "]))


def _equivalent(rng: Random, question: Question, entity: Masked) -> str | None:
    found = question.certificate.equivalents.get(entity.id)
    return rng.choice(found) if found else None


def _spelt(rng: Random, question: Question, entity: Masked) -> str | None:
    """Another case and punctuation: `MARFAN-SYNDROME`, `brca-1`."""
    if " " in entity.name:
        case = rng.choice([str.upper, str.title, str.lower])
        return case(re.sub("[ ,]+", rng.choice(["-", " , ", "/", "_", "  "]), entity.name))
    apart = re.sub(r"(?<=[^\W\d])(?=\d)", "-", entity.name)
    return apart.lower() if apart != entity.name else None


def _hidden_marks(rng: Random, question: Question, entity: Masked) -> str | None:
    """With an invisible space or an accent inside."""
    if len(entity.name) < 6:
        return None
    place = rng.randrange(1, 4)
    mark = rng.choice(["\u200b", "\u00ad", "\u0301", "\u2060"])
    return entity.name[:place] + mark + entity.name[place:]


def _roman(rng: Random, question: Question, entity: Masked) -> str | None:
    numbers = {"2": "II", "3": "III", "4": "IV", "6": "VI", "7": "VII"}
    said = re.sub(r"\b[23467]\b", lambda one: numbers[one[0]], entity.name)
    return said if said != entity.name else None


def _proper(rng: Random, question: Question, entity: Masked) -> str | None:
    """The proper name alone: `Seckel` of `Seckel syndrome`."""
    if entity.type is not EntityType.DISEASE or not entity.id.startswith("MONDO:"):
        return None
    found = re.match(r"[A-Z][a-z]{5,}(?=[ -])", entity.name)
    return found[0] if found else None


def _citation(rng: Random, question: Question, entity: Masked) -> str | None:
    """The record or publication that states a hop of the entity, and is the id of no entity."""
    ids = {one for curies in question.certificate.equivalents.values() for one in curies}
    rows = [
        row
        for hop in question.hops
        if entity.id in (hop.subject, hop.object)
        for row in hop.evidence
    ]
    cited = [row.reference or row.record for row in rows]
    cited = [one for one in cited if one not in ids]
    return rng.choice(cited) if cited else None


def _in_thought(one: Trajectory, at: int, text: str) -> Trajectory:
    said = one.messages[at].content or ""
    return _with(one, at, content=f"{said} Perhaps it is {text}, which I check.")


def _in_arguments(one: Trajectory, at: int, text: str) -> Trajectory:
    return _with_argument(one, at, json.dumps(text, ensure_ascii=False))


def _escaped(one: Trajectory, at: int, text: str) -> Trajectory:
    return _with_argument(one, at, '"' + "".join(f"\\u{ord(it):04x}" for it in text) + '"')


def _with_argument(one: Trajectory, at: int, raw: str) -> Trajectory:
    call = (one.messages[at].tool_calls or ())[0]
    written = f'{{"query": {raw}, {call.function.arguments.lstrip()[1:]}'
    function = call.function.model_copy(update={"arguments": written})
    return _with(one, at, tool_calls=(call.model_copy(update={"function": function}),))


def _in_question(one: Trajectory, at: int, text: str) -> Trajectory:
    return _with(one, 1, content=f"{one.messages[1].content} Think of {text}.")


def _in_system(one: Trajectory, at: int, text: str) -> Trajectory:
    return _with(one, 0, content=f"{one.messages[0].content}\n{text}")


def _in_guide(one: Trajectory, at: int, text: str) -> Trajectory | None:
    if one.guide is None:
        return None
    first = one.guide.clues[0].model_copy(update={"text": text})
    guide = one.guide.model_copy(update={"clues": (first, *one.guide.clues[1:])})
    return one.model_copy(update={"guide": guide})


def _with(one: Trajectory, at: int, **changes: object) -> Trajectory:
    message = one.messages[at].model_copy(update=changes)
    messages: tuple[Message, ...] = (*one.messages[:at], message, *one.messages[at + 1 :])
    return one.model_copy(update={"messages": messages})


KINDS: dict[str, tuple[Form, Callable[[Trajectory, int, str], Trajectory | None]]] = {
    "name in a thought": (_name, _in_thought),
    "alias in a thought": (_alias, _in_thought),
    "alias in an argument": (_alias, _in_arguments),
    "name in an argument": (_name, _in_arguments),
    "name in JSON escapes": (_name, _escaped),
    "id in a thought": (_id, _in_thought),
    "id spelt otherwise in an argument": (_id_spelt, _in_arguments),
    "equivalent id in a thought": (_equivalent, _in_thought),
    "other case and punctuation": (_spelt, _in_thought),
    "invisible marks and accents": (_hidden_marks, _in_thought),
    "Roman for Arabic numbers": (_roman, _in_thought),
    "proper name alone": (_proper, _in_thought),
    "record that states a hop": (_citation, _in_thought),
    "name in the question": (_name, _in_question),
    "alias in the system prompt": (_alias, _in_system),
    "name in the guide": (_name, _in_guide),
}


def plant(rng: Random, kind: str, one: Trajectory, question: Question) -> Trajectory | None:
    """The trajectory with one leak of this kind; `None` where none of the kind can be made."""
    form, place = KINDS[kind]
    entity = rng.choice(question.entities)
    text = form(rng, question, entity)
    calling = [at for at, it in enumerate(one.messages) if it.tool_calls]
    said = [text or "", entity.id, entity.name, *entity.aliases]
    free = [at for at in calling if not _has(one.messages[:at], said)]
    return place(one, rng.choice(free), text) if text and free else None


def _has(messages: tuple[Message, ...], names: list[str]) -> bool:
    told = "\n".join(it.content or "" for it in messages if it.role in ("tool", "user")).casefold()
    return any(name.casefold() in told for name in names if len(name) > 2)


def measure(
    pairs: list[tuple[Trajectory, Question]], number: int, seed: int
) -> tuple[Counter[str], Counter[str], list[tuple[str, Trajectory]]]:
    """Plants made and found by kind, and the missed ones; kinds come in turn."""
    rng = Random(seed)
    made, found = Counter[str](), Counter[str]()
    missed: list[tuple[str, Trajectory]] = []
    kinds = list(KINDS)
    tries = 0
    while made.total() < number and tries < 50 * number:
        kind = kinds[tries % len(kinds)]
        tries += 1
        one, question = rng.choice(pairs)
        planted = plant(rng, kind, one, question)
        if planted is None:
            continue
        made[kind] += 1
        if find_leaks(planted, question):
            found[kind] += 1
        else:
            missed.append((kind, planted))
    return made, found, missed


def main(questions: str, rollouts: str, number: int = 320) -> None:
    known = {one.id: one for one in read_records(Path(questions), Question)}
    pairs = [(one, known[one.question_id]) for one in read_records(Path(rollouts), Trajectory)]
    alarms = [one.id for one, question in pairs if find_leaks(one, question)]
    made, found, missed = measure(pairs, number, seed=7)
    lines = [f"false alarms: {len(alarms)} of {len(pairs)} clean ones {alarms[:5]}"]
    lines += [f"{kind:<36} {found[kind]:>4} of {made[kind]}" for kind in KINDS]
    lines.append(f"{'all':<36} {found.total():>4} of {made.total()}")
    said = [(kind, it.content) for kind, one in missed for it in one.messages if it.tool_calls]
    lines += [f"missed: {kind}: {text}" for kind, text in said if "Perhaps" in (text or "")]
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
