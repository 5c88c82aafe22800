"""The array as Yosys maps it to the FPGA: one DSP and few LUTs for each processing element."""

import json
import subprocess

import pytest

from flows import fusesoc
from flows.config import DEFAULT_PATH

pytestmark = pytest.mark.slow

ROOT = DEFAULT_PATH.parent
ARRAY_SIZE = 4
MOST_LUTS = 64


@pytest.fixture(scope="module")
def resources(tmp_path_factory):
    """What `fusesoc run --target synth` finds for a small array."""
    work = tmp_path_factory.mktemp("synth")
    command = [fusesoc.command(), "--config", str(ROOT / "fusesoc.conf"), "run", "--target=synth"]
    command += [f"--work-root={work}", "heepstor:ip:systolic_array", f"--ArraySize={ARRAY_SIZE}"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=fusesoc.environment(DEFAULT_PATH),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "processing_element" in done.stdout, "the table is printed"
    return json.loads((work / "utilization.json").read_text())


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
