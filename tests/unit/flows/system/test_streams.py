"""Standard streams that are closed."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.support.processes import cli


@pytest.fixture(params=[(0,), (1,), (2,), (0, 1, 2)])
def closed(request) -> tuple[int, ...]:
    """The descriptors of the standard streams that a program is started without."""
    return request.param


def close_all(descriptors: tuple[int, ...]) -> Callable[[], object]:
    return lambda: [os.close(descriptor) for descriptor in descriptors]


@pytest.mark.parametrize(
    ("arguments", "printed"), [(["list"], "mnist"), (["build", "--help"], "--project")]
)
def test_standard_streams_may_be_closed(closed, arguments, printed) -> None:
    """What is printed is lost, and does not land in the files that are opened next."""
    done = cli(*arguments, preexec_fn=close_all(closed))
    assert (done.returncode, done.stderr) == (0, "")
    assert (printed in done.stdout) == (1 not in closed)


def test_mistakes_are_noticed_without_standard_streams(closed) -> None:
    assert cli("biuld", preexec_fn=close_all(closed)).returncode == 1


def test_standard_streams_may_be_closed_for_invoke(closed) -> None:
    done = cli("list", module="invoke", preexec_fn=close_all(closed))
    assert (done.returncode, done.stderr) == (0, "")
    assert ("mnist" in done.stdout) == (1 not in closed)
