"""For all tests: Ctrl-C reaches what they start, and those whose tools are missing are skipped."""

import signal

import pytest

from flows.errors import HeepstorError

# A shell lets what it starts in the background ignore SIGINT, and every child inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("tool"):
        try:
            marker.kwargs["find"]()
        except HeepstorError as error:
            pytest.skip(str(error))
