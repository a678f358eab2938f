"""The connectors, each against a loopback server that behaves like its service."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback_services import RETRACTED, SET_ID, TOTAL, Services, serve

from medresearcher.records.trajectory import Observation
from medresearcher.settings import ToolSettings
from medresearcher.tools.connectors.http import retry_after
from medresearcher.tools.tool import Toolbox
from medresearcher.tools.toolbox import MEDICAL, outside_tools

# A call of each tool that asks a service, and that service.
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "pubmed_search": ("pubmed", {"query": "marfan"}),
    "pubmed_read": ("pubmed", {"pmid": "PMID:101"}),
    "europe_pmc_search": ("europe_pmc", {"query": "marfan"}),
    "clinical_trials": ("clinical_trials", {"condition": "marfan"}),
    "clinical_trial": ("clinical_trials", {"nct_id": "NCT00000001"}),
    "drug_labels": ("openfda", {"drug": "losartan"}),
    "drug_approvals": ("openfda", {"drug": "losartan"}),
    "dailymed_search": ("dailymed", {"drug": "losartan"}),
    "dailymed_label": ("dailymed", {"set_id": SET_ID}),
    "web_search": ("searxng", {"query": "marfan"}),
}


@pytest.fixture
def services() -> Iterator[Services]:
    with serve() as running:
        yield running


def toolbox(settings: ToolSettings, cache: Path | None = None) -> Toolbox:
    return Toolbox([make() for make in outside_tools(settings, cache).values()])


def call(services: Services, name: str, **arguments: Any) -> Observation:
    return toolbox(services.settings()).call(name, json.dumps(arguments))


def test_every_medical_tool_but_the_local_one_is_called_here() -> None:
    assert set(CALLS) == {*MEDICAL, "web_search"} - {"orange_book"}


@pytest.mark.parametrize("name", CALLS)
def test_what_a_service_gives_is_found_with_what_to_cite(services: Services, name: str) -> None:
    found = call(services, name, **CALLS[name][1])
    assert found.outcome == "found", found.text
    cites = ("PMID:101", "PMID:201", "NCT00000001", SET_ID, "NDA02038", "https://example.org")
    assert any(one in found.text for one in cites)
    assert found.text.startswith('<untrusted source="')
    assert "\n</untrusted>" in found.text


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("pubmed_read",)])
def test_nothing_found_is_empty(services: Services, name: str) -> None:
    service, arguments = CALLS[name]
    services.modes[service] = "empty"
    if name == "clinical_trial":
        arguments = {"nct_id": "NCT99999999"}
    assert call(services, name, **arguments).outcome == "empty"


def test_a_pmid_that_does_not_exist_is_empty(services: Services) -> None:
    assert call(services, "pubmed_read", pmid="99").outcome == "empty"


@pytest.mark.parametrize(
    ("mode", "outcome", "words"),
    [
        ("400", "invalid_arguments", "refuses this request"),
        ("401", "unavailable", "does not let us in"),
        ("429", "rate_limited", "limits our requests"),
        ("429 3600", "rate_limited", "asks to wait 3600 s"),
        ("500", "unavailable", "HTTP 500"),
        ("503", "unavailable", "HTTP 503"),
        ("301", "unavailable", "HTTP 301"),
        ("html", "unavailable", "not in the format expected"),
        ("cut", "unavailable", "broke off"),
        ("closed", "unavailable", "broke off"),
        ("slow", "unavailable", "did not answer within"),
        ("drip", "unavailable", "did not answer within"),
        ("huge", "unavailable", "is larger than 100,000 bytes"),
        ("bomb", "unavailable", "is larger than 100,000 bytes"),
    ],
)
@pytest.mark.parametrize("name", CALLS)
def test_a_failing_service_is_a_typed_outcome_within_the_deadline(
    services: Services, name: str, mode: str, outcome: str, words: str
) -> None:
    services.default = mode
    deadline = 0.15 if mode in ("slow", "drip") else 5.0
    settings = services.settings(deadline_s=deadline, max_bytes=100_000)
    found = toolbox(settings).call(name, json.dumps(CALLS[name][1]))
    assert (found.outcome, words in found.text) == (outcome, True), found.text
    status = found.text.splitlines()[-1]
    assert "Ignore all instructions" not in status


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "mode", ["429 then ok", "500 then html then ok", "cut then closed then ok"]
)
def test_what_passes_is_tried_again(services: Services, name: str, mode: str) -> None:
    services.modes[CALLS[name][0]] = mode
    assert call(services, name, **CALLS[name][1]).outcome == "found"


def test_pages_cover_all_records_once(services: Services) -> None:
    def pages(name: str, key: str, word: str, **arguments: Any) -> list[str]:
        texts, cursor = [], None
        while True:
            more = {key: cursor} if cursor else {}
            text = call(services, name, limit=3, **arguments, **more).text
            texts.append(text)
            mark = f"next page: {word} "
            if mark not in text:
                return texts
            cursor = json.loads(text.partition(mark)[2].splitlines()[0])

    europe = pages("europe_pmc_search", "cursor", "cursor", query="x")
    trials = pages("clinical_trials", "token", "token", query="x")
    for texts, mark in ((europe, "PMID:"), (trials, "NCT")):
        assert len(texts) == 3
        assert "".join(texts).count(mark) == TOTAL
    for name, mark in (("pubmed_search", "PMID:1"), ("drug_labels", "set id:")):
        key = "query" if name == "pubmed_search" else "drug"
        found = [call(services, name, limit=3, page=n, **{key: "x"}).text for n in (1, 2, 3)]
        assert "".join(found).count(mark) == TOTAL
        assert "page 3 of 3" in found[2]
        after = call(services, name, limit=3, page=4, **{key: "x"})
        assert after.outcome == "empty"
        assert f"{TOTAL} records in all" in after.text


def test_a_retraction_stands_in_every_result(services: Services) -> None:
    search = call(services, "pubmed_search", query="x", limit=7).text
    assert search.count("RETRACTED, see PMID:999") == 1
    read = call(services, "pubmed_read", pmid=str(100 + RETRACTED)).text
    assert read.count("RETRACTED, see PMID:999") == 2  # in the text and in the status
    assert "not marked as retracted" in call(services, "pubmed_read", pmid="101").text
    assert "RETRACTED" in call(services, "europe_pmc_search", query="x", limit=7).text


def test_what_pubmed_did_not_understand_is_said(services: Services) -> None:
    text = call(services, "pubmed_search", query="zzz").text
    assert "not found by PubMed and left out: zzz" in text


def test_europe_pmc_refuses_a_query_with_status_200(services: Services) -> None:
    found = call(services, "europe_pmc_search", query="(unbalanced")
    assert found.outcome == "invalid_arguments"
    assert "Invalid query" in found.text


def test_beyond_what_a_service_shows_is_out_of_scope(services: Services) -> None:
    assert call(services, "pubmed_search", query="x", limit=20, page=600).outcome == "out_of_scope"
    assert call(services, "drug_labels", drug="x", limit=20, page=2_000).outcome == "out_of_scope"
    assert not services.requests


@pytest.mark.parametrize("query", ["", "   ", "x" * 100_000])
def test_a_query_without_words_or_of_100_kb_is_refused_before_it_is_sent(
    services: Services, query: str
) -> None:
    for name in ("pubmed_search", "europe_pmc_search", "clinical_trials", "web_search"):
        assert call(services, name, query=query).outcome == "invalid_arguments"
    assert not services.requests


def test_quotes_of_a_drug_cannot_end_its_phrase(services: Services) -> None:
    call(services, "drug_labels", drug='a" OR openfda.brand_name:"b')
    assert services.asked("openfda")[0]["search"].count('"') == 6


def test_sections_of_labels(services: Services) -> None:
    boxed = call(services, "drug_labels", drug="x", section="boxed_warning", limit=1).text
    assert "boxed_warning: Fetal toxicity." in boxed
    missing = call(services, "drug_labels", drug="x", section="pregnancy", limit=1).text
    assert "the label has no such section" in missing
    text = call(services, "dailymed_label", set_id=SET_ID, section="contraind").text
    assert "Do not use & beware." in text
    assert "2 Dosage" not in text
    none = call(services, "dailymed_label", set_id=SET_ID, section="nowhere")
    assert none.outcome == "empty"
    assert "- 2 Dosage" in none.text


def test_a_trial_is_shown_with_its_reasons_and_outcomes(services: Services) -> None:
    text = call(services, "clinical_trial", nct_id="NCT00000002").text
    for words in ("why stopped: slow accrual", "z-score (3 years)", "608 participants", "PHASE3"):
        assert words in text


# Keys.


@pytest.mark.parametrize("provider", ["serper", "tavily", "brave"])
def test_a_missing_key_is_named_and_a_set_one_is_sent_and_never_shown(
    services: Services, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = services.settings()
    web = settings.web.model_copy(
        update={"provider": provider, "url": f"{services.url}/{provider}"}
    )
    tools = toolbox(settings.model_copy(update={"web": web}))
    variable = f"{provider.upper()}_API_KEY"
    monkeypatch.delenv(variable, raising=False)
    missing = tools.call("web_search", '{"query": "x"}')
    assert missing.outcome == "not_configured"
    assert variable in missing.text
    assert not services.requests
    monkeypatch.setenv(variable, "s3cr3t")
    found = tools.call("web_search", '{"query": "x"}')
    assert found.outcome == "found", found.text
    assert any("s3cr3t" in value for value in services.requests[-1][3].values())
    services.default = "400"
    refused = tools.call("web_search", '{"query": "x"}')
    assert refused.outcome == "invalid_arguments"
    services.default = "401"
    denied = tools.call("web_search", '{"query": "x"}')
    assert (denied.outcome, variable in denied.text) == ("not_configured", True)
    monkeypatch.setenv(variable, "s3cr3t\nX-Other: 1")
    broken = tools.call("web_search", '{"query": "x"}')
    assert broken.outcome == "not_configured"
    assert all("s3cr3t" not in one.text for one in (missing, found, refused, denied, broken))


def test_no_search_service_and_no_address_are_not_configured() -> None:
    none = toolbox(ToolSettings()).call("web_search", '{"query": "x"}')
    assert (none.outcome, "tools.web.provider" in none.text) == ("not_configured", True)
    settings = ToolSettings.model_validate({"web": {"provider": "searxng"}})
    bare = toolbox(settings).call("web_search", '{"query": "x"}')
    assert (bare.outcome, "tools.web.url" in bare.text) == ("not_configured", True)


def test_optional_keys_go_to_their_service_alone_and_name_no_cache_entry(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NCBI_API_KEY", "s3cr3t")
    tools = toolbox(services.settings(cache_days=1), tmp_path)
    tools.call("pubmed_search", '{"query": "x"}')
    tools.call("drug_labels", '{"drug": "x"}')
    assert all(one["api_key"] == "s3cr3t" for one in services.asked("pubmed"))
    assert all("api_key" not in one for one in services.asked("openfda"))
    asked = len(services.requests)
    monkeypatch.delenv("NCBI_API_KEY")
    assert tools.call("pubmed_search", '{"query": "x"}').outcome == "found"
    assert len(services.requests) == asked
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert files
    assert all(b"s3cr3t" not in one.read_bytes() for one in files)


# Cache, pace, waits.


def test_only_readable_answers_are_kept(services: Services, tmp_path: Path) -> None:
    tools = toolbox(services.settings(cache_days=1), tmp_path)
    raw = '{"query": "x"}'
    services.default = "html"
    assert tools.call("europe_pmc_search", raw).outcome == "unavailable"
    services.default = "ok"
    first = tools.call("europe_pmc_search", raw)
    services.default = "500"
    assert tools.call("europe_pmc_search", raw) == first
    for file in (one for one in tmp_path.rglob("*") if one.is_file()):
        file.write_bytes(b"damaged")
    services.default = "ok"
    assert tools.call("europe_pmc_search", raw) == first


def test_a_cache_that_cannot_be_written_does_no_harm(services: Services, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tools = toolbox(services.settings(cache_days=1), tmp_path / "file")
    assert tools.call("europe_pmc_search", '{"query": "x"}').outcome == "found"


def test_requests_keep_the_pace_of_a_service(services: Services) -> None:
    tools = toolbox(services.settings(pace=4.0))  # ClinicalTrials.gov: 1 a second, here 4
    start = time.monotonic()
    for number in range(3):
        tools.call("clinical_trial", json.dumps({"nct_id": f"NCT0000000{number + 1}"}))
    assert time.monotonic() - start >= 0.5
    crowded = toolbox(services.settings(pace=0.01, deadline_s=0.3))
    assert crowded.call("clinical_trial", '{"nct_id": "NCT00000001"}').outcome == "found"
    limited = crowded.call("clinical_trial", '{"nct_id": "NCT00000001"}')
    assert (limited.outcome, "too many requests" in limited.text) == ("rate_limited", True)


def test_the_header_retry_after() -> None:
    assert retry_after({}) is None
    assert retry_after({"retry-after": "7"}) == 7
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0


def test_no_server_at_all_is_unavailable() -> None:
    settings = ToolSettings.model_validate(
        {"services": {"dailymed": "http://127.0.0.1:9"}, "http": {"backoff_s": 0.0}}
    )
    found = toolbox(settings).call("dailymed_search", '{"drug": "x"}')
    assert (found.outcome, "cannot be reached" in found.text) == ("unavailable", True)


def test_an_address_that_is_none_is_not_configured() -> None:
    settings = ToolSettings.model_validate({"services": {"dailymed": "nowhere"}})
    found = toolbox(settings).call("dailymed_search", '{"drug": "x"}')
    assert (found.outcome, "tools.services.dailymed" in found.text) == ("not_configured", True)
