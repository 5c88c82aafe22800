"""The fewest cycles that the engine can take."""

from __future__ import annotations

from dataclasses import replace

from modelgen.hardware import Hardware
from modelgen.operators.window import Window
from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.limit import depthwise_cycles, limit_cycles
from tests.support.layers import convolution

HARDWARE = Hardware(array_size=4, port_words=2)


def test_the_limit_is_the_array_s_or_the_port_s() -> None:
    assert limit_cycles(256.0, 2816, replace(HARDWARE, port_words=4)) == 256
    assert limit_cycles(256.0, 2816, replace(HARDWARE, port_words=1)) == 2816 / 4


def test_a_depthwise_layer_needs_a_cycle_for_each_tap_of_a_lane() -> None:
    maps = convolution((1, 8, 8, 6), 6, Window((3, 3)))
    assert depthwise_cycles(maps, HARDWARE) == 0.0
    depthwise = replace(maps, operation=Operation.DEPTHWISE)
    assert depthwise_cycles(depthwise, HARDWARE) == 36 * 9 * 6 / 4


def test_depthwise_layers_of_integers_do_all_taps_of_a_slice_in_a_cycle() -> None:
    """9 taps of a lane where three kernel rows fit the array, else one or two rows of 3."""
    maps = replace(convolution((1, 8, 8, 2), 8, Window((3, 3))), lanes=4)
    depthwise = replace(maps, operation=Operation.DEPTHWISE)
    macs = 36 * 9 * 8
    for size, taps in ((4, 3), (8, 6), (16, 9), (32, 9)):
        assert depthwise_cycles(depthwise, Hardware(array_size=size)) == macs / (taps * size)
