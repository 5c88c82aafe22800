"""Operators that move values, with inputs that show where each value goes."""

from __future__ import annotations

import itertools

import numpy as np

from modelgen.operators import Permute
from modelgen.operators.movement import Movement

Case = tuple[Movement, list[np.ndarray]]


def patterns(*shape: int, seed: int = 0) -> np.ndarray:
    """Return FP32 numbers of random bits, NaNs and subnormals among them."""
    bits = np.random.default_rng(seed).integers(0, 2**32, shape, np.uint32)
    return bits.view(np.float32)


PERMUTATIONS: list[Case] = [
    *((Permute(axes), [patterns(3, 4, 1, 5)]) for axes in itertools.permutations(range(4))),
    (Permute((0, 3, 1, 2)), [patterns(2, 17, 9, 3)]),
    (Permute((0, 2, 4, 1, 5, 3)), [patterns(1, 3, 2, 3, 2, 5)]),
    (Permute(()), [patterns()]),
    (Permute((0,)), [patterns(19)]),
]
CASES: list[Case] = [*PERMUTATIONS]
