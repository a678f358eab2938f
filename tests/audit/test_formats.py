"""Question files of several projects, told apart and read into one form."""

import json

import pytest

from medresearcher.audit.formats import FORMATS, Passage, read
from medresearcher.errors import InputError

AUTHORS = {
    "question": "一个岛国正在研究一种肺部感染病。请指出最常见的细菌性病因。",
    "answer": "肺炎链球菌",
    "reasoning_path": "1. Clue_1 leads to Entity_A …",
    "entity_mapping": {
        "Entity_A": "新加坡",
        "Entity_B": "感染性肺炎",
        "Target_Entity": "肺炎链球菌",
        "Clue_1": "进行过人口统计",
        "Time_A": "2021年08月",
    },
    "generation_metadata": {"nodes_used": 8},
    "source_entity": "肺炎",
    "run_id": "run_8",
    "sampling_algorithm": "max_chain",
}
INFOSEEK = {
    "root": {
        "id": "A",
        "entity": "Russet sparrow",
        "question": "Which bird was named by a man whose wife was an artist?",
        "claims": [{"target_id": "B", "claim": "A was named by B"}],
        "children": [
            {
                "id": "B",
                "entity": "John Gould",
                "claims": [{"target_id": "C", "claim": "B's wife was an artist"}],
                "children": [{"id": "C", "entity": "None", "claims": [], "children": []}],
            }
        ],
    }
}
HOTPOT = {
    "_id": "5a8b",
    "question": "Are both men American?",
    "answer": "yes",
    "supporting_facts": [["Scott", 0], ["Ed", 0]],
    "context": [["Scott", ["He is American.", " He directs."]], ["Ed", ["He is too."]]],
    "type": "comparison",
}
HOTPOT_COLUMNS = {
    **{key: HOTPOT[key] for key in ("question", "answer")},
    "id": "5a8b",
    "supporting_facts": {"title": ["Scott", "Ed"], "sent_id": [0, 0]},
    "context": {"title": ["Scott", "Ed"], "sentences": [["He is American.", " He directs."],
                                                        ["He is too."]]},
}  # fmt: skip
DEEPDIVE = {"id": 7, "question": "Who?", "answer": "Ada", "conversations": None}


@pytest.fixture
def written(tmp_path):
    def write(*values, array=False):
        path = tmp_path / "questions.jsonl"
        lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in values)
        path.write_text(json.dumps(values) if array else lines, encoding="utf-8")
        return path

    return write


def test_the_authors_files_have_clues_and_hidden_entities(written):
    (item,) = read(written(AUTHORS))
    assert (item.format, item.id, item.answer) == ("authors", "run_8", "肺炎链球菌")
    assert item.clues == ("进行过人口统计",)
    assert item.hidden == ("新加坡", "感染性肺炎")


def test_trees_give_claims_without_node_names(written):
    (item,) = read(written(INFOSEEK))
    assert (item.format, item.answer, item.hops) == ("infoseek", "Russet sparrow", 2)
    assert item.clues == ("was named by", "'s wife was an artist")
    assert item.hidden == ("John Gould",)


@pytest.mark.parametrize("value", [HOTPOT, HOTPOT_COLUMNS])
def test_hotpot_files_bring_their_passages(written, value):
    (item,) = read(written(value))
    assert (item.format, item.id, item.hops) == ("hotpotqa", "5a8b", 2)
    assert item.passages == (
        Passage("Scott", "He is American. He directs."),
        Passage("Ed", "He is too."),
    )


def test_deepdive_and_plain_files(written):
    assert [(one.format, one.id) for one in read(written(DEEPDIVE))] == [("deepdive", "7")]
    (item,) = read(written({"question": "Which?", "golden_answers": ["Ada", "A. L."]}))
    assert (item.format, item.names, item.id[-2:]) == ("qa", ("Ada", "A. L."), ":1")


def test_an_array_reads_like_lines(written):
    values = (HOTPOT, {**HOTPOT, "_id": "other"})
    assert read(written(*values, array=True)) == read(written(*values))


def test_a_format_can_be_named(written):
    assert read(written(AUTHORS), "qa")[0].format == "qa"
    with pytest.raises(InputError, match=r"`root`: Field required"):
        read(written(AUTHORS), "infoseek")


def test_unknown_formats_are_refused_with_the_known_ones(written):
    with pytest.raises(InputError) as caught:
        read(written({"prompt": "Which?", "label": 3}))
    message = str(caught.value)
    assert "questions.jsonl:1: the format is not known: the fields 'prompt', 'label'" in message
    assert all(f"`{name}` ({one.marks})" in message for name, one in FORMATS.items())
    with pytest.raises(InputError, match="no question format is called `csv`"):
        read(written(AUTHORS), "csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"question": "a", "answer": "b"}\n{"question": "a"', r":2: not valid JSON"),
        ('{"question": "a", "answer": "b"}\n{"question": "a"}', r":2: .*`qa`: `answer`"),
        ('{"question": "a", "answer": "b"}\n{"question": "", "answer": "b"}', r":2: .*`question`"),
        ('{"question": "a", "answer": "b"}\n[1]', r":2: not a question"),
        ('[{"question": "a", "answer": "b"}, 3]', r": item 2: not a question"),
        ('[{"question": "a",\n "answer": "b"', r":2: not valid JSON"),
        ('{"schema": "medresearcher/question/9"}', r"expected 'medresearcher/question/1'"),
        ("", "holds no question"),
        ("[]", "holds no question"),
        ('"text"', "the format is not known: no object"),
    ],
)
def test_malformed_files_name_the_line(tmp_path, text, message):
    path = tmp_path / "q.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.jsonl")
