"""Which layers' outputs overwrite an operand that is no longer needed.

A layer's target says which of its inputs it can overwrite, word by word (`Lowered.overwrites`). In
addition, the layer must be the last to read that operand and must not read it through another input
as well, and both must be in the arena, as whole buffers of the same size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from modelgen.memory.arena import Lifetime
from modelgen.targets.base import Lowered, Network


def in_place(
    network: Network, lowered: Iterable[Lowered], lifetimes: Mapping[str, Lifetime]
) -> dict[str, str]:
    """Return output -> operand that it overwrites, both by the names of their buffers.

    Args:
        network: the layers in order.
        lowered: the layers as lowered by their targets.
        lifetimes: lifetimes of the buffers in the arena.
    """
    found = {}
    for part in lowered:
        for index, position in part.overwrites.items():
            node = network.steps[index].node
            inputs = [network.buffer(name) for name in node.inputs]
            operand, output = inputs[position], network.buffer(node.output)
            if not {operand, output} <= lifetimes.keys() or inputs.count(operand) > 1:
                continue
            dies = lifetimes[operand].last == index
            if dies and lifetimes[operand].size == lifetimes[output].size:
                found[output] = operand
    return found
