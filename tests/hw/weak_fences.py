"""Chains whose jobs overlap as far as their fences may allow."""

import os
from collections.abc import Sequence
from dataclasses import replace

from modelgen.targets.systolic.abi import Fence
from modelgen.targets.systolic.descriptor import Descriptor
from tests.hw.engine_bench import Allocator, EngineBench
from tests.hw.engine_chains import fill_memory, run_and_compare
from tests.support.overlap import check_fences
from tests.support.random_chains import KINDS, ChainMaker, Limits


def weakest_fences(jobs: Sequence[Descriptor], array_size: int) -> list[Descriptor]:
    """Returns the jobs with the weakest fence each that keeps overlapping stages apart."""
    fenced = list(jobs)
    for i, job in enumerate(jobs):
        for fence in Fence:
            fenced[i] = replace(job, fence=fence)
            try:
                check_fences(fenced, array_size)
            except AssertionError:
                continue
            break
    return fenced


async def compare_weakly_fenced(bench: EngineBench, integers: float = 0.0) -> None:
    """Random chains with no more fences than they need give what they give with all of them."""
    size = bench.hardware.array_size
    limits = Limits(positions=4, run=min(2 * size, 24), runs=2, tiles=1)
    seen = set()
    for seed in range(200, 200 + int(os.environ.get("CHAINS", "6"))):
        bench.stalls = (0.0, 0.4)[seed % 2]
        kind = KINDS[seed % len(KINDS)]
        maker = ChainMaker(seed, bench.hardware, kind, limits, (Fence.ALL,), integers)
        chain = maker.make(9)
        jobs = weakest_fences(chain.jobs, size)
        seen |= {job.fence for job in jobs[1:]}
        fill_memory(bench, chain.memory)
        allocator = Allocator(bench.memory)
        allocator.used = -(-len(chain.memory) // 16) * 16
        try:
            await run_and_compare(bench, allocator.chain(jobs), jobs)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
    assert Fence.NONE in seen, "the chains have no weak fences"
