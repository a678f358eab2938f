"""The fault matrix: every tool and every outcome, each cell tested or with the reason why not.

Then the whole toolbox under random failures, and 64 agents on one toolbox.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from loopback_services import SET_ID, Reply, Services, serve
from marfan import FBN1, MARFAN
from orange_book_files import write

from medresearcher.errors import InputError
from medresearcher.graph.store import Graph
from medresearcher.records.trajectory import Observation, Outcome
from medresearcher.retrieval.index import Index
from medresearcher.settings import ToolSettings
from medresearcher.tools.tool import Toolbox
from medresearcher.tools.toolbox import MEDICAL, WEB, medical_tools, open_toolbox, outside_tools

PAGE = "<html><body><article>" + "<p>Losartan in Marfan syndrome was studied.</p>" * 9


class Case(NamedTuple):
    """A call that comes to an outcome while the services are in a mode."""

    arguments: dict[str, Any]
    mode: str = "ok"
    unset: bool = False  # nothing is configured
    broken: bool = False  # the graph or index breaks


LOCAL = "asks nobody outside"
NO_SETTING = "needs no setting"
ONE_STATEMENT = "passes on what one record says"
Cells = dict[str, Case | str]


def service(good: dict[str, Any], bad: dict[str, Any], **more: Case | str) -> Cells:
    """The cells of a tool that asks a service."""
    return {
        "found": Case(good),
        "empty": Case(good, "empty"),
        "out_of_scope": "any record of the service is in its scope",
        "invalid_arguments": Case(bad),
        "not_configured": NO_SETTING,
        "rate_limited": Case(good, "429"),
        "unavailable": Case(good, "500"),
        "conflict": ONE_STATEMENT,
        **more,
    }


def local(good: dict[str, Any], none: dict[str, Any], **more: Case | str) -> Cells:
    """The cells of a tool over the knowledge base."""
    return {
        "found": Case(good),
        "empty": Case(none),
        "out_of_scope": "every name may be asked for",
        "invalid_arguments": Case({"nonsense": 1}),
        "not_configured": NO_SETTING,
        "rate_limited": LOCAL,
        "unavailable": Case(good, broken=True),
        "conflict": ONE_STATEMENT,
        **more,
    }


FAR = {"limit": 20, "page": 2_000}
MATRIX: dict[str, Cells] = {
    "medical_search": local({"query": "marfan"}, {"query": "qqqqq"}),
    "read_document": local({"document_id": "PMID:1"}, {"document_id": "PMID:99"}),
    "lookup_entity": local(
        {"entity": FBN1},
        {"entity": "nobody"},
        out_of_scope=Case({"entity": FBN1, "relation": "phenotypes"}),
        conflict=Case({"entity": MARFAN}),
    ),
    "find_by_features": local({"signs": ["Seizure"]}, {"signs": ["nothing"]}),
    "differential_diagnosis": local(
        {"present": ["Seizure"]},
        {"present": ["nothing"]},
        invalid_arguments=Case({"present": ["Seizure"], "age": "old"}),
    ),
    "neighbours": local(
        {"entities": [FBN1], "relation": "causes"},
        {"entities": [FBN1], "relation": "drugs"},
        out_of_scope=Case({"entities": [FBN1], "relation": "phenotypes"}),
        conflict=Case({"entities": [MARFAN], "relation": "phenotypes"}),
    ),
    "calculator": {
        "found": Case({"expression": "1 + 1"}),
        "empty": "an expression has a value or is wrong",
        "out_of_scope": Case({"expression": "1 / 0"}),
        "invalid_arguments": Case({"expression": "one"}),
        "not_configured": NO_SETTING,
        "rate_limited": LOCAL,
        "unavailable": "depends on nothing that could be down",
        "conflict": ONE_STATEMENT,
    },
    "web_search": service(
        {"query": "x"}, {"query": ""}, not_configured=Case({"query": "x"}, unset=True)
    ),
    "visit_page": service(
        {"url": "{url}/page"},
        {"url": "nonsense"},
        empty=Case({"url": "{url}/gone"}),
        out_of_scope=Case({"url": "http://localhost:1/"}),
    ),
    "pubmed_search": service(
        {"query": "x"}, {"query": "x", "limit": 99}, out_of_scope=Case({"query": "x", **FAR})
    ),
    "pubmed_read": service({"pmid": "101"}, {"pmid": "x"}, empty=Case({"pmid": "9"})),
    "europe_pmc_search": service({"query": "x"}, {"query": "(x"}),
    "clinical_trials": service({"query": "x"}, {}),
    "clinical_trial": service({"nct_id": "NCT00000001"}, {"nct_id": "1"}),
    "drug_labels": service({"drug": "x"}, {"drug": ""}, out_of_scope=Case({"drug": "x", **FAR})),
    "drug_approvals": service({"drug": "x"}, {"drug": ""}, out_of_scope=Case({"drug": "x", **FAR})),
    "dailymed_search": service({"drug": "x"}, {"drug": "x", "page": 0}),
    "dailymed_label": service({"set_id": SET_ID}, {"set_id": "x"}),
    "orange_book": {
        "found": Case({"drug": "losartan"}),
        "empty": Case({"drug": "aspirin"}),
        "out_of_scope": "every drug may be asked for",
        "invalid_arguments": Case({"drug": ""}),
        "not_configured": Case({"drug": "losartan"}, unset=True),
        "rate_limited": LOCAL,
        "unavailable": "files that cannot be read are not configured",
        "conflict": Case({"drug": "tapentadol"}),
    },
}


class Breakable:
    """A graph or index that breaks when told to."""

    def __init__(self, whole: Any) -> None:
        self._whole = whole
        self.broken = False

    def __getattr__(self, name: str) -> Any:
        if self.broken:
            raise OSError(5, "Input/output error")
        return getattr(self._whole, name)

    def __len__(self) -> int:
        return len(self._whole)

    def __contains__(self, item: object) -> bool:
        return item in self._whole


@pytest.fixture
def services() -> Iterator[Services]:
    with serve() as running:
        running.pages["/page"] = Reply(PAGE.encode(), kind="text/html")
        running.pages["/robots.txt"] = Reply(b"")
        yield running


def settings_of(services: Services, tmp_path: Path, **http: Any) -> ToolSettings:
    found = services.settings(**http)
    book = found.services.model_copy(update={"orange_book": write(tmp_path / "book")})
    return found.model_copy(update={"services": book})


def test_the_matrix_has_every_tool_and_every_outcome(tools: Toolbox) -> None:
    covered = {name for name in MATRIX if name in {*WEB, *MEDICAL}}
    assert covered == {*WEB, *MEDICAL}
    # Tools that other rooms add to the knowledge base's have their own tests of outcomes.
    assert set(MATRIX) - covered <= set(tools.names)
    assert all(list(cells) == [str(one) for one in Outcome] for cells in MATRIX.values())


CELLS = [
    pytest.param(name, outcome, cell, id=f"{name}-{outcome}")
    for name, cells in MATRIX.items()
    for outcome, cell in cells.items()
    if isinstance(cell, Case)
]


@pytest.mark.parametrize(("name", "outcome", "case"), CELLS)
def test_a_cell(
    name: str,
    outcome: str,
    case: Case,
    services: Services,
    graph: Graph,
    index: Index,
    tmp_path: Path,
) -> None:
    kb: list[Any] = [Breakable(graph), Breakable(index)]
    settings = ToolSettings() if case.unset else settings_of(services, tmp_path)
    outside = [make() for make in outside_tools(settings, None).values()]
    box = Toolbox([*medical_tools(*kb).tools, *outside])
    kb[0].broken = kb[1].broken = case.broken
    if case.mode != "ok":
        services.default = case.mode
        services.modes["site"] = "ok then " + case.mode  # robots.txt first
    arguments = {
        key: value.format(url=services.url) if isinstance(value, str) else value
        for key, value in case.arguments.items()
    }
    found = box.call(name, json.dumps(arguments))
    assert found.outcome == outcome, found.text
    assert found.text.splitlines()[-1].startswith(f"[{outcome} · ")
    assert not is_empty_success(found)
    if outcome == "conflict":
        assert "CONFLICT" in found.text


def is_empty_success(found: Observation) -> bool:
    """A success without a word of what was found."""
    lines = found.text.splitlines()[:-1]
    shown = [line for line in lines if line and not line.startswith(("<untrusted", "</untrusted"))]
    return found.outcome in (Outcome.FOUND, Outcome.CONFLICT) and not shown


def calls_of(number: int, url: str) -> list[tuple[str, dict[str, Any], str]]:
    """Calls whose answers name their caller: tool, arguments, and the words that must be there."""
    mine = f"caller {number}"
    return [
        ("pubmed_search", {"query": mine}, f"PMID:{101 + 1000 * number}\n"),
        ("europe_pmc_search", {"query": mine}, f"{mine} 0 "),
        ("clinical_trials", {"query": mine}, f"{mine} 0\n"),
        ("drug_labels", {"drug": mine}, f"{mine} · losartan"),
        ("drug_approvals", {"drug": mine}, f"NDA020380 · {mine}\n"),
        ("dailymed_search", {"drug": mine}, f"{mine} 0\n"),
        ("web_search", {"query": mine}, f"{mine} 0\n"),
        ("calculator", {"expression": f"{number} * 1000 + 7"}, f"{number * 1000 + 7}\n"),
        ("lookup_entity", {"entity": (MARFAN, FBN1)[number % 2]}, (MARFAN, FBN1)[number % 2]),
        ("find_by_features", {"signs": ["Seizure"]}, MARFAN),
    ]


def test_under_a_fifth_of_failures_every_call_ends_typed_within_its_deadline(
    services: Services, graph: Graph, index: Index, tmp_path: Path
) -> None:
    deadline = 1.0
    settings = settings_of(services, tmp_path, deadline_s=deadline, max_bytes=100_000, retries=1)
    services.faults = (0.2, 5)
    outcomes: Counter[str] = Counter()
    late: list[float] = []

    def agent(box: Toolbox, number: int) -> None:
        for name, arguments, words in calls_of(number, services.url):
            start = time.monotonic()
            found = box.call(name, json.dumps(arguments))
            late.append(time.monotonic() - start - deadline)
            outcomes[str(found.outcome)] += 1
            assert not is_empty_success(found)
            assert (words in found.text) == (found.outcome in ("found", "conflict")), found.text

    enabled = settings.model_copy(update={"enabled": ("kb", "web", "medical")})
    with open_toolbox(graph, index, enabled) as box, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: agent(box, n), range(24)))
    assert sum(outcomes.values()) == 240
    assert set(outcomes) <= {"found", "conflict", "unavailable", "rate_limited"}
    assert outcomes["unavailable"]
    assert outcomes["found"] > 150
    assert max(late) < 10.0  # far off only if a deadline does not hold


def test_64_agents_on_one_toolbox_get_each_their_own_answers(
    services: Services, graph: Graph, index: Index, tmp_path: Path
) -> None:
    settings = settings_of(services, tmp_path, deadline_s=60.0, cache_days=1.0)
    enabled = settings.model_copy(update={"enabled": ("kb", "web", "medical")})

    def agent(number: int) -> int:
        for name, arguments, words in calls_of(number, services.url):
            found = box.call(name, json.dumps(arguments))
            assert found.outcome in ("found", "conflict"), found.text
            assert words in found.text, (name, number, found.text)
        return number

    with (
        open_toolbox(graph, index, enabled, tmp_path / "cache") as box,
        ThreadPoolExecutor(64) as pool,
    ):
        assert list(pool.map(agent, range(64))) == list(range(64))
    asked = Counter(one["term"] for one in services.asked("pubmed") if "term" in one)
    assert asked == {f"caller {number}": 1 for number in range(64)}


# Which tools there are.


def test_by_default_there_are_the_tools_of_the_knowledge_base_alone(
    graph: Graph, index: Index
) -> None:
    with open_toolbox(graph, index, ToolSettings()) as box:
        assert box.schemas() == medical_tools(graph, index).schemas()


def test_groups_and_single_tools_can_be_chosen(graph: Graph, index: Index) -> None:
    chosen = ToolSettings(enabled=("calculator", "kb", "orange_book", "web"))
    with open_toolbox(graph, index, chosen) as box:
        kb = medical_tools(graph, index).names
        assert box.names == ["calculator", *kb, "orange_book", "web_search", "visit_page"]


def test_an_unknown_tool_is_an_input_error_with_the_nearest(graph: Graph, index: Index) -> None:
    settings = ToolSettings(enabled=("pubmed_serch",))
    with (
        pytest.raises(InputError, match="nearest: pubmed_search"),
        open_toolbox(graph, index, settings),
    ):
        pass


def test_a_cassette_stands_behind_the_whole_toolbox(
    services: Services, graph: Graph, index: Index, tmp_path: Path
) -> None:
    settings = settings_of(services, tmp_path).model_copy(update={"enabled": ("kb", "medical")})
    tape = settings.model_copy(update={"record": tmp_path / "tape.jsonl"})
    raw = '{"query": "x"}'
    with open_toolbox(graph, index, tape) as box:
        first = [box.call("pubmed_search", raw), box.call("medical_search", '{"query": "marfan"}')]
    services.default = "500"
    replay = settings.model_copy(update={"replay": tmp_path / "tape.jsonl"})
    with open_toolbox(graph, index, replay) as box:
        again = [box.call("pubmed_search", raw), box.call("medical_search", '{"query": "marfan"}')]
        assert again == first
        assert box.call("pubmed_search", '{"query": "y"}').outcome == "unavailable"
    both = replay.model_copy(update={"record": tmp_path / "x"})
    with pytest.raises(InputError, match="came both"), open_toolbox(graph, index, both):
        pass
