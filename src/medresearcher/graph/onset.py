"""The order of HPO's onset terms in life, as far as they can be compared.

Terms of one rank overlap (an adult onset may be a middle-age onset), so only ranks are compared.
"Pediatric onset" spans several ranks and has none.
"""

_ORDER: tuple[tuple[str, ...], ...] = (
    # before birth
    ("HP:0030674", "HP:0011460", "HP:0011461", "HP:0034199", "HP:0034198", "HP:0034197"),
    ("HP:0003577",),  # at birth
    ("HP:0003623",),  # neonatal, to 28 days
    ("HP:0003593",),  # infantile, to 1 year
    ("HP:0011463",),  # childhood, 1 to 5 years
    ("HP:0003621",),  # juvenile, 5 to 15 years
    # adult, from 16 years
    (
        "HP:0003581",
        "HP:0011462",
        "HP:0025708",
        "HP:0025709",
        "HP:0025710",
        "HP:0003596",
        "HP:0003584",
    ),
)
ONSET_RANK: dict[str, int] = {term: rank for rank, terms in enumerate(_ORDER) for term in terms}
