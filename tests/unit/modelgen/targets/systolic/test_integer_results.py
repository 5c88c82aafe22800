"""The constants of INT8 layers: what the store path does with them, in plain Python's integers."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import numpy as np
import pytest

from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.ir.graph import Graph, Node
from modelgen.operators import IntegerAdd, IntegerConv2d, IntegerLinear, IntegerMean
from modelgen.passes.fuse_additions import fuse_additions
from modelgen.targets.systolic.geometry import geometry
from modelgen.targets.systolic.integer_results import IntegerResults, exact, results_of
from tests.support.integer_graphs import HALVING, SAME, IntegerGraph

SIZE = 8


def results(graph: Graph) -> IntegerResults:
    node = graph.nodes[-1]
    return results_of(graph, node, geometry(graph, node))


def signed(bits: int, width: int) -> int:
    return bits - (bits >> (width - 1) << width)


def clamp(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)


def store_path(made: IntegerResults, block: bytes, sums: Iterable[int], operand: int) -> list[int]:
    """What is stored of a position with one tile, from the words of its parameters."""
    sums = list(sums)
    words = list(struct.unpack(f"<{len(block) // 4}I", block))
    header = [words.pop(0) for _ in range(16)][::4] if made.addition else []
    columns = -(-len(sums) // 4) * 4
    multipliers, biases, constants = (words[i * columns :] for i in range(3))
    found = []
    for channel, total in enumerate(sums):
        x = total + signed(biases[channel] % 2**30, 30)
        assert -(2**26) <= x < 2**26
        value = divided(x * multipliers[channel], biases[channel], constants[channel])
        if header:
            found.append(added(made, header, value, operand))
        else:
            found.append(clamp(value + made.zero_point, made.clamp.low, made.clamp.high))
    if made.table is not None:
        found = [signed(made.table[value & 0xFF], 8) for value in found]
    return found


def divided(product: int, bias: int, constants: int) -> int:
    """The product and the constant of its sign, divided by what the bias's upper bits say."""
    half = constants >> 16 if product < 0 else constants & 0xFFFF
    constant = half if half < (2**14 if product < 0 else 3 * 2**14) else half - 2**16
    shift = (30, 37, 44, 51)[bias >> 30]
    return product + constant * 2**16 + 2 ** (shift - 1) >> shift


def added(made: IntegerResults, header: list[int], value: int, operand: int) -> int:
    multiplier, bias, constants, summand = header
    value = clamp(value, signed(summand >> 14 & 0x1FF, 9), signed(summand >> 23, 9))
    total = value * (bias % 2**30) + (operand - signed(summand & 0xFF, 8)) * multiplier
    assert bias % 2**30 < 2**26 and multiplier < 2**26
    result = divided(total * 2**8, bias, constants)
    final = made.final_clamp
    return clamp(result + made.final_zero_point, final.low, final.high)


def hardware_sums(graph: Graph, node: Node, values: np.ndarray) -> np.ndarray:
    """The array's sums: of values as they are, or of unsigned ones for depthwise layers."""
    operator, arrays = node.operator, graph.arrays(node)
    wide = values.astype(np.int64)
    if isinstance(operator, IntegerAdd):
        return wide
    if isinstance(operator, IntegerLinear):
        return wide @ arrays["weight"].astype(np.int64).T
    assert isinstance(operator, IntegerConv2d)
    weight = arrays["weight"].astype(np.int64)
    taps = list(operator.window.each_tap(wide, operator.zero_point))
    kernel = weight.reshape(len(weight), len(taps), -1)
    if operator.groups > 1:
        return sum((tap + 128) * kernel[:, i, 0] for i, tap in enumerate(taps))
    return sum(tap @ kernel[:, i].T for i, tap in enumerate(taps))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["conv", "depthwise", "linear", "sum", "alone", "clamped"])
def test_what_is_stored_is_what_the_operator_gives(kind: str, seed: int) -> None:
    built = IntegerGraph(1, 4, 4, 8, seed=seed)
    match kind:
        case "conv" | "clamped":
            limits = Clamp(-30, 50) if kind == "clamped" else None
            graph = built.build(built.conv("x", 8, clamp=limits))
        case "depthwise":
            graph = built.build(built.conv("x", 8, SAME, depthwise=True))
        case "linear":
            graph = built.build(built.linear("x", 8))
        case "alone":
            graph = built.build(built.sum("x", "x"))
        case _:
            graph = built.build(built.sum("x", built.conv("x", 8)))
            graph = fuse_additions(graph, lambda *_: True)
    node, values = graph.nodes[-1], built.inputs(seed)
    made = results(graph)
    assert exact(made)
    wanted = node.operator.compute([values] * len(node.inputs), graph.arrays(node))
    sums = hardware_sums(graph, node, values)
    block = made.block(range(8), SIZE)
    for position in np.ndindex(*sums.shape[:-1]):
        for channel in range(8):
            operand = int(values[(*position, channel)]) if made.addition else 0
            got = store_path(made, block, sums[position].tolist(), operand)[channel]
            assert got == wanted[(*position, channel)]
    assert len(np.unique(wanted)) > 20


def test_averages_and_means() -> None:
    built = IntegerGraph(1, 2, 2, 8)
    values = built.inputs().astype(np.int64)
    sums = values.sum(axis=(1, 2)).reshape(-1).tolist()
    mean = IntegerMean((1, 2), 3, Multiplier.of(0.3), -5)
    for name in (built.avg_pool("x", HALVING), built.add(mean, "x")):
        graph = built.build(name)
        node = graph.producer(name)
        assert node is not None
        made = results_of(graph, node, geometry(graph, node))
        got = store_path(made, made.block(range(8), SIZE), sums, 0)
        assert got == node.operator.compute([values.astype(np.int8)], {}).reshape(-1).tolist()


def test_values_as_they_are_and_tables_of_them() -> None:
    built = IntegerGraph(1, 2, 2, 8)
    every = np.arange(-128, 128).reshape(32, 8)
    table = built.table("x")
    graph = built.build(table)
    wanted = graph.nodes[0].operator.compute([every.astype(np.int8)], graph.arrays(graph.nodes[0]))
    made = results(graph)
    pooled = results(built.build(built.max_pool("x")))
    for row, expected in zip(every.tolist(), wanted.tolist(), strict=True):
        assert store_path(made, made.block(range(8), SIZE), row, 0) == expected
        assert store_path(pooled, pooled.block(range(8), SIZE), row, 0) == row


def test_a_block_has_the_channels_of_its_job() -> None:
    """Whole tiles, then the columns that exist in whole lines; the sum's lines come first."""
    built = IntegerGraph(1, 4, 4, 8)
    made = results(built.build(built.conv("x", 20)))
    whole, rest = made.block(range(8), SIZE), made.block(range(8, 20), SIZE)
    assert made.block(range(20), SIZE) == whole + rest
    assert (len(whole), len(rest)) == (3 * 32, 3 * 32 + 3 * 16)
    plain = results(built.build(built.conv("x", 8)))
    fused = fuse_additions(built.build(built.sum("x", built.conv("x", 8))), lambda *_: True)
    assert len(results(fused).block(range(8), SIZE)) == len(plain.block(range(8), SIZE)) + 64
