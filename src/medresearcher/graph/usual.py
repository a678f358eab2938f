"""Usual names that the vocabularies lack, by the name of the node that they belong to.

General words of clinical prose ("bleeding", "toxicity") and harm to an organ ("renal injury").
Written by hand from medical usage; a node that the graph does not have is passed over.
"""

_WORDS = {
    "abnormal bleeding": ("hemorrhage", "bleeding", "hemorrhagic complication"),
    "adverse drug response": (
        "toxicity",
        "drug toxicity",
        "toxic effect",
        "adverse drug reaction",
        "drug-related side effects and adverse reactions",
    ),
    "poisoning": ("overdose", "drug overdose", "overdosage", "intoxication"),
    "drug-induced liver injury": (
        "hepatotoxicity",
        "hepatotoxic",
        "liver toxicity",
        "hepatic toxicity",
        "chemical and drug induced liver injury",
    ),
    "tissue ischemia": ("ischemia", "ischemic"),
    "bone fracture": ("fracture",),
    "memory impairment": ("amnesia", "memory loss", "amnesic", "memory disorder"),
    "urinary incontinence": ("incontinence",),
    "bruising susceptibility": ("bruising",),
    "muscle spasm": ("spasm",),
    "skin rash": ("rash",),
    "spontaneous hematomas": ("hematoma",),
    "psychiatric disorder": ("psychiatric", "psychiatric symptom", "psychiatric disturbance"),
    "intellectual disability": ("mental retardation", "mentally retarded"),
    "allergic disease": ("allergic", "allergic reaction", "allergic response"),
    "hereditary disease": ("genetic disease", "genetic disorder", "genetic defect"),
    "cholelithiasis": ("gall stone", "gallstone"),
    "parkinsonism": ("parkinsonian",),
    "seizure": ("convulsion", "convulsive", "convulsant"),
    "kidney disorder": ("nephrotoxicity", "nephrotoxic", "kidney disease"),
    "heart disorder": ("cardiotoxicity", "cardiotoxic", "cardiac complication"),
    "hearing disorder": ("ototoxicity", "ototoxic"),
}
_ORGANS = {
    "kidney disorder": ("renal", "kidney"),
    "liver disorder": ("liver", "hepatic", "hepatocellular"),
    "heart disorder": ("cardiac", "heart", "myocardial"),
    "lung disorder": ("lung", "pulmonary"),
    "retinal disorder": ("retinal",),
    "nervous system disorder": ("neurologic", "neurological", "neuronal", "nerve", "axonal"),
    "brain disorder": ("brain", "cerebral", "hippocampal"),
    "cerebellar disorder": ("cerebellar",),
    "eye disorder": ("eye", "ocular"),
    "vascular disorder": ("vascular", "endothelial"),
    "bone marrow disorder": ("bone marrow",),
    "skin disorder": ("skin", "cutaneous"),
    "muscle tissue disorder": ("muscle",),
    "gastrointestinal disorder": ("gastrointestinal",),
}
_HARMS = ("injury", "damage", "toxicity", "dysfunction", "impairment", "lesion", "deficit")


def usual_names(name: str) -> tuple[str, ...]:
    """More names of the node with this name; none for most."""
    key = name.casefold()
    organs = (f"{organ} {harm}" for organ in _ORGANS.get(key, ()) for harm in _HARMS)
    return (*_WORDS.get(key, ()), *organs)
