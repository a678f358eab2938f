"""Documents rendered from the graph: fact pages (diseases, genes, drugs, pathways), definitions.

Every fact on a page carries the reference of the source row that states it, so that a reader
can cite it. Equal graphs give equal pages, in order of id.
"""

from collections.abc import Iterator

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import Document, EntityType
from medresearcher.retrieval.relations import (
    RELATIONS,
    Fact,
    RelationName,
    claim_words,
    facts,
    neighbours,
)

PAGE_TYPES = {
    EntityType.DISEASE: "disease_page",
    EntityType.GENE: "gene_page",
    EntityType.DRUG: "drug_page",
    EntityType.PATHWAY: "pathway_page",
}
DEFINITION = "definition"

# What an entity must have, at least one of it, to have a page.
_WORTH_A_PAGE: dict[EntityType, tuple[RelationName, ...]] = {
    EntityType.DISEASE: (
        "phenotypes",
        "absent_phenotypes",
        "causal_genes",
        "inheritance",
        "onset",
        "treatments",
    ),
    EntityType.GENE: ("causes", "pathways", "drugs"),
    EntityType.DRUG: ("treats", "does_not_treat", "targets", "side_effects", "drug_classes"),
    EntityType.PATHWAY: ("genes",),
}
# The heading of each relation; phenotypes stand one a line, the rest in one paragraph.
_PARAGRAPHS: dict[RelationName, str] = {
    "inheritance": "Inheritance",
    "onset": "Onset",
    "course": "Course",
    "causal_genes": "Causal genes",
    "parents": "Classes",
    "gene_groups": "Gene groups",
    "causes": "Diseases",
    "drugs": "Drugs that act on it",
    "treatments": "Treated by",
    "not_treated_by": "Stated not to be treated by",
    "treats": "Treats",
    "does_not_treat": "Stated not to treat",
    "targets": "Acts on",
    "drug_classes": "Drug classes",
    "side_effects": "Side effects",
    "side_effect_of": "Side effect of",
    "pathways": "Pathways",
    "genes": "Genes",
}
_LISTS: dict[RelationName, str] = {
    "phenotypes": "Phenotypes",
    "absent_phenotypes": "Stated to be absent",
}


def fact_pages(graph: Graph) -> Iterator[Document]:
    """One page per entity of a type of `PAGE_TYPES` with facts beyond its class."""
    for kind, names in _WORTH_A_PAGE.items():
        for curie in graph.ids(kind):
            if any(neighbours(graph, curie, name) for name in names):
                yield fact_page(graph, curie)


def definition_documents(graph: Graph) -> Iterator[Document]:
    """One document per disease and phenotype that has a definition."""
    for kind in (EntityType.DISEASE, EntityType.PHENOTYPE):
        for curie in graph.ids(kind):
            entity = graph.entity(curie)
            if entity.definition:
                yield Document(
                    id=f"DEF:{curie}",
                    type=DEFINITION,
                    title=entity.name,
                    text="\n".join([entity.definition, *_known_as(entity.aliases)]),
                    source=entity.source,
                    entities=(curie,),
                )


def fact_page(graph: Graph, curie: str) -> Document:
    """The page of one entity; `KeyError` if the graph has no such node or its type no page."""
    entity = graph.entity(curie)
    lines = [f"{entity.name} ({curie})", *_known_as(entity.aliases)]
    if entity.type is EntityType.GENE and entity.definition:
        lines.insert(1, f"Gene: {entity.definition}")
    found = {name: _facts(graph, curie, name) for name in (*_PARAGRAPHS, *_LISTS)}
    for name, heading in _PARAGRAPHS.items():
        if found[name]:
            lines.append(f"{heading}: {'; '.join(map(_line, found[name]))}")
    for name, heading in _LISTS.items():
        if found[name]:
            lines += ["", f"{heading} ({len(found[name])}):", *map(_line, found[name])]
    sources = {source for some in found.values() for one in some for source in one.sources}
    return Document(
        id=f"FACTS:{curie}",
        type=PAGE_TYPES[entity.type],
        title=f"{entity.name}: facts",
        text="\n".join(lines),
        source=", ".join(sorted(sources)),
        entities=(curie,),
    )


def _facts(graph: Graph, curie: str, name: RelationName) -> list[Fact]:
    applies = graph.type(curie) in RELATIONS[name].predicates
    return facts(graph, curie, name) if applies else []


def _line(one: Fact) -> str:
    """For example `Seizure (HP:0001250), 16/21 [PMID:31772430]`."""
    words = claim_words(one.claims)
    between = " " if words.startswith("[") else ", "
    line = f"{one.name} ({one.id}){between}{words}"
    if one.against:
        other = "present" if one.absent else "absent"
        line += f"; also stated {other} by {', '.join(one.against)}"
    return line


def _known_as(aliases: tuple[str, ...]) -> list[str]:
    return [f"Also known as: {'; '.join(aliases)}"] if aliases else []
