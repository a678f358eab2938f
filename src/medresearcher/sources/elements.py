"""XML read as a stream of elements: no DTD, no network, no entity is expanded.

Only predefined characters (`&lt;`, `&amp;`, …) and numeric references are resolved, so a file
can neither reach out nor blow up. An element is emptied when the consumer asks for the next.
Elements that no one needs can be cut out before the parser sees them, which is several times
faster than parsing them.
"""

from collections.abc import Iterator, Sequence
from typing import IO, Any

from medresearcher.errors import SourceError
from medresearcher.sources.files import Files, binary

Element = Any  # lxml ships no types


_CHUNK = 1 << 18
_LARGEST = 1 << 26  # an element that is not closed within so many bytes is not cut out
_AFTER_NAME = (b">", b" ", b"\t", b"\n", b"\r", b"")


def elements(files: Files, name: str, *tags: str, without: Sequence[str] = ()) -> Iterator[Element]:
    """Yield each element with one of `tags`; raise `SourceError` where the XML breaks.

    Elements `without` are cut out unread; they must hold none of their own kind.
    """
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

    with binary(files, name) as stream:
        try:
            for _, element in etree.iterparse(
                _Without(stream, without) if without else stream,
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


class _Without:
    """A stream of XML without some elements; the line breaks in them stay, so lines still count.

    Whole elements only: one that is not closed by the end of the file is left to the parser.
    """

    def __init__(self, stream: IO[bytes], tags: Sequence[str]) -> None:
        self._stream = stream
        self._tags = [(f"<{tag}".encode(), f"</{tag}>".encode()) for tag in tags]
        self._rest = b""

    def read(self, _size: int = -1) -> bytes:
        """The next piece, of any size; empty at the end."""
        while True:
            chunk = self._stream.read(_CHUNK)
            text, self._rest = self._rest + chunk, b""
            if len(text) > _LARGEST:
                self._tags = []
            for start, end in self._tags:
                text = self._cut(text, start, end)
            if chunk:  # a tag may go on in the next piece
                text, mark, tail = text.rpartition(b">")
                text, self._rest = text + mark, tail + self._rest
            else:
                text, self._rest = text + self._rest, b""
            if text or not chunk:
                return text

    def _cut(self, text: bytes, start: bytes, end: bytes) -> bytes:
        """The text without elements between the tags; keep one that is not closed for later."""
        kept: list[bytes] = []
        done = 0
        while (first := text.find(start, done)) >= 0:
            after = first + len(start)
            closed = text.find(b">", after)
            if text[after : after + 1] not in _AFTER_NAME or text[closed - 1 : closed] == b"/":
                kept.append(text[done:after])  # another element, or an empty one
                done = after
                continue
            last = text.find(end, after) if closed > 0 else -1
            if last < 0:
                self._rest = text[first:] + self._rest
                text = text[:first]
                break
            last += len(end)
            kept += (text[done:first], b"\n" * text.count(b"\n", first, last))
            done = last
        kept.append(text[done:])
        return b"".join(kept)


def text_of(element: Element | None) -> str:
    """All text of an element, inline markup left out and white space made single; "" of none."""
    if element is None:
        return ""
    if len(element) == 0:
        return " ".join((element.text or "").split())
    return " ".join("".join(element.itertext()).split())


def child(element: Element | None, *tags: str) -> Element | None:
    """The first child with the first tag, its first child with the second, …; or `None`."""
    for tag in tags:
        element = None if element is None else next(element.iterchildren(tag), None)
    return element


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
