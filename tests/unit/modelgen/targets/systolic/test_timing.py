"""The cost model: when the jobs of a chain wait for each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Fence
from modelgen.targets.systolic.cost import (
    CONSTANTS,
    JobCost,
    fetch_cycles,
)
from modelgen.targets.systolic.timing import chain_cycles, next_start

HARDWARE = Hardware(array_size=8, port_words=4)

IDLE = JobCost(
    load=0.0,
    load_port=0.0,
    filling=0.0,
    compute=0.0,
    weights=0.0,
    store=0.0,
    store_port=0.0,
    store_reads=1.0,
    store_writes=0.0,
    store_lead=0.0,
    store_tail=0.0,
    latency=0.0,
    reports=True,
    fence=Fence.NONE,
    halves=(1.0, 0.0),
    adding=0.0,
)


def work(**fields: Any) -> JobCost:
    """Return the cost of a job that takes no time but for some fields."""
    return replace(IDLE, **fields)


def ends(*costs: JobCost) -> list[float]:
    """Return when jobs have completed, from the first word of activations on."""
    around = fetch_cycles(HARDWARE) + CONSTANTS.start + CONSTANTS.finish
    return [end - around for end in chain_cycles(costs, HARDWARE)]


def test_the_stages_of_one_job_follow_one_another() -> None:
    assert ends(work(load=10, compute=20, store=5)) == [35]


def test_a_job_loads_while_the_one_before_computes() -> None:
    assert ends(work(load=10, compute=20), work(load=10, compute=20)) == [30, 50]


def test_a_job_computes_while_the_one_before_stores() -> None:
    assert ends(work(compute=20, store=15), work(compute=20, store=15)) == [35, 55]


def test_loading_waits_until_the_job_before_the_last_has_been_computed() -> None:
    jobs = work(load=10, compute=100), work(load=10, compute=5), work(load=10, compute=5)
    assert ends(*jobs) == [110, 115, 125]


def test_computing_waits_until_one_job_at_most_still_stores() -> None:
    assert ends(work(compute=10, store=100), work(compute=10, store=1), work(compute=10)) == [
        110,
        111,
        120,
    ]


@pytest.mark.parametrize(
    ("fence", "end"), [(Fence.NONE, 95), (Fence.ALL_BUT_LAST, 95), (Fence.ALL, 115)]
)
def test_a_fence_of_all_waits_for_the_last_store(fence: Fence, end: float) -> None:
    first = work(load=10, compute=50, store=25)
    assert ends(first, work(load=10, compute=10, store=10, fence=fence)) == [85, end]


def test_a_fence_of_all_but_the_last_waits_for_those_before() -> None:
    first, second = work(compute=10, store=100), work(compute=10, store=1)
    third = work(load=30, compute=10)
    assert ends(first, second, third)[-1] == 120
    assert ends(first, second, replace(third, fence=Fence.ALL_BUT_LAST))[-1] == 150


def test_weights_come_before_results_on_the_port() -> None:
    first, second = work(compute=10, store=20, store_port=20), work(compute=20)
    assert ends(first, second) == [30, 30]
    assert ends(first, replace(second, weights=20)) == [50, 50]
    assert ends(first, replace(second, weights=10)) == [40, 40]


def test_tiles_are_stored_while_the_next_are_computed() -> None:
    """The last tile has to wait for the end of computing."""
    job = work(compute=40, store=20)
    assert ends(job) == [60]
    assert ends(replace(job, store_lead=20, store_tail=5)) == [45]


def test_sums_are_not_read_for_two_purposes_in_the_same_half() -> None:
    first, second = work(compute=10, store=20), work(compute=20, adding=0.5)
    assert ends(first, second) == [40, 40]
    assert ends(first, replace(second, halves=(0.0, 1.0))) == [30, 30]
    # A third less than one position in two cycles: its second cycle needs no read.
    assert ends(replace(first, store_reads=0.5), second)[0] == pytest.approx(10 + 20 / (2 / 3), 0.3)


def test_padding_that_the_array_waits_for_is_filled_before_results_are_stored() -> None:
    """The array waits for padding from cycle 15 on, and results are stored from cycle 20 on."""
    first, second = work(compute=10, store=10), work(compute=5, store=20, store_writes=1.0)
    third = work(load=15, filling=1.0, compute=10)
    assert ends(first, second, third) == [20, 45, 45]


def test_when_the_next_job_could_start() -> None:
    """When the last is computed, and all stores but one are done."""
    assert next_start([work(compute=10, store=5)]) == (10, 15)
    assert next_start([work(compute=10, store=50), work(compute=10, store=5)]) == (60, 65)


def test_results_before_are_stored_first() -> None:
    """The next job waits for them even if it is the second one only."""
    assert next_start([work(compute=10, store=5)], busy=30) == (30, 35)
    assert next_start([work(compute=10, store=5)], busy=8) == (10, 15)
    assert next_start([work(compute=10, store=5), work(compute=10, store=5)], busy=30) == (35, 40)
