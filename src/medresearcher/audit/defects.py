"""What can be wrong with a certified question."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """Kinds of defect, in the order in which they are looked for."""

    NOT_CHECKED = "not_checked"
    MALFORMED = "malformed"
    WRONG_ID = "wrong_id"
    WRONG_GRAPH = "wrong_graph"
    MASK_MAPPING_BROKEN = "mask_mapping_broken"
    ANSWER_OUTSIDE_GRAPH = "answer_outside_graph"
    NAMES_DIFFER = "names_differ"
    ALIAS_AMBIGUOUS = "alias_ambiguous"
    EQUIVALENTS_DIFFER = "equivalents_differ"
    HOP_DISAGREES = "hop_disagrees"
    WRONG_DIRECTION = "wrong_direction"
    SHAPE_DIFFERS = "shape_differs"
    CLUE_DISAGREES = "clue_disagrees"
    CLUE_MISSTATED = "clue_misstated"
    CLUE_TEXT_MISSING = "clue_text_missing"
    ALIAS_LEAK = "alias_leak"
    EVIDENCE_MISSING = "evidence_missing"
    EVIDENCE_FOR_OTHER_EDGE = "evidence_for_other_edge"
    EVIDENCE_DOES_NOT_SHOW = "evidence_does_not_show"
    EVIDENCE_NOT_IN_SOURCE = "evidence_not_in_source"
    LICENCE_WRONG = "licence_wrong"
    CONDITION_FAILS = "condition_fails"
    ANSWER_DIFFERS = "answer_differs"
    ANSWER_NOT_UNIQUE = "answer_not_unique"
    CLUE_NOT_NEEDED = "clue_not_needed"
    DROPPED_ANSWERS_WRONG = "dropped_answers_wrong"
    BRANCH_NOT_NEEDED = "branch_not_needed"


class Defect(NamedTuple):
    """One thing that is wrong, and where."""

    kind: Kind
    detail: str
