"""The program that measures kernels: its source, its inputs, and the hash of outputs."""

import re
import sys

import numpy as np
import pytest

from flows.bench import kernel_program
from flows.bench.kernel_program import Call
from flows.errors import HeepstorError
from flows.terminal.progress import Terminal
from modelgen.operators import Binary, Elementwise, Permute

CALLS = [
    Call("double", Binary("add"), [(2, 3), (2, 3)], "ids"),
    Call("cube", Elementwise("power", (3.0,)), [(4,)], "ids"),
    Call("transpose", Permute((1, 0)), [(2, 3)], "ids"),
]
POOLS = {"ids": np.arange(12, dtype=np.float32)}


def test_the_source_calls_each_kernel_on_its_inputs():
    text = kernel_program.source(CALLS, POOLS)
    assert "float ids[] = {0x0.0p+0f, 0x1.0000000000000p+0f," in text and "float out[6];" in text
    assert "measure(1, 4, [] { heepstor::power<3>(ids + 0, out, 4); });" in text
    assert re.search(r"measure\(0, 6, \[\] \{ heepstor::binary<.*>\(ids \+ 0, ids \+ 6, out", text)
    assert "table_2[] = " in text and "ids + 0, out, table_2);" in text


def test_inputs_follow_each_other_in_their_pool():
    left, right = CALLS[0].inputs(POOLS)
    assert left.tolist() == [[0, 1, 2], [3, 4, 5]] and right.tolist() == [[6, 7, 8], [9, 10, 11]]


class Simulated:
    """A bench whose program prints these lines."""

    def __init__(self, folder):
        self.folder, self.terminal = folder, Terminal(sys.stderr)


def hashed(words):
    state = 2166136261
    for word in words:
        state = (state ^ word) * 16777619 % 2**32
    return state


@pytest.fixture
def printed(monkeypatch):
    """What the program prints."""
    lines = []
    monkeypatch.setattr(kernel_program, "_run", lambda bench, size, text: lines)
    monkeypatch.setattr(
        kernel_program,
        "POOLS",
        {"ids": lambda random, size: np.arange(size)},
    )
    return lines


def test_cycles_and_elements_of_each_call(printed, tmp_path):
    bits = np.array([0.0, 1.0, 8.0, 27.0], np.float32).view(np.uint32).tolist()
    printed += ["hello", f"kernel 0 123 {hashed(bits)}"]
    assert kernel_program.measure(Simulated(tmp_path), 8, CALLS[1:2]) == [(123, 4)]


def test_outputs_that_differ_are_an_error(printed, tmp_path):
    printed += ["kernel 0 123 4711"]
    with pytest.raises(HeepstorError, match="cube: outputs differ"):
        kernel_program.measure(Simulated(tmp_path), 8, CALLS[1:2])


def test_a_program_that_ends_early_is_an_error(printed, tmp_path):
    printed += ["trap: illegal instruction"]
    with pytest.raises(HeepstorError, match="ended early:\ntrap: illegal"):
        kernel_program.measure(Simulated(tmp_path), 8, CALLS[1:2])
