"""The zoo's networks from `nn.Module` to the device, against the modules themselves.

Their weights lose nothing when they are quantized, so that the device computes what the module
computes, up to the order and the rounding of sums.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from flows import config as configuration
from flows.simulate import simulation
from flows.simulate.hardware import SIMULATOR
from flows.terminal.progress import Progress
from flows.toolchain import firmware
from modelgen import stages
from modelgen.agreement import agrees, differences
from modelgen.hardware import Hardware
from modelgen.ir import files as graph_files
from modelgen.ir.packing import pack_inputs
from modelgen.plan.compiler import compile_graph
from modelgen.stages.files import read_test_data
from modelgen.stages.model_export import run_project
from modelgen.verify.layers import differing_layers
from tests.e2e.workspace import simulator
from tests.zoo import NETWORKS, Network

INFERENCES = 2
MEMORY_BYTES = 128 * 1024**2
"""Main memory for the weights of every network: the most that banks of the default number have."""
RELATIVE = 2.0**-14
"""Largest difference from the module, relative to the deviation of its outputs.

The bound that is propagated through a deep network holds for the worst weights; these are random.
"""

SMALL = [network for network in NETWORKS if network.small]
LARGE = [network for network in NETWORKS if not network.small]


def generated(network: Network, folder: Path, hardware: Hardware) -> Path:
    """Run the stages that lead to C++ and golden outputs, and return the folder of the last."""
    exported, quantized, result = (folder / name for name in ("export", "quantize", "generate"))
    for stage in (exported, quantized, result):
        stage.mkdir()
    run_project(network.project(INFERENCES), exported, folder, Progress())
    stages.quantize(exported, quantized, {}, Progress())
    check_layers(quantized, hardware)
    stages.generate(quantized, result, hardware, {})
    return result


def check_layers(quantized: Path, hardware: Hardware) -> None:
    """Compare each layer: this shows what the bound, which grows from layer to layer, lets pass."""
    program = compile_graph(graph_files.load(quantized), hardware)
    rows = pack_inputs(program.graph, read_test_data(quantized).inputs)
    differences = list(map(str, differing_layers(program, rows[0])))
    assert not differences


def compare_with_module(network: Network, folder: Path) -> None:
    """Compare the reference's outputs with the module's."""
    golden = folder / "golden"
    got, module, allowed = (
        np.load(golden / f"{name}.npy") for name in ("outputs", "module", "tolerance")
    )
    module = module.reshape(got.shape)
    rounding = differences(module, exact_outputs(network).reshape(got.shape))
    assert agrees(got, module, allowed.reshape(got.shape) + rounding).all()
    assert differences(got, module).max() <= RELATIVE * module.std()


def exact_outputs(network: Network) -> np.ndarray:
    """Return the module's outputs in FP64."""
    inputs = network.draw(INFERENCES).double().split(network.batch)
    model = network.model().double()
    with torch.no_grad():
        return torch.cat([model(batch) for batch in inputs]).numpy()


@pytest.mark.slow
@pytest.mark.parametrize("network", SMALL, ids=lambda network: network.name)
def test_small_networks_on_the_rtl(network: Network, tmp_path: Path) -> None:
    config = configuration.load(configuration.DEFAULT_PATH)
    model = generated(network, tmp_path, config.hardware())
    compare_with_module(network, model)
    built = firmware.build(model / "src", tmp_path, config)
    program = simulator(configuration.DEFAULT_PATH) / SIMULATOR
    simulation.run(program, built.elf, model, tmp_path, Progress())


@pytest.mark.nightly
@pytest.mark.parametrize("network", LARGE, ids=lambda network: network.name)
def test_large_networks_on_the_reference(network: Network, tmp_path: Path) -> None:
    hardware = Hardware(memory_bytes=MEMORY_BYTES)
    compare_with_module(network, generated(network, tmp_path, hardware))
