"""The languages of questions: how the graph's names stand in them, and how a pattern is told.

A question in another language than English has only clues whose names a source gives in that
language. Query, certificate and answer are the same in all.
"""

import re
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Literal, Protocol

from medresearcher.errors import InputError
from medresearcher.graph.store import Graph
from medresearcher.graph.translations import read_translations
from medresearcher.questions import grammar, grammar_zh
from medresearcher.questions.patterns import Pattern
from medresearcher.questions.wording import Wording
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.records.question import Clue, Masked

Code = Literal["en", "zh"]

_SIGN_ZH = re.compile(r"(?!.*[和与及或])[\u4e00-\u9fff]{2,14}")
_READS_ZH = {
    Predicate.HAS_PHENOTYPE: _SIGN_ZH,
    Predicate.HAS_INHERITANCE: re.compile(r"(?:X-)?[\u4e00-\u9fff]+遗传"),
    Predicate.HAS_ONSET: re.compile(r"[\u4e00-\u9fff]+[发起]病"),
}


class Language(Protocol):
    """One language over one graph; the wording says how names stand in sentences."""

    @property
    def wording(self) -> Wording:
        """How the names of nodes stand in sentences."""
        ...

    def names(self, node: str) -> tuple[str, ...]:
        """The names of a node in this language that the graph does not have."""
        ...

    def worded(self, clue: Clue, kind: EntityType) -> Clue:
        """A clue about an entity of type `kind` in the words of this language."""
        ...

    def tell(
        self, entities: Sequence[Masked], pattern: Pattern, clues: Sequence[Clue], rng: Random
    ) -> str:
        """The question that a pattern and worded clues are."""
        ...


class English:
    """The language of the graph's names."""

    def __init__(self, graph: Graph) -> None:
        self.wording = Wording(graph)

    def names(self, node: str) -> tuple[str, ...]:  # noqa: ARG002 - the graph has them
        """None but those of the graph."""
        return ()

    def worded(self, clue: Clue, kind: EntityType) -> Clue:  # noqa: ARG002 - it is worded so
        """The clue itself."""
        return clue

    def tell(
        self, entities: Sequence[Masked], pattern: Pattern, clues: Sequence[Clue], rng: Random
    ) -> str:
        """The question in English."""
        return grammar.Teller(entities, pattern, clues, rng).tell()


class Chinese:
    """Chinese, from the official names of HPO terms.

    Raises `InputError` if the knowledge base was built without them.
    """

    def __init__(self, graph: Graph) -> None:
        names = _chinese_names(graph)
        holders = Counter(names.values())
        self._names = {node: name for node, name in names.items() if holders[name] == 1}
        self.wording = _ChineseWording(graph, self._names)

    def names(self, node: str) -> tuple[str, ...]:
        """The official Chinese name, if there is one that nothing else has."""
        return (self._names[node],) if node in self._names else ()

    def worded(self, clue: Clue, kind: EntityType) -> Clue:
        """The clue with Chinese text."""
        return clue.model_copy(update={"text": grammar_zh.clue_text(clue, kind)})

    def tell(
        self, entities: Sequence[Masked], pattern: Pattern, clues: Sequence[Clue], rng: Random
    ) -> str:
        """The question in Chinese."""
        return grammar_zh.Teller(entities, pattern, clues, rng).tell()


class _ChineseWording(Wording):
    """Chinese names of what is also fit to be said in English."""

    def __init__(self, graph: Graph, names: dict[str, str]) -> None:
        super().__init__(graph)
        self._names = names

    def clue(self, predicate: Predicate, node: str) -> str | None:
        """The official Chinese name; `None` if there is none, or it does not read well."""
        name, reads = self._names.get(node, ""), _READS_ZH.get(predicate)
        if reads is None or not reads.fullmatch(name) or super().clue(predicate, node) is None:
            return None
        return name

    def sign(self, name: str) -> str:
        """The name itself: Chinese has no articles."""
        return name


def check_language(code: Code, graph: Graph) -> None:
    """Raise `InputError` if the knowledge base has no names for a language."""
    if code == "zh":
        _chinese_names(graph)


def _chinese_names(graph: Graph) -> dict[str, str]:
    names = read_translations(graph.folder, "zh")
    if not names:
        raise InputError(
            f"{graph.folder}: no Chinese names here; build a knowledge base with a folder that "
            "holds `hp-zh.babelon.tsv` (`medresearcher build --add FOLDER`)"
        )
    return names


def language_of(code: Code, graph: Graph) -> Language:
    """The language with a code; `InputError` if the knowledge base has no names for it."""
    return English(graph) if code == "en" else Chinese(graph)
