"""Quantization-aware training of a project's network, a part of the stage `export`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import numpy as np

from modelgen.errors import ModelError
from modelgen.ir.graph import Graph
from modelgen.ir.packing import pack_inputs
from modelgen.passes.integers.prepare import prepare
from modelgen.progress import Progress
from modelgen.quantize.activations.aware_training import Schedule, train_aware
from modelgen.stages.recipe import recipe_of
from modelgen.workload.data import Data
from modelgen.workload.settings import Settings


def aware_graph(
    graph: Graph,
    settings: Settings,
    data: Data,
    calibration: Sequence[np.ndarray],
    progress: Progress,
) -> Graph:
    """Return a float graph with weights that suffer less from being quantized.

    Args:
        graph: as imported.
        settings: of the project; `qat` is not None.
        data: of the project.
        calibration: inputs with which ranges of activations are measured.
        progress: reports progress.

    Raises:
        ModelError: there is nothing to train with, or the training diverges.
    """
    if data.train_inputs is None or data.train_labels is None or len(graph.outputs) > 1:
        raise ModelError(
            f"Setting 'qat' needs training inputs with labels, and a single output with a value "
            f"per class; data '{data.name}' or the model has none. Remove the setting."
        )
    assert settings.qat is not None
    schedule = Schedule(**asdict(settings.qat))

    def track(steps: range) -> Iterable[int]:
        return progress.track(steps, "quantization-aware training", len(steps))

    return train_aware(
        prepare(graph),
        data.train_arrays,
        data.train_labels,
        pack_inputs(graph, calibration),
        recipe_of(asdict(settings)),
        schedule,
        track,
    )
