"""The stage `generate`: C++ for one hardware configuration, with the outputs that it must give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modelgen import graph as graphs
from modelgen.analysis import describe
from modelgen.compiler import compile_graph
from modelgen.descriptor import DESCRIPTOR_BYTES
from modelgen.emit import emit
from modelgen.errors import ModelError
from modelgen.execute import run_graph
from modelgen.export import read_description, read_test_data
from modelgen.graph import Graph, Node, Tensor
from modelgen.hardware import Hardware
from modelgen.passes.quantize import LARGEST
from modelgen.program import EngineLayer, Program
from modelgen.reference.network import run_graph as run_reference
from modelgen.tolerance import RELATIVE, output_tolerance


def run(quantize_dir: Path, out_dir: Path, hardware: Hardware, options: Mapping[str, Any]) -> None:
    """Write sources, model.json and golden outputs; see `modelgen.stages.generate`."""
    description = read_description(quantize_dir)
    graph = graphs.load(quantize_dir)
    inputs, labels = read_test_data(quantize_dir)
    count = options.get("inputs") or description["settings"]["inputs"]
    chosen = _whole_batches(min(count, len(inputs)), graph.batch, len(inputs))
    labels = None if labels is None else labels[chosen]
    title = f"The network of the project {description['name']}."
    _write(graph, inputs[chosen], labels, hardware, out_dir, title)


def _whole_batches(count: int, batch: int, available: int) -> np.ndarray:
    """Return indices of test inputs, filled up to whole batches (from the start, if need be)."""
    return np.arange(-(-count // batch) * batch) % available


def matmul_program(
    rows: int, words: int, columns: int, hardware: Hardware, out_dir: Path, seed: int = 0
) -> None:
    """Write a program of one matrix product; see `modelgen.stages.matmul`."""
    generator = np.random.default_rng(seed)
    graph = Graph(
        input="activations",
        output="product",
        batch=rows,
        nodes=(
            Node(
                "product",
                "quantized_linear",
                ("activations",),
                "product",
                {"weight": "weight", "scale": "scale", "bias": "bias"},
            ),
        ),
        tensors={
            "activations": Tensor("activations", (rows, words)),
            "product": Tensor("product", (rows, columns)),
        },
        constants={
            "weight": generator.integers(-LARGEST, LARGEST + 1, (columns, words)).astype(np.int8),
            "scale": np.full(columns, 1.0 / LARGEST, np.float32),
            "bias": np.zeros(columns, np.float32),
        },
    )
    values = generator.standard_normal((rows, words)).astype(np.float32)
    title = f"A matrix product of {rows} x {words} and {words} x {columns} values."
    _write(graph, values, None, hardware, out_dir, title)


def _write(
    graph: Graph,
    inputs: np.ndarray,
    labels: np.ndarray | None,
    hardware: Hardware,
    out_dir: Path,
    title: str,
) -> None:
    """Compile, and write what the later stages read."""
    program = compile_graph(graph, hardware)
    expected = run_reference(graph, inputs, hardware.array_size)
    _check_memory(program, inputs.nbytes + expected.nbytes)
    inferences = len(inputs) // graph.batch
    emit(
        program,
        inputs.reshape(inferences, -1),
        expected.reshape(inferences, -1),
        out_dir / "src",
        title,
    )
    tolerance = output_tolerance(graph, inputs)
    golden = out_dir / "golden"
    golden.mkdir(parents=True, exist_ok=True)
    np.save(golden / "outputs.npy", expected)
    np.save(golden / "torch.npy", run_graph(graph, inputs))
    np.save(golden / "tolerance.npy", tolerance)
    if labels is not None:
        np.save(golden / "labels.npy", labels)
    document = {
        **describe(program),
        "batch": graph.batch,
        "inputs": len(inputs),
        "inferences": inferences,
        "outputs": expected.shape[1],
        "hardware": hardware.to_dict(),
        "tolerance": {
            "absolute": float(tolerance.max()),
            "relative": 0.0,
            "text": f"2^{round(np.log2(RELATIVE))} of the sum of absolute products, layer by layer",
        },
    }
    (out_dir / "model.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _check_memory(program: Program, test_bytes: int) -> None:
    """Refuse what cannot fit, before the linker does; code comes on top and is small."""
    hardware = program.hardware
    jobs = sum(len(layer.jobs) for layer in program.layers if isinstance(layer, EngineLayer))
    parts = {
        "weights": len(program.weights) + len(program.parameters),
        "descriptors": jobs * DESCRIPTOR_BYTES,
        "arena": hardware.arena_bytes or program.arena.size,
        "stack": hardware.stack_bytes,
        "test inputs and outputs": test_bytes,
    }
    missing = sum(parts.values()) - hardware.memory_bytes
    if missing > 0:
        listing = ", ".join(f"{name} {size}" for name, size in parts.items())
        raise ModelError(
            f"The model does not fit memory: {missing} bytes are missing even without code "
            f"({listing}; memory has {hardware.memory_bytes}). Raise memory.banks or "
            "memory.bank_kib in the hardware configuration, or simulate fewer test inputs."
        )
