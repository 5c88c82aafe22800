"""From an imported graph to the one that is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modelgen.ir import files as graph_files
from modelgen.ir.graph import Contract, Graph
from modelgen.ir.packing import pack_inputs
from modelgen.passes.append_softmax import append_softmax
from modelgen.passes.integers.fuse import fuse_integers
from modelgen.passes.integers.interface import with_integer_interface
from modelgen.passes.integers.prepare import prepare
from modelgen.passes.simplify import simplify
from modelgen.quantize.activations.post_training import quantize_activations, quantize_untrained
from modelgen.quantize.weights import quantize
from modelgen.stages.files import AWARE_FOLDER, read_calibration
from modelgen.stages.recipe import recipe_of


def simplified_graph(graph: Graph, settings: Mapping[str, Any]) -> Graph:
    """Return a graph with the layers that are compiled; weights are as imported.

    Args:
        graph: as imported.
        settings: the project's, by name.
    """
    simplified = simplify(graph)
    # Where outputs are integers, it was appended before they were quantized.
    appends = settings["softmax"] and settings["interface"] == "fp32"
    return append_softmax(simplified) if appends else simplified


def quantized_graph(graph: Graph, settings: Mapping[str, Any], contract: Contract) -> Graph:
    """Return a simplified graph with integers: of weights, and of activations if it has them.

    Args:
        graph: of integers, or of float operators with Dequantize and Quantize where there are any.
        settings: as `chosen_settings` returns them.
        contract: whose arithmetic integers have in the latter.
    """
    if graph.contract is Contract.FP32:
        graph = fuse_integers(graph, contract)
    if settings["interface"] == "int8":
        graph = with_integer_interface(graph)
    recipe = recipe_of(settings)
    simplified = simplified_graph(graph, settings)
    return quantize(simplified, recipe.scheme, recipe.choice, recipe.bits_of)


def calibrated_graph(export_dir: Path, settings: Mapping[str, Any]) -> Graph:
    """Return the graph that `export` wrote, with Quantize and Dequantize if settings ask for them.

    Args:
        export_dir: what `export` wrote.
        settings: as `chosen_settings` returns them.
    """
    if settings["activations"] == "int8":
        prepared, rows = prepared_graph(export_dir, settings)
        return quantize_activations(_to_outputs(prepared, settings), rows, recipe_of(settings))
    return graph_files.load(export_dir)


def prepared_graph(export_dir: Path, settings: Mapping[str, Any]) -> tuple[Graph, np.ndarray]:
    """Return the float graph of which integers are made, and the rows of calibration inputs."""
    graph = graph_files.load(export_dir)
    rows = pack_inputs(graph, read_calibration(export_dir))
    if settings["qat"] is not None:
        return graph_files.load(export_dir / AWARE_FOLDER), rows
    return prepare(graph), rows


def untrained_graph(graph: Graph, settings: Mapping[str, Any]) -> Graph:
    """Return what `calibrated_graph` does, but for scales and integers, of a graph before training.

    Args:
        graph: as imported.
        settings: as `chosen_settings` returns them.
    """
    if settings["activations"] == "int8":
        return quantize_untrained(_to_outputs(prepare(graph), settings), recipe_of(settings))
    return graph


def _to_outputs(graph: Graph, settings: Mapping[str, Any]) -> Graph:
    """Return a float graph with all that is before its outputs are quantized, if they are."""
    appends = settings["softmax"] and settings["interface"] == "int8"
    return append_softmax(graph) if appends else graph
