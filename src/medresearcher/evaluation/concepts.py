"""The MeSH and OMIM ids that stand for a node, to compare it with corpora that use these.

The graph's own equivalents cover the diseases of MONDO. MeSH headings that are spelled like a
name of the node add to them; they are read from the MEDLINE records, which name each heading
with its id. What has no id of MeSH either way takes that of the nearest class above it.
"""

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from medresearcher.graph.dictionary import Dictionary, keys
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate
from medresearcher.sources.files import Files, binary

_HEADING = re.compile(rb'<DescriptorName UI="(D\d+)"[^>]*>([^<]+)<')
_CHUNK = 1 << 24


def read_headings(files: Files) -> dict[str, str]:
    """MeSH headings of the MEDLINE records: name -> CURIE."""
    found: dict[bytes, bytes] = {}
    for name in files.names:
        with binary(files, name) as stream:
            rest = b""
            while chunk := stream.read(_CHUNK):
                found.update((text, ui) for ui, text in _HEADING.findall(rest + chunk))
                rest = chunk[chunk.rfind(b"\n") + 1 :]
    return {
        html.unescape(name.decode()): f"MESH:{ui.decode()}" for name, ui in sorted(found.items())
    }


class Concepts:
    """Comparable ids of nodes, looked up once each."""

    def __init__(self, graph: Graph, dictionary: Dictionary, headings: Mapping[str, str]) -> None:
        self._graph = graph
        self._known: dict[str, frozenset[str]] = {}
        # By cost: a heading spelled like the node before one that says it in other words.
        self._headings: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for heading, curie in headings.items():
            for key, cost in keys(heading).items():
                entry = dictionary.get(key)
                for node in entry.nodes if entry and not entry.forms else ():
                    self._headings[node][cost].add(curie)

    def of(self, node: str) -> frozenset[str]:
        """All ids of a node; empty if it has none to compare by."""
        if node not in self._known:
            self._known[node] = self._find(node)
        return self._known[node]

    def _find(self, node: str) -> frozenset[str]:
        found = self._own(node)
        if not _has_heading(found):
            found |= frozenset[str]().union(*(self._own(twin) for twin in self._twins(node)))
        level = {node} if self._graph.type(node) is EntityType.DISEASE else set[str]()
        seen = set(level)
        while level and not _has_heading(found):
            parents = (self._graph.objects(one, Predicate.SUBCLASS_OF) for one in level)
            level = set[str]().union(*parents) - seen
            seen |= level
            found |= {one for parent in level for one in self._own(parent) if _is_heading(one)}
        return found if _has_heading(found) else found | self._headings[node][1]

    def _own(self, node: str) -> frozenset[str]:
        given = self._graph.entity(node).equivalents
        found = frozenset(one for one in given if one.startswith(("MESH:", "OMIM:")))
        return found | self._headings[node][0]

    def _twins(self, node: str) -> set[str]:
        """Other nodes with the same UMLS concept."""
        given = self._graph.entity(node).equivalents
        umls = (self._graph.resolve(one) for one in given if one.startswith("UMLS:"))
        return set[str]().union(*umls) - {node}


def _is_heading(curie: str) -> bool:
    return curie.startswith("MESH:D")


def _has_heading(curies: Iterable[str]) -> bool:
    return any(_is_heading(curie) for curie in curies)
