"""Comparing what the firmware printed with what must come out."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import numpy as np
import pytest

from flows.errors import HeepstorError
from flows.simulate import simulation
from flows.simulate.device_log import parse
from flows.terminal.progress import Progress
from tests.support.device_log import LOG, MODEL

GOLDEN = np.array([[0x3F800000, 0x80000000], [1, 0x7FC00000]], np.uint32).view(np.float32)
TOLERANCE = np.array([[1e-5, 1e-6], [1e-6, 1e-6]])


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


def test_outputs_of_a_batch_are_arranged_by_sample(model):
    """The device prints an output for both samples, then the next."""
    golden = np.arange(6, dtype=np.float32).reshape(2, 3)
    for name in ("outputs", "quantized", "module"):
        np.save(model / "golden" / f"{name}.npy", golden)
    np.save(model / "golden" / "tolerance.npy", np.zeros((2, 3)))
    description = {**MODEL, "inferences": 1, "batch": 2, "outputs": [2, 1]}
    (model / "model.json").write_text(json.dumps(description))
    words = [f"{np.float32(value).view(np.uint32):08x}" for value in (0, 1, 3, 4, 2, 5)]
    lines = [*LOG[:5], f"# output 0 {' '.join(words)}", "# stack 512", "# done 0"]
    result = simulation.check(parse(lines), model)
    assert result["module_difference"] == 0.0
    assert [
        np.uint32(int(bits, 16)).view(np.float32) for bits in result["inputs"][0]["outputs"]
    ] == [*range(6)]


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


def test_own_arithmetic_on_integers_is_near_the_module(tmp_path, model):
    (model / "model.json").write_text(json.dumps(MODEL | {"contract": "exact"}))
    program = stand_in(tmp_path, "\n".join(LOG), 0)
    simulation.run(program, tmp_path / "fw.elf", model, tmp_path, Progress())
    result = json.loads((tmp_path / simulation.RESULT).read_text())
    assert result["quantized_difference"] is None and result["module_difference"] == 0.25


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


def test_integers_are_compared_and_shown_as_such():
    log = parse([line.replace("3f800000", "ffffff85") for line in LOG])
    log.inputs[1].outputs = [5, 0x7F]
    log.inputs[0].outputs[1] = 0
    golden = np.array([[-123, 0], [5, 127]], np.int8)
    simulation.check_bits(log, golden, "int8")
    assert simulation.outputs_of(log, "int8").tolist() == golden.tolist()
    golden[1, 1] = 126
    with pytest.raises(HeepstorError, match=r"127 \(0x0000007f\), expected 126 \(0x0000007e\)"):
        simulation.check_bits(log, golden, "int8")


def test_outputs_that_differ_from_the_runtimes():
    log = parse(LOG)
    log.inputs[0].outputs, log.inputs[1].outputs = [0xFFFFFF85, 0], [5, 0x7F]
    expected = np.array([[-123, 0], [5, 127]], np.int8)
    simulation.check_runtime(log, expected, "tflite-reference", "int8")
    expected[1, 0] = 6
    message = r"1 of 4 .* tflite-reference\): the first is output 0 of input 1, expected 6"
    with pytest.raises(HeepstorError, match=message):
        simulation.check_runtime(log, expected, "tflite-reference", "int8")
