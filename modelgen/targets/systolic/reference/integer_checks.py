"""Checks of what INT8 jobs and INT4 weights add to a descriptor."""

from __future__ import annotations

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Factor, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference.integer_slices import pair_offset
from modelgen.targets.systolic.tiles import depthwise_block

PITCH_LIMIT = 1 << 31
"""Exclusive limit of the bytes between rows or columns in memory."""
_MOST_TAPS = 255
"""Of a depthwise kernel, in a row and in a column."""


def is_unknown(job: Descriptor, hardware: Hardware) -> bool:
    """Return whether a job asks for what its kind, or the engine, does not have."""
    if not hardware.int8 and (job.int8 or job.int4_weights):
        return True
    if job.int4_weights and job.operation == Operation.DEPTHWISE and not job.int8:
        return True
    if job.column_stride and not _is_depthwise(job):
        return True
    if not job.int8:
        return job.ties_even or job.pair_rows != 0
    pairs_channels = job.pair_rows != 0 and job.operation == Operation.DEPTHWISE
    return job.scales_only or job.factor != Factor.SLOPE or pairs_channels


def has_zero(job: Descriptor) -> bool:
    """Return whether a size that the job uses is zero."""
    return _is_depthwise(job) and job.column_stride == 0


def breaks_kernel(job: Descriptor, hardware: Hardware) -> bool:
    """Return whether a depthwise kernel is too large, or its rows lie in the wrong banks."""
    if not _is_depthwise(job):
        return False
    rows, _ = depthwise_block(hardware.array_size)
    several = rows > 1 and job.runs_y > 1
    wrong_banks = several and job.run_pitch_y % hardware.banks != hardware.banks // 4
    return wrong_banks or max(job.runs_x, job.runs_y) > _MOST_TAPS


def breaks_steps(job: Descriptor, hardware: Hardware) -> bool:
    """Return whether the positions of a pair lie in the same banks, or steps do not agree."""
    if job.pair_rows:
        group = hardware.banks // 4
        return pair_offset(job) % hardware.banks not in (group, 2 * group, 3 * group)
    return _is_depthwise(job) and job.step_x != job.column_stride * job.run_pitch_x


def breaks_pitch(job: Descriptor) -> bool:
    """Return whether the results of a pair are so far apart that an address could wrap around."""
    uses_memory = job.store_memory or job.reads_operand
    return uses_memory and job.pair_rows * job.destination_pitch_y >= PITCH_LIMIT


def _is_depthwise(job: Descriptor) -> bool:
    return job.int8 and job.operation == Operation.DEPTHWISE
