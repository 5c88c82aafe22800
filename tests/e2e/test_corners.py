"""Small networks through all stages on hardware of all sizes: outputs equal the reference's."""

from __future__ import annotations

import itertools
import json
import struct
from math import ceil
from pathlib import Path

import numpy as np
import pytest

from flows import config as configuration
from flows.serial import loader, protocol
from flows.serial import simulator as serial_simulator
from flows.serial.link import Link
from flows.simulate import simulation
from flows.simulate.hardware import SIMULATOR
from flows.terminal.progress import Progress
from flows.toolchain import firmware
from modelgen import stages
from tests.e2e.workspace import CORNERS, simulator, write_config

pytestmark = pytest.mark.slow

PROJECT = """
import numpy as np
import torch
from torch import nn

from modelgen.workload.data import Data

settings = {settings}


def model() -> nn.Module:
    torch.manual_seed({seed})
    return {model}


def data(folder) -> Data:
    generator = np.random.default_rng({seed})
    sizes = 10.0 ** generator.integers(-6, 6, {shape_of_sizes})
    inputs = generator.standard_normal({shape}) * sizes
    return Data("random", inputs.astype(np.float32), None)
"""

CNN = """nn.Sequential(
        nn.Conv2d(3, 9, 3, padding=1, bias=False), nn.BatchNorm2d(9), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(9, 9, 3, padding=1, groups=9), nn.ReLU6(),
        nn.Conv2d(9, 40, (1, 3), stride=2), nn.LeakyReLU(0.1), nn.AvgPool2d(2, stride=1),
        nn.Flatten(), nn.Dropout(), nn.Linear(80, 10),
    )"""
"""Convolutions of all kinds: to few and to many channels, depthwise, strided; both poolings."""


MIXED = """nn.Sequential(
        nn.Conv2d(3, 5, 3, padding=1), nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 4), nn.Softmax(1),
        nn.Conv2d(5, 6, 3), nn.Softmax(1), nn.Flatten(), nn.Linear(120, 10), nn.Softmax(1),
        nn.Linear(10, 10),
    )"""
"""Linear layers over the columns of maps, and softmax before layers on the engine."""


def write_project(
    folder: Path, seed: int, model: str, shape: tuple[int, ...], settings: dict
) -> Path:
    """Writes a project with a network of random weights and inputs of very different sizes."""
    sizes = (shape[0], *(1 for _ in shape[1:]))
    text = PROJECT.format(
        settings=settings, seed=seed, model=model, shape=shape, shape_of_sizes=sizes
    )
    folder.mkdir()
    (folder / "project.py").write_text(text)
    return folder


def write_perceptron(folder: Path, seed: int) -> Path:
    """Writes a project with a random perceptron; everything follows from the seed."""
    generator = np.random.default_rng(seed)
    widths = generator.integers(1, 70, generator.integers(2, 5)).tolist()
    layers = []
    for inputs, outputs in itertools.pairwise(widths):
        bias = bool(generator.integers(2))
        layers.append(f"nn.Linear({inputs}, {outputs}, bias={bias})")
        if generator.integers(2):
            layers.append("nn.ReLU()")
    settings = {
        "inputs": 6,
        "batch": int(generator.integers(1, 7)),
        "softmax": bool(generator.integers(2)),
        "quantization": str(generator.choice(["per_channel", "per_tensor"])),
    }
    model = f"nn.Sequential({', '.join(layers)})"
    return write_project(folder, seed, model, (6, widths[0]), settings)


@pytest.fixture(scope="module", params=CORNERS)
def config_path(request, tmp_path_factory) -> Path:
    """The configuration file of a corner, with its simulator built."""
    path = tmp_path_factory.mktemp("configurations") / f"{request.param}.hjson"
    write_config(path, **CORNERS[request.param])
    simulator(path)
    return path


def run(project: Path, config_path: Path, folder: Path, operators=("engine",)) -> list[dict]:
    """Compiles a project and simulates it; gives what the simulations reported.

    Raises HeepstorError if an output differs from the reference.
    """
    config = configuration.load(config_path)
    program = simulator(config_path) / SIMULATOR
    exported, quantized, generated, *simulated = (
        folder / name for name in ("exported", "quantized", "generated", *operators)
    )
    for made in (exported, quantized, generated, *simulated):
        made.mkdir()
    stages.export(project, exported, folder / "data", Progress())
    stages.quantize(exported, quantized, {}, Progress())
    stages.generate(quantized, generated, config.hardware(), {})
    for out in simulated:
        built = firmware.build(generated / "src", out, config, firmware.Options(out.name))
        simulation.run(program, built.elf, generated, out, Progress())
    return [json.loads((out / simulation.RESULT).read_text()) for out in simulated]


@pytest.mark.parametrize("seed", range(4))
def test_perceptrons(config_path, tmp_path, seed):
    project = write_perceptron(tmp_path / "random", seed)
    # The CPU takes some 60 cycles a multiplication: one seed is enough.
    operators = ("engine", "software") if seed == 0 else ("engine",)
    for result in run(project, config_path, tmp_path, operators):
        assert result["inputs"]


def test_a_convolutional_network(config_path, tmp_path):
    settings = {"inputs": 1, "softmax": True}
    project = write_project(tmp_path / "small", 1, CNN, (1, 3, 12, 10), settings)
    (result,) = run(project, config_path, tmp_path)
    (inference,) = result["inputs"]
    assert len(inference["outputs"]) == 10


@pytest.mark.parametrize("batch", [1, 2])
def test_layers_on_the_cpu_between_those_on_the_engine(config_path, tmp_path, batch):
    settings = {"inputs": 2, "batch": batch}
    project = write_project(tmp_path / "mixed", 1, MIXED, (2, 3, 12, 5), settings)
    (result,) = run(project, config_path, tmp_path)
    outputs = [len(inference["outputs"]) for inference in result["inputs"]]
    assert outputs == ([batch * 10] * (2 // batch))


def test_the_loader(config_path):
    """At the line's highest speed, where zeros take it longest; its first request comes early."""
    config = configuration.load(config_path)
    base = config.address.memory
    divider = ceil(protocol.LEAST_DIVIDER * config.cpu_slowdown)
    with serial_simulator.started(simulator(config_path) / SIMULATOR) as board:
        link = Link(board.port, "the board", 5, check=board.check)
        assert link.hello().role == protocol.LOADER
        link.request(protocol.SPEED, struct.pack("<I", divider))
        for data in (b"\x01" * loader.BLOCK, bytes(loader.BLOCK)):
            loader.write(link, base, data)
            reply = link.request(protocol.CHECK, struct.pack("<II", base, len(data)))
            assert reply.words() == (protocol.crc32(data),)
