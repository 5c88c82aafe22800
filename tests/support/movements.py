"""Operators that move values, with inputs that show where each value goes."""

from __future__ import annotations

import itertools

import numpy as np

from modelgen.operators import Expand, Interleave, Pad, Permute, Slice, Take
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
MODES = ("constant", "reflect", "replicate", "circular")
INDEXED: list[Case] = [
    (Slice((0, 1, 4, 2), (1, 2, 2, 3), (1, 1, -2, 2)), [patterns(1, 3, 5, 8)]),
    (Slice((0, 3), (4, 4), (1, -1)), [patterns(4, 4)]),
    (Slice((2,), (1,), (1,)), [patterns(3)]),
    *((Pad((0, 2, 1, 0), (0, 1, 3, 0), mode, -1.5), [patterns(2, 4, 5, 3)]) for mode in MODES),
    (Pad((0, -1, 2), (1, 3, -2)), [patterns(2, 4, 5)]),
    (Pad((1,), (0,), "constant", float("-inf")), [patterns(5)]),
    (Pad((2, 0), (-1, 1), "constant", 0.5), [patterns(1, 2)]),
    (Pad((0, 2), (1, 2), "reflect"), [patterns(2, 3)]),
    (Expand((2, 3, 4, 5)), [patterns(2, 1, 4, 1)]),
    (Expand((4,)), [patterns(1)]),
    (Take((1,), ((0, 0, 1, 1, 2, 2),)), [patterns(2, 3, 4)]),
    (Take((1, 2), ((0, 0, 0, 1, 1, 2), (0, 1, 1, 2, 3, 3, 4))), [patterns(1, 3, 5, 2)]),
    (Take((1,), ((3, 4, 0, 1, 2),)), [patterns(2, 5, 2)]),
    (Take((0,), ((2, 1, 0),)), [patterns(3)]),
    (Take((0,), ((7, 2, 2, 9, 0, 4, 1),)), [patterns(10, 3)]),
    (Take((0, 1), ((0, 1, 0, 1, 0, 1), (2,))), [patterns(2, 3)]),
]
INTERLEAVED: list[Case] = [
    (Interleave((2, 2), (0, 0), (6, 8)), [patterns(2, 3, 4, 20)]),
    (Interleave((2, 2), (1, 1), (4, 6)), [patterns(1, 3, 4, 8)]),
    (Interleave((3, 2), (2, 0), (5, 8), 2), [patterns(1, 3, 4, 36)]),
    (Interleave((4, 1), (3, 1), (2, 3)), [patterns(1, 2, 5, 4)]),
    (Interleave((1, 1), (0, 0), (2, 3)), [patterns(1, 2, 3, 5)]),
]
CASES: list[Case] = [*PERMUTATIONS, *INDEXED, *INTERLEAVED]
