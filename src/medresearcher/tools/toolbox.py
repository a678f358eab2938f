"""The medical tools of an agent."""

from medresearcher.graph.store import Graph
from medresearcher.retrieval.index import Index
from medresearcher.tools.find_by_features import find_by_features
from medresearcher.tools.lookup_entity import lookup_entity
from medresearcher.tools.medical_search import medical_search
from medresearcher.tools.neighbours import neighbours
from medresearcher.tools.read_document import read_document
from medresearcher.tools.tool import Toolbox


def medical_tools(graph: Graph, index: Index) -> Toolbox:
    """Search, reading and look-up over one knowledge base."""
    return Toolbox(
        [
            medical_search(index),
            read_document(index),
            lookup_entity(graph),
            find_by_features(graph),
            neighbours(graph),
        ]
    )
