"""The bridge between the CPU's clock and the system's: nothing is lost, repeated or reordered."""

import os
import random
from collections import deque

import cocotb
import pytest
from cocotb.triggers import Timer

from tests.hw.runner import run_cocotb
from tests.hw.test_interconnect import answer_of, request

ACCESSES = 3_000
HALF = 5  # ns of half a fast cycle


@pytest.mark.parametrize(
    ("ratio", "accesses"),
    [
        (1, ACCESSES),
        (2, ACCESSES),
        (3, ACCESSES),
        (4, ACCESSES),
        (8, ACCESSES),
        pytest.param(2, 1_000_000, marks=pytest.mark.nightly),
    ],
)
def test_clock_bridge(ratio, accesses):
    run_cocotb(
        "heepstor:ip:interconnect",
        "obi_clock_bridge",
        "tests.hw.test_clock_bridge",
        parameters={"Ratio": ratio},
        environment={"RATIO": str(ratio), "ACCESSES": str(accesses)},
    )


class Bench:
    """Both clocks, and what the two sides do in each of their cycles.

    A cycle's inputs are set half a fast cycle before its end; outputs are read just before it.
    """

    def __init__(self, dut, seed, eagerness, patience):
        self.dut = dut
        self.ratio = int(os.environ["RATIO"])
        self.rng = random.Random(seed)
        self.eagerness, self.patience = eagerness, patience
        self.wanted = None  # the access that the master asks for
        self.expected = deque()  # answers that the master waits for
        self.asked = deque()  # what the slave should be asked, in this order
        self.owed = deque()  # answers that the slave owes, with the cycle of each
        self.answered = 0
        self.time = 0

    async def reset(self):
        dut = self.dut
        for name in ("clk_i", "clk_slow_i", "slow_edge_i", "master_i", "slave_gnt_i", "slave_i"):
            getattr(dut, name).value = 0
        for level in (0, 1, 0):  # from its first moment on, with an edge
            dut.rst_ni.value = level
            await Timer(HALF, "ns")
        dut.rst_ni.value = 1
        self.wanted = None
        for queue in (self.expected, self.asked, self.owed):
            queue.clear()

    async def cycle(self, more):
        """One fast cycle; the master begins no access unless there are to be more."""
        dut, is_slow_edge = self.dut, self.time % self.ratio == self.ratio - 1
        if self.time % self.ratio == 0:
            self._begin_slow_cycle(more)
        dut.slow_edge_i.value = is_slow_edge
        dut.slave_gnt_i.value = self.rng.random() < self.eagerness
        answer = self._answer()
        dut.slave_i.value = 0 if answer is None else 1 << 32 | answer
        await Timer(HALF, "ns")
        self._note_request()
        if is_slow_edge:
            self._end_slow_cycle()
        dut.clk_i.value = 1
        dut.clk_slow_i.value = is_slow_edge
        await Timer(HALF, "ns")
        dut.clk_i.value = 0
        dut.clk_slow_i.value = 0
        self.time += 1

    def _begin_slow_cycle(self, more):
        if self.wanted is None and more and self.rng.random() < self.eagerness:
            bits = self.rng.getrandbits
            self.wanted = bits(30) << 2, bits(1), bits(32)
        self.dut.master_i.value = 0 if self.wanted is None else request(*self.wanted)

    def _end_slow_cycle(self):
        response = int(self.dut.master_o.value)
        if response >> 32:
            assert self.expected, "an answer that was not asked for"
            assert response & 0xFFFF_FFFF == self.expected.popleft()
            self.answered += 1
        if self.wanted is not None and self.dut.master_gnt_o.value == 1:
            self.expected.append(answer_of(*self.wanted))
            self.asked.append(self.wanted)
            if self.ratio == 1:
                self._check_request()
            self.wanted = None

    def _note_request(self):
        if self.ratio > 1 and int(self.dut.slave_o.value) >> 69 and self.dut.slave_gnt_i.value == 1:
            self._check_request()

    def _check_request(self):
        assert self.asked, "a request that was not made"
        wanted = self.asked.popleft()
        assert int(self.dut.slave_o.value) == request(*wanted)
        due = self.time + 1 + int(self.rng.expovariate(self.patience))
        self.owed.append((due, answer_of(*wanted)))

    def _answer(self):
        if self.owed and self.owed[0][0] <= self.time:
            return self.owed.popleft()[1]
        return None


@cocotb.test()
async def check_every_access_is_answered_once(dut):
    """Whatever either side waits for, and after resets in between."""
    total = int(os.environ["ACCESSES"])
    for seed, (eagerness, patience) in enumerate([(1.0, 9.0), (0.5, 1.0), (0.9, 0.2)]):
        bench = Bench(dut, seed, eagerness, patience)
        await bench.reset()
        for _ in range(bench.ratio * 20):
            await bench.cycle(more=True)
        await bench.reset()
        while bench.answered < total // 3:
            await bench.cycle(more=True)
        for _ in range(bench.ratio * 200):
            await bench.cycle(more=False)
        assert not bench.expected and not bench.asked, "an access was lost"


@cocotb.test()
async def check_a_willing_slave_is_asked_in_every_slow_cycle(dut):
    """The bridge delays accesses and does not make them rarer."""
    bench = Bench(dut, 0, 1.0, 1e9)
    await bench.reset()
    cycles = 200
    for _ in range(bench.ratio * cycles):
        await bench.cycle(more=True)
    assert bench.answered >= cycles - 3
