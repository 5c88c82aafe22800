"""NumPy models of the hardware, equal to it bit for bit."""

from modelgen.arithmetic.fp32 import (
    CANONICAL_NAN,
    add_in_order,
    align,
    canonicalize,
    clamp,
    every,
    fp32_add,
    fp32_mul,
    matmul,
    maximum,
    normalize,
    postprocess,
    slice_dots,
    slice_products,
)
from modelgen.arithmetic.softmax import softmax
from modelgen.targets.systolic.reference.executor import ChainResult, execute_chain
from modelgen.targets.systolic.reference.scratchpad import Scratchpad, UnwrittenReadError, new_seed

__all__ = [
    "CANONICAL_NAN",
    "ChainResult",
    "Scratchpad",
    "UnwrittenReadError",
    "add_in_order",
    "align",
    "canonicalize",
    "clamp",
    "every",
    "execute_chain",
    "fp32_add",
    "fp32_mul",
    "matmul",
    "maximum",
    "new_seed",
    "normalize",
    "postprocess",
    "slice_dots",
    "slice_products",
    "softmax",
]
