"""Fuse a max-pooling whose windows do not overlap into the convolution's epilogue."""

from __future__ import annotations

from dataclasses import replace

from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Conv2d, MaxPool2d
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.fuse_pointwise import only_reader


def fuse_max_pool(graph: Graph) -> Graph:
    """Fuse each max-pooling with kernel = stride and no padding into the convolution before it."""
    rewriter = Rewriter(graph)
    for pool in rewriter.each():
        if not isinstance(pool.operator, MaxPool2d) or not _is_simple(pool.operator):
            continue
        before = rewriter.producer(pool.inputs[0])
        if before is None or not isinstance(before.operator, Conv2d):
            continue
        if _can_pool(rewriter, before, before.operator.epilogue):
            epilogue = replace(before.operator.epilogue, pool=pool.operator.window.kernel)
            merged = replace(
                before,
                operator=before.operator.with_epilogue(epilogue),
                output=pool.output,
                fused=(*before.fused, pool.name, *pool.fused),
            )
            rewriter.remove(before)
            rewriter.put(merged)
    return rewriter.graph()


def _is_simple(pooling: MaxPool2d) -> bool:
    window = pooling.window
    return (
        window.kernel == window.stride
        and window.dilation == (1, 1)
        and not any(window.padding)
        and pooling.epilogue == Epilogue()
    )


def _can_pool(rewriter: Rewriter, node: Node, epilogue: Epilogue) -> bool:
    """Return whether the maximum may be taken before scale, bias and activation function."""
    alone = only_reader(rewriter, node.output)
    of_each = epilogue.reads_operand or epilogue.function
    return alone and not of_each and not epilogue.pools and epilogue.slope >= 0
