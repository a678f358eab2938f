"""The templates of this folder: every name must be defined, and HTML is escaped."""

from typing import Any


def render(template: str, **values: Any) -> str:
    """Fill a template of `trajectories/templates`; `*.html.jinja` is autoescaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("medresearcher.trajectories", "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = _cell
    return environment.get_template(template).render(**values)


def _cell(text: object) -> str:
    """Text inside a cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")
