"""Reworded questions: what says the same is taken, what says more, less or else is refused."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from medresearcher.errors import InputError, MedResearcherError
from medresearcher.graph.dictionary import dictionary
from medresearcher.graph.mentions import Detector
from medresearcher.graph.molecules import molecule_names
from medresearcher.llm.endpoint import EndpointModel
from medresearcher.llm.scripted import ScriptedModel, say
from medresearcher.questions.phrase import STYLES, Phraser, write_phrased
from medresearcher.questions.readback import CHOICES, Reason, read_back_prompt
from medresearcher.records.knowledge import Evidence, Predicate
from medresearcher.records.question import Atom, Choice, Clue, Count, Difficulty, Question
from medresearcher.runs import Ledger, read_records
from medresearcher.settings import LlmSettings

sys.path.insert(0, str(Path(__file__).parent.parent / "llm"))

from llm_server import Answer, completion, serve

GOLDEN = Path(__file__).parent / "golden"
HELLO = "Dear colleagues, I would be glad of your help with this."


@pytest.fixture(scope="module")
def detect(small):
    return Detector({**molecule_names(small), **dictionary(small)}).detect


def is_count(clue):
    return isinstance(clue.condition, Count)


def is_absent(clue):
    return isinstance(clue.condition, Atom) and clue.condition.negated


def is_sign(clue):
    return clue.predicate is Predicate.HAS_PHENOTYPE and not is_absent(clue) and clue.name


def picked(questions, fits):
    """The first question with a clue of a kind, and that clue."""
    return next((one, clue) for one in questions for clue in one.clues if fits(clue))


# A reader that reads what the certificate says, but for what a test changes.


def reading(question, **changes):
    letters = {
        one.mask: letter for one, letter in zip(question.entities, "XYZVWUTSR", strict=False)
    }
    query = question.certificate.query
    return {
        "entities": {letters[mask]: kind for mask, kind in query.variables.items()},
        "links": [[letters[j.subject], j.predicate, letters[j.object]] for j in query.joins],
        "facts": [{"of": letters[clue.mask], "words": clue.text, **fact(clue)}
                  for clue in question.clues],
        "asked": letters[query.answer],
    } | changes  # fmt: skip


def fact(clue):
    condition = clue.condition
    if isinstance(condition, Choice):
        return {"choice": CHOICES[condition.measure, condition.extreme]}
    if isinstance(condition, Count):
        return {"relation": condition.predicate, "count": [condition.low, condition.high]}
    share = condition.share and [100 * one for one in condition.share]
    return {
        "relation": condition.predicate,
        "term": clue.name,
        "absent": condition.negated,
        "percent": share,
    }


@dataclass
class Writer:
    """A model that words a question as told, wording by wording, and reads it back."""

    texts: list[str]
    read: object

    def __call__(self, messages):
        if "Write down what it says" in messages[0].content:
            return say(self.read if isinstance(self.read, str) else json.dumps(self.read))
        turn = sum(one.role == "assistant" for one in messages)
        return say(self.texts[min(turn, len(self.texts) - 1)])


def reworded(small, detect, question, texts, read=None, tries=1, **more):
    model = ScriptedModel(Writer(texts, reading(question) if read is None else read))
    return Phraser(model, small, detect, tries=tries, **more).phrase(question, "story", 1)


def rejected(*args, **more):
    """Why the one wording was rejected; the question has kept its words."""
    question = args[2]
    made = reworded(*args, **more)
    assert made.phrasing.method == "grammar"
    assert (made.question, made.clues) == (question.question, question.clues)
    ((reason, times),) = made.phrasing.rejected.items()
    assert times == made.phrasing.tries == 1
    return reason


# What is taken


def test_a_wording_that_says_the_same_is_taken(small, detect, small_questions):
    for question in small_questions:
        text = f"{HELLO} {question.question}"
        made = reworded(small, detect, question, [text])
        assert made.phrasing.method == "model", (made.phrasing, text)
        assert made.question == text
        assert all(clue.text in text for clue in made.clues)
        assert [clue.condition for clue in made.clues] == [c.condition for c in question.clues]
        assert made.certificate == question.certificate
        assert made.id == made.content_id() != question.id
        assert made.phrasing.origin == question.id
        assert (made.phrasing.tries, made.phrasing.rejected) == (1, {})


def test_a_clue_may_be_said_by_a_synonym_and_in_fences(small, detect, small_questions):
    question, clue = picked(small_questions, is_sign)
    synonym = f"{small.name(clue.object)} alias"
    text = question.question.replace(clue.text, f"what we call {synonym.lower()}")
    read = reading(question)
    for one, said in zip(read["facts"], question.clues, strict=True):
        if said == clue:
            one |= {"words": f"what we call {synonym.lower()}", "term": synonym}
    fenced = f"```json\n{json.dumps(read)}\n```"
    made = reworded(small, detect, question, [text], fenced)
    assert made.phrasing.method == "model"
    place = question.clues.index(clue)
    assert made.clues[place].name == synonym
    assert made.clues[place].text in made.question


def test_after_a_rejection_the_model_is_told_why_and_tries_again(small, detect, small_questions):
    question = small_questions[0]
    heard = []
    writer = Writer(["Nothing at all.", f"{HELLO} {question.question}"], reading(question))

    def listening(messages):
        heard.append(messages[-1].content)
        return writer(messages)

    made = Phraser(ScriptedModel(listening), small, detect, tries=3).phrase(question, "story", 1)
    assert made.phrasing.method == "model"
    assert made.phrasing.rejected == {"clue_missing": 1}
    assert made.phrasing.tries == 2
    assert "something that must be said is missing" in heard[1]


# What is refused for its words alone


def test_a_dropped_clue_is_refused(small, detect, small_questions):
    for question in small_questions:
        for clue in filter(is_sign, question.clues):
            text = question.question.replace(clue.text, "something else")
            assert rejected(small, detect, question, [text]) == Reason.CLUE_MISSING


def test_a_changed_number_is_refused(small, detect, small_questions):
    question, clue = picked(small_questions, is_count)
    for other in ("exactly eleven", "several", "15"):
        text = question.question.replace(clue.text, other)
        assert rejected(small, detect, question, [text]) == Reason.NUMBER_CHANGED


def test_a_number_in_digits_is_the_same_number(small, detect, small_questions):
    question, clue = picked(small_questions, is_count)
    digits = f"exactly {clue.condition.low}"
    read = reading(question)
    for one in read["facts"]:
        if one["words"] == clue.text:
            one["words"] = digits
    text = question.question.replace(clue.text, digits)
    assert reworded(small, detect, question, [text], read).phrasing.method == "model"


def test_an_added_number_is_refused(small, detect, small_questions):
    text = f"A 34-year-old was seen. {small_questions[0].question}"
    assert rejected(small, detect, small_questions[0], [text]) == Reason.NUMBER_ADDED


def test_a_flipped_negation_is_refused(small, detect, small_questions):
    question, clue = picked(small_questions, is_absent)
    present = question.question.replace("without", "with")
    assert rejected(small, detect, question, [present]) == Reason.NEGATION_CHANGED
    question, clue = picked(small_questions, is_sign)
    absent = question.question.replace(clue.text, f"no signs of {clue.name}")
    assert rejected(small, detect, question, [absent]) == Reason.NEGATION_CHANGED


def test_a_hidden_name_is_refused(small, detect, small_questions):
    for question in small_questions:
        for name in (
            question.answer.name,
            question.entities[1].aliases[0],
            question.entities[0].id,
        ):
            text = f"Think of {name}. {question.question}"
            reason = rejected(small, detect, question, [text])
            assert reason in (Reason.NAME_LEAKED, Reason.MALFORMED)
            assert reason == Reason.NAME_LEAKED or name == question.entities[0].id


def test_a_mention_of_something_else_is_refused(small, detect, small_questions):
    question = small_questions[0]
    for other in ("heart block alias", "Tall stature alias"):
        if other.casefold() not in question.question.casefold():
            text = f"There was {other} too. {question.question}"
            assert rejected(small, detect, question, [text]) == Reason.ENTITY_ADDED


@pytest.mark.parametrize(
    "text", ["", "Two\n\nparagraphs?", "Entity_A is meant?", "No stop", "x" * 5000 + "?"]
)
def test_what_is_no_question_is_refused(small, detect, small_questions, text):
    assert rejected(small, detect, small_questions[0], [text]) == Reason.MALFORMED


# What is refused for what is read in it


@pytest.mark.parametrize("read", ["I do not know", "[]", '{"entities": {}}', "{"])
def test_without_a_reading_a_wording_is_refused(small, detect, small_questions, read):
    question = small_questions[0]
    text = f"{HELLO} {question.question}"
    assert rejected(small, detect, question, [text], read) == Reason.UNREADABLE


def test_a_fact_more_or_less_is_refused(small, detect, small_questions):
    for question in small_questions:
        text = f"{HELLO} {question.question}"
        facts = reading(question)["facts"]
        more = {"of": "X", "words": "your help", "relation": "has_phenotype", "term": "gout"}
        read = reading(question, facts=[*facts, more])
        assert rejected(small, detect, question, [text], read) == Reason.CLUE_ADDED
        for place in range(len(facts)):
            read = reading(question, facts=facts[:place] + facts[place + 1 :])
            assert rejected(small, detect, question, [text], read) == Reason.CLUE_LOST


def test_a_fact_of_another_entity_or_sense_is_refused(small, detect, small_questions):
    for question in small_questions:
        text = f"{HELLO} {question.question}"
        for place, clue in enumerate(question.clues):
            for change in changes(clue):
                read = reading(question)
                read["facts"][place] |= change
                reason = rejected(small, detect, question, [text], read)
                assert reason == Reason.CLUE_LOST, (clue, change)


def changes(clue):
    """Ways to read a clue wrongly."""
    yield {"of": "?"}
    if isinstance(clue.condition, Choice):
        yield {"choice": "fewest"}
    elif isinstance(clue.condition, Count):
        yield {"count": [clue.condition.low, clue.condition.high + 1]}
        yield {"relation": "treats"}
    else:
        yield {"absent": not clue.condition.negated}
        yield {"term": "gout"}
        yield {"percent": [1, 2]}
        yield {"relation": "treats"}


def test_another_structure_is_refused(small, detect, small_questions):
    for question in small_questions:
        text = f"{HELLO} {question.question}"
        read = reading(question)
        one, relation, other = read["links"][0]
        for links in (read["links"][1:], [[other, relation, one], *read["links"][1:]]):
            changed = read | {"links": links}
            assert rejected(small, detect, question, [text], changed) == Reason.STRUCTURE_CHANGED
        more = read | {"entities": {**read["entities"], "Q": "drug"}}
        assert rejected(small, detect, question, [text], more) == Reason.STRUCTURE_CHANGED


def test_another_question_is_refused(small, detect, small_questions):
    for question in small_questions:
        text = f"{HELLO} {question.question}"
        read = reading(question)
        other = next(one for one in read["entities"] if one != read["asked"])
        changed = read | {"asked": other}
        assert rejected(small, detect, question, [text], changed) == Reason.OTHER_QUESTION


def test_words_that_do_not_stand_in_the_text_are_refused(small, detect, small_questions):
    question = small_questions[0]
    text = f"{HELLO} {question.question}"
    for words in ("words of mine", "your help"):
        read = reading(question)
        read["facts"][0]["words"] = words
        assert rejected(small, detect, question, [text], read) == Reason.WORDS_NOT_IN_TEXT


def test_what_the_caller_refuses_is_refused(small, detect, small_questions):
    question = small_questions[0]
    text = f"{HELLO} {question.question}"
    seen = []
    reason = rejected(small, detect, question, [text], accept=lambda one: bool(seen.append(one)))
    assert reason == Reason.SEARCHABLE
    assert seen[0].question == text


# On disk, with a real endpoint


def model_at(url):
    return EndpointModel("m", LlmSettings(base_url=url, api_key_env="", retries=0))


def content(text):
    return Answer(completion({"role": "assistant", "content": text}))


def run(small, detect, questions, url, tmp_path, out="worded.jsonl", **more):
    file = tmp_path / "questions.jsonl"
    Ledger(file, Question).write(questions)
    phraser = Phraser(model_at(url), small, detect, tries=1)
    return write_phrased(file, tmp_path / out, phraser, seed=3, **more)


def test_a_run_words_counts_and_is_not_done_twice(small, detect, small_questions, tmp_path):
    one, two = small_questions[:2]
    answers = [
        content(f"{HELLO} {one.question}"),
        content(json.dumps(reading(one))),
        content("No."),
    ]
    with serve(*answers) as endpoint:
        counts = run(small, detect, [one, two], endpoint.url, tmp_path)
        asked = len(endpoint.requests)
        assert run(small, detect, [one, two], endpoint.url, tmp_path) == counts
        assert len(endpoint.requests) == asked == 3
    assert counts["by_method"] == {"grammar": 1, "model": 1}
    assert counts["rejected"]["clue_missing"] == 1
    assert sum(counts["rejected"].values()) == 1
    made = list(read_records(tmp_path / "worded.jsonl", Question))
    assert [one.phrasing.origin for one in made] == [one.id, two.id]
    assert made[0].question.startswith(HELLO)
    assert made[1].question == two.question
    assert [one.phrasing.style for one in made] == list(STYLES)[:2]


def test_a_failed_endpoint_leaves_the_grammars_words_and_is_asked_again(
    small, detect, small_questions, tmp_path, caplog
):
    one, two = small_questions[:2]
    down = Answer({"error": {"message": "out of order"}}, status=400)
    with serve(content("No."), down) as endpoint:
        counts = run(small, detect, [one, two], endpoint.url, tmp_path)
        assert counts["failed"] == 1
        assert "out of order" in caplog.text
        made = list(read_records(tmp_path / "worded.jsonl", Question))
        assert made[1].question == two.question
        assert "out of order" in made[1].phrasing.error
        assert (made[1].phrasing.method, made[1].phrasing.tries) == ("grammar", 0)
        endpoint.answers = [content("No.")]
        counts = run(small, detect, [one, two], endpoint.url, tmp_path)
        assert counts["failed"] == 0
        assert len(endpoint.requests) == 3
        run(small, detect, [one, two], endpoint.url, tmp_path, out="again.jsonl")
    assert (tmp_path / "worded.jsonl").read_bytes() == (tmp_path / "again.jsonl").read_bytes()


def test_when_the_model_fails_everywhere_the_run_fails(small, detect, small_questions, tmp_path):
    down = Answer({"error": {"message": "out of order"}}, status=400)
    with serve(down) as endpoint, pytest.raises(MedResearcherError, match="failed at 2 of 2"):
        run(small, detect, small_questions[:2], endpoint.url, tmp_path)


def test_questions_that_cannot_be_reworded_are_refused(small, detect, small_questions, tmp_path):
    one = small_questions[0]
    hard = Difficulty(score=1.0, origin="q", history=())
    other = one.certificate.model_copy(update={"graph": "0" * 16})
    for change, match in (
        ({"language": "zh"}, "not English"),
        ({"difficulty": hard}, "calibrated before"),
        ({"certificate": other}, "certified over graph 0000"),
    ):
        with pytest.raises(InputError, match=match):
            run(small, detect, [one.model_copy(update=change)], "http://127.0.0.1:9/v1", tmp_path)
    with pytest.raises(InputError, match="expected styles of vignette"):
        run(small, detect, [one], "http://127.0.0.1:9/v1", tmp_path, styles=["poem"])
    with pytest.raises(InputError, match="holds no question"):
        run(small, detect, [], "http://127.0.0.1:9/v1", tmp_path)


# The prompts


def test_the_filled_prompts_are_those_of_their_version():
    said = []
    model = ScriptedModel(lambda messages: said.append(messages[0].content) or say("No."))
    phraser = Phraser(model, None, None)
    phraser.check = Listed()
    phraser.phrase(invented(), "vignette", 1)
    assert said[0] + "\n" == (GOLDEN / "phrase.v1.txt").read_text("utf-8")
    text = read_back_prompt("Which disorder is this?") + "\n"
    assert text == (GOLDEN / "read_back.v1.txt").read_text("utf-8")


class Listed:
    """Names and problems of an invented question."""

    def names(self, clue):
        return (clue.name, "fits", "convulsions") if clue.name else ()

    def problem(self, question, text):
        return Reason.MALFORMED


def invented():
    """A question as far as prompts look at it."""
    row = Evidence(source="hpo", licence="none", record="OMIM:1", row=1)
    sign = Atom(subject="Entity_A", predicate=Predicate.HAS_PHENOTYPE, object="HP:1", negated=True)
    count = Count(subject="Entity_A", predicate=Predicate.CAUSES, forward=False, low=3, high=3)
    return Question.model_construct(
        id="q-1",
        question="Which disorder without seizures has exactly three genes?",
        clues=(
            Clue(mask="Entity_A", condition=sign, text="seizures", name="seizure", evidence=(row,)),
            Clue(mask="Entity_A", condition=count, text="exactly three", evidence=(row,)),
        ),
    )
