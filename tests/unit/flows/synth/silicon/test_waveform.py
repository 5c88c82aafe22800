"""Reading the values of signals from a waveform."""

import pytest

from flows.errors import HeepstorError
from flows.synth.silicon import waveform
from flows.synth.silicon.waveform import Windows

HEADER = """\
$timescale 1ps $end
$scope module TOP $end
$var wire 1 ! clk_i $end
$var wire 1 " busy $end
$var logic 4 # value_q [3:0] $end
$scope module items $end
$var logic 2 $ items[0] [1:0] $end
$var logic 2 % items[1] [1:0] $end
$upscope $end
$scope struct pair $end
$var logic 1 & first $end
$var logic 2 ' second [1:0] $end
$upscope $end
$upscope $end
$enddefinitions $end
"""


def lines(cycles):
    """A waveform with a rising and a falling edge for each cycle; what changes is at the rise."""
    text = [HEADER, '#0\n0!\n0"\n']
    for number, changes in enumerate(cycles):
        text += [f"#{2 * number + 1}\n1!\n", *(f"{one}\n" for one in changes)]
        text += [f"#{2 * number + 2}\n0!\n"]
    text.append(f"#{2 * len(cycles) + 2}\n")
    return "".join(text).encode().splitlines(keepends=True)


def read(cycles, windows=None):
    return waveform.read(lines(cycles), "TOP.clk_i", "TOP.busy", windows or Windows(9, 9, 99))


def test_cycles_that_count_with_what_changed_before():
    found = read([["b0110 #"], ['1"'], ["b1 #"], ['0"', "b1111 #"], ['1"']])
    assert found.cycles == 3
    assert found.first.tolist() == [True, False, True], "one cycle did not count"
    bits = [found.bit("TOP.value_q", bit, 4).astype(int).tolist() for bit in range(4)]
    assert bits == [[0, 1, 1], [1, 0, 1], [1, 0, 1], [0, 0, 1]]


def test_windows():
    found = read([['1"'], *[[f"b{n:b} #"] for n in range(1, 8)]], Windows(2, 4, 3))
    values = [found.bit("TOP.value_q", bit, 4) for bit in range(3)]
    assert [sum(2**b * int(v[n]) for b, v in enumerate(values)) for n in range(3)] == [0, 1, 4]
    assert found.first.tolist() == [True, False, True]


def test_arrays_and_structures_are_put_together():
    found = read([['1"', "b01 $", "b10 %", "1&", "b00 '"]])
    items = [int(found.bit("TOP.items", bit, 4)[0]) for bit in range(4)]
    assert items == [0, 1, 1, 0], "the first element has the highest bits"
    pair = [int(found.bit("TOP.pair", bit, 3)[0]) for bit in range(3)]
    assert pair == [0, 0, 1], "so has the first field"
    merged = [int(found.bit("TOP.items[0]", bit, 4)[0]) for bit in range(4)]
    assert merged == [1, 0, 0, 1], "two elements that became one row of a memory"


def test_what_is_not_recorded():
    found = read([['1"', "bx1 #"]])
    assert found.bit("TOP.other", 0, 1) is None
    assert found.bit("TOP.value_q", 4, 5) is None
    assert not found.bit("TOP.value_q", 1, 4)[0], "unknown values count as 0"
    with pytest.raises(HeepstorError, match=r"no signal TOP\.none"):
        waveform.read(lines([]), "TOP.none", "TOP.busy", Windows(1, 1, 1))
