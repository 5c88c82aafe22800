"""A model with several inputs and outputs from the project to the simulated device, and on a board.

Ids of an embedding, a mask, and feature maps; a nested structure of outputs; batches.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from flows import config as configuration
from flows.serial import inputs, serve, session
from flows.simulate import simulation
from flows.simulate.hardware import SIMULATOR
from flows.terminal.progress import Progress
from flows.toolchain import firmware
from modelgen import stages
from tests.e2e.workspace import ROOT, simulator

pytestmark = pytest.mark.slow

CONFIG = ROOT / "heepstor_cfg.hjson"
PROJECT = """
import numpy as np
import torch
from torch import nn

from modelgen.workload.data import Data

settings = {"inputs": 4, "batch": BATCH, "metric": "largest output"}


class Tagger(nn.Module):
    \"\"\"Tags words, with a picture and a mask beside them.\"\"\"

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(30, 8)
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.mix = nn.Linear(8, 8)
        self.tags = nn.Linear(8, 5)

    def forward(self, tokens, image, mask):
        words = torch.relu(self.mix(self.table(tokens))).masked_fill(mask[:, :, None], 0)
        maps = self.conv(image)
        seen = words.mean(1) + maps.flatten(2).mean(2).repeat(1, 2)
        return {"tags": self.tags(words), "other": [None, (maps, seen)]}


def model():
    torch.manual_seed(3)
    return Tagger()


def data(folder):
    draw = np.random.default_rng(0)
    tokens = draw.integers(0, 30, (7, 6))
    image = draw.standard_normal((7, 1, 4, 5), np.float32)
    return Data("words", (tokens, image, tokens > 20))


def metric(outputs, data):
    tags, maps, seen = outputs
    assert tags.shape == (7, 6, 5) and maps.shape == (7, 4, 4, 5) and seen.shape == (7, 8)
    assert [each.dtype.name for each in data.test_inputs] == ["int64", "float32", "bool"]
    return float(max(abs(each).max() for each in outputs))
"""


@pytest.fixture(scope="module", params=[1, 3])
def built(request, tmp_path_factory) -> Path:
    """A folder with what all stages wrote, for a batch of one and of three."""
    folder = tmp_path_factory.mktemp("several") / "words"
    for name in ("export", "quantize", "generate"):
        (folder / name).mkdir(parents=True)
    (folder / "project.py").write_text(PROJECT.replace("BATCH", str(request.param)))
    data = folder / "data"
    stages.export(folder, folder / "export", data, Progress())
    stages.quantize(folder / "export", folder / "quantize", {}, Progress(), folder, data)
    hardware = configuration.load(CONFIG).hardware()
    stages.generate(folder / "quantize", folder / "generate", hardware, {})
    return folder


def test_simulated_outputs_are_the_modules(built: Path, tmp_path: Path) -> None:
    """Each output is that of the reference; the module's differ by the quantization alone."""
    config = configuration.load(CONFIG)
    generated = built / "generate"
    elf = firmware.build(generated / "src", tmp_path, config, firmware.Options("engine")).elf
    simulation.run(simulator(CONFIG) / SIMULATOR, elf, generated, tmp_path, Progress())
    result = json.loads((tmp_path / simulation.RESULT).read_text())
    description = json.loads((generated / "model.json").read_text())
    assert description["outputs"] == [30, 80, 8]
    assert len(result["inputs"]) == description["inferences"]
    assert 0 < result["module_difference"] < 0.05
    assert {layer["place"] for layer in description["layers"]} == {"engine", "cpu"}


def test_samples_of_the_user_on_a_board(built: Path, tmp_path: Path) -> None:
    """Test inputs in an archive get the outputs that the test inputs have."""
    config = configuration.load(CONFIG)
    generated = built / "generate"
    elf = firmware.build(generated / "src", tmp_path, config, main=firmware.SERVER).elf
    description = json.loads((generated / "model.json").read_text())
    network, count = description["network"], description["inputs"]
    with np.load(built / "quantize" / "test.npz") as archive:
        arrays = [archive[f"input{index}"][:count] for index in range(3)]
    np.savez(tmp_path / "mine.npz", **dict(zip(network["inputs"], arrays, strict=True)))
    forms = {
        name: inputs.Form(
            shape := network["tensors"][name]["shape"],
            network["orders"].get(name, range(len(shape))),
        )
        for name in network["inputs"]
    }
    chosen = inputs.read([tmp_path / "mine.npz"], forms, None)
    form = serve.Form(description["outputs"], description["batch"])
    answers = serve.run(
        session.SIMULATOR, config, elf, simulator(CONFIG) / SIMULATOR, chosen, form, Progress()
    )
    serve.check_golden(answers, np.load(generated / "golden" / "outputs.npy")[: len(chosen.names)])
