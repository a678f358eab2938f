"""Common conditions: naive Bayes over the tables of DDXPlus (Fansi Tchango 2022).

The tables come from simulated patients: they show that the engine takes another model, and are no
clinical evidence. Findings are given by code (`E_91`) or by the question asked.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from medresearcher.diagnosis.calibration import softmax
from medresearcher.diagnosis.findings import Note
from medresearcher.diagnosis.terms import Values
from medresearcher.errors import InputError, SourceError
from medresearcher.records.base import Frozen

SHARES, QUESTIONS = "symptom_condition_probs.json", "release_evidences.json"
_NOISE = 0.01


class CommonReason(Frozen):
    """What one finding does for a condition."""

    id: str
    question: str
    log_ratio: float


class CommonCandidate(Frozen):
    """A condition with its probability."""

    name: str
    probability: float
    reasons: tuple[CommonReason, ...]


class CommonDiagnosis(Frozen):
    """All conditions, most probable first; empty only with a `reason`."""

    candidates: tuple[CommonCandidate, ...]
    notes: tuple[Note, ...]
    reason: str = ""


class CommonModel(NamedTuple):
    """`shares[c, e]`: share of the patients with condition `c` who have the evidence `e`."""

    conditions: list[str]
    codes: list[str]
    questions: dict[str, str]
    prior: Values
    shares: Values

    @classmethod
    def read(cls, folder: Path) -> "CommonModel":
        """Read the tables; `InputError` without them, `SourceError` if they do not fit."""
        table, asked = _table(folder / SHARES), _table(folder / QUESTIONS)
        try:
            conditions, codes = table["conditions"], table["symptoms"]
            counts = np.array([table["condition_counts"][one] for one in conditions], float)
            shares = table["probabilities"]
            values = np.array([[shares[c].get(e, 0.0) for e in codes] for c in conditions], float)
            questions = {code: str(asked[code]["question_en"]) for code in codes}
        except (KeyError, TypeError, AttributeError) as error:
            raise SourceError(
                f"{folder}: expected the tables of DDXPlus; missing {error}"
            ) from error
        return cls(conditions, codes, questions, counts / counts.sum(), values)

    def diagnose(self, present: list[str], absent: list[str]) -> CommonDiagnosis:
        """The posterior over all conditions."""
        notes: list[Note] = []
        yes, no = self._numbers(present, notes), self._numbers(absent, notes)
        if not (yes or no):
            reason = "none of the given findings can be used"
            return CommonDiagnosis(candidates=(), notes=tuple(notes), reason=reason)
        usual = self.prior @ self.shares
        shown = np.log((self.shares + _NOISE) / (usual + _NOISE))
        lacking = np.log((1 - self.shares + _NOISE) / (1 - usual + _NOISE))
        ratios = np.concatenate([shown[:, yes], lacking[:, no]], axis=1)
        posterior = softmax(np.log(self.prior) + ratios.sum(axis=1))
        used = [self.codes[one] for one in (*yes, *no)]
        order = np.lexsort((np.arange(len(posterior)), -posterior)).tolist()
        return CommonDiagnosis(
            candidates=tuple(
                CommonCandidate(
                    name=self.conditions[one],
                    probability=float(posterior[one]),
                    reasons=tuple(
                        CommonReason(id=code, question=self.questions[code], log_ratio=float(value))
                        for code, value in zip(used, ratios[one], strict=True)
                    ),
                )
                for one in order
            ),
            notes=tuple(notes),
        )

    def _numbers(self, given: list[str], notes: list[Note]) -> list[int]:
        by_question = {text.casefold(): code for code, text in self.questions.items()}
        found: list[int] = []
        for one in dict.fromkeys(given):
            code = one if one in self.questions else by_question.get(one.casefold().strip())
            if code is None:
                notes.append(Note(given=one, reason="no code or question of DDXPlus; not used"))
            else:
                found.append(self.codes.index(code))
        return sorted(set(found))


def _table(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise SourceError(f"{path}: expected JSON ({error})") from error
