"""The tools of an agent: those over the knowledge base, and by setting those that reach out."""

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
from pathlib import Path

from medresearcher.errors import InputError
from medresearcher.graph.store import Graph
from medresearcher.retrieval.engine import Searchable
from medresearcher.settings import ToolSettings
from medresearcher.tools.differential_diagnosis import differential_diagnosis
from medresearcher.tools.find_by_features import find_by_features
from medresearcher.tools.lookup_entity import lookup_entity
from medresearcher.tools.medical_search import medical_search
from medresearcher.tools.neighbours import neighbours
from medresearcher.tools.read_document import read_document
from medresearcher.tools.tool import AnyTool, Tool, Toolbox

WEB = ("web_search", "visit_page", "calculator")
MEDICAL = (
    "pubmed_search",
    "pubmed_read",
    "europe_pmc_search",
    "clinical_trials",
    "clinical_trial",
    "drug_labels",
    "drug_approvals",
    "dailymed_search",
    "dailymed_label",
    "orange_book",
)
_GROUPS = {"web": WEB, "medical": MEDICAL}
_KB = "kb"


def medical_tools(graph: Graph, index: Searchable) -> Toolbox:
    """Search, reading and look-up over one knowledge base."""
    return Toolbox(
        [
            medical_search(index),
            read_document(index),
            lookup_entity(graph),
            find_by_features(graph),
            neighbours(graph),
            differential_diagnosis(graph),
        ]
    )


@contextmanager
def open_toolbox(
    graph: Graph, index: Searchable, settings: ToolSettings, cache: Path | None = None
) -> Generator[Toolbox]:
    """The tools that the settings enable, with foreign servers connected while the block runs.

    `cache` is the folder for answers of services. Raises `InputError` for a tool that does not
    exist, a server that cannot be reached and a cassette that is not there.
    """
    with ExitStack() as stack:
        tools = chosen_tools(medical_tools(graph, index), settings, cache)
        if settings.mcp_servers:
            from medresearcher.tools.mcp_client import foreign_tools

            tools += stack.enter_context(
                foreign_tools(settings.mcp_servers, settings.http.deadline_s)
            )
        yield _taped(Toolbox(tools), settings)


def chosen_tools(kb: Toolbox, settings: ToolSettings, cache: Path | None) -> list[AnyTool]:
    """The enabled tools of ours; those of the knowledge base are `kb`."""
    names = _expanded(settings.enabled, kb.names)
    outside = set(names) - set(kb.names)
    others = outside_tools(settings, cache) if outside else {}
    found: dict[str, AnyTool] = {tool.name: tool for tool in kb.tools}
    return [found[name] if name in found else others[name]() for name in names]


def outside_tools(settings: ToolSettings, cache: Path | None) -> dict[str, Callable[[], Tool]]:
    """How to make each tool that reaches out; they share one client and one page reader."""
    from medresearcher.tools.calculator import calculator
    from medresearcher.tools.connectors import (
        clinical_trials,
        dailymed,
        europe_pmc,
        openfda,
        orange_book,
        pubmed,
    )
    from medresearcher.tools.connectors.http import HttpClient
    from medresearcher.tools.visit_page import PageReader, visit_page
    from medresearcher.tools.web_search import web_search

    services = settings.services
    client = HttpClient(settings.http, cache)
    reader = PageReader(settings.http, settings.web, cache)
    citations = pubmed.PubMed(client, services)
    fda = openfda.OpenFda(client, services)
    book = orange_book.OrangeBook(services.orange_book)
    return {
        "web_search": lambda: web_search(client, settings.web),
        "visit_page": lambda: visit_page(reader),
        "calculator": calculator,
        "pubmed_search": lambda: pubmed.pubmed_search(citations),
        "pubmed_read": lambda: pubmed.pubmed_read(citations),
        "europe_pmc_search": lambda: europe_pmc.europe_pmc_search(client, services),
        "clinical_trials": lambda: clinical_trials.clinical_trials(client, services),
        "clinical_trial": lambda: clinical_trials.clinical_trial(client, services),
        "drug_labels": lambda: openfda.drug_labels(fda),
        "drug_approvals": lambda: openfda.drug_approvals(fda),
        "dailymed_search": lambda: dailymed.dailymed_search(client, services),
        "dailymed_label": lambda: dailymed.dailymed_label(client, services),
        "orange_book": lambda: orange_book.orange_book(book),
    }


def _expanded(enabled: Sequence[str], kb: Sequence[str]) -> list[str]:
    """Names of tools in order, groups replaced by theirs, each once."""
    groups = {_KB: tuple(kb), **_GROUPS}
    known = [*groups, *kb, *WEB, *MEDICAL]
    for name in enabled:
        if name not in known:
            near = ", ".join(get_close_matches(name, known, 3)) or ", ".join(known)
            raise InputError(f"setting `tools.enabled`: there is no tool {name!r}; nearest: {near}")
    return list(dict.fromkeys(one for name in enabled for one in groups.get(name, (name,))))


def _taped(toolbox: Toolbox, settings: ToolSettings) -> Toolbox:
    """The toolbox behind a cassette, if one is set."""
    if not (settings.replay or settings.record):
        return toolbox
    from medresearcher.tools.cassettes import recording, replaying

    if settings.replay and settings.record:
        raise InputError("settings: expected one of `tools.record` and `tools.replay`, came both")
    if settings.replay:
        return replaying(toolbox.tools, settings.replay)
    return recording(toolbox, settings.record) if settings.record else toolbox
