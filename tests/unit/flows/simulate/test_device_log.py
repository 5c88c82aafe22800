"""What the firmware prints for programs: what is read, and what is refused."""

from __future__ import annotations

import pytest

from flows.errors import HeepstorError
from flows.simulate.device_log import Counters, LogReader, parse
from tests.support.device_log import LOG, MODEL


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
    with pytest.raises(HeepstorError, match=f"reported layer {layer}, but the model has no such"):
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
    with pytest.raises(HeepstorError, match="a malformed line"):
        reader.read(line)
