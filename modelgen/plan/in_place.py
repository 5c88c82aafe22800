"""Which layers write their output over an operand that nobody needs any more.

A layer that adds a residual operand may: store path and software engine read each word of the
operand before they write the word of the result, which has the same offset from the tensor's start,
since both have the same pitches. Jobs of a layer store different words, and stores are in order, so
no job reads what another one has written there; earlier layers have loaded and stored all of theirs
by then. What has to hold besides: the layer is the last to read the operand, does not read it as
its input too, and both lie in the arena.

Two other cases are left out:

- an element-wise layer that is streamed over its own input: columns, channels and rows of the input
  are loaded ahead of the stores of earlier jobs, some of them more than once, so that what is
  written would have to wait for loads, which no fence can express;
- softmax on the CPU: its output is the network's in all but odd models, and so not in the arena.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modelgen.memory.arena import Lifetime
from modelgen.targets.systolic.scratchpad.residency import Step


def in_place(
    steps: Sequence[Step], roots: Mapping[str, str], lifetimes: Mapping[str, Lifetime]
) -> dict[str, str]:
    """Return output -> operand over which it is written.

    Args:
        steps: the layers in order.
        roots: tensor -> the one in whose place it lies.
        lifetimes: of the tensors in the arena, by their roots.
    """
    found = {}
    for index, step in enumerate(steps):
        if step.geometry is None or not step.node.operator.epilogue.residual:
            continue
        source, operand = (roots[name] for name in step.node.inputs)
        output = roots[step.node.output]
        if {operand, output} <= lifetimes.keys() and operand != source:
            dies = lifetimes[operand].last == index
            if dies and lifetimes[operand].size == lifetimes[output].size:
                found[output] = operand
    return found
