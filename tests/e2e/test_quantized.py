"""Networks of integers from ONNX files and of our own: on the RTL, every bit is the contract's."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest

from flows import config as configuration
from flows.report import accuracy
from flows.simulate import simulation
from flows.simulate.hardware import SIMULATOR
from flows.terminal.progress import Progress
from flows.toolchain import firmware
from modelgen import stages
from modelgen.frontends.onnx.runtime import outputs_of
from modelgen.ir.execute_exact import run_graph
from modelgen.ir.graph import Contract
from modelgen.ir.packing import pack_inputs, rows_of_samples
from modelgen.passes.integers.fuse import fuse_integers
from modelgen.passes.simplify import simplify
from modelgen.plan.compiler import compile_graph
from modelgen.plan.program import Program
from modelgen.quantize.activations.post_training import Recipe, quantize_activations
from modelgen.quantize.weights import quantize
from modelgen.verify import bundle
from tests.e2e.workspace import ROOT, simulator
from tests.support.float_layers import residual, rows
from tests.support.quantized_networks import NETWORKS, write_quantized
from tests.support.quantized_onnx import graph_of

pytestmark = pytest.mark.slow

CONFIG = ROOT / "heepstor_cfg.hjson"
_MOST_CYCLES = 100_000_000
Case = tuple[Program, np.ndarray, np.ndarray]
"""A compiled network, inputs and outputs of two inferences."""


def of_file(folder: Path, network: str) -> Case:
    """A file that onnxruntime.quantization wrote; outputs are ONNX Runtime's."""
    path = folder / f"{network}.onnx"
    shape = write_quantized(path, network)
    model = onnx.load(path)
    values = np.random.default_rng(7).normal(size=(2, *shape)).astype(np.float32)
    graph = simplify(graph_of(model))
    wanted = [outputs_of(model.SerializeToString(), {"x": value})[0] for value in values]
    inputs = pack_inputs(graph, [np.concatenate(values)])
    hardware = configuration.load(CONFIG).hardware()
    return compile_graph(graph, hardware), inputs, np.stack([each.reshape(-1) for each in wanted])


def of_our_own(bits: int) -> Case:
    """A module after post-training quantization; outputs are the graph's."""
    floats = residual()
    recipe = Recipe(bits_of=lambda layer: bits, bias_correction=True)
    quantized = quantize_activations(floats, rows(floats, 20), recipe)
    graph = simplify(quantize(fuse_integers(quantized, Contract.EXACT)))
    inputs = rows(graph, 2, seed=9)
    wanted = rows_of_samples(graph, np.concatenate([run_graph(graph, row, 8) for row in inputs]))
    return compile_graph(graph, configuration.load(CONFIG).hardware()), inputs, wanted


def test_outputs_of_all_kinds_of_networks(tmp_path: Path) -> None:
    cases = [*(of_file(tmp_path, name) for name in NETWORKS), *map(of_our_own, (8, 4))]
    names = bundle.write(cases, tmp_path / "src")
    (tmp_path / "out").mkdir()
    parts = {name: bundle.definitions(name) for name in names}
    config = configuration.load(CONFIG)
    elf = firmware.build(tmp_path / "src", tmp_path / "out", config, parts=parts).elf
    program = simulator(CONFIG) / SIMULATOR
    command = [str(program), f"--firmware={elf}", f"--max-cycles={_MOST_CYCLES}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.findall(r"^network (\d+) (\d+)$", done.stdout, re.M)
    assert found == [(str(index), "0") for index in range(len(cases))], done.stdout[-2000:]


def test_all_stages_of_a_file(tmp_path: Path) -> None:
    write_quantized(tmp_path / "net.onnx", "residual")
    for name in ("export", "quantize", "generate"):
        (tmp_path / name).mkdir()
    stages.export(tmp_path / "net.onnx", tmp_path / "export", tmp_path / "data", Progress())
    stages.quantize(tmp_path / "export", tmp_path / "quantize", {}, Progress())
    config = configuration.load(CONFIG)
    generated = tmp_path / "generate"
    stages.generate(tmp_path / "quantize", generated, config.hardware(), {"inputs": 2})
    elf = firmware.build(generated / "src", tmp_path, config, firmware.Options("engine")).elf
    simulation.run(simulator(CONFIG) / SIMULATOR, elf, generated, tmp_path, Progress())
    result = json.loads((tmp_path / simulation.RESULT).read_text())
    assert result["contract"] == "onnxruntime" and result["module_difference"] == 0.0
    assert accuracy.compared(result).endswith("bit for bit: onnxruntime")
