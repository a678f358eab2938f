"""Profiles of entities, and their text: everything with its sources, nothing cut unsaid."""

import pytest
from pharmacy import DRUG, GENE, GOUT, PATHWAY, RARE, RASH, build

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Mined, Predicate
from medresearcher.tools.profile import Profile, profile
from medresearcher.tools.show import relation_text, show_text

SENTENCE = "Rare gout often begins with a skin rash."


class Literature:
    """A corpus of ten citations, one of which mentions the rare disease."""

    citations = 10

    def knows(self, node: str) -> bool:
        return node != GENE

    def frequency(self, node: str) -> int:
        return int(node in (RARE, RASH))

    def mined(self, node: str, limit: int | None = None) -> list[Mined]:
        together = Predicate.OCCURS_TOGETHER
        found = [Mined(RARE, together, RASH, "PMID:9", SENTENCE, "co_mention")]
        return [one for one in found if node in (one.subject, one.object)][:limit]


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return build(tmp_path_factory.mktemp("pharmacy"))


def test_a_profile_holds_every_kind_of_knowledge(graph):
    found = profile(graph, RARE, 5, Literature())
    assert found.entity.designations == ("gard_rare",)
    assert found.rarity
    assert (found.rarity.rule, found.rarity.rare) == ("prevalence_class", True)
    assert set(found.facts) == {"causal_genes", "phenotypes"}
    (sign,) = found.facts["phenotypes"]
    assert [row.frequency for row in sign.evidence] == ["HP:0040281", "1/30"]
    assert (sign.id, sign.disputed, sign.absent) == (RASH, False, False)
    (gene,) = found.facts["causal_genes"]
    assert gene.evidence[0].qualifier == "susceptibility"
    assert gene.evidence[0].licence
    (conflict,) = found.conflicts
    assert (conflict.kind, len(conflict.evidence)) == ("different_frequency", 2)
    assert [(one.id, one.name) for one in found.matches] == [("ICD10:M10", None), (GOUT, "gout")]
    (row,) = found.prevalence
    assert (row.high, row.references) == (1e-6, ("PMID:5",))
    (mention,) = found.mentions
    assert (mention.id, mention.name, mention.span) == (RASH, "Skin rash", SENTENCE)
    assert found.corpus
    assert (found.corpus.citations, found.corpus.mentions) == (10, 1)
    assert Profile.model_validate_json(found.model_dump_json()) == found


def test_without_a_corpus_nothing_is_said_of_it(graph):
    found = profile(graph, RARE, 5)
    assert found.corpus is None
    assert found.mentions == ()
    assert "mentions" not in show_text(graph, found)
    unnamed = profile(graph, GENE, 5, Literature())
    assert unnamed.corpus
    assert unnamed.corpus.mentions is None
    assert "no name of it was looked for" in show_text(graph, unnamed)


def test_a_mention_names_the_other_end(graph):
    (mention,) = profile(graph, RASH, 5, Literature()).mentions
    assert mention.id == RARE


TEXT = f"""\
Rare gout (ORPHA:99) · disease
  broader          ICD10:M10; gout (MONDO:0005393)
  rarity           rare (prevalence class): point prevalence <1 / 1 000 000 (Worldwide, orphanet);
                   rare is at most 5 in 10,000 [PMID:5]
  listed as rare   gard_rare
  definition       A rare form of gout. A rare form of gout. A rare form of gout. A rare form of
                   gout. A rare form of gout. A rare form of gout. A rare form of gout. A rare form
                   of gout. A rare form of gout. A rare form of gout. A rare form of gout. A rare
                   form of gout.

causal genes (1):
  XDH  HGNC:12805  susceptibility [orphanet]

phenotypes (1):
  Skin rash  HP:0000988  very frequent (80-99%) [PMID:2]; 1/30 [PMID:1]

prevalence (1):
  point prevalence, Worldwide  <1 / 1 000 000  [PMID:5]

disagreements (1):
  Skin rash  HP:0000988  different frequency: very frequent (80-99%) [PMID:2]; 1/30 [PMID:1]

mentions: 1 of 10 citations
  with Skin rash (HP:0000988): “{SENTENCE}” [PMID:9]"""


def test_the_text_of_a_rare_disease(graph):
    assert show_text(graph, profile(graph, RARE, 5, Literature()), 100) == TEXT


@pytest.mark.parametrize("width", [70, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal(graph, width):
    text = show_text(graph, profile(graph, RARE, 5, Literature()), width)
    assert max(map(len, text.splitlines())) <= width


def test_a_drug_and_a_pathway(graph):
    drug = show_text(graph, profile(graph, DRUG, 5))
    assert drug.startswith(
        "Allopurinol (DRUGBANK:DB00437) · drug\n  same as          MESH:D000493\n"
    )
    assert "treats (1):\n  gout  MONDO:0005393  disease modifying [pharmacotherapydb]" in drug
    assert "does not treat (1):\n  arthritis  " in drug
    assert profile(graph, DRUG, 5).rarity is None
    assert show_text(graph, profile(graph, PATHWAY, 5)).endswith(
        "genes (1):\n  XDH  HGNC:12805  [reactome]"
    )


def test_one_relation_page_by_page(real_graph):
    """The diseases of a frequent sign, every one on one page and no page twice."""
    found = profile(real_graph, "HP:0001250", 5, relations=["diseases"])
    (facts,) = found.facts.values()
    pages = -(-len(facts) // 40)
    text = "\n".join(relation_text(real_graph, found, page, 200) for page in range(1, pages + 1))
    assert all(f"  {one.id} " in text for one in facts)
    assert f"diseases ({len(facts):,}):" in text
    assert f"page {pages} of {pages}" in text


def test_every_real_type_of_entity_has_a_profile_that_fits_its_lookup(real_graph):
    for kind in EntityType:
        for curie in real_graph.ids(kind)[::4_000]:
            found = profile(real_graph, curie, 5)
            text = show_text(real_graph, found)
            for name, facts in found.facts.items():
                assert f"\n{name.replace('_', ' ')} ({len(facts):,}):\n" in f"{text}\n"
                assert all(one.evidence for one in facts)
