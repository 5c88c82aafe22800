"""The number of threads that PyTorch uses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def single_thread() -> Iterator[None]:
    """Restrict PyTorch to one CPU thread.

    Networks and batches are small: further threads only wait for each other, which takes many times
    longer on a busy machine. With one thread, sums also have the same order on any number of cores.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
