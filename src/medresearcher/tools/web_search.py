"""`web_search`: the web by a service of the user's choice: Serper, Tavily, Brave or SearXNG."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field

from medresearcher.records.trajectory import Outcome
from medresearcher.settings import WebSettings
from medresearcher.tools.connectors.http import Ask, HttpClient, Service
from medresearcher.tools.connectors.reply import Query, entry, listing, snippet
from medresearcher.tools.tool import Result, Tool, ToolError

_SETTING = "tools.web.url"


@dataclass(frozen=True, slots=True)
class _Provider:
    """How a service is asked, and where its answer holds the results and their fields."""

    name: str
    url: str
    key_env: str
    per_second: float
    ask: Callable[[Service, str, str, str, int], Ask]
    results: tuple[str, ...]
    link: str
    text: str


def _serper(service: Service, url: str, key: str, query: str, limit: int) -> Ask:
    body = {"q": query, "num": limit}
    return Ask(service, url, body=body, secret_headers={"X-API-KEY": key})


def _tavily(service: Service, url: str, key: str, query: str, limit: int) -> Ask:
    body = {"query": query, "max_results": limit}
    return Ask(service, url, body=body, secret_headers={"Authorization": f"Bearer {key}"})


def _brave(service: Service, url: str, key: str, query: str, limit: int) -> Ask:
    params = {"q": query[:400], "count": limit}
    return Ask(service, url, params, secret_headers={"X-Subscription-Token": key})


def _searxng(service: Service, url: str, _key: str, query: str, _limit: int) -> Ask:
    return Ask(service, f"{url.rstrip('/')}/search", {"q": query, "format": "json"})


_PROVIDERS = {
    "serper": _Provider(
        "Serper",
        "https://google.serper.dev/search",
        "SERPER_API_KEY",
        5,
        _serper,
        ("organic",),
        "link",
        "snippet",
    ),
    "tavily": _Provider(
        "Tavily",
        "https://api.tavily.com/search",
        "TAVILY_API_KEY",
        1.5,
        _tavily,
        ("results",),
        "url",
        "content",
    ),
    "brave": _Provider(
        "Brave Search",
        "https://api.search.brave.com/res/v1/web/search",
        "BRAVE_API_KEY",
        1,
        _brave,
        ("web", "results"),
        "url",
        "description",
    ),
    "searxng": _Provider("SearXNG", "", "", 2, _searxng, ("results",), "url", "content"),
}


def web_search(client: HttpClient, settings: WebSettings) -> Tool:
    """The search tool over the set service."""

    def search(query: Query, limit: Annotated[int, Field(ge=1, le=10)] = 5) -> Result:
        """Search the web: titles, addresses and snippets; read a page with visit_page.

        Args:
            query: What to look for.
            limit: How many results to show.
        """  # noqa: D413
        if not settings.provider:
            known = ", ".join(_PROVIDERS)
            problem = f"no web search service is set; set tools.web.provider to one of {known}"
            return Result(Outcome.NOT_CONFIGURED, "", problem)
        provider = _PROVIDERS[settings.provider]
        found = client.fetch(
            _ask(provider, settings, query, limit), lambda it: _hits(provider, it.body)
        )
        entries = [
            entry(place, [one.title or one.link], one.link, snippet(one.text))
            for place, one in enumerate(found[:limit], 1)
        ]
        return listing(provider.name, entries, None, f"the first {len(entries)}")

    return Tool("web_search", search)


def _ask(provider: _Provider, settings: WebSettings, query: str, limit: int) -> Ask:
    url = settings.url or provider.url
    if not url:
        problem = f"{provider.name} has no address; set {_SETTING} to that of your server"
        raise ToolError(Outcome.NOT_CONFIGURED, problem)
    key_env = settings.key_env or provider.key_env
    service = Service(provider.name, provider.per_second, _SETTING, key_env)
    key = service.key(needed=True) if key_env else ""
    return provider.ask(service, url, key, query, limit)


class _Hit(BaseModel):
    title: str
    link: str
    text: str


class _Json(BaseModel):
    """Any JSON object."""

    model_config = {"extra": "allow"}


def _hits(provider: _Provider, body: bytes) -> list[_Hit]:
    """The results; a service that found nothing leaves out the object that would hold them."""
    value: Any = _Json.model_validate_json(body).model_extra
    if not value:
        raise ValueError("expected an object with results")
    for name in provider.results:
        value = value.get(name, {}) if isinstance(value, dict) else value
    if not isinstance(value, list | dict) or (isinstance(value, dict) and value):
        raise ValueError("expected a list of results")
    return [
        _Hit(
            title=one.get("title") or "",
            link=one[provider.link],
            text=one.get(provider.text) or "",
        )
        for one in value
        if isinstance(one, dict) and one.get(provider.link)
    ]
