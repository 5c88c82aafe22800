"""A model in a .tflite file: from the file to the simulated device, and on a board; random ones."""

from __future__ import annotations

import json
import re
import subprocess
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
from modelgen.frontends.tflite.importer import import_model
from modelgen.frontends.tflite.runtime import Reference
from modelgen.ir.packing import pack_inputs
from modelgen.passes.simplify import simplify
from modelgen.plan.compiler import compile_graph
from modelgen.verify import bundle
from tests.e2e.workspace import ROOT, simulator
from tests.support.litert import int8_inputs
from tests.support.tflite_networks import write_network

pytestmark = pytest.mark.slow

CONFIG = ROOT / "heepstor_cfg.hjson"
NETWORKS = range(200, 206)
_MOST_CYCLES = 100_000_000


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what all stages wrote for a file, with inputs and labels of the user."""
    folder = tmp_path_factory.mktemp("file")
    for name in ("export", "quantize", "generate"):
        (folder / name).mkdir()
    shape = write_network(folder / "net.tflite", 11)
    values = np.random.default_rng(0).integers(-128, 128, (4, *shape[1:])).astype(np.int8)
    np.savez(folder / "x.npz", x=values, labels=[0, 1, 0, 1])
    data = folder / "data"
    stages.export(
        folder / "net.tflite", folder / "export", data, Progress(), data_file=folder / "x.npz"
    )
    stages.quantize(folder / "export", folder / "quantize", {}, Progress())
    hardware = configuration.load(CONFIG).hardware()
    stages.generate(folder / "quantize", folder / "generate", hardware, {"inputs": 4})
    return folder


def test_simulated_outputs_are_the_runtimes(built: Path, tmp_path: Path) -> None:
    config = configuration.load(CONFIG)
    generated = built / "generate"
    elf = firmware.build(generated / "src", tmp_path, config, firmware.Options("engine")).elf
    simulation.run(simulator(CONFIG) / SIMULATOR, elf, generated, tmp_path, Progress())
    result = json.loads((tmp_path / simulation.RESULT).read_text())
    assert result["contract"] == "tflite-reference"
    assert result["module_difference"] == 0.0 and result["quantized_difference"] is None
    with np.load(built / "export" / "test.npz") as archive:
        wanted = archive["outputs"]
    words = [[int(word, 16) for word in run["outputs"]] for run in result["inputs"]]
    got = np.array(words, np.uint32).view(np.int32).reshape(len(wanted), -1)
    np.testing.assert_array_equal(got, wanted)


def test_integers_of_the_user_on_a_board(built: Path, tmp_path: Path) -> None:
    config = configuration.load(CONFIG)
    generated = built / "generate"
    elf = firmware.build(generated / "src", tmp_path, config, main=firmware.SERVER).elf
    description = json.loads((generated / "model.json").read_text())
    network, elements = description["network"], description["elements"]
    (name,) = network["inputs"]
    shape = network["tensors"][name]["shape"]
    with np.load(built / "export" / "test.npz") as archive:
        np.save(tmp_path / "mine.npy", archive["input0"][:2])
    form = inputs.Form(shape, range(len(shape)), elements["input"])
    chosen = inputs.read([tmp_path / "mine.npy"], {name: form}, None)
    outputs = serve.Form(description["outputs"], description["batch"], elements["output"])
    program = simulator(CONFIG) / SIMULATOR
    answers = serve.run(session.SIMULATOR, config, elf, program, chosen, outputs, Progress())
    golden = np.load(generated / "golden" / "outputs.npy")
    serve.check_golden(answers, golden[: len(chosen.names)])


def test_random_networks_give_the_runtimes_outputs(tmp_path: Path) -> None:
    """Several in one firmware, on memories that others have left."""
    config = configuration.load(CONFIG)
    cases = []
    for seed in NETWORKS:
        path = tmp_path / f"{seed}.tflite"
        values = int8_inputs(np.random.default_rng(seed), write_network(path, seed), 1)[:2]
        graph, reference = simplify(import_model(path).graph), Reference(path)
        rows = pack_inputs(graph, [np.concatenate([each[0] for each in values])])
        wanted = [np.concatenate([o.reshape(-1) for o in reference.run(each)]) for each in values]
        program = compile_graph(graph, config.hardware())
        cases.append((program, rows, np.stack(wanted)))
    names = bundle.write(cases, tmp_path / "src")
    (tmp_path / "out").mkdir()
    parts = {name: bundle.definitions(name) for name in names}
    elf = firmware.build(tmp_path / "src", tmp_path / "out", config, parts=parts).elf
    program = simulator(CONFIG) / SIMULATOR
    command = [str(program), f"--firmware={elf}", f"--max-cycles={_MOST_CYCLES}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.findall(r"^network (\d+) (\d+)$", done.stdout, re.M)
    assert found == [(str(index), "0") for index in range(len(cases))], done.stdout[-2000:]
