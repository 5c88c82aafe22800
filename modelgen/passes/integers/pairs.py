"""Sums, products and concatenations of integer tensors, and softmax."""

from __future__ import annotations

from collections.abc import Sequence

from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.softmax import LONGEST_ROW, SHARES, SoftmaxScale
from modelgen.arithmetic.integer.sums import SumScales, product_factor
from modelgen.ir.graph import Contract, Node
from modelgen.operators import (
    Binary,
    Fp32Add,
    Fp32Multiply,
    Fp32Softmax,
    IntegerAdd,
    IntegerMultiply,
    IntegerSoftmax,
    Operator,
    Pointwise,
    Softmax,
)
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.integers.fusion import Fusion, Result, Source
from modelgen.passes.integers.tables import requantized


def fuse_pair(to: Fusion, node: Node, result: Result, clamp: Clamp) -> bool:
    """Add a sum or product of two integer tensors; return False if it cannot be one.

    Args:
        to: the graph that is made.
        node: of float numbers.
        result: what its results are quantized to.
        clamp: of the integers.
    """
    sources, kind = to.sources(node), _kind(node)
    if sources is None or len(sources) != 2 or not kind:
        return False
    if not has_one_type(to.contract, sources, result):
        return False
    first, second = (source.quantization for source in sources)
    to.add(
        node,
        _operator(to.contract, kind, (first, second), result, clamp),
        [source.tensor for source in sources],
        result,
    )
    return True


def has_one_type(contract: Contract, sources: Sequence[Source], result: Result) -> bool:
    """Return whether a runtime computes with integers: it does if all have the same type."""
    offsets = {result.offset, *(source.offset for source in sources)}
    return contract is not Contract.ONNXRUNTIME or len(offsets) == 1


def _kind(node: Node) -> str:
    """Return "add" or "multiply", or nothing for a node that is neither."""
    operator = node.operator
    if isinstance(operator, Binary) and operator.kind in ("add", "multiply"):
        return operator.kind
    is_sum = operator == Pointwise(Epilogue(residual=True)) and not node.constants
    return "add" if is_sum else ""


def _operator(
    contract: Contract,
    kind: str,
    given: tuple[Quantization, Quantization],
    result: Result,
    clamp: Clamp,
) -> Operator:
    own = result.quantization
    if contract is Contract.ONNXRUNTIME:
        made = {"add": Fp32Add, "multiply": Fp32Multiply}[kind]
        return made(*given, own, result.offset, clamp)
    zero_points = given[0].zero_point, given[1].zero_point
    scales = (float(each.single) for each in (*given, own))
    if kind == "add":
        return IntegerAdd(zero_points, SumScales.of(*scales), own.zero_point, clamp)
    multiplier = Multiplier.of(product_factor(*scales))
    return IntegerMultiply(zero_points, multiplier, own.zero_point, clamp)


def fuse_concatenation(to: Fusion, node: Node, result: Result) -> bool:
    """Add a concatenation, of inputs that are changed to the result's quantization."""
    sources = to.sources(node)
    if sources is None:
        return False
    inputs = [requantized(to, node, source, result) for source in sources]
    to.add(node, node.operator, inputs, result)
    return True


def fuse_softmax(to: Fusion, node: Node, result: Result) -> bool:
    """Add a softmax of integers; return False if it cannot be one."""
    source, operator = to.source(node.inputs[0]), node.operator
    assert isinstance(operator, Softmax)
    if source is None or operator.log:
        return False
    given, own = source.quantization, result.quantization
    if to.contract is Contract.ONNXRUNTIME:
        to.add(node, Fp32Softmax(given, own), [source.tensor], result)
        return True
    columns = to.graph.tensors[source.tensor].columns
    if own != SHARES or columns > LONGEST_ROW:
        return False
    to.add(node, IntegerSoftmax(SoftmaxScale.of(float(given.single))), [source.tensor], result)
    return True
