"""Near-duplicates among texts: MinHash proposes pairs, exact Jaccard similarity decides.

Similarity is that of the sets of word 5-shingles (case and punctuation do not count; a character
of a script without spaces is a word). MinHash may miss a pair near the threshold; it never makes
one, and hash functions are fixed, so equal texts give equal results everywhere.
"""

import re
from collections.abc import Sequence, Set

SHINGLE = 5
THRESHOLD = 0.8

_PERMUTATIONS = 128
# Proposing at a lower similarity than is decided on keeps the share of missed pairs small.
_SLACK = 0.75
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_]+")


def words(text: str) -> list[str]:
    """The words of a text without case and punctuation."""
    return _WORD.findall(text.casefold())


def shingles(text: str, size: int = SHINGLE) -> frozenset[str]:
    """Every run of `size` words; the whole text if it is shorter."""
    found = words(text)
    last = max(1, len(found) - size + 1)
    return frozenset(" ".join(found[start : start + size]) for start in range(last))


def jaccard(one: Set[str], other: Set[str]) -> float:
    """The share of common members among all members."""
    return len(one & other) / len(one | other) if one or other else 1.0


def duplicates(texts: Sequence[str], threshold: float = THRESHOLD) -> dict[int, int]:
    """Places of texts that are similar to an earlier one that is kept, with the place of that one.

    The first text of similar ones is kept. `threshold` is the least similarity, above 0 to 1.
    """
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=threshold * _SLACK, num_perm=_PERMUTATIONS)
    sets: list[frozenset[str]] = []
    found: dict[int, int] = {}
    for place, text in enumerate(texts):
        sets.append(shingles(text))
        sketch = MinHash(num_perm=_PERMUTATIONS)
        sketch.update_batch([one.encode() for one in sorted(sets[place])])
        near = sorted(map(int, map(str, index.query(sketch))))
        alike = (one for one in near if jaccard(sets[one], sets[place]) >= threshold)
        first = next(alike, None)
        if first is None:
            index.insert(place, sketch)
        else:
            found[place] = first
    return found
