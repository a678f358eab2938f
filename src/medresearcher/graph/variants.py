"""Other spellings of a disease or phenotype name, by rules of English and of medical naming.

Each rule takes one normalised name (words and single blanks) and yields other ways to write the
same thing. `variants` gives all of them with a cost: 0 for spelling (plural, British, numerals,
word order), 1 for another word of the same meaning. Rules know words only, no texts.
"""

import re
from collections.abc import Iterable, Iterator

ROMAN = ("0", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_NUMBERS = {
    **{roman: str(number) for number, roman in enumerate(ROMAN) if number},
    **{str(number): roman for number, roman in enumerate(ROMAN) if number},
}
_NUMBERED = frozenset({"type", "stage", "grade", "class", "group", "factor", "form", "diabetes"})

_BRITISH = (
    ("tumor", "tumour"),
    ("emia", "aemia"),
    ("hem", "haem"),
    ("edema", "oedema"),
    ("esophag", "oesophag"),
    ("pediatric", "paediatric"),
    ("rrhea", "rrhoea"),
    ("celiac", "coeliac"),
    ("fetal", "foetal"),
    ("gynec", "gynaec"),
    ("cecum", "caecum"),
    ("fecal", "faecal"),
    ("pnea", "pnoea"),
    ("ischemi", "ischaemi"),
    ("color", "colour"),
    ("estrogen", "oestrogen"),
    ("paralyz", "paralys"),
    ("anesthe", "anaesthe"),
    ("leukocyt", "leucocyt"),
    ("sulf", "sulph"),
    ("fiber", "fibre"),
    ("behavior", "behaviour"),
    ("glycem", "glycaem"),
    ("leukem", "leukaem"),
    ("anemi", "anaemi"),
    ("cesarean", "caesarean"),
)
_EITHER = re.compile("|".join(us for pair in _BRITISH for us in pair))

# Words that mean the same; the costlier variants put one for the other.
_SAME = (
    ("tumor", "neoplasm"),
    ("disease", "disorder"),
    ("kidney", "renal"),
    ("liver", "hepatic"),
    ("heart", "cardiac"),
    ("lung", "pulmonary"),
    ("brain", "cerebral"),
    ("stomach", "gastric"),
    ("colon", "colonic"),
    ("ovary", "ovarian"),
    ("muscle", "muscular"),
    ("nerve", "neural"),
    ("eye", "ocular"),
    ("skin", "cutaneous"),
    ("bone", "skeletal"),
    ("failure", "insufficiency"),
    ("injury", "damage"),
    ("hemorrhage", "bleeding"),
    ("abnormality", "defect"),
    ("abnormality", "anomaly"),
    ("impairment", "deficit"),
    ("dysfunction", "impairment"),
    ("hereditary", "familial"),
    ("hereditary", "inherited"),
    ("congenital", "inborn"),
    ("cancer", "carcinoma"),
    ("intellectual disability", "mental retardation"),
    ("seizure", "convulsion"),
    ("psychiatric", "mental"),
    ("arrhythmia", "dysrhythmia"),
    ("blindness", "loss of vision"),
    ("hearing loss", "deafness"),
    ("hearing loss", "hearing impairment"),
)
_OTHER: dict[str, tuple[str, ...]] = {}
for _one, _two in _SAME:
    _OTHER[_one] = (*_OTHER.get(_one, ()), _two)
    _OTHER[_two] = (*_OTHER.get(_two, ()), _one)
_PHRASES = re.compile(rf"\b({'|'.join(sorted(_OTHER, key=len, reverse=True))})\b")

# Endings of nouns and of the adjectives that name the same condition.
_ADJECTIVES = (
    ("tension", "tensive"),
    ("epsy", "eptic"),
    ("emia", "emic"),
    ("aemia", "aemic"),
    ("betes", "betic"),
    ("chosis", "chotic"),
    ("crosis", "crotic"),
    ("mbosis", "mbotic"),
    ("rosis", "rotic"),
    ("plegia", "plegic"),
    ("phrenia", "phrenic"),
    ("pathy", "pathic"),
    ("toxicity", "toxic"),
    ("cardia", "cardic"),
    ("alepsy", "aleptic"),
    ("mania", "manic"),
    ("dystonia", "dystonic"),
    ("convulsion", "convulsive"),
    ("asthma", "asthmatic"),
    ("obesity", "obese"),
    ("stasis", "static"),
    ("dementia", "demented"),
    ("autism", "autistic"),
    ("alcoholism", "alcoholic"),
    ("hyperalgesia", "hyperalgesic"),
    ("amnesia", "amnesic"),
    ("dyskinesia", "dyskinetic"),
    ("aneurysm", "aneurysmal"),
    ("uremia", "uremic"),
    ("cephaly", "cephalic"),
    ("depression", "depressed"),
    ("depression", "depressive"),
    ("anxiety", "anxious"),
    ("cirrhosis", "cirrhotic"),
    ("deafness", "deaf"),
    ("blindness", "blind"),
)
_OF = re.compile(r"^(.+?) (?:of|in) (?:the )?(.+)$")
_INVERSION = re.compile(r"^([^,]+), ([^,]+)$")
_QUALIFIER = re.compile(r"\s*\((?:disease|disorder|finding|morphologic abnormality)\)$")
_ONLY_LETTERS = re.compile(r"[a-z]+")


def variants(name: str) -> dict[str, int]:
    """Every way to write a name (lower case, with its punctuation) with its cost."""
    found: dict[str, int] = {}
    for cost, rules in ((0, (_orders, _spellings)), (1, (_synonyms,))):
        pool = list(found) or [_QUALIFIER.sub("", name)]
        for rule in rules:
            pool.extend(new for one in list(pool) for new in rule(one))
        for one in pool:
            found.setdefault(one, cost)
    for one, cost in list(found.items()):
        for new, extra in _numbers(one):
            found.setdefault(new, cost + extra)
    return found


def _orders(name: str) -> Iterator[str]:
    """The same in another order: "cancer, breast" and "cancer of the breast", "breast cancer"."""
    if inverted := _INVERSION.match(name):
        yield f"{inverted[2]} {inverted[1]}"
    if turned := _OF.match(name):
        head, site = turned[1], turned[2]
        if len(site.split()) <= 3 and " of " not in site and "," not in name:
            yield f"{site} {head}"
    words = name.split()
    if 2 <= len(words) <= 5 and words[-1] == "deficiency":
        yield f"deficiency of {' '.join(words[:-1])}"
        yield f"{' '.join(words[:-1])} deficient"
    elif len(words) == 2 and words[1] in ("cancer", "carcinoma", "tumor", "neoplasm"):
        yield f"{words[1]} of the {words[0]}"
        yield f"{words[1]} of {words[0]}"


def _spellings(name: str) -> Iterator[str]:
    """British and American, with and without the possessive, Roman and Arabic numerals."""
    british = american = name
    for us, uk in _BRITISH if _EITHER.search(name) else ():
        american = american.replace(uk, us)
        if us in british and uk not in british:
            british = british.replace(us, uk)
    yield american
    yield british
    if "'s " in name:
        yield name.replace("'s ", " ")
        yield name.replace("'s ", "s ")
        yield name.split("'s ")[0] + "'s"
    words = name.split()
    for at in range(1, len(words)):
        other = _NUMBERS.get(words[at])
        if other and (words[at - 1] in _NUMBERED or at == len(words) - 1):
            yield " ".join([*words[:at], other, *words[at + 1 :]])
    if len(words) > 2 and words[-2] == "type" and words[-1] in _NUMBERS:
        for number in (words[-1], _NUMBERS[words[-1]]):
            yield f"type {number} {' '.join(words[:-2])}"
            yield f"{' '.join(words[:-2])} {number}"


def _synonyms(name: str) -> Iterator[str]:
    """The same with one word put for another, or as an adjective."""
    for found in _PHRASES.finditer(name):
        for other in _OTHER[found[1]]:
            yield name[: found.start()] + other + name[found.end() :]
    if name.endswith(" syndrome") and len(name.split()) <= 4 and ("-" in name or "'" in name):
        yield name.removesuffix(" syndrome")
    if name.endswith("'s disease"):
        yield name.removesuffix(" disease")
    if _ONLY_LETTERS.fullmatch(name):
        for noun, adjective in _ADJECTIVES:
            if name.endswith(noun):
                yield name.removesuffix(noun) + adjective


def _numbers(name: str) -> Iterator[tuple[str, int]]:
    """Singular and plural of the last word, and of the head before "of"."""
    head, of, rest = name.partition(" of ")
    for new in inflected(head):
        yield f"{new}{of}{rest}", 0
    if of:
        for new in inflected(name):
            yield new, 0


def inflected(name: str) -> Iterator[str]:
    """The name with its last word in the other number; nothing if that word has none."""
    start, blank, last = name.rpartition(" ")
    if len(last) < 4 or not _ONLY_LETTERS.fullmatch(last):
        return
    for word in _number(last):
        yield f"{start}{blank}{word}"


def _number(word: str) -> Iterable[str]:
    if word.endswith("ies"):
        return (f"{word[:-3]}y",)
    if word.endswith(("ss", "us", "itis", "betes", "ic", "ive")):
        return (f"{word}es",) if word.endswith("ss") else ()
    if word.endswith("sis"):
        return (f"{word[:-2]}es",)
    if word.endswith("ses") and len(word) > 6:
        return (word[:-1], f"{word[:-2]}is") if word.endswith("ases") else (f"{word[:-2]}is",)
    if word.endswith("s"):
        return (word[:-1], word[:-2]) if word.endswith(("shes", "ches", "xes")) else (word[:-1],)
    if word.endswith("y") and word[-2] not in "aeiou":
        return (f"{word[:-1]}ies",)
    if word.endswith(("sh", "ch", "x")):
        return (f"{word}es",)
    if word.endswith("oma"):
        return (f"{word}s", f"{word}ta")
    return (f"{word}s",)
