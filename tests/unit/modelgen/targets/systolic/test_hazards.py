"""Fences suffice, and none is stronger than needed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from modelgen.hardware import Hardware
from modelgen.plan.compiler import compile_graph
from modelgen.targets.systolic.abi import Fence
from tests.support.compiled import SEEDS, chains_of, hardwares
from tests.support.networks import random_network
from tests.support.overlap import check_fences


@settings(max_examples=50, deadline=None)
@given(SEEDS, hardwares())
def test_fences_suffice(seed: int, hardware: Hardware) -> None:
    graph = random_network(seed)
    for chain in chains_of(compile_graph(graph, hardware), graph):
        check_fences(chain[:150], hardware.array_size)


def test_no_fence_is_idle() -> None:
    """Every fence of some networks is needed at its level."""
    found = set()
    for seed in range(12):
        graph = random_network(seed)
        hardware = Hardware(buffer_words=4096, accumulator_depth=64)
        for chain in chains_of(compile_graph(graph, hardware), graph):
            for i, job in enumerate(chain[:60]):
                if job.fence:
                    found.add(job.fence)
                    weaker = replace(job, fence=Fence(job.fence - 1))
                    with pytest.raises(AssertionError, match="may meet"):
                        check_fences([*chain[:i], weaker], hardware.array_size)
    assert Fence.ALL in found
