"""From an imported graph to the one that is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelgen.ir.graph import Contract, Graph
from modelgen.passes.append_softmax import append_softmax
from modelgen.passes.simplify import simplify
from modelgen.quantize.weights import quantize


def simplified_graph(graph: Graph, settings: Mapping[str, Any]) -> Graph:
    """Return a graph with the layers that are compiled; weights are as imported.

    Args:
        graph: as imported.
        settings: the project's, by name.
    """
    simplified = simplify(graph)
    return append_softmax(simplified) if settings["softmax"] else simplified


def quantized_graph(graph: Graph, settings: Mapping[str, Any], options: Mapping[str, Any]) -> Graph:
    """Return a simplified graph with INT8 weights; one of integers has them already.

    Args:
        graph: as imported.
        settings: the project's, by name.
        options: "quantization" and "scale" override the settings of the same names.
    """
    simplified = simplified_graph(graph, settings)
    if graph.contract is not Contract.FP32:
        return simplified
    scheme = options.get("quantization") or settings["quantization"]
    return quantize(simplified, scheme, options.get("scale") or settings["scale"])
