"""XML read as a stream of elements: no DTD, no network, no entity is expanded.

Only predefined characters (`&lt;`, `&amp;`, …) and numeric references are resolved, so a file
can neither reach out nor blow up. An element is emptied when the consumer asks for the next.
"""

from collections.abc import Iterator
from typing import Any

from medresearcher.errors import SourceError
from medresearcher.sources.files import Files, binary

Element = Any  # lxml ships no types


def elements(files: Files, name: str, *tags: str) -> Iterator[Element]:
    """Yield each element with one of `tags`; raise `SourceError` where the XML breaks."""
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

    with binary(files, name) as stream:
        try:
            for _, element in etree.iterparse(
                stream,
                events=("end",),
                tag=tags,
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                remove_comments=True,
                remove_pis=True,
            ):
                yield element
                _forget(element)
        except etree.XMLSyntaxError as error:
            line = error.lineno or 0
            raise SourceError(
                f"{files.where(name)}:{line}: the XML is broken or truncated ({error.msg})"
            ) from error


def text_of(element: Element | None) -> str:
    """All text of an element, inline markup left out and white space made single; "" of none."""
    if element is None:
        return ""
    if len(element) == 0:
        return " ".join((element.text or "").split())
    return " ".join("".join(element.itertext()).split())


def line_of(element: Element) -> int:
    """The 1-based line of an element, 0 if the parser lost it."""
    line = element.sourceline
    return line if isinstance(line, int) else 0


def _forget(element: Element) -> None:
    parent = element.getparent()
    element.clear()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]
