"""The names of genes and drugs to look for in texts, beside those of diseases and phenotypes.

A symbol counts only as it is spelled. Alone it names its gene only if it is the approved symbol,
hyphens or not, at least three characters long and with a digit in it ("FBN1", "IL-10"); all others
("CAT", "REST", "p53") count where the text names the gene in full as well. One word names a gene
only if it is the approved name ("insulin", but not "hole"). A name of several genes, or of several
drugs, names none of them; a gene and a drug of one name are the gene. What MeSH alone knows as a
drug (it lists all chemicals, and bacteria) is not looked for, nor are words that are also plain
English, foods, or what every body and every laboratory has in it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from medresearcher.graph.dictionary import PLAIN, Entry, normalise
from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Entity, EntityType

_SYMBOL = re.compile(r"(?=.*[A-Z0-9])[A-Za-z0-9][A-Za-z0-9/.+-]{1,9}")
_SPECIFIC = re.compile(r"(?=.*\d)[A-Z][A-Z0-9-]*[A-Z][A-Z0-9-]*|[A-Z][A-Z0-9-]*\d[A-Z0-9-]*")
_FORMULA = re.compile(r"[\[\]{}():;,']|\d,\d")
_WORD = re.compile(r"[^\W\d_]{4}")
_LONGEST = 80
_WORDS = (
    "air albumin alcohol allergen aluminium aluminum animal antibodies antibody antigen antigens "
    "apple argon ash base bean beef beer bentonite boron bran bread calcium carbon carp casein "
    "cat cattle cellulose charcoal chicken chlorine cholesterol clam cobalt cocoa cod coffee "
    "collagen copper corn cotton cow crab creatine creatinine culture date dog duck dust egg "
    "elastin electrolytes enzyme enzymes factor fat fiber fibre fish flour fluoride gas gelatin "
    "ginger glucose glutamate glutamine glycine goat gold grape grass helium hemoglobin herring "
    "honey hops horse horses hydrogen immunoglobulin immunoglobulins impact influenza iodine iron "
    "keratin lactate lactose lamb lead light lime lipid lipids lobster magnesium malt manganese "
    "mercury milk mint mouse mucus mustard nickel nitrate nitrite nitrogen nutmeg oat oats oil "
    "oils olive onion orange oxygen oyster ozone peach peanut pear pepper peptide peptides "
    "phosphate phosphorus pig pigeon plasma platelets pollen pork potassium potato poultry prime "
    "protein proteins rabbit radon rat rice rye salmon salt sand selenium serum sesame sheep "
    "shrimp silicon silk silver soap sodium soy soybean spinach squid starch steel strawberry "
    "sucrose sugar sulfate sulfur sulphur sunflower tin tobacco tomato trout tuna turkey urea "
    "urine vaccine vaccines vitamin vitamins walnut water wheat wine wood wool yeast zinc"
)
_PHRASES = (
    "amino acid|amino acids|bacillus cereus|bacillus subtilis|candida albicans|carbon dioxide|"
    "escherichia coli|fatty acid|fatty acids|guinea pig|guinea pigs|listeria monocytogenes|"
    "nitric oxide|nk cells|pseudomonas aeruginosa|saccharomyces cerevisiae|staphylococcus aureus|"
    "uric acid"
)
_COMMON = PLAIN | frozenset(_WORDS.split()) | frozenset(_PHRASES.split("|"))


class _Claim(NamedTuple):
    """A node that a key may name; the lowest `rank` wins. `form`: the only spelling meant."""

    rank: int
    node: str
    form: str = ""
    vague: bool = False


_Claims = dict[str, list[_Claim]]


def molecule_names(graph: Graph) -> dict[str, Entry]:
    """What to look for in texts, key by key: genes, and drugs where no gene has the name."""
    genes: _Claims = defaultdict(list)
    for node in graph.ids(EntityType.GENE):
        for key, claim in _gene_claims(graph.entity(node)):
            genes[key].append(claim)
    drugs: _Claims = defaultdict(list)
    for node in graph.ids(EntityType.DRUG):
        for key, claim in _drug_claims(graph.entity(node)):
            drugs[key].append(claim)
    return {**_entries(drugs, EntityType.DRUG), **_entries(genes, EntityType.GENE)}


def _gene_claims(gene: Entity) -> Iterator[tuple[str, _Claim]]:
    approved = gene.definition.partition(";")[0]
    for rank, name in enumerate((gene.name, *gene.aliases)):
        if _SYMBOL.fullmatch(name):
            same = name.replace("-", "").upper() == gene.name  # "IL-10" is IL10
            vague = not same or len(name) < 3 or not _SPECIFIC.fullmatch(name)
            yield normalise(name).strip(), _Claim(min(rank, 1), gene.id, name, vague)
        elif (key := _key(name)) and (" " in key or name == approved):
            yield key, _Claim(1, gene.id)


def _drug_claims(drug: Entity) -> Iterator[tuple[str, _Claim]]:
    if all(one.startswith("MESH:") for one in (drug.id, *drug.equivalents)):
        return
    for rank, name in enumerate((drug.name, *drug.aliases)):
        if not _FORMULA.search(name) and (key := _key(name)):
            yield key, _Claim(min(rank, 1), drug.id)


def _key(name: str) -> str | None:
    """The key of a written-out name; `None` if it has no word, is too long or too common."""
    key = " ".join(normalise(name).split())
    fits = len(key) <= _LONGEST and _WORD.search(key) is not None
    return key if fits and key not in _COMMON else None


def _entries(claims: _Claims, kind: EntityType) -> dict[str, Entry]:
    return {key: one for key, found in claims.items() if (one := _entry(found, kind))}


def _entry(claims: list[_Claim], kind: EntityType) -> Entry | None:
    """What the key names; written-out names first, then the approved one; one node or none."""
    words = [claim for claim in claims if not claim.form]
    claims = words or claims
    lowest = min(claim.rank for claim in claims)
    best = [claim for claim in claims if claim.rank == lowest]
    nodes = {claim.node for claim in best}
    if len(nodes) > 1:
        return None
    forms = frozenset(claim.form for claim in best if claim.form)
    return Entry(tuple(nodes), kind, forms, any(claim.vague for claim in best))
