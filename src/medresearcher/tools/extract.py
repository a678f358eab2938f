"""The text of an HTML page or a PDF, read in a process of its own.

A document from outside can be made to need hours or all memory. The process is given both only
up to a limit and is killed at the deadline of the call; a failure there harms nothing here.
"""

import io
import json
import re
import subprocess
import sys
from typing import Literal, NamedTuple

MOST_CHARACTERS = 2_000_000
_MEMORY = 2 << 30
_MODULE = "medresearcher.tools.extract"

Kind = Literal["html", "pdf"]


class Text(NamedTuple):
    """What a document says; `cut` tells that it goes on."""

    title: str
    text: str
    cut: bool = False


class UnreadableError(Exception):
    """No text could be got out of a document within the limits."""


def extract(body: bytes, kind: Kind, charset: str, seconds: float) -> Text:
    """The title and the text of `body`; `UnreadableError` if there is none in `seconds`."""
    command = [sys.executable, "-m", _MODULE, kind, charset]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            command, input=body, capture_output=True, timeout=seconds, check=True
        )
        title, text, cut = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise UnreadableError("its text was not read within the deadline") from error
    except (subprocess.CalledProcessError, ValueError) as error:
        raise UnreadableError("the document is broken or needs too much memory") from error
    return Text(title, text, cut)


def html_text(body: bytes, charset: str) -> tuple[str, str]:
    """The title and the main text of a page, all its text if it has no main part.

    Without a charset from HTTP the page's own bytes decide; what cannot be decoded is replaced.
    """
    import trafilatura

    page: bytes | str = body
    if charset:
        try:
            page = body.decode(charset, "replace")
        except LookupError:
            page = body
    tree = trafilatura.load_html(page)
    if tree is None:
        return "", ""
    title = " ".join(str(tree.findtext(".//title") or "").split())
    found = trafilatura.extract(tree, include_comments=False, include_tables=True)
    return title, found or trafilatura.html2txt(page)


def pdf_text(body: bytes) -> tuple[str, str]:
    """The title and the text of a PDF, pages apart by an empty line."""
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(body))
    title = (reader.metadata.title if reader.metadata else None) or ""
    pages: list[str] = []
    size = 0
    for page in reader.pages:
        pages.append(page.extract_text())
        size += len(pages[-1])
        if size > MOST_CHARACTERS:
            break
    return " ".join(title.split()), re.sub(r"[ \t]+", " ", "\n\n".join(pages))


def _limit_memory() -> None:
    """Take no more memory than a document may need, where the system knows such limits."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _main() -> None:
    _limit_memory()
    kind, charset = sys.argv[1:3]
    body = sys.stdin.buffer.read()
    title, text = pdf_text(body) if kind == "pdf" else html_text(body, charset)
    text = text.encode("utf-8", "replace").decode()
    found = [title[:500], text[:MOST_CHARACTERS], len(text) > MOST_CHARACTERS]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    _main()
