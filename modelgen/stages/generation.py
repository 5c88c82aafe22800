"""The stage `generate`: C++ for one hardware configuration, and its golden outputs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from modelgen.emit import emit
from modelgen.hardware import Hardware
from modelgen.ir import files as graph_files
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Contract, Graph, Node, Tensor
from modelgen.ir.numbers import has_own_integers, in_steps
from modelgen.ir.packing import (
    input_element,
    output_element,
    pack_inputs,
    rows_of_samples,
)
from modelgen.ir.tolerance import output_tolerance
from modelgen.operators import Linear
from modelgen.operators.bounds import RELATIVE
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.append_softmax import append_softmax
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.plan.memory import check_memory, test_bytes
from modelgen.quantize.weights import LARGEST
from modelgen.stages.contracts import check_equal
from modelgen.stages.files import read_description, read_test_data
from modelgen.strict_json import finite
from modelgen.verify.golden import golden_outputs


def run(quantize_dir: Path, out_dir: Path, hardware: Hardware, options: Mapping[str, Any]) -> None:
    """Write sources, model.json and golden outputs; see `modelgen.stages.generate`."""
    description = read_description(quantize_dir)
    graph = graph_files.load(quantize_dir)
    settings = description["settings"]
    data = read_test_data(quantize_dir)
    available = len(data.outputs)
    count = min(options.get("inputs") or settings["inputs"], available)
    chosen = _whole_batches(count, graph.batch, available)
    title = f"The network of the project {description['name']}."
    rows = pack_inputs(graph, [array[chosen] for array in data.inputs])
    outputs = data.outputs[chosen]
    golden = _write(graph, rows, hardware, out_dir, title)
    if graph.contract.is_of_runtime:
        check_equal(np.load(golden / "outputs.npy"), outputs, graph, description["runtime"])
    if settings["softmax"]:
        outputs = _softmax(outputs, graph.tensors[graph.outputs[0]].columns)
    own = has_own_integers(graph, outputs)
    np.save(golden / "module.npy", in_steps(graph, outputs) if own else outputs)
    if data.labels is not None:
        np.save(golden / "labels.npy", data.labels[chosen])


def _softmax(outputs: np.ndarray, columns: int) -> np.ndarray:
    """Return the softmax of each row of `columns` outputs, in the same shape."""
    logits = outputs.astype(np.float64).reshape(-1, columns)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    values = powers / powers.sum(axis=1, keepdims=True)
    return values.astype(np.float32).reshape(outputs.shape)


def _whole_batches(count: int, batch: int, available: int) -> np.ndarray:
    """Return the indices of `count` test inputs, padded to whole batches; wrap around if needed."""
    return np.arange(-(-count // batch) * batch) % available


def linear_program(
    sizes: Sequence[int],
    batch: int,
    hardware: Hardware,
    out_dir: Path,
    *,
    softmax: bool = False,
    seed: int = 0,
) -> None:
    """Write a program of linear layers with random values; see `modelgen.stages.linear`."""
    generator = np.random.default_rng(seed)
    graph = _random_layers(sizes, batch, generator)
    if softmax:
        graph = append_softmax(graph)
    values = generator.standard_normal((1, batch * sizes[0])).astype(np.float32)
    title = f"Linear layers of {'-'.join(map(str, sizes))} values, batch {batch}; random weights."
    _write(graph, values, hardware, out_dir, title)


def _random_layers(sizes: Sequence[int], batch: int, generator: np.random.Generator) -> Graph:
    """Return a quantized graph whose activations have about the same variance as its input."""
    tensors = {"input": Tensor("input", (batch, sizes[0]))}
    constants: dict[str, np.ndarray] = {}
    nodes = []
    last = "input"
    for index, (words, columns) in enumerate(pairwise(sizes)):
        name = f"linear{index}"
        roles = {role: f"{name}.{role}" for role in ("weight", "scale", "bias")}
        weight = generator.integers(-LARGEST, LARGEST + 1, (columns, words)).astype(np.int8)
        constants[roles["weight"]] = weight
        constants[roles["scale"]] = np.full(columns, (3 / words) ** 0.5 / LARGEST, np.float32)
        constants[roles["bias"]] = np.zeros(columns, np.float32)
        tensors[name] = Tensor(name, (batch, columns))
        hidden = index < len(sizes) - 2
        operator = Linear(Epilogue(low=0.0 if hidden else None))
        nodes.append(Node(name, operator, (last,), name, roles))
        last = name
    return Graph(("input",), (last,), batch, tuple(nodes), tensors, constants)


def _write(graph: Graph, rows: np.ndarray, hardware: Hardware, out_dir: Path, title: str) -> Path:
    """Compile, write the files that later stages read, and return the folder of golden outputs.

    `rows` are the inputs of each inference; see `modelgen.ir.packing`.
    """
    program = compile_graph(graph, hardware)
    check_memory(program, test_bytes(graph, len(rows)))
    results = golden_outputs(program, rows)
    emit(program, rows, results, out_dir / "src", title)
    expected = rows_of_samples(graph, results)
    golden = out_dir / "golden"
    golden.mkdir(parents=True, exist_ok=True)
    np.save(golden / "outputs.npy", expected)
    largest = 0.0
    if graph.contract is Contract.FP32:
        # Integers have one value, however they are computed.
        tolerance = output_tolerance(graph, rows)
        largest = float(tolerance.max())
        np.save(golden / "quantized.npy", run_graph(graph, rows))
        np.save(golden / "tolerance.npy", tolerance)
    document = {
        **describe(program),
        "batch": graph.batch,
        "inputs": len(expected),
        "inferences": len(rows),
        "contract": graph.contract.value,
        "elements": {
            "input": input_element(graph).value,
            "output": output_element(graph).value,
        },
        "outputs": [graph.tensors[name].size // graph.batch for name in graph.outputs],
        "hardware": hardware.to_dict(),
        "tolerance": {
            "absolute": largest,
            "relative": 0.0,
            "text": f"2^{round(np.log2(RELATIVE))} of the sum of absolute products, layer by "
            "layer; plus 2^-24 K for an average of K values",
        },
    }
    (out_dir / "model.json").write_text(
        json.dumps(finite(document), indent=2) + "\n", encoding="utf-8"
    )
    return golden
