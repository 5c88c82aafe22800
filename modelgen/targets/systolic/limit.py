"""The fewest cycles that the engine can take."""

from __future__ import annotations

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.tiles import depthwise_block


def limit_cycles(array_cycles: float, moved: int, hardware: Hardware) -> float:
    """Return the larger of the array's time and the memory port's, `bytes / (4 P)`.

    Args:
        array_cycles: cycles that the MACs of a layer or of a network take if the whole array works:
            not rounded up to whole tiles, and without MACs with zeros that the compiler adds.
        moved: bytes that go through the port, each counted once.
        hardware: sizes of the engine.
    """
    return max(array_cycles, moved / hardware.port_bytes)


def depthwise_cycles(geometry: Geometry, hardware: Hardware) -> float:
    """Return the cycles that a depthwise layer needs because a channel has one lane.

    A lane does one MAC a cycle, so that only the array's diagonal works; of INT8 values one for
    each tap of a slice. 0 for other layers.
    """
    if geometry.operation is not Operation.DEPTHWISE:
        return 0.0
    rows, columns = depthwise_block(hardware.array_size) if geometry.reads_rows else (1, 1)
    return geometry.macs / (rows * columns * hardware.array_size)
