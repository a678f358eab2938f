"""`boundary()` gives every exception one stable, countable kind."""

import errno
import os

import pytest

from medresearcher import errors
from medresearcher.errors import Failure, InputError, InterruptedRunError, boundary

OURS = (
    errors.MedResearcherError,
    errors.InputError,
    errors.SourceError,
    errors.ModelError,
    errors.InterruptedRunError,
)


def test_our_errors_keep_their_message_and_have_a_kind_each():
    failures = [boundary(kind("what to do")) for kind in OURS]
    assert {failure.message for failure in failures} == {"what to do"}
    assert [failure.kind for failure in failures] == [
        "failed",
        "input",
        "source",
        "model",
        "interrupted",
    ]


def test_an_interruption_is_one_kind_however_it_is_raised():
    assert boundary(KeyboardInterrupt()).kind == boundary(InterruptedRunError("stop")).kind


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, "no_disk_space"),
        (errno.EDQUOT, "no_disk_space"),
        (errno.EFBIG, "no_disk_space"),
        (errno.EACCES, "not_permitted"),
        (errno.EPERM, "not_permitted"),
        (errno.EROFS, "not_permitted"),
        (errno.EIO, "internal"),
    ],
)
def test_the_system_s_errors_are_classified_by_number(number, kind):
    assert boundary(OSError(number, os.strerror(number))).kind == kind


def test_the_file_is_named_where_the_system_names_it():
    failure = boundary(PermissionError(errno.EACCES, "Permission denied", "graph.parquet"))
    assert str(failure) == "not_permitted: Permission denied (graph.parquet)"


def test_an_unknown_error_is_internal_and_named():
    assert boundary(ZeroDivisionError("x")) == Failure("internal", "ZeroDivisionError: x")
    assert boundary(OSError("no number")) == Failure("internal", "OSError: no number")


def test_no_memory_is_a_kind_of_its_own():
    assert boundary(MemoryError()).kind == "no_memory"


def test_a_user_s_mistake_is_one_of_ours():
    assert issubclass(InputError, errors.MedResearcherError)
