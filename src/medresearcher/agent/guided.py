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
from medresearcher.agent.thoughts import Thoughts
from medresearcher.llm.chat import Reply
from medresearcher.records.knowledge import Predicate
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
_WIDE = 3
# More genes than this are not tried one by one before a search for where they lead.
_MANY = 4
_TRIED = 8
_NAMED = 40
# A list longer than this is too general to lead anywhere.
_TOO_MANY = 120
_OPENED = 4
# The identifiers of what a question names, where the name alone is ambiguous.
_PREFIX = {"diseases": "HP:", "genes": "HGNC.FAMILY:"}


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
        self.too_long: set[str] = set()

    def research(self) -> Generator[Move, str, str]:
        """Research the question; the final message is the value of the generator."""
        first = next(iter(self.guide.masks))
        candidates = yield from self._candidates(first)
        for candidate in candidates:
            if (yield from self._fits(candidate, first)):
                found = yield from self._follow(0, {first: candidate})
                if found:
                    return self.say.answer(self.guide, found)
        return self.say.give_up("no chain of entities fits all the clues")

    # Finding the first entity.

    def _candidates(self, mask: str) -> Generator[Move, str, list[str]]:
        """Diseases that may be the first one: found by search, narrowed by each sign."""
        clues = self._clues(mask, Predicate.HAS_PHENOTYPE)
        signs = [clue.text for clue in clues]
        hits = yield from self._search(signs, self.say.search(signs))
        fitting: set[str] | None = None
        for clue in clues:
            diseases = yield from self._known_by(clue)
            if diseases is not None:
                fitting = set(diseases) if fitting is None else fitting & set(diseases)
            if fitting is not None and len(fitting) <= 1:
                break
        if fitting is None:
            return hits
        return [*(one for one in hits if one in fitting), *sorted(fitting - set(hits))]

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

    # Following the chain.

    def _follow(self, place: int, bound: Bound) -> Generator[Move, str, Bound | None]:
        """Complete the chain from step `place` on; `None` if nothing fits."""
        if place == len(self.guide.steps):
            return bound
        step = self.guide.steps[place]
        options = yield from self._options(step, bound)
        if len(options) > _MANY and place + 1 < len(self.guide.steps):
            likely = yield from self._likely(self.guide.steps[place + 1], options)
            rest = [one for one in options if one not in likely]
            options = [*likely, *rest[:_TRIED]]
        for option in options:
            if (yield from self._fits(option, step.end)):
                found = yield from self._follow(place + 1, {**bound, step.end: option})
                if found:
                    return found
        return None

    def _options(self, step: GuideStep, bound: Bound) -> Generator[Move, str, list[str]]:
        """Where a step can lead, narrowed by lists of the clues if there are many."""
        relation = relation_of(step.predicate, forward=step.forward)
        start = bound[step.start]
        facts = yield from self._facts(start, relation, self.say.step(start, relation))
        options = [one for one in facts if one not in bound.values()]
        for clue in self._clues(step.end):
            if len(options) < _WIDE:
                break
            known = yield from self._known_by(clue)
            if known is not None:
                options = [one for one in options if one in known]
        return options

    def _likely(self, step: GuideStep, genes: list[str]) -> Generator[Move, str, list[str]]:
        """Which of many genes lead on: search for a disease with its signs and one of them."""
        if step.predicate is not Predicate.CAUSES or not step.forward:
            return []
        signs = [clue.text for clue in self._clues(step.end, Predicate.HAS_PHENOTYPE)]
        names = [self.notes.names[gene] for gene in genes[:_NAMED]]
        thought = self.say.likely(len(genes), signs)
        likely: list[str] = []
        hits = yield from self._search([*signs, *names], thought)
        for disease in hits[:_OPENED]:
            thought = self.say.look(disease)
            caused_by = yield from self._facts(disease, "causal_genes", thought)
            fitting = [gene for gene in genes if gene in caused_by and gene not in likely]
            if fitting and (yield from self._fits(disease, step.end)):
                likely += fitting
                break
        return likely

    # Checking.

    def _fits(self, node: str, mask: str) -> Generator[Move, str, bool]:
        """Whether everything that the question says of `mask` was read of `node`."""
        clues = self._clues(mask)
        if clues and node in self.documents:
            yield from self._read(node, clues)
        for clue in clues:
            bearers = self.notes.facts(clue.text, relation_of(clue.predicate, forward=False))
            if bearers is not None:
                if node not in bearers:
                    return False
                continue
            relation = relation_of(clue.predicate, forward=True)
            if not self.notes.has(node, relation, clue.text):
                yield from self._look(node, relation, self.say.check(node, clue))
            if not self.notes.has(node, relation, clue.text):
                yield from self._facts(node, relation, self.say.check(node, clue))
            if not self.notes.has(node, relation, clue.text):
                return False
        return True

    def _known_by(self, clue: GuideClue) -> Generator[Move, str, list[str] | None]:
        """Everything that fits a clue; `None` if there is no list, or it is too long."""
        if clue.predicate is Predicate.HAS_PHENOTYPE:
            return (yield from self._named(clue.text, "diseases", self.say.bearers(clue.text)))
        if clue.predicate is Predicate.MEMBER_OF:
            return (yield from self._named(clue.text, "genes", self.say.family(clue.text)))
        return None

    def _clues(self, mask: str, predicate: Predicate | None = None) -> list[GuideClue]:
        return [
            clue
            for clue in self.guide.clues
            if clue.mask == mask and predicate in (None, clue.predicate)
        ]

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

    def _named(
        self, name: str, relation: str, thought: str
    ) -> Generator[Move, str, list[str] | None]:
        """All facts of a relation of something the question names."""
        if self.notes.facts(name, relation) is None and name not in self.too_long:
            text = yield from self._pages(name, relation, thought)
            meant = [
                curie
                for _, curie in parse_facts(text).get("candidates", ())
                if curie.startswith(_PREFIX[relation])
            ]
            if meant:
                yield from self._pages(meant[0], relation, self.say.which(name, meant[0]))
                self.notes.same(name, meant[0])
        return self.notes.facts(name, relation)

    def _pages(self, node: str, relation: str, thought: str) -> Generator[Move, str, str]:
        """Read a relation page by page, at most `_MAX_PAGES`; return the last text."""
        text = ""
        for page in range(1, _MAX_PAGES + 1):
            arguments: dict[str, Any] = {"entity": node, "relation": relation}
            if page > 1:
                arguments["page"] = page
            text = yield from self._move(thought, "lookup_entity", arguments)
            left = self.notes.add_page(node, relation, text)
            if page + left > _MAX_PAGES:
                self.too_long.add(node)
            if left == 0 or node in self.too_long:
                break
            thought = self.say.next_page()
        return text

    def _move(
        self, thought: str, tool: str, arguments: dict[str, Any]
    ) -> Generator[Move, str, str]:
        return (yield Move(thought, tool, arguments))
