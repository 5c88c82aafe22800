"""Checks that the project's settings and labels match the model's outputs."""

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
    """Check a float graph's outputs against the settings and the labels.

    Args:
        graph: the float graph, as imported.
        settings: the project's settings.
        data: the project's data.
        classes: whether the labels are classes that the model predicts.

    Raises:
        ModelError: a softmax cannot be appended, or labels are not among the model's classes.
    """
    if settings.softmax:
        _check_softmax(graph)
    several = len(graph.outputs) > 1
    if not classes:
        return
    for which, labels in (("test", data.test_labels), ("training", data.train_labels)):
        if labels is not None and several:
            raise ModelError(
                f"The model returns {len(graph.outputs)} tensors, so its outputs do not represent "
                "classes, but the data have labels. Leave the labels out, define metric() in "
                "project.py, or make the model return one tensor with a value per class."
            )
        if labels is not None:
            check_labels(data.name, which, labels, _classes(graph))


def check_labels(name: str, which: str, labels: np.ndarray, classes: int) -> None:
    """Raise ModelError if labels are not among a model's classes.

    Args:
        name: name of the data.
        which: "test" or "training".
        labels: integers.
        classes: number of the model's classes, which count from 0.
    """
    low, high = labels.min(), labels.max()
    if low < 0 or high >= classes:
        raise ModelError(
            f"Data '{name}': {which} labels range from {low} to {high}, but the model has "
            f"{classes} classes, 0 to {classes - 1}. Change the labels or the model's last layer."
        )


def _last(graph: Graph) -> Node | None:
    """Return the node that computes the output, before any reshaping."""
    node = graph.producer(graph.outputs[0])
    while node is not None and node.operator.keeps_values:
        node = graph.producer(node.inputs[0])
    return node


def _classes(graph: Graph) -> int:
    """Return the number of classes that a model predicts.

    Raises:
        ModelError: its outputs do not represent classes.
    """
    last, output = _last(graph), graph.tensors[graph.outputs[0]]
    if last is not None and isinstance(last.operator, Argmax):
        return graph.tensors[last.inputs[0]].columns
    if _are_maps(output.shape):
        raise ModelError(
            f"The model returns feature maps of {_maps_text(output.shape)} for each input, but the "
            "data "
            "have one label for each. Leave the labels out, or make the model return one value per "
            "class."
        )
    values = output.size // graph.batch
    if values == 1:
        raise ModelError(
            "The model returns a single value for each input, which does not identify a class, but "
            "the data have labels. Leave the labels out, or make the model return one value per "
            "class, or end in an argmax."
        )
    return values


def _are_maps(shape: tuple[int, ...]) -> bool:
    """Return whether the output is feature maps of more than one pixel."""
    return len(shape) == 4 and math.prod(shape[2:]) > 1


def _maps_text(shape: tuple[int, ...]) -> str:
    return f"{shape_text(shape[1:])} (channels, rows, columns)"


def _check_softmax(graph: Graph) -> None:
    """Raise ModelError if the setting `softmax` does not fit the model."""
    last, output = _last(graph), graph.tensors[graph.outputs[0]]
    values = output.size // graph.batch
    reason = ""
    if len(graph.outputs) > 1:
        reason = f"returns {len(graph.outputs)} tensors"
    elif last is not None and isinstance(last.operator, Softmax | Argmax):
        reason = f"already ends in {last.operator.name} (layer '{last.name}')"
    elif _are_maps(output.shape):
        reason = f"returns feature maps of {_maps_text(output.shape)}"
    elif values == 1 or values % output.columns:
        reason = f"returns {shape_text(output.shape)} values for {graph.batch} inputs"
    if reason:
        raise ModelError(
            f"Setting 'softmax' appends a softmax over the last dimension, but the model {reason}. "
            "Set 'softmax' to False; if you need a different softmax, put it into the model."
        )
