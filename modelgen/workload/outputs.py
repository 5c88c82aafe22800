"""What a model's outputs stand for, and whether the project's settings and labels fit them."""

from __future__ import annotations

import math

import numpy as np

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.tracing import shape_text
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Argmax, Softmax
from modelgen.workload.data import Data
from modelgen.workload.settings import Settings


def check_outputs(graph: Graph, settings: Settings, data: Data, *, classes: bool = True) -> None:
    """Compare a float graph's output with the settings and with the labels.

    Args:
        graph: float, as imported.
        settings: the project's.
        data: the project's.
        classes: whether labels are classes that the outputs tell apart.

    Raises:
        ModelError: a softmax cannot be added, or labels are not among the model's classes.
    """
    if settings.softmax:
        _check_softmax(graph)
    if not classes:
        return
    for which, labels in (("test", data.test_labels), ("training", data.train_labels)):
        if labels is not None:
            check_labels(data.name, which, labels, _classes(graph))


def check_labels(name: str, which: str, labels: np.ndarray, classes: int) -> None:
    """Raise ModelError if labels are not among a model's classes.

    Args:
        name: of the data.
        which: "test" or "training".
        labels: integers.
        classes: of the model, from 0 on.
    """
    low, high = labels.min(), labels.max()
    if low < 0 or high >= classes:
        raise ModelError(
            f"Data '{name}': {which} labels go from {low} to {high}, but the model has {classes} "
            f"classes, 0 to {classes - 1}. Change the labels, or the model's last layer."
        )


def _last(graph: Graph) -> Node | None:
    """Return the node that computes the output, whatever shape it gets afterwards."""
    node = graph.producer(graph.output)
    while node is not None and node.operator.keeps_values:
        node = graph.producer(node.inputs[0])
    return node


def _classes(graph: Graph) -> int:
    """Return how many classes a model's outputs tell apart.

    Raises:
        ModelError: its outputs do not stand for classes.
    """
    last, output = _last(graph), graph.tensors[graph.output]
    if last is not None and isinstance(last.operator, Argmax):
        return graph.tensors[last.inputs[0]].columns
    maps = graph.flattened or _maps(output.shape)
    if maps is not None:
        raise ModelError(
            f"The model gives feature maps of {_maps_text(maps)} for each input, but the data have "
            "one label for each: leave the labels out, or let the model end in one value for each "
            "class."
        )
    values = output.size // graph.batch
    if values == 1:
        raise ModelError(
            "The model gives a single value for each input, which names no class, but the data "
            "have labels: leave them out, or let the model end in one value for each class, or an "
            "argmax."
        )
    return values


def _maps(shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return channels, rows, columns of an output of feature maps of more than one pixel."""
    if len(shape) != 4 or math.prod(shape[1:3]) == 1:
        return None
    return shape[3], shape[1], shape[2]


def _maps_text(maps: tuple[int, ...]) -> str:
    return f"{shape_text(maps)} (channels, rows, columns)"


def _check_softmax(graph: Graph) -> None:
    """Raise ModelError if the setting `softmax` does not fit the model."""
    last, output = _last(graph), graph.tensors[graph.output]
    values = output.size // graph.batch
    reason = ""
    if last is not None and isinstance(last.operator, Softmax | Argmax):
        reason = f"ends in {last.operator.name} already (layer '{last.name}')"
    elif (maps := _maps(output.shape)) is not None:
        reason = f"gives feature maps of {_maps_text(maps)}"
    elif values == 1 or values % output.columns:
        reason = f"gives {shape_text(output.shape)} values for {graph.batch} inputs"
    if reason:
        raise ModelError(
            f"Setting 'softmax' adds a softmax over the last dimension, but the model {reason}. "
            "Set 'softmax' to False; where another softmax is wanted, put it into the model."
        )
