"""The hardware in standard cells of 180 nm: gates, memories, the worst path, and power."""

import json
import os
import subprocess
import sys

import pytest

from flows import fusesoc
from flows.config import DEFAULT_PATH
from flows.synth.silicon import stage
from flows.synth.silicon.technology import OSU018

ROOT = DEFAULT_PATH.parent
ARRAY_SIZE = 4


def find():
    """Raises HeepstorError, with how to install it, if something is missing."""
    OSU018.require()
    stage.require()


pytestmark = [pytest.mark.slow, pytest.mark.nightly, pytest.mark.tool(find=find)]


@pytest.fixture(scope="module")
def soc(tmp_path_factory):
    """What `invoke synth` finds of a network on the whole SoC with a small array."""
    work = tmp_path_factory.mktemp("silicon")
    knobs = f"--set=engine.array_size={ARRAY_SIZE}"
    options = ["--technology=osu018", "--project=mnist", "--inputs=1", "--random-weights"]
    command = [sys.executable, "-m", "invoke", "synth", *options, knobs, "--json"]
    done = subprocess.run(
        [*command, f"--build-dir={work}"],
        cwd=ROOT,
        env={**os.environ, "PATH": fusesoc.environment(ROOT, DEFAULT_PATH)["PATH"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_whole_soc_is_the_sum_of_its_parts(soc):
    tree = soc["synth"]["tree"]
    assert tree["kind"] == soc["synth"]["top"] == "heepstor_soc"
    for name in ("area", "registers", "memory_bits"):
        parts = tree["own"][name] + sum(child["total"][name] for child in tree["children"])
        assert tree["total"][name] == pytest.approx(parts)


def test_processing_elements_have_their_registers(soc):
    element = soc["synth"]["modules"]["processing_element"]
    assert element["instances"] == ARRAY_SIZE**2
    # Two weights of 8 bits, and a sum of 40.
    assert element["registers"] == 56
    assert 1_000 < element["gates"] < 4_000
    assert element["memory_bits"] == 0


def test_memories_are_black_boxes_with_all_their_bits(soc):
    modules = soc["synth"]["modules"]
    assert modules["main_memory"]["memory_bits"] == 8 * 2**20
    assert modules["activation_buffer"]["memory_bits"] == 32 * 65536
    bits = sum(one["bits"] * one["instances"] for one in soc["synth"]["memories"])
    assert bits == soc["synth"]["total"]["memory_bits"]


def test_worst_path_is_between_registers(soc):
    timing = soc["synth"]["timing"]
    assert 3 < timing["nanoseconds"] < 30
    assert timing["paths"][0]["levels"] > 10
    assert timing["paths"][0]["from"]["file"].endswith(".sv")


def test_gates_do_what_was_simulated(soc):
    agreement = soc["power"]["agreement"]
    assert agreement["checked"] > 10_000_000
    assert agreement["wrong"] < agreement["checked"] / 1_000
    assert agreement["unknown"] < agreement["sources"] / 100


def test_power_is_that_of_its_parts(soc):
    tree = soc["power"]["tree"]
    parts = tree["own"]["milliwatts"] + sum(c["total"]["milliwatts"] for c in tree["children"])
    assert tree["total"]["milliwatts"] == pytest.approx(parts, rel=1e-3)
    engine = next(child for child in tree["children"] if child["kind"] == "engine")
    assert 0 < engine["total"]["switching"] < engine["total"]["clock"]
