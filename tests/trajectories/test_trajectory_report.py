"""Stories and the report: complete, escaped, and loading nothing from anywhere."""

import re
from itertools import pairwise

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trajectory_samples import (
    UNJUDGED,
    WRONG,
    asks,
    question,
    rejected,
    rounds,
    tells,
    tool_call,
    trajectory,
)

from medresearcher.records.trajectory import Message
from medresearcher.trajectories.figures import MAX_BINS, by_calls
from medresearcher.trajectories.proof import certificate, chain
from medresearcher.trajectories.report import ReportData, pick, render_report
from medresearcher.trajectories.story import (
    MAX_CHARACTERS,
    Answered,
    Asked,
    Called,
    Judged,
    Observed,
    Thought,
    story,
)

EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>"
SPECIALTIES = ("cardiology", "neurology", "oncology", "dermatology")
ASKED = tuple(
    question(f"Question {number}?", specialty=name, hops=number + 2)
    for number, name in enumerate(SPECIALTIES)
)


def attempt(number: int, calls: int, **changes):
    one = ASKED[number]
    return rounds(calls, question_id=one.id, specialty=one.specialty, **changes)


BY_ID = {one.id: one for one in ASKED}
KEPT = tuple(attempt(number, number + 2) for number in range(4))
DROPPED = (rejected("wrong", attempt(0, 2, verdict=WRONG, attempt=1)),)


def data(**changes) -> ReportData:
    fields = {
        "documents": 29141,
        "nodes": None,
        "edges": 256000,
        "questions": ASKED,
        "kept": KEPT,
        "dropped": DROPPED,
        "sources": ("hpo", "mondo"),
        "seed": 7,
        "version": "0.1.0",
        "digests": {"graph": "0123456789abcdef"},
    }
    return ReportData(**{**fields, **changes})


def page(**changes):
    return lxml.html.fromstring(render_report(data(**changes)))


def text(node) -> str:
    return " ".join(node.text_content().split())


class TestStory:
    def test_scenes_come_in_order(self):
        one = trajectory(asks(tool_call(1), thought="Let me look."), tells(1))
        assert story(one, ASKED[0]) == [
            Asked("Question 0?"),
            Thought("Let me look."),
            Called("medical_search", (("query", "finding 1"),)),
            Observed(
                "medical_search",
                "found",
                "- Marfan syndrome (MONDO:0007947)",
                "found · 1 document",
                0,
            ),
            Answered(
                "It fits.\n\nAnswer: Marfan syndrome (MONDO:0007947)",
                "Marfan syndrome (MONDO:0007947)",
            ),
            Judged(True, "the identifier", "name 2 (MONDO:2)"),
        ]

    def test_without_the_question_the_message_is_shown(self):
        scenes = story(trajectory(verdict=UNJUDGED))
        assert scenes[0] == Asked("Which disease is it?")
        assert scenes[-1] == Judged(None, "no judge", None)

    def test_parallel_calls_stand_beside_their_own_observations(self):
        one = trajectory(asks(tool_call(1), tool_call(2)), tells(2, "second"), tells(1, "first"))
        shown = [it.text for it in story(one) if isinstance(it, Observed)]
        assert shown == ["first", "second"]

    def test_broken_parts_are_shown_as_they_are(self):
        broken = trajectory(asks(tool_call(1, "{broken")), Message(role="user", content="More."))
        assert story(broken)[1:3] == [
            Called("medical_search", (("", "{broken"),)),
            Asked("More."),
        ]

    @pytest.mark.parametrize("body", ["word " * 1000, "x" * 5000, "line\n" * 300])
    def test_long_observations_are_cut_and_say_so(self, body):
        one = trajectory(asks(tool_call(1)), tells(1, f"{body}\n\n[found · much]"))
        (seen,) = (it for it in story(one) if isinstance(it, Observed))
        assert seen.status == "found · much"
        assert 0 < len(seen.text) <= MAX_CHARACTERS
        assert len(seen.text) + seen.left_out == len(body.strip())

    def test_an_observation_may_be_its_status_alone(self):
        one = trajectory(asks(tool_call(1)), tells(1, "[empty · nothing]"), outcome={})
        (seen,) = (it for it in story(one) if isinstance(it, Observed))
        assert (seen.text, seen.status) == ("", "empty · nothing")


class TestProof:
    def test_hops_are_said_in_the_direction_of_their_predicate_with_their_sources(self):
        first, second = chain(ASKED[0])
        assert first.masks == "Entity_A → Entity_B"
        assert first.statement == "name 1 (HGNC:1) is a gene associated with name 0 (MONDO:0)"
        assert second.statement == "name 1 (HGNC:1) is a gene associated with name 2 (MONDO:2)"
        assert first.sources == ("hpo: OMIM:154700, row 7, citing PMID:1 (LicenseRef-HPO)",)

    def test_the_certificate_says_the_answer_and_what_each_clue_is_for(self):
        said = " ".join(certificate(ASKED[0]))
        assert "Exactly one entity answers it: name 2 (MONDO:2)." in said
        assert "Without the clue “long, slender fingers” on Entity_A" in said
        assert "MONDO:77, MONDO:78" in said
        assert "0123456789abcdef" in said


class TestPick:
    def test_shortest_and_longest_are_among_three_different_specialties(self):
        chosen = pick(KEPT, BY_ID)
        assert len({one.specialty for one in chosen}) == 3
        assert (chosen[0], chosen[-1]) == (KEPT[0], KEPT[3])

    def test_the_choice_does_not_depend_on_the_order(self):
        assert pick(KEPT[::-1], BY_ID) == pick(KEPT, BY_ID)

    def test_other_specialties_go_before_other_lengths(self):
        same = [attempt(0, calls, attempt=calls) for calls in range(1, 9)]
        chosen = pick([*same, KEPT[1]], BY_ID)
        assert KEPT[1] in chosen
        assert len(chosen) == 3

    def test_fewer_are_taken_as_they_are_and_unknown_questions_are_not(self):
        assert pick(KEPT[:2], BY_ID) == list(KEPT[:2])
        assert pick([rounds(3)], BY_ID) == []
        assert pick([], {}) == []


class TestFigures:
    @given(st.lists(st.integers(1, 90), min_size=1))
    def test_bins_hold_every_trajectory_once_and_are_few(self, numbers):
        made = {number: rounds(number) for number in set(numbers)}
        bins = by_calls([made[number] for number in numbers])
        assert sum(bins.values()) == len(numbers)
        assert len(bins) <= MAX_BINS
        for label, count in bins.items():
            low, _, high = label.partition(" to ")
            assert count == sum(int(low) <= one <= int(high or low) for one in numbers)

    def test_few_numbers_have_a_bin_each_without_gaps(self):
        assert by_calls([rounds(2), rounds(4), rounds(4)]) == {"2": 1, "3": 0, "4": 2}
        assert by_calls([]) == {}


class TestReport:
    def test_it_is_well_formed_html(self):
        source = render_report(data())
        lxml.html.document_fromstring(source, parser=lxml.html.HTMLParser(recover=False))
        ids = re.findall(r'\bid="([^"]*)"', source)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'aria-labelledby="([^"]*)"', source)) <= set(ids)

    def test_it_loads_nothing_and_runs_nothing(self):
        source = render_report(data())
        tree = lxml.html.fromstring(source)
        assert not tree.xpath("//script | //link | //iframe | //img | //object | //@src | //form")
        assert not [name for name in tree.xpath("//@*") if name.attrname.startswith("on")]
        assert {one.getparent().tag for one in tree.xpath("//@href")} == {"a"}
        style = tree.xpath("string(//style)")
        assert "url(" not in style
        assert "@import" not in style

    def test_texts_are_escaped_wherever_they_come_from(self):
        asked = question(EVIL, specialty=EVIL)
        kept = trajectory(
            asks(tool_call(1, f'{{"{EVIL}": "{EVIL}"}}', tool=EVIL), thought=EVIL),
            tells(1, f"{EVIL}\n\n[found · {EVIL}]"),
            question_id=asked.id,
            specialty=EVIL,
            policy=EVIL,
        )
        source = render_report(
            data(questions=(asked,), kept=(kept,), version=EVIL, digests={EVIL: EVIL})
        )
        tree = lxml.html.fromstring(source)
        assert "<script" not in source
        assert not tree.xpath("//script | //img")
        assert source.count("&lt;script&gt;") >= 10

    def test_the_numbers_are_there_and_unknown_ones_are_not_zero(self):
        found = {text(it[0]): (text(it[1]), text(it[2])) for it in page().xpath("//dl/div")}
        assert found["documents"][0] == "29,141"
        assert found["nodes"][0] == "n/a"
        assert found["right answers"] == ("80.0%", "4 of 5 judged")
        assert found["kept"] == ("80.0%", "4 of 5 trajectories")
        assert found["tool calls"][0] == "3.5"

    def test_every_table_has_a_caption_and_headings(self):
        tables = page().xpath("//table")
        assert len(tables) == 5
        for table in tables:
            assert table.xpath("./caption")
            assert table.xpath("./thead//th[@scope='col']")
            assert table.xpath("./tbody//th[@scope='row']")

    def test_headings_go_down_one_level_at_a_time(self):
        levels = [int(it.tag[1]) for it in page().iter("h1", "h2", "h3", "h4")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))

    def test_counts_by_specialty_and_length(self):
        rows = [[text(cell) for cell in row[:5]] for row in page().xpath("//table/tbody/tr")]
        assert ["cardiology", "1", "2", "1", "1"] in rows
        assert ["2", "1", "2", "1", "1"] in rows

    def test_three_stories_with_chain_certificate_and_verdict(self):
        articles = page().xpath("//article")
        assert len(articles) == 3
        for one in articles:
            said = text(one)
            for part in ("Question ", "medical_search", "Answer:", "right:", "hpo: OMIM:154700"):
                assert part in said
            assert "Exactly one entity answers it" in said

    def test_licences_seed_and_digests(self):
        said = text(page())
        assert "CC-BY-4.0" in said
        assert "Mondo Disease Ontology" in said
        assert "seed 7" in said
        assert "0123456789abcdef" in said
        assert "HGNC" not in text(page().xpath("//table[@class='licences']")[0])

    def test_an_empty_run_is_told_as_such(self):
        said = text(page(kept=(), dropped=(), questions=(), sources=()))
        assert "No kept trajectory" in said
        assert "No trajectory was dropped" in said
        assert "0 of 0 judged" in said

    def test_equal_data_gives_equal_bytes(self):
        again = data(kept=KEPT[::-1])
        assert render_report(data()) == render_report(data())
        assert render_report(again) == render_report(data())
