"""How names of the graph stand in running text, and which are fit to.

HPO writes names in sentence case. Inside a sentence the first letter goes lower-case, unless the
word is a proper name. Those are learnt from the graph: words that stand more often with a
capital inside names and definitions than without.
"""

import re
from collections import Counter

from medresearcher.graph.store import Graph
from medresearcher.records.knowledge import EntityType, Predicate

_WORD = re.compile(r"[A-Za-z]{2,}")
_TWO_PEOPLE = re.compile(r"(?!Non-)[A-Z][a-z]+-[A-Z][a-z]")
_ODD = re.compile(r"[(),/;:%<>\[\]\"]|\d")
_VAGUE = re.compile(
    r"^(abnormality|obsolete|phenotypic|constitutional|functional abnormality)\b", re.I
)
# Names that are no noun phrase: "Small for gestational age", "Rheumatoid factor positive".
_NO_NOUN = re.compile(
    r"^(small|large|appropriate) for |"
    r" (positive|negative|reduced|decreased|increased|elevated|absent|abnormal|placed)$",
    re.I,
)
# Where the noun of a name ends: what follows only says more of it.
_AFTER_NOUN = re.compile(
    r" (?:of|in|with|on|from|to|by|at|during|without|due|for|after|between|under|over) "
)
# Nouns of signs that are counted, so that one of them takes an article.
_ONE = re.compile(
    r"\b(?:"
    r"ability|abnormality|abscess|adenocarcinoma|adenoma|aneurysm|anomaly|anus|aorta|"
    r"appearance|arch|arteriosus|artery|attack|bladder|bone|border|bridge|callosum|"
    r"calvaria|carcinoma|chest|chin|clavicle|cleft|columella|concentration|"
    r"contracture|cortex|cough|count|crease|cry|cyst|defect|deficit|deformity|"
    r"demeanor|diathesis|dimple|disorder|disturbance|duct|earlobe|EEG|elbow|"
    r"electroretinogram|epiphysis|eyelid|face|femur|fibula|finding|finger|fingernail|"
    r"fistula|fold|fontanel|fontanelle|foot|forehead|fossa|fracture|gait|gallbladder|"
    r"gap|gland|goiter|habitus|hairline|hallux|hamartoma|hand|head|heart|helix|"
    r"hemangioma|hernia|humerus|hygroma|inability|infarct|interval|jaw|kidney|knee|"
    r"lens|lesion|level|limb|lip|lipoma|lymphoma|macule|magna|magnum|malformation|"
    r"mandible|mass|maxilla|membrane|metacarpal|metaphysis|metatarsal|mouth|murmur|"
    r"nail|neck|neoplasm|nevus|nipple|nodule|nose|occiput|ovale|palate|palm|palsy|"
    r"papule|pattern|pellucidum|pelvis|penis|phalanx|philtrum|pit|placenta|plaque|"
    r"profile|prostate|radius|rash|rate|reflex|response|rib|ridge|roof|scapula|"
    r"scotoma|scrotum|sequence|shape|sign|skull|sling|span|spine|spleen|spot|"
    r"sternum|stroke|suck|tag|tendency|test|thorax|thumb|thyroid|tibia|tip|toe|"
    r"toenail|tongue|tooth|trunk|tubercle|tumor|turcica|ulcer|ulna|umbilicus|ureter|"
    r"uterus|uvula|valve|vein|velocity|ventricle|vermilion|vertebra|vesicle|voice|"
    r"volume|wave|web|wing|wrist"
    r")$"
)
_MASS = re.compile(r"attention deficit|cerebral palsy")
# Parts of the body that HPO leaves without an article: "agenesis of corpus callosum".
_OF_THE = re.compile(
    r"\b(of|in) (aorta|brain|corpus callosum|face|forehead|head|heart|kidney|liver|mouth|"
    r"nose|penis|scalp|skull|spine|spleen|sternum|tongue|trunk|uterus)$"
)
_OF_A = re.compile(r"\b(of|in) (digit|finger|hand|foot|limb|toe|tooth)$")
# Nouns of signs that come as several.
_SEVERAL = re.compile(
    r"\b(?:seizure|infection|eyebrow|ear|eye|fissure|hallucination|headache|spasm|contraction)$"
)
_VOWEL = re.compile(r"(?!eu|one\b|uni|ur[aeio]|ut[ei])[aeiou]|[AEFHILMNORSX](?=[A-Z-])|[AEIO]")
_MAX_LENGTH = 48
_NUMBERS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
_INHERITANCE = re.compile(
    r"^(Autosomal (?:dominant|recessive)|X-linked(?: dominant| recessive)?|Mitochondrial)"
    r" inheritance$"
)
_ONSET = re.compile(r"^[A-Z][a-z]+(?: [a-z]+)* onset$")


def number(value: int) -> str:
    """A number in words up to twelve, in digits beyond."""
    return _NUMBERS[value] if value < len(_NUMBERS) else str(value)


def article(words: str) -> str:
    """`a ` or `an `, as the first sound of the words asks."""
    return "an " if _VOWEL.match(words) else "a "


class Wording:
    """Turns nodes of one graph into words for a question."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._proper = _proper_names(graph)

    def clue(self, predicate: Predicate, node: str) -> str | None:
        """The words for a clue; `None` if the name does not read well in a sentence."""
        name = self.graph.name(node)
        if predicate is Predicate.HAS_PHENOTYPE:
            if any(odd.search(name) for odd in (_ODD, _VAGUE, _NO_NOUN)) or len(name) > _MAX_LENGTH:
                return None
            return self.lower(name)
        if predicate is Predicate.HAS_INHERITANCE:
            match = _INHERITANCE.match(name)
            return self.lower(match[1]) if match else None
        if predicate is Predicate.HAS_ONSET:
            return self.lower(name) if _ONSET.match(name) else None
        return name

    def sign(self, name: str) -> str:
        """The name of a sign as it stands in a list: with articles, or as several."""
        noun = _AFTER_NOUN.split(name)[0]
        if noun == name and _SEVERAL.search(name):
            return f"{name}s"
        is_one = _ONE.search(noun) and not _MASS.match(name)
        said = _OF_A.sub(r"\1 a \2", _OF_THE.sub(r"\1 the \2", name))
        return article(name) + said if is_one else said

    def lower(self, name: str) -> str:
        """The name inside a sentence: ordinary first words lose their capital."""
        first = _WORD.match(name)
        if first is None or not first[0][1:].islower():
            return name
        if first[0] in self._proper or _TWO_PEOPLE.match(name):
            return name
        return name[0].lower() + name[1:]


def _proper_names(graph: Graph) -> frozenset[str]:
    capital: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    for kind in (EntityType.PHENOTYPE, EntityType.DISEASE):
        for curie in graph.ids(kind):
            entity = graph.entity(curie)
            # MONDO writes the name of a disease as it stands inside a sentence.
            ready = entity.source == "mondo"
            for text, inside in ((entity.name, ready), (entity.definition, False)):
                for word in _WORD.finditer(text):
                    if word[0].islower():
                        lower[word[0]] += 1
                    elif inside or _inside(text, word.start()):
                        capital[word[0]] += 1
    return frozenset(word for word in capital if capital[word] > lower[word.lower()])


def _inside(text: str, place: int) -> bool:
    """Whether a word at `place` stands inside a sentence, not at its start."""
    return text[:place].rstrip()[-1:] not in ("", ".", "?", "!", ":")
