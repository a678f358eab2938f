"""One small hierarchy of errors, and `boundary()`, the one place that classifies what escapes.

`InputError` is the user's to mend (exit code 2); every other `MedResearcherError` is a run
that could not be finished (exit code 1). Inside a long stage an error is data: a `Failure`.
"""

import errno
from dataclasses import dataclass
from typing import ClassVar


class MedResearcherError(Exception):
    """A failure with one clear line: what was expected, what came, what to do."""

    kind: ClassVar[str] = "failed"


class InputError(MedResearcherError):
    """The user's input or call cannot be used as it is."""

    kind: ClassVar[str] = "input"


class SourceError(MedResearcherError):
    """A source could not be fetched, or its file is broken or of another release."""

    kind: ClassVar[str] = "source"


class ModelError(MedResearcherError):
    """A language model's endpoint failed or answered with something unusable."""

    kind: ClassVar[str] = "model"


class InterruptedRunError(MedResearcherError):
    """The user stopped the run; what was done stays."""

    kind: ClassVar[str] = "interrupted"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as data: `kind` is stable and countable, `message` is for people."""

    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


_OS_KINDS = {
    errno.ENOSPC: "no_disk_space",
    errno.EDQUOT: "no_disk_space",
    errno.EFBIG: "no_disk_space",
    errno.EACCES: "not_permitted",
    errno.EPERM: "not_permitted",
    errno.EROFS: "not_permitted",
}


def boundary(error: BaseException) -> Failure:
    """Classify any exception: our own by `kind`, the system's by errno, the rest as `internal`."""
    if isinstance(error, MedResearcherError):
        return Failure(error.kind, str(error))
    if isinstance(error, KeyboardInterrupt):
        return Failure(InterruptedRunError.kind, "stopped by the user")
    if isinstance(error, MemoryError):
        return Failure("no_memory", "the machine has no memory left for this step")
    if isinstance(error, OSError) and error.errno in _OS_KINDS:
        where = f" ({error.filename})" if error.filename else ""
        return Failure(_OS_KINDS[error.errno], f"{error.strerror}{where}")
    return Failure("internal", f"{type(error).__name__}: {error}")
