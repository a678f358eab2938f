"""MEDLINE files made of a few words, and the names to look for in them."""

import gzip
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from graph_samples import D, G, P

from medresearcher.graph.dictionary import Entry, normalise
from medresearcher.graph.vocabulary import Node, write_vocabulary
from medresearcher.records.knowledge import EntityType

NOTHING = frozenset()
NODES = {
    "MONDO:1": Node(D, NOTHING),
    "MONDO:2": Node(D, frozenset({"MONDO:1"})),
    "MONDO:3": Node(D, NOTHING),
    "HP:1": Node(P, NOTHING),
    "HP:2": Node(P, frozenset({"HP:1"})),
    "HGNC:1": Node(G, NOTHING),
    "DRUGBANK:1": Node(EntityType.DRUG, NOTHING),
}
NAMES = {
    "neoplasm": "MONDO:1",
    "carcinoma": "MONDO:2",
    "hypertension": "MONDO:3",
    "pain": "HP:1",
    "headache": "HP:2",
    "renin": "HGNC:1",
    "propranolol": "DRUGBANK:1",
}


class Version(NamedTuple):
    """A version of a citation, or with `title` `None` its deletion."""

    pmid: int
    title: str | None
    abstract: str = ""
    year: int = 2001


def stored_names(folder: Path, names: dict[str, str] | None = None) -> Path:
    entries = {
        normalise(name): Entry((node,), NODES[node].type) for name, node in (names or NAMES).items()
    }
    write_vocabulary(entries, NODES, folder)
    return folder


def medline_gz(versions: list[Version]) -> bytes:
    live = "".join(_citation(one) for one in versions if one.title is not None)
    gone = "".join(f'<PMID Version="1">{v.pmid}</PMID>' for v in versions if v.title is None)
    deleted = f"<DeleteCitation>{gone}</DeleteCitation>" if gone else ""
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<PubmedArticleSet>\n{live}{deleted}'
    return gzip.compress(f"{text}</PubmedArticleSet>\n".encode(), mtime=0)


def _citation(one: Version) -> str:
    abstract = f"<Abstract><AbstractText>{escape(one.abstract)}</AbstractText></Abstract>"
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{one.pmid}</PMID><Article><Journal>'
        f"<JournalIssue><PubDate><Year>{one.year}</Year></PubDate></JournalIssue></Journal>"
        f"<ArticleTitle>{escape(one.title or '')}</ArticleTitle>{abstract if one.abstract else ''}"
        '<AuthorList CompleteYN="Y"><Author><LastName>Pain</LastName></Author></AuthorList>'
        "</Article></MedlineCitation><PubmedData><ArticleIdList/></PubmedData></PubmedArticle>\n"
    )


def live(files: list[list[Version]]) -> dict[int, Version]:
    """What a naive reader keeps: the last version of each citation, unless it was deleted."""
    kept: dict[int, Version] = {}
    for versions in files:
        for one in versions:
            if one.title is not None:
                kept[one.pmid] = one
        for one in versions:
            if one.title is None:
                kept.pop(one.pmid, None)
    return kept
