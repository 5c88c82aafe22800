"""Windows of adaptive pooling, as torch defines them."""

from __future__ import annotations


def adaptive(size: int, parts: int) -> tuple[tuple[int, int], ...]:
    """Return the first pixel of each of the windows of an axis, and the one after its last."""
    return tuple((i * size // parts, -((i + 1) * size // -parts)) for i in range(parts))


def sizes(spans: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """Return the pixels of each window."""
    return tuple(end - begin for begin, end in spans)
