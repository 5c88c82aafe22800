"""The fewest cycles that the engine can take."""

from __future__ import annotations

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.geometry import Geometry


def limit_cycles(macs: int, moved: int, hardware: Hardware) -> float:
    """Return the larger of the array's time, `MACs / S^2`, and the memory port's, `bytes / (4 P)`.

    MACs are not rounded up to whole tiles.

    Args:
        macs: MACs of a layer or of a network, without those with the zeros of joined groups.
        moved: bytes that go through the port, each counted once.
        hardware: sizes of the engine.
    """
    return max(macs / hardware.array_size**2, moved / hardware.port_bytes)


def depthwise_cycles(geometry: Geometry, hardware: Hardware) -> float:
    """Return the cycles that a depthwise layer needs because a channel has one lane.

    A lane does one MAC a cycle, so that only the array's diagonal works; 0 for other layers.
    """
    return geometry.macs / hardware.array_size if geometry.operation is Operation.DEPTHWISE else 0.0
