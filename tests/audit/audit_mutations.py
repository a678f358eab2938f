"""What the auditor should say of each mutation: one of these kinds of defect, whatever else."""

from medresearcher.audit.defects import Kind

_PROOF = {Kind.ANSWER_NOT_UNIQUE, Kind.ANSWER_DIFFERS}
_NO_ANSWER = {Kind.HOP_DISAGREES, Kind.WRONG_DIRECTION, Kind.ANSWER_DIFFERS}
EXPECTED: dict[str, set[Kind]] = {
    "second_answer": _PROOF,
    "needed_clue_dropped": _PROOF,
    "clue_not_asked": {Kind.CLUE_DISAGREES},
    "redundant_clue": {Kind.CLUE_NOT_NEEDED},
    "generalised_too_far": {Kind.ANSWER_NOT_UNIQUE},
    "choice_with_a_tie": _PROOF,
    "count_off_by_one": {Kind.CONDITION_FAILS},
    "share_out_of_range": {Kind.CONDITION_FAILS},
    "absence_claimed": {Kind.CONDITION_FAILS},
    "wrong_answer": _NO_ANSWER,
    "rival_as_answer": _NO_ANSWER,
    "answer_outside_the_graph": {Kind.ANSWER_OUTSIDE_GRAPH},
    "wrong_dropped_answer": {Kind.DROPPED_ANSWERS_WRONG},
    "swapped_hop": {Kind.HOP_DISAGREES},
    "hop_to_another": {Kind.HOP_DISAGREES, Kind.WRONG_DIRECTION},
    "wrong_direction": {Kind.WRONG_DIRECTION},
    "walked_backwards": {Kind.WRONG_DIRECTION},
    "broken_mask_mapping": {Kind.MASK_MAPPING_BROKEN, Kind.HOP_DISAGREES},
    "other_graph": {Kind.WRONG_GRAPH},
    "evidence_deleted": {Kind.EVIDENCE_MISSING},
    "evidence_of_another_edge": {Kind.EVIDENCE_FOR_OTHER_EDGE},
    "wrong_frequency": {Kind.EVIDENCE_MISSING},
    "wrong_reference": {Kind.EVIDENCE_MISSING},
    "wrong_licence": {Kind.LICENCE_WRONG},
    "alias_leak": {Kind.ALIAS_LEAK},
    "hidden_alias_left_out": {Kind.NAMES_DIFFER},
    "foreign_alias": {Kind.ALIAS_AMBIGUOUS},
    "clue_not_in_the_text": {Kind.CLUE_TEXT_MISSING},
}
