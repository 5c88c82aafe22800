"""Jobs of the engine made by hand, small enough to check each of their fields."""

from __future__ import annotations

from typing import Any

from modelgen.ir.graph import Node
from modelgen.operators import Linear
from modelgen.operators.epilogue import Epilogue
from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.jobs import Compute, EngineLayer, Job, Load, Place, Store
from tests.support.layers import product


def compute(**changes: Any) -> Compute:
    """2 x 3 positions, a word apart, that read a run of 9 words each."""
    return Compute(
        **{"base": 0, "rows": 2, "columns": 3, "step_y": 30, "step_x": 9, "run": 9} | changes
    )


def job(**changes: Any) -> Job:
    """A matrix product of 10 outputs in 2 tiles, which neither loads nor stores."""
    fields = {"operation": Operation.MATMUL, "compute": compute(), "channel": 0, "outputs": 10}
    return Job(**{**fields, "tiles": 2, "first": True, **changes})


def load(**changes: Any) -> Load:
    """2 rows of 3 columns of 9 words from tensor x, 30 words of the buffer apart."""
    fields = {
        "rows": 2,
        "columns": 3,
        "words": 9,
        "base": 100,
        "pitch": 30,
        "source": Place("x", 8),
    }
    return Load(**{**fields, "row_pitch": 108, "column_pitch": 36, **changes})


def store(**changes: Any) -> Store:
    """2 x 3 results of 10 words, one after another, to tensor y."""
    fields = {"rows": 2, "columns": 3, "memory": Place("y", 40), "pitch_y": 120, "pitch_x": 40}
    return Store(**{**fields, **changes})


def layer(*jobs: Job, geometry: Geometry | None = None, **epilogue: Any) -> EngineLayer:
    """A linear layer of these jobs."""
    return EngineLayer(
        node=Node("fc", Linear(Epilogue(**epilogue)), ("x",), "y"),
        index=0,
        reason="matrix product",
        geometry=geometry or product(6, 9, 10),
        jobs=jobs,
        slices=(),
        source_place="memory",
        target_place="memory",
    )
