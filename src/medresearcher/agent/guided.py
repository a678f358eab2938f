"""The guided policy: a teacher without a language model.

It knows the relations and clues of the masked chain and nothing else. For each mask it keeps the
set of entities that may stand there: it finds the first by its signs, follows each relation from
all of a set at once, and narrows the sets by what the tools say of the clues. What remains is put
together to whole chains. It can fail: it may run out of turns, and when nothing fits it says that
the answer was not found.
"""

import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from medresearcher.agent.notebook import Notebook, relation_of, share_in, shares_in
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
from medresearcher.tools.neighbours import MOST, parse_counts, parse_edges

_MAX_PAGES = 16
_HITS = 10
# The relation from a family or pathway to its genes.
_MEMBERS = "genes"
# So many diseases can be asked about at once.
_AMONG = 60
# A set larger than this is too large to go on from.
_TOO_MANY = 400


@dataclass(frozen=True, slots=True)
class Move:
    """One tool call with the thought that leads to it."""

    thought: str
    tool: str
    arguments: dict[str, Any]


Research = Generator[Move, str, Any]
Bound = dict[str, str]
Edges = dict[str, set[str]]


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
        # Which entities may stand for each mask, and for each step taken where it leads from each.
        self.domains: dict[str, set[str]] = {}
        self.taken: list[tuple[GuideStep, Edges]] = []
        # Whether some list was too long to be read to its end.
        self.cut_off = False

    def research(self) -> Generator[Move, str, str]:
        """Research the question; the final message is the value of the generator."""
        first = next(iter(self.guide.masks))
        yield from self._find(first)
        for step in self._planned():
            if len(self._smaller_end(step)) > _TOO_MANY:
                return self.say.give_up("too many entities fit the clues to go on from them")
            yield from self._take(step)
            if not self.domains[step.end]:
                return self.say.give_up("no chain of entities fits all the clues")
        found = yield from self._chosen(list(self._solutions()))
        if self.cut_off:
            return self.say.give_up("a list was too long to be read to its end")
        if found is None:
            return self.say.give_up("no single chain of entities fits all the clues")
        yield from self._confirm(found)
        return self.say.answer(self.guide, found)

    # Finding the first entity.

    def _find(self, mask: str) -> Research:
        """Search for the signs of the first disease, then list all diseases that have them."""
        signs = [clue.words for clue in self._clues(mask) if _is_sign(clue)]
        arguments = {"query": "; ".join(signs), "limit": _HITS, "type": "disease_page"}
        text = yield from self._move(self.say.search(signs), "medical_search", arguments)
        for title, document, curie in parse_hits(text):
            if curie:
                self.documents.setdefault(curie, document)
                self.notes.names.setdefault(curie, title.removesuffix(": facts"))
        found = yield from self._with_signs(mask, self.say.bearers(listed(signs)))
        self.domains[mask] = yield from self._narrowed(mask, set(found))

    def _with_signs(
        self, mask: str, thought: str, among: Sequence[str] = ()
    ) -> Generator[Move, str, set[str]]:
        """The diseases with the signs that are said of a mask; of those in `among` if given."""
        signs = [clue.words for clue in self._clues(mask) if _is_sign(clue)]
        absent = [clue.words for clue in self._clues(mask) if _is_absent(clue)]
        arguments: dict[str, Any] = {"signs": signs} if signs else {}
        arguments |= {"absent": absent} if absent else {}
        arguments |= {"among": list(among)} if among else {}
        found: set[str] = set()
        for text in (yield from self._read_all(thought, "find_by_features", arguments)):
            pairs = parse_facts(text).get("matches", [])
            self.notes.names.update((curie, name) for name, curie in pairs)
            found.update(curie for _, curie in pairs)
        return found

    # Following the steps.

    def _planned(self) -> Iterator[GuideStep]:
        """The steps, those to the answer as late as can be: first narrow what leads there."""
        left = list(self.guide.steps)
        while left:
            open_steps = [one for one in left if one.start in self.domains]
            step = min(open_steps, key=lambda one: one.end == self.guide.answer)
            left.remove(step)
            yield step

    def _take(self, step: GuideStep) -> Research:
        """Follow a step from all that may be its start, and narrow both of its ends."""
        edges = yield from self._along(step)
        if step.end in self.domains:
            ends = self.domains[step.end]
        else:
            ends = set().union(*edges.values())
            ends = yield from self._narrowed(step.end, ends)
        edges = {start: ends & found for start, found in edges.items() if ends & found}
        self.taken.append((step, edges))
        self.domains[step.start] = set(edges)
        self.domains[step.end] = set().union(*edges.values())

    def _along(self, step: GuideStep) -> Generator[Move, str, Edges]:
        """Where a step leads from each of its starts; asked of its ends if those are fewer."""
        starts, nodes = self.domains[step.start], self._smaller_end(step)
        if nodes is starts:
            ahead = relation_of(step.predicate, forward=step.forward)
            return (yield from self._from(starts, ahead))
        back = relation_of(step.predicate, forward=not step.forward)
        found = yield from self._from(nodes, back)
        return {start: {end for end in nodes if start in found[end]} for start in starts}

    def _smaller_end(self, step: GuideStep) -> set[str]:
        """The entities at the end of a step that has fewer, but never families to list."""
        starts = self.domains[step.start]
        ends = self.domains.get(step.end, starts)
        if relation_of(step.predicate, forward=not step.forward) == _MEMBERS:
            return starts
        return ends if len(ends) < len(starts) else starts

    def _from(self, nodes: set[str], relation: str) -> Generator[Move, str, Edges]:
        """Where a relation leads from each of some entities, all of it read."""
        yield from self._step(nodes, relation, self.say.step(len(nodes), relation, nodes))
        for node in sorted(nodes):
            yield from self._list(node, relation)
        return {node: set(self.notes.ends(node, relation)) for node in nodes}

    def _step(
        self, starts: Iterable[str], relation: str, thought: str
    ) -> Generator[Move, str, Edges]:
        """Where a relation leads from each of some entities, in as many calls as it takes."""
        ordered = sorted(starts)
        for place in range(0, len(ordered), MOST):
            some = ordered[place : place + MOST]
            thought = self.say.next_batch(place, len(ordered)) if place else thought
            unread = [one for one in some if not self.notes.has_read(one, relation)]
            if unread:
                arguments = {"entities": unread, "relation": relation}
                for text in (yield from self._read_all(thought, "neighbours", arguments)):
                    self.notes.add_edges(relation, parse_edges(text))
                    self.notes.add_counts(relation, parse_counts(text))
                self.notes.set_read(unread, relation)
        return {one: set(self.notes.ends(one, relation)) for one in ordered}

    def _list(self, start: str, relation: str) -> Research:
        """Read the facts of an entity of which only the number was told.

        Families are left as they are: of so many genes none is told from the others by it.
        """
        if relation == _MEMBERS or not self.notes.is_unlisted(start, relation):
            return
        arguments = {"entity": start, "relation": relation}
        thought = self.say.list(start, relation)
        for text in (yield from self._read_all(thought, "lookup_entity", arguments)):
            facts = parse_facts(text).get(relation, [])
            self.notes.add_edges(relation, ((start, end, name, "") for name, end in facts))

    def _narrowed(self, mask: str, nodes: set[str]) -> Generator[Move, str, set[str]]:
        """Those entities of which the tools say what the question says of `mask`."""
        clues = self._clues(mask)
        if any(_is_sign(one) or _is_absent(one) for one in clues) and mask in self._started():
            said = [words(one) for one in clues if _is_sign(one) or _is_absent(one)]
            kept: set[str] = set()
            ordered = sorted(nodes)
            for place in range(0, len(ordered), _AMONG):
                some = ordered[place : place + _AMONG]
                thought = self.say.which_of(len(ordered), said)
                thought = self.say.next_batch(place, len(ordered)) if place else thought
                kept |= yield from self._with_signs(mask, thought, some)
            nodes = kept
        for clue in clues:
            if nodes:
                nodes = yield from self._with(clue, nodes)
        return nodes

    def _started(self) -> set[str]:
        """The masks other than the first, whose signs were not asked for at the start."""
        return set(list(self.guide.masks)[1:])

    def _with(self, clue: GuideClue, nodes: set[str]) -> Generator[Move, str, set[str]]:
        """Those entities that fit a clue which is not about signs alone."""
        condition = clue.condition
        if isinstance(condition, Choice) or _is_sign(clue) or _is_absent(clue):
            return nodes
        forward = condition.forward if isinstance(condition, Count) else True
        relation = relation_of(condition.predicate, forward=forward)
        thought = self.say.check(len(nodes), clue, nodes)
        edges = yield from self._step(nodes, relation, thought)
        return {node for node in nodes if self._is_so(clue, node, edges[node])}

    def _is_so(self, clue: GuideClue, node: str, ends: set[str]) -> bool:
        condition = clue.condition
        if isinstance(condition, Count):
            relation = relation_of(condition.predicate, forward=condition.forward)
            return condition.low <= self.notes.count(node, relation) <= condition.high
        wanted = {clue.words.casefold(), f"{clue.words} inheritance".casefold()}
        named = [one for one in ends if self.notes.names[one].casefold() in wanted]
        if not isinstance(condition, Atom) or condition.share is None:
            return bool(named)
        low, high = condition.share
        said = (self.notes.details[node, one] for one in named)
        return any(low <= share <= high for details in said for share in shares_in(details))

    # Putting chains together.

    def _solutions(self) -> Iterator[Bound]:
        """Every way to bind the masks that fits all steps, no entity twice."""
        first = next(iter(self.guide.masks))
        for node in sorted(self.domains[first]):
            yield from self._extended({first: node}, 0)

    def _extended(self, bound: Bound, place: int) -> Iterator[Bound]:
        if place == len(self.taken):
            yield bound
            return
        step, edges = self.taken[place]
        ends = edges.get(bound[step.start], set()) & self.domains[step.end]
        if step.end in bound:
            ends &= {bound[step.end]}
        else:
            ends -= set(bound.values())
        for end in sorted(ends):
            yield from self._extended({**bound, step.end: end}, place + 1)

    def _chosen(self, found: list[Bound]) -> Generator[Move, str, Bound | None]:
        """The solution that the question means; `None` if there is not one single answer."""
        choices = (one.condition for one in self.guide.clues)
        choice = next((one for one in choices if isinstance(one, Choice)), None)
        if choice and found:
            found = yield from self._extreme(choice, found)
        answers = {one[self.guide.answer] for one in found}
        return found[0] if len(answers) == 1 else None

    def _extreme(self, choice: Choice, found: list[Bound]) -> Generator[Move, str, list[Bound]]:
        """Those solutions that have the extreme measure."""
        nodes = {one[choice.subject] for one in found}
        edges: Edges = {}
        if choice.measure != "share":
            predicate = choice.predicate or Predicate.HAS_ONSET
            relation = relation_of(predicate, forward=choice.forward)
            thought = self.say.compare(len(nodes), relation, nodes)
            edges = yield from self._step(nodes, relation, thought)
        measured = [(self._measure(choice, one, edges), one) for one in found]
        values = [value for value, _ in measured if value is not None]
        if not values:
            return []
        best = max(values) if choice.extreme == "most" else min(values)
        return [one for value, one in measured if value == best]

    def _measure(self, choice: Choice, bound: Bound, edges: Edges) -> float | None:
        node = bound[choice.subject]
        if choice.measure == "share":
            return share_in(self.notes.details[bound[choice.of or ""], node])
        if choice.measure == "onset":
            return min((ONSET_RANK[one] for one in edges[node] if one in ONSET_RANK), default=None)
        relation = relation_of(choice.predicate or Predicate.CAUSES, forward=choice.forward)
        return float(self.notes.count(node, relation))

    def _confirm(self, found: Bound) -> Research:
        """Read the page of the first disease, or look up the answer, before answering."""
        first = next(iter(self.guide.masks))
        clues = self._clues(first)
        document = self.documents.get(found[first])
        if document:
            thought = self.say.read(found[first], clues)
            yield from self._move(thought, "read_document", {"document_id": document})
        answer = found[self.guide.answer]
        yield from self._move(self.say.look(answer), "lookup_entity", {"entity": answer})

    def _clues(self, mask: str) -> list[GuideClue]:
        return [clue for clue in self.guide.clues if clue.mask == mask]

    # Calling tools.

    def _read_all(
        self, thought: str, tool: str, arguments: dict[str, Any]
    ) -> Generator[Move, str, list[str]]:
        """What a tool says, page by page, at most `_MAX_PAGES`."""
        texts: list[str] = []
        for page in range(1, _MAX_PAGES + 1):
            more = {"page": page} if page > 1 else {}
            texts.append((yield from self._move(thought, tool, {**arguments, **more})))
            if not self.notes.pages_left(texts[-1]):
                break
            thought = self.say.next_page()
        self.cut_off |= self.notes.pages_left(texts[-1]) > 0
        return texts

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
