"""Random perceptrons on the RTL of several array sizes: every output equals the reference's."""

from __future__ import annotations

import functools
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from flows import config as configuration
from flows import firmware, simulate
from flows.hardware import SIMULATOR
from flows.progress import Progress
from modelgen import stages
from modelgen.progress import Silent
from tests.e2e.workspace import simulator, write_config

pytestmark = pytest.mark.slow

PROJECT = """
import numpy as np
import torch
from torch import nn

from modelgen.data import Data

settings = {settings}


def model() -> nn.Module:
    torch.manual_seed({seed})
    return nn.Sequential({layers})


def data(folder) -> Data:
    generator = np.random.default_rng({seed})
    inputs = generator.standard_normal((6, {width})) * 10.0 ** generator.integers(-6, 6, (6, 1))
    return Data("random", inputs.astype(np.float32), None)
"""


def write_project(folder: Path, seed: int) -> Path:
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
    folder.mkdir()
    (folder / "project.py").write_text(
        PROJECT.format(settings=settings, seed=seed, layers=", ".join(layers), width=widths[0])
    )
    return folder


PORT_WORDS = {4: 1, 8: 4, 12: 2}
"""Size of the array -> words of the memory port that it is tried with."""


@functools.cache
def configuration_of(folder: Path, size: int) -> Path:
    """The configuration file with an array of this size."""
    path = folder / f"size{size}.hjson"
    write_config(path, array_size=size, port_words=PORT_WORDS[size])
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("configurations")


@pytest.mark.parametrize("size", PORT_WORDS)
@pytest.mark.parametrize("seed", range(4))
def test_outputs_equal_the_reference_bit_for_bit(folder, tmp_path, size, seed):
    config_path = configuration_of(folder, size)
    program = simulator(config_path) / SIMULATOR
    config = configuration.load(config_path)
    project = write_project(tmp_path / "random", 100 * size + seed)
    exported, quantized, generated = (tmp_path / name for name in ("e", "q", "g"))
    for made in (exported, quantized, generated):
        made.mkdir()
    stages.export(project, exported, tmp_path / "data", Silent())
    stages.quantize(exported, quantized, {}, Silent())
    stages.generate(quantized, generated, config.hardware(), {})
    # The CPU takes some 60 cycles a multiplication: one seed of each size is enough.
    for operators in ("engine", "software") if seed == 0 else ("engine",):
        out = tmp_path / operators
        out.mkdir()
        built = firmware.build(generated / "src", out, config, firmware.Options(operators))
        simulate.run(program, built.elf, generated, out, Progress())
        result = json.loads((out / simulate.RESULT).read_text())
        assert len(result["inputs"]) > 0
