"""The real services: do they still answer as the connectors expect? Skipped by default."""

import json
import os

import pytest
from test_connectors import CALLS, toolbox

from medresearcher.settings import ToolSettings

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not os.environ.get("LIVE_SERVICES"), reason="LIVE_SERVICES is not set"),
]
QUESTIONS = {
    **{name: arguments for name, (_, arguments) in CALLS.items() if name != "web_search"},
    "pubmed_read": {"pmid": "1505507"},
    "clinical_trial": {"nct_id": "NCT00429364"},
    "visit_page": {"url": "https://www.example.org/"},
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_real_service_answers(name: str) -> None:
    found = toolbox(ToolSettings()).call(name, json.dumps(QUESTIONS[name]))
    assert found.outcome in ("found", "empty"), found.text
