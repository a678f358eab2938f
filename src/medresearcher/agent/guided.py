"""The guided policy: a teacher without a language model.

It knows the relations and clues of the masked chain and nothing else. It searches for the
clues, reads what comes back, narrows candidates by what it read, follows the relations and
checks every clue, with backtracking, until the whole chain fits. It can fail: it may run out of
turns, and when nothing fits it says that the answer was not found.
"""

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from medresearcher.agent.notebook import Notebook, relation_of
from medresearcher.agent.thoughts import Thoughts, words
from medresearcher.graph.onset import ONSET_RANK
from medresearcher.llm.chat import Reply
from medresearcher.questions.grammar import listed
from medresearcher.records.knowledge import Predicate
from medresearcher.records.question import Atom, Choice, Count
from medresearcher.records.trajectory import (
    FunctionCall,
    Guide,
    GuideClue,
    GuideStep,
    Message,
    ToolCall,
    Usage,
)
from medresearcher.tools.facts import parse_facts
from medresearcher.tools.medical_search import parse_hits

_MAX_PAGES = 4
_HITS = 10
_TRIED = 40
# So many diseases can be asked about at once.
_AMONG = 60
# A list longer than this is too general to lead anywhere.
_TOO_MANY = 120


@dataclass(frozen=True, slots=True)
class Move:
    """One tool call with the thought that leads to it."""

    thought: str
    tool: str
    arguments: dict[str, Any]


Research = Generator[Move, str, Any]
Bound = dict[str, str]


class GuidedPolicy:
    """Starts one researcher per question."""

    name = "guided"
    guided = True

    def start(self, guide: Guide | None, seed: int) -> "GuidedPlayer":
        """A player for one rollout; `ValueError` without a guide."""
        if guide is None:
            raise ValueError("the guided policy needs a guide")
        return GuidedPlayer(guide, Random(f"{seed}/guided"))


class GuidedPlayer:
    """Turns the researcher's moves into messages, and tool messages into what it reads."""

    def __init__(self, guide: Guide, rng: Random) -> None:
        self._researcher = Researcher(guide, rng)
        self._research = self._researcher.research()
        self._calls = 0

    def act(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:  # noqa: ARG002
        """The next call, or the answer."""
        try:
            if self._calls == 0:
                move = next(self._research)
            else:
                move = self._research.send(messages[-1].content or "")
        except StopIteration as end:
            return Reply(Message(role="assistant", content=end.value), Usage())
        self._calls += 1
        call = ToolCall(
            id=f"call_{self._calls}",
            function=FunctionCall(
                name=move.tool, arguments=json.dumps(move.arguments, ensure_ascii=False)
            ),
        )
        message = Message(role="assistant", content=move.thought, tool_calls=(call,))
        return Reply(message, Usage())


class Researcher:
    """The plan of the research, as a generator of moves that is sent what the tools say."""

    def __init__(self, guide: Guide, rng: Random) -> None:
        self.guide = guide
        self.notes = Notebook()
        self.say = Thoughts(rng, self.notes.names)
        self.documents: dict[str, str] = {}
        self.solutions: list[Bound] = []
        choices = (one for one in guide.clues if isinstance(one.condition, Choice))
        self.choice = next(choices, None)

    def research(self) -> Generator[Move, str, str]:
        """Research the question; the final message is the value of the generator."""
        first = next(iter(self.guide.masks))
        candidates = yield from self._candidates(first)
        for candidate in candidates:
            if (yield from self._fits(candidate, first)) and (
                yield from self._follow(0, {first: candidate})
            ):
                break
        found = yield from self._chosen()
        if found:
            return self.say.answer(self.guide, found)
        return self.say.give_up("no chain of entities fits all the clues")

    # Finding the first entity.

    def _candidates(self, mask: str) -> Generator[Move, str, list[str]]:
        """Diseases that may be the first one: by search, and by all their signs at once."""
        signs = [clue.words for clue in self._clues(mask) if _is_sign(clue)]
        hits = yield from self._search(signs, self.say.search(signs))
        fitting = yield from self._with_signs(mask, self.say.bearers(listed(signs)))
        first = [one for one in hits if one in fitting]
        return [*first, *(one for one in fitting if one not in first)] or hits

    def _search(self, words: Sequence[str], thought: str) -> Generator[Move, str, list[str]]:
        """Search the pages of diseases; the diseases found, best first."""
        arguments = {"query": "; ".join(words), "limit": _HITS, "type": "disease_page"}
        text = yield from self._move(thought, "medical_search", arguments)
        found: list[str] = []
        for title, document, curie in parse_hits(text):
            if curie:
                found.append(curie)
                self.documents.setdefault(curie, document)
                self.notes.names.setdefault(curie, title.removesuffix(": facts"))
        return found

    def _with_signs(
        self, mask: str, thought: str, among: Sequence[str] = ()
    ) -> Generator[Move, str, list[str]]:
        """The diseases with the signs that are said of a mask; of those in `among` if given."""
        signs = [clue.words for clue in self._clues(mask) if _is_sign(clue)]
        absent = [clue.words for clue in self._clues(mask) if _is_absent(clue)]
        arguments: dict[str, Any] = {"signs": signs}
        arguments |= {"absent": absent} if absent else {}
        arguments |= {"among": list(among)} if among else {}
        found: list[str] = []
        for page in range(1, _MAX_PAGES + 1):
            more = {"page": page} if page > 1 else {}
            text = yield from self._move(thought, "find_by_features", {**arguments, **more})
            pairs = parse_facts(text).get("matches", [])
            self.notes.names.update((curie, name) for name, curie in pairs)
            found += [curie for _, curie in pairs]
            if not self.notes.pages_left(text):
                break
            thought = self.say.next_page()
        self.notes.fitting.update(((one, mask), one in found) for one in {*among, *found})
        return found

    # Following the chain.

    def _follow(self, place: int, bound: Bound) -> Generator[Move, str, bool]:
        """Complete the chain from step `place` on; whether the research may stop."""
        if place == len(self.guide.steps):
            self.solutions.append(bound)
            return self.choice is None
        step = self.guide.steps[place]
        if step.end in bound:
            facts = yield from self._along(step, bound)
            return bound[step.end] in facts and (yield from self._follow(place + 1, bound))
        options = yield from self._options(step, place, bound)
        for option in options[:_TRIED]:
            if (yield from self._fits(option, step.end)) and (
                yield from self._follow(place + 1, {**bound, step.end: option})
            ):
                return True
        return False

    def _along(self, step: GuideStep, bound: Bound) -> Generator[Move, str, list[str]]:
        """Everything that a step leads to from where it starts."""
        relation = relation_of(step.predicate, forward=step.forward)
        start = bound[step.start]
        return (yield from self._facts(start, relation, self.say.step(start, relation)))

    def _options(
        self, step: GuideStep, place: int, bound: Bound
    ) -> Generator[Move, str, list[str]]:
        """Where a step can lead, narrowed by what is said of its end."""
        facts = yield from self._along(step, bound)
        options = [one for one in facts if one not in bound.values()]
        for later in self.guide.steps[place + 1 :]:
            if later.start == step.end and later.end in bound:
                back = GuideStep(
                    start=later.end,
                    predicate=later.predicate,
                    end=later.start,
                    forward=not later.forward,
                )
                near = yield from self._along(back, bound)
                options = [one for one in options if one in near]
        if self._is_share(step.end):
            best = max(
                (self.notes.share(bound[step.start], one) or 0.0 for one in options), default=0
            )
            return [one for one in options if self.notes.share(bound[step.start], one) == best]
        clues = self._clues(step.end)
        if len(options) > 1 and any(_is_sign(one) or _is_absent(one) for one in clues):
            thought = self.say.which_of(len(options), [words(one) for one in clues])
            options = yield from self._with_signs(step.end, thought, options[:_AMONG])
        return options

    def _is_share(self, mask: str) -> bool:
        choice = self.choice.condition if self.choice else None
        return isinstance(choice, Choice) and choice.measure == "share" and choice.subject == mask

    # Choosing among solutions.

    def _chosen(self) -> Generator[Move, str, Bound | None]:
        """The solution that the question means; `None` if there is none, or no single one."""
        choice = self.choice.condition if self.choice else None
        if not isinstance(choice, Choice) or not self.solutions:
            return self.solutions[0] if self.solutions else None
        best: list[tuple[float, Bound]] = []
        for solution in self.solutions:
            value = yield from self._measure(choice, solution)
            if value is not None:
                best.append((value if choice.extreme == "most" else -value, solution))
        if not best:
            return None
        top = max(value for value, _ in best)
        return next(solution for value, solution in best if value == top)

    def _measure(self, choice: Choice, bound: Bound) -> Generator[Move, str, float | None]:
        node = bound[choice.subject]
        if choice.measure == "share":
            return self.notes.share(bound[choice.of or ""], node)
        if choice.measure == "onset":
            facts = yield from self._facts(node, "onset", self.say.compare(node, "age of onset"))
            return min((ONSET_RANK[one] for one in facts if one in ONSET_RANK), default=None)
        relation = relation_of(choice.predicate or Predicate.CAUSES, forward=choice.forward)
        yield from self._look(node, relation, self.say.compare(node, "number of facts"))
        return self.notes.count(node, relation)

    # Checking.

    def _fits(self, node: str, mask: str) -> Generator[Move, str, bool]:
        """Whether what the question says of `mask`, other than its signs, was read of `node`."""
        clues = [one for one in self._clues(mask) if not isinstance(one.condition, Choice)]
        if clues and node in self.documents:
            yield from self._read(node, clues)
        return (yield from self._all_fit(node, clues))

    def _all_fit(self, node: str, clues: Sequence[GuideClue]) -> Generator[Move, str, bool]:
        for clue in clues:
            if not (yield from self._is_so(node, clue)):
                return False
        return True

    def _is_so(self, node: str, clue: GuideClue) -> Generator[Move, str, bool]:
        condition = clue.condition
        if isinstance(condition, Count):
            relation = relation_of(condition.predicate, forward=condition.forward)
            yield from self._look(node, relation, self.say.check(node, clue))
            return condition.low <= self.notes.count(node, relation) <= condition.high
        if not isinstance(condition, Atom):
            return True
        if condition.share is not None:
            return (yield from self._has_share(node, clue, condition.share))
        if _is_sign(clue) or _is_absent(clue):
            return (yield from self._has_sign(node, clue))
        relation = relation_of(condition.predicate, forward=True)
        yield from self._facts(node, relation, self.say.check(node, clue))
        return self.notes.has(node, relation, clue.words)

    def _has_sign(self, node: str, clue: GuideClue) -> Generator[Move, str, bool]:
        """Whether a disease came back for its signs; if it was never asked about, ask."""
        if (node, clue.mask) not in self.notes.fitting:
            thought = self.say.check(node, clue)
            yield from self._with_signs(clue.mask, thought, [node])
        return self.notes.fitting[node, clue.mask]

    def _has_share(
        self, node: str, clue: GuideClue, bounds: tuple[float, float]
    ) -> Generator[Move, str, bool]:
        facts = yield from self._facts(node, "phenotypes", self.say.check(node, clue))
        wanted = clue.words.casefold()
        named = [one for one in facts if self.notes.names[one].casefold() == wanted]
        low, high = bounds
        return any(low <= share <= high for one in named for share in self.notes.shares(node, one))

    def _clues(self, mask: str) -> list[GuideClue]:
        return [clue for clue in self.guide.clues if clue.mask == mask]

    # Reading.

    def _facts(self, node: str, relation: str, thought: str) -> Generator[Move, str, list[str]]:
        """The facts of a relation: from the notes, the entity's summary, or page by page."""
        yield from self._look(node, relation, thought)
        if self.notes.count(node, relation) > _TOO_MANY:
            return []
        if self.notes.facts(node, relation) is None:
            yield from self._pages(node, relation, self.say.rest(node, relation))
        return self.notes.seen(node, relation)

    def _look(self, node: str, relation: str, thought: str) -> Research:
        """Look an entity up, unless facts of the relation were read before."""
        if self.notes.facts(node, relation) is None and not self.notes.seen(node, relation):
            text = yield from self._move(thought, "lookup_entity", {"entity": node})
            self.notes.add_summary(node, text)

    def _read(self, node: str, clues: list[GuideClue]) -> Research:
        """Read the page of an entity that the search has shown."""
        thought = self.say.read(node, clues)
        arguments = {"document_id": self.documents.pop(node)}
        yield from self._move(thought, "read_document", arguments)

    def _pages(self, node: str, relation: str, thought: str) -> Research:
        """Read a relation page by page, at most `_MAX_PAGES`."""
        for page in range(1, _MAX_PAGES + 1):
            arguments: dict[str, Any] = {"entity": node, "relation": relation}
            if page > 1:
                arguments["page"] = page
            text = yield from self._move(thought, "lookup_entity", arguments)
            if self.notes.add_page(node, relation, text) == 0:
                break
            thought = self.say.next_page()

    def _move(
        self, thought: str, tool: str, arguments: dict[str, Any]
    ) -> Generator[Move, str, str]:
        return (yield Move(thought, tool, arguments))


def _is_sign(clue: GuideClue) -> bool:
    """Whether a clue says that a disease shows a sign or something more specific."""
    one = clue.condition
    if not isinstance(one, Atom) or one.negated or one.share is not None:
        return False
    return one.predicate is Predicate.HAS_PHENOTYPE


def _is_absent(clue: GuideClue) -> bool:
    return isinstance(clue.condition, Atom) and clue.condition.negated
