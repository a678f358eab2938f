"""XML of which parts are cut out before it is parsed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from source_inputs import Folder

from medresearcher.errors import SourceError
from medresearcher.sources import elements as module
from medresearcher.sources.elements import elements, line_of, text_of
from medresearcher.sources.files import FolderFiles

PIECES = st.sampled_from(
    [
        "<a>one</a>",
        "<a/>",
        "<cut>gone <a>too</a>\n</cut>",
        '<cut kind="x>y">gone\n\n</cut>',
        "<cut/>",
        '<cut kind="x"/>',
        "<cutter><a>kept</a></cutter>",
        "<other><cut>\n</cut></other>",
        "<other>\n<a>two <b>three</b></a></other>",
        "text\n",
    ]
)


@settings(max_examples=60)
@given(pieces=st.lists(PIECES, max_size=12), chunk=st.integers(1, 40))
def test_what_is_cut_is_gone_and_all_else_is_as_it_was(tmp_path_factory, pieces, chunk):
    folder = tmp_path_factory.mktemp("xml")
    text = f"<root>{''.join(pieces)}</root>"
    (folder / "x.xml").write_text(text)
    whole = etree.fromstring(text)
    wanted = [
        (text_of(one), one.sourceline)
        for one in whole.iter("a")
        if not any(above.tag == "cut" for above in one.iterancestors())
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", chunk)
        files = FolderFiles(folder)
        found = [
            (text_of(one), line_of(one)) for one in elements(files, "x.xml", "a", without=["cut"])
        ]
    assert found == wanted


@pytest.mark.parametrize("text", ["<r><cut>never closed <a>x</a></r>", "<r><a>x</a><cut", "<r><a>"])
def test_broken_xml_is_refused_with_its_line(folder: Folder, text: str) -> None:
    files = folder({"x.xml": f"\n\n{text}"})
    with pytest.raises(SourceError, match=r"x\.xml:3: the XML is broken"):
        list(elements(files, "x.xml", "a", without=["cut"]))


def test_an_element_too_large_to_wait_for_is_parsed(folder: Folder, monkeypatch) -> None:
    monkeypatch.setattr(module, "_CHUNK", 64)
    monkeypatch.setattr(module, "_LARGEST", 256)
    files = folder({"x.xml": f"<r><cut>{'x' * 1_000}</cut><a>y</a></r>"})
    assert [text_of(one) for one in elements(files, "x.xml", "a", without=["cut"])] == ["y"]
