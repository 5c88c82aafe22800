"""Which layers write their output over an operand that nobody needs any more.

A layer's target says over which of its inputs it may write, word by word (`Lowered.overwrites`).
What has to hold besides: the layer is the last to read that operand, does not read it as another
input too, and both lie in the arena, as wholes of the same size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from modelgen.memory.arena import Lifetime
from modelgen.targets.base import Lowered, Network


def in_place(
    network: Network, lowered: Iterable[Lowered], lifetimes: Mapping[str, Lifetime]
) -> dict[str, str]:
    """Return output -> operand over which it is written, by their buffers.

    Args:
        network: the layers in order.
        lowered: what targets made of them.
        lifetimes: of the buffers in the arena.
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
