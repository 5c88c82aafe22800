"""Reading the firmware's report, and comparing it with what must come out."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import numpy as np
import pytest

from flows.errors import HeepstorError
from flows.simulate import simulation
from flows.simulate.device_log import Counters, LogReader, parse
from flows.terminal.progress import Progress

LOG = """HEEPstor
# input 0 cycles 7100
# layer 0 6000 5000 100 200 300 150 250 40
# layer 1 6500 5400 120 200 350 170 260 45
# cpu 2 310
# output 0 3f800000 80000000
predicted: 0
# input 1 cycles 7200
# output 1 00000001 7fc00000
# stack 512
# done 0
""".splitlines()

MODEL = {
    "inferences": 2,
    "layers": [
        {"index": 0, "chain": 0, "array_cycles": 5000},
        {"index": 1, "chain": 0, "array_cycles": 400},
        {"index": 2, "chain": None},
        {"index": 3, "chain": 3, "array_cycles": 10},
    ],
}
GOLDEN = np.array([[0x3F800000, 0x80000000], [1, 0x7FC00000]], np.uint32).view(np.float32)
TOLERANCE = np.array([[1e-5, 1e-6], [1e-6, 1e-6]])


def test_parse():
    log = parse(LOG)
    assert [run.cycles for run in log.inputs.values()] == [7100, 7200]
    assert log.inputs[0].outputs == [0x3F800000, 0x80000000]
    assert (log.stack_bytes, log.mismatches) == (512, 0)
    assert log.inputs[0].cpu == {2: 310}
    alone = log.inputs[0].layer_counters(MODEL)
    assert alone[0] == Counters(6000, 5000, 100, 200, 300, 150, 250, 40)
    assert alone[1] == Counters(500, 400, 20, 0, 50, 20, 10, 5)


def test_counters_begin_anew_after_a_layer_on_the_cpu():
    lines = [*LOG[:5], "# layer 3 50 10 5 5 20 5 5 1"]
    alone = parse(lines).inputs[0].layer_counters(MODEL)
    assert alone[1].cycles == 500
    assert alone[3] == Counters(50, 10, 5, 5, 20, 5, 5, 1)


def test_work_done_ahead_counts_for_the_layer_that_it_is_for():
    """100 cycles of layer 1 are in layer 0's counters, and 50 of layer 2 in layer 1's."""
    lines = [
        "# input 0 cycles 1000",
        "# layer 0 600 500 0 0 100 0 0 0",
        "# layer 1 1000 850 0 0 150 0 0 0",
        "# layer 2 1200 950 0 0 250 0 0 0",
    ]
    work = (400, 400, 150)
    layers = [{"index": i, "chain": 0, "array_cycles": cycles} for i, cycles in enumerate(work)]
    alone = parse(lines).inputs[0].layer_counters({"layers": layers})
    assert [counters.busy for counters in alone.values()] == list(work)
    assert [counters.cycles for counters in alone.values()] == [500, 450, 250]
    assert [counters.wait_weights for counters in alone.values()] == [100, 50, 100]


def test_layers_that_the_software_engine_ran_have_no_work_of_the_array():
    lines = ["# input 0 cycles 9000", "# layer 0 8000 0 0 0 0 0 0 0"]
    model = {"layers": [{"index": 0, "chain": 0, "array_cycles": 400}]}
    assert parse(lines).inputs[0].layer_counters(model)[0].cycles == 8000


@pytest.mark.parametrize("layer", [2, 11])
def test_layers_that_are_not_on_the_engine_are_refused(layer: int):
    lines = ["# input 0 cycles 9000", f"# layer {layer} 1 2 3 4 5 6 7 8"]
    with pytest.raises(HeepstorError, match=f"reported a layer {layer}, which the model does not"):
        parse(lines).inputs[0].layer_counters(MODEL)


@pytest.mark.parametrize(
    "line",
    [
        "# input x cycles 1",
        "# layer 0 1 2 3",
        "# layer 00 1 2 3 4 5 6 7 8",
        "# output 0 xyz",
        "# output 0 3f8000000",
        "# output 0 -3f80000",
        "# output 1 3f800000",
        "# unknown",
        "# stack",
        "# input 1",
        "# input 11 cycles 1",
        "# done +0",
    ],
)
def test_damaged_lines_are_refused(line):
    reader = LogReader()
    reader.read("# input 0 cycles 1")
    with pytest.raises(HeepstorError, match="cannot be read"):
        reader.read(line)


def test_equal_outputs_pass():
    log = parse(LOG)
    simulation.check_bits(log, GOLDEN)
    assert simulation.check_quantized(log, GOLDEN, TOLERANCE) == 0.0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("3f800000", "3f800001", "inference 0, output 0"),
        ("80000000", "00000000", "inference 0, output 1"),
        ("7fc00000", "7fc00001", "inference 1, output 1"),
        ("# done 0", "# done 1", "the firmware itself counted 1"),
        ("# done 0", "", "did not end"),
        ("# output 1 00000001 7fc00000", "# output 1 00000001", "has 1 outputs"),
    ],
)
def test_any_other_bit_fails(old, new, message):
    log = parse(line.replace(old, new) for line in LOG)
    with pytest.raises(HeepstorError, match=message):
        simulation.check_bits(log, GOLDEN)


def test_outputs_that_were_not_printed_are_those_the_firmware_compared():
    silent = [line for line in LOG if not line.startswith("# output")]
    log = parse(silent)
    simulation.take_unprinted(log, GOLDEN)
    simulation.check_bits(log, GOLDEN)
    for other in (["# done 1"], []):
        log = parse([*silent[:-1], *other])
        simulation.take_unprinted(log, GOLDEN)
        with pytest.raises(HeepstorError):
            simulation.check_bits(log, GOLDEN)


def test_one_output_line_that_is_missing_fails():
    log = parse([line for line in LOG if not line.startswith("# output 1")])
    simulation.take_unprinted(log, GOLDEN)
    with pytest.raises(HeepstorError, match="inference 1 has 0 outputs"):
        simulation.check_bits(log, GOLDEN)


def test_missing_inputs_fail():
    with pytest.raises(HeepstorError, match="1 of 2 inferences"):
        simulation.check_bits(parse([*LOG[:7], "# done 0"]), GOLDEN)


@pytest.mark.parametrize(
    ("index", "value", "passes"),
    [
        ((0, 0), 1.0 + 5e-6, True),
        ((0, 0), 1.0 + 5e-5, False),
        ((0, 1), 5e-7, True),
        ((0, 1), 5e-6, False),
        ((1, 1), 0.0, False),
        ((0, 0), np.inf, False),
    ],
)
def test_tolerance_to_pytorch(index, value, passes):
    expected = GOLDEN.astype(np.float64)
    expected[index] = value
    if passes:
        assert simulation.check_quantized(parse(LOG), expected, TOLERANCE) > 0
    else:
        with pytest.raises(HeepstorError, match=f"inference {index[0]}, output {index[1]}"):
            simulation.check_quantized(parse(LOG), expected, TOLERANCE)


SEEN_AGAIN = r"(?s)...*To repeat it: .*/simulator --firmware=.*/fw.elf --seed=[1-9]\d*$"


def stand_in(folder: Path, text: str, code: int, *commands: str) -> Path:
    """A simulator that runs commands of the shell, prints a text and ends with a code."""
    path = folder / "simulator"
    lines = "\n".join(["#!/bin/sh", *commands, "cat <<'END'", text, "END", f"exit {code}"])
    path.write_text(lines + "\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A generate stage's folder."""
    (tmp_path / "golden").mkdir()
    np.save(tmp_path / "golden" / "outputs.npy", GOLDEN)
    np.save(tmp_path / "golden" / "quantized.npy", GOLDEN)
    np.save(tmp_path / "golden" / "module.npy", GOLDEN + np.float32(0.25))
    np.save(tmp_path / "golden" / "tolerance.npy", TOLERANCE)
    (tmp_path / "model.json").write_text(json.dumps(MODEL))
    return tmp_path


def test_run_writes_the_result(tmp_path, model):
    program = stand_in(tmp_path, "\n".join(LOG), 0)
    simulation.run(program, tmp_path / "fw.elf", model, tmp_path, Progress())
    result = json.loads((tmp_path / simulation.RESULT).read_text())
    assert result["inputs"][0]["layers"]["1"]["cycles"] == 500
    assert result["quantized_difference"] == 0.0
    assert result["module_difference"] == 0.25
    assert (tmp_path / simulation.LOG).read_text().splitlines() == LOG


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_difference_that_is_not_finite_is_null(tmp_path, model, value):
    np.save(tmp_path / "golden" / "module.npy", np.full_like(GOLDEN, value))
    program = stand_in(tmp_path, "\n".join(LOG), 0)
    simulation.run(program, tmp_path / "fw.elf", model, tmp_path, Progress())
    text = (tmp_path / simulation.RESULT).read_text()
    result = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert result["module_difference"] is None
    assert result["quantized_difference"] == 0.0


def test_failed_simulation_shows_its_last_lines(tmp_path, model):
    program = stand_in(tmp_path, "bus error at 0x00000000 in infer()", 3)
    with pytest.raises(HeepstorError, match=SEEN_AGAIN.replace("..", "exit code 3.*bus error")):
        simulation.run(program, tmp_path / "fw.elf", model, tmp_path, Progress())


def test_firmware_that_finds_mismatches_is_explained(tmp_path, model):
    text = "\n".join(LOG).replace("3f800000", "3f800001").replace("done 0", "done 1")
    with pytest.raises(HeepstorError, match=SEEN_AGAIN.replace("..", "inference 0, output 0")):
        program = stand_in(tmp_path, text, 1)
        simulation.run(program, tmp_path / "fw.elf", model, tmp_path, Progress())


def test_each_simulation_begins_with_junk_of_its_own(tmp_path, model):
    """And its message names the seed that the simulator got."""
    seeds = []
    for _ in range(2):
        program = stand_in(tmp_path, "bus error", 3, 'echo "$@" >"$0.arguments"')
        with pytest.raises(HeepstorError) as caught:
            simulation.run(program, tmp_path / "fw.elf", model, tmp_path, Progress())
        seeds.append(re.search(r"--seed=(\d+)$", str(caught.value))[1])
        assert f"--seed={seeds[-1]} " in (tmp_path / "simulator.arguments").read_text()
    assert seeds[0] != seeds[1]


def test_missing_simulator(tmp_path, model):
    with pytest.raises(HeepstorError, match="cannot be started"):
        simulation.run(tmp_path / "none", tmp_path / "fw.elf", model, tmp_path, Progress())
