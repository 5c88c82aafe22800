"""How many threads PyTorch works with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def single_thread() -> Iterator[None]:
    """Let PyTorch work with one thread of the CPU.

    Networks and batches are small here: more threads only wait for each other, which takes many
    times longer on a busy machine. And sums keep their order whatever the number of cores.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
