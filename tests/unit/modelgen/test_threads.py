"""How many threads PyTorch works with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from modelgen.threads import single_thread


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    """Three threads, whatever the machine has; its own number afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_one_thread_inside_and_as_many_as_before_afterwards() -> None:
    with single_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3


def test_as_many_as_before_after_an_error() -> None:
    with pytest.raises(KeyError), single_thread():
        raise KeyError
    assert torch.get_num_threads() == 3
