"""A program in memory: what it writes begins with junk, and may not be read before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelgen.plan.machine import Machine
from modelgen.verify.golden import golden_outputs
from tests.support.compiled import inferences_of, program_with_an_arena


def test_what_a_program_writes_begins_with_other_junk_each_time() -> None:
    program = program_with_an_arena()
    one, other = Machine(program), Machine(program)
    tensor = program.graph.tensors[program.graph.outputs[0]]
    for part, size in (("arena", program.arena.size), ("output", tensor.bytes)):
        begin = one.section(part) - one.base
        mine, theirs = (
            np.frombuffer(machine.memory[begin : begin + size], np.uint32)
            for machine in (one, other)
        )
        assert (mine != theirs).mean() > 0.99
    again = [Machine(program, seed=5).memory for _ in range(2)]
    assert again[0] == again[1]


def test_a_program_that_reads_what_it_has_not_stored_is_refused() -> None:
    """The operand that is added lies in memory, and nothing has stored it there."""
    program = program_with_an_arena()
    (chain,) = program.segments
    first = chain.layers[0]
    jobs = tuple(
        replace(job, store=replace(job.store, memory=None)) if job.store else job
        for job in first.jobs
    )
    without = replace(chain, layers=(replace(first, jobs=jobs), *chain.layers[1:]))
    with pytest.raises(AssertionError, match=r"it reads memory at 0x[0-9a-f]+, which nothing has"):
        golden_outputs(replace(program, segments=(without,)), inferences_of(program.graph))
