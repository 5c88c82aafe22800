"""NumPy models of the hardware, equal to it bit for bit."""

from modelgen.reference.arithmetic import (
    CANONICAL_NAN,
    align,
    canonicalize,
    clamp,
    fp32_add,
    fp32_mul,
    matmul,
    maximum,
    normalize,
    postprocess,
    slice_dot,
    slice_products,
)
from modelgen.reference.executor import ChainResult, execute_chain
from modelgen.reference.memory import EngineError
from modelgen.reference.scratchpad import Scratchpad, UnwrittenReadError, new_seed
from modelgen.reference.softmax import softmax

__all__ = [
    "CANONICAL_NAN",
    "ChainResult",
    "EngineError",
    "Scratchpad",
    "UnwrittenReadError",
    "align",
    "canonicalize",
    "clamp",
    "execute_chain",
    "fp32_add",
    "fp32_mul",
    "matmul",
    "maximum",
    "new_seed",
    "normalize",
    "postprocess",
    "slice_dot",
    "slice_products",
    "softmax",
]
