"""What the guided policy says before a call: short, varied, and only about what it has seen."""

from collections.abc import Collection, Mapping, Sequence
from random import Random

from medresearcher.agent.notebook import relation_of
from medresearcher.questions.grammar import listed
from medresearcher.records.knowledge import Predicate
from medresearcher.records.question import Atom, Count
from medresearcher.records.trajectory import Guide, GuideClue

_SEARCH = (
    "The question starts from a disease with {signs}. I will search for these findings together.",
    "First I need the disease that shows {signs}; I search the fact pages for it.",
    "The anchor is a rare disease with {signs}. I search for these signs first.",
)
_BEARERS = (
    "Which diseases are recorded with {sign}? I list them.",
    "I list every disease recorded with {sign}.",
    "Search ranks by words; now I ask for all diseases recorded with {sign}.",
)
_LOOK = (
    "{Name} is what remains. I check it once more before I answer.",
    "Only {name} fits everything; I look it up to be sure.",
)
_READ = (
    "{Name} must be the disease that the question starts from; I read its page to check {clue}.",
    "I open the page of {name} and look for {clue}.",
)
_CHECK = (
    "I check {name} for {clue}.",
    "{Name} must also fit {clue}; I verify that.",
)
_CHECK_ALL = (
    "Which of the {count} candidates fit {clue}? I get the facts for all of them.",
    "There are {count} candidates, and the question says {clue}; I check each.",
)
_STEP = (
    "From {name} the next step is its {relation}.",
    "Now I need the {relation} of {name}.",
)
_STEP_ALL = (
    "{count} candidates are left. I get the {relation} of all of them.",
    "Next come the {relation}, of each of the {count} candidates.",
)
_LIST = (
    "{Name} alone has so many {relation} that I must list them.",
    "There are too many {relation} of {name} for that; I list them page by page.",
)
_NEXT = ("The list goes on; I read the next page.", "There is another page of this list.")
_NEXT_BATCH = (
    "That was {done} of the {count}; I ask about the next ones.",
    "I go on with the others, {done} of {count} are done.",
)
_WHICH_OF = (
    "There are {count} to choose from. Which of them has {clue}?",
    "Of these {count}, only some can fit {clue}; I ask which.",
)
_WHICH_ONE = ("One is left; does it have {clue}?", "I verify {clue} for the one that is left.")
_COMPARE = (
    "{count} candidates fit so far; I compare their {relation}.",
    "To tell the {count} candidates apart I need their {relation}.",
)
_PLAIN = {
    "causal_genes": "genes",
    "causes": "diseases",
    "gene_groups": "gene families",
    "genes": "member genes",
    "diseases": "diseases",
    "phenotypes": "phenotypes",
    "pathways": "pathways",
    "treatments": "treatments",
    "treats": "indications",
    "targets": "targets",
    "drugs": "drugs",
    "inheritance": "modes of inheritance",
    "onset": "ages of onset",
}


def words(clue: GuideClue) -> str:
    """A clue as a noun phrase."""
    condition = clue.condition
    if isinstance(condition, Count):
        relation = relation_of(condition.predicate, forward=condition.forward)
        return f"{clue.text} {_PLAIN[relation]}"
    if isinstance(condition, Atom) and condition.negated:
        return f"the absence of {clue.text}"
    if clue.predicate is Predicate.HAS_INHERITANCE:
        return f"{clue.text} inheritance"
    if clue.predicate is Predicate.MEMBER_OF:
        return f"the group “{clue.text}”"
    return clue.text


class Thoughts:
    """Words for one rollout; `names` is filled by what was read."""

    def __init__(self, rng: Random, names: Mapping[str, str]) -> None:
        self._rng = rng
        self._names = names

    def search(self, signs: Sequence[str]) -> str:
        """Before the first search."""
        return self._say(_SEARCH, signs=listed(signs))

    def bearers(self, sign: str) -> str:
        """Before listing the diseases with a sign."""
        return self._say(_BEARERS, sign=sign)

    def look(self, node: str) -> str:
        """Before looking the answer up."""
        return self._say(_LOOK, name=self.name(node))

    def read(self, node: str, clues: Sequence[GuideClue]) -> str:
        """Before reading the page of an entity."""
        said = listed([words(clue) for clue in clues])
        return self._say(_READ, name=self.name(node), clue=said)

    def check(self, count: int, clue: GuideClue, nodes: Collection[str]) -> str:
        """Before checking a clue of one or more entities."""
        if count == 1:
            return self._say(_CHECK, name=self.name(*nodes), clue=words(clue))
        return self._say(_CHECK_ALL, count=str(count), clue=words(clue))

    def step(self, count: int, relation: str, nodes: Collection[str]) -> str:
        """Before following a relation from one or more entities."""
        plain = _PLAIN[relation]
        if count == 1:
            return self._say(_STEP, name=self.name(*nodes), relation=plain)
        return self._say(_STEP_ALL, count=str(count), relation=plain)

    def list(self, node: str, relation: str) -> str:
        """Before listing a relation that is too long for several entities at once."""
        return self._say(_LIST, name=self.name(node), relation=_PLAIN[relation])

    def next_page(self) -> str:
        """Before turning a page."""
        return self._say(_NEXT)

    def next_batch(self, done: int, count: int) -> str:
        """Before asking the same of more entities, too many for one call."""
        return self._say(_NEXT_BATCH, done=str(done), count=str(count))

    def which_of(self, count: int, clues: Sequence[str]) -> str:
        """Before asking which of several entities fit."""
        if count == 1:
            return self._say(_WHICH_ONE, clue=listed(list(clues)))
        return self._say(_WHICH_OF, count=str(count), clue=listed(list(clues)))

    def compare(self, count: int, relation: str, nodes: Collection[str]) -> str:
        """Before measuring several that fit."""
        if count == 1:
            return self.step(count, relation, nodes)
        return self._say(_COMPARE, count=str(count), relation=_PLAIN[relation])

    def name(self, node: str) -> str:
        """The name of an entity that was seen, else its identifier."""
        return self._names.get(node, node)

    def answer(self, guide: Guide, found: Mapping[str, str]) -> str:
        """The final message: the chain as it was found, and the answer."""
        cited = {mask: f"{self.name(node)} ({node})" for mask, node in found.items()}
        first = next(iter(guide.masks))
        clues = {mask: [words(one) for one in guide.clues if one.mask == mask] for mask in found}
        lines = [f"The disease with {listed(clues.pop(first))} is {cited[first]}."]
        lines += [
            _SENTENCES[one.predicate, one.forward].format(
                start=cited[one.start], end=cited[one.end]
            )
            for one in guide.steps
        ]
        lines += [f"{cited[mask]} fits {listed(said)}." for mask, said in clues.items() if said]
        return " ".join(lines) + f"\n\nAnswer: {cited[guide.answer]}"

    def give_up(self, reason: str) -> str:
        """The final message without an answer."""
        return f"I could not settle the question: {reason}.\n\nAnswer: not found"

    def _say(self, templates: Sequence[str], **values: str) -> str:
        capitals = {
            key.capitalize(): value[:1].upper() + value[1:] for key, value in values.items()
        }
        return self._rng.choice(templates).format(**values, **capitals)


_SENTENCES = {
    ("gene_associated_with_condition", False): "{end} is a gene implicated in {start}.",
    ("gene_associated_with_condition", True): "{start} is also associated with {end}.",
    ("member_of", True): "{start} belongs to {end}.",
    ("member_of", False): "{end} is another gene of {start}.",
    ("participates_in", True): "{start} takes part in {end}.",
    ("participates_in", False): "{end} also takes part in {start}.",
    ("treats", True): "{start} is also used to treat {end}.",
    ("treats", False): "{end} is used to treat {start}.",
    ("affects", True): "{start} acts on {end}.",
    ("affects", False): "{end} acts on {start}.",
    ("has_phenotype", True): "{start} shows {end}.",
    ("has_phenotype", False): "{start} is also seen in {end}.",
    ("has_mode_of_inheritance", True): "{start} is inherited as {end}.",
    ("has_onset", True): "{start} has {end}.",
}
