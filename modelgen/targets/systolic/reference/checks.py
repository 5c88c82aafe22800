"""Checks of descriptors: malformed ones, and accesses beyond the buffer and the accumulators."""

from __future__ import annotations

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import MOST_CROSSINGS, Error, Factor, Fence, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference import integer_checks, integer_slices, slices
from modelgen.targets.systolic.reference.memory import Fault
from modelgen.targets.systolic.tiles import LINE_BYTES, WORD_BYTES


def check(job: Descriptor, hardware: Hardware) -> None:
    """Reject what the engine rejects before or while it runs a job, except accesses to memory.

    Raises:
        Fault: the job is rejected, with the code that the engine reports; if several faults apply,
            with one of them.
    """
    faults = descriptor_faults(job, hardware) or size_faults(job, hardware)
    if faults:
        raise Fault(faults[0])


def descriptor_faults(job: Descriptor, hardware: Hardware) -> list[Error]:
    """Return the faults that the engine finds when it reads a descriptor; it reports the first."""
    is_unknown = _is_unknown(job) or integer_checks.is_unknown(job, hardware)
    rules = (
        (is_unknown, Error.BAD_OPERATION),
        (_has_zero(job) or integer_checks.has_zero(job), Error.ZERO_DIMENSION),
        (_breaks_span(job, hardware), Error.BAD_OPERATION),
        (_breaks_window(job), Error.BAD_OPERATION),
        (integer_checks.breaks_kernel(job, hardware), Error.BAD_OPERATION),
        (_is_misaligned(job) or _wraps(job), Error.BAD_ADDRESS),
    )
    return [error for broken, error in rules if broken]


def size_faults(job: Descriptor, hardware: Hardware) -> list[Error]:
    """Return the faults found while a job runs; the engine reports the first it encounters."""
    entries = job.accumulator + job.tiles * job.positions
    rules = (
        (_breaks_gap(job), Error.BAD_OPERATION),
        (integer_checks.breaks_steps(job, hardware), Error.BAD_OPERATION),
        (integer_checks.breaks_pitch(job), Error.BAD_ADDRESS),
        (buffer_end(job, hardware.array_size) > hardware.buffer_words, Error.BUFFER_OVERFLOW),
        (entries > hardware.accumulator_depth, Error.ACCUMULATOR_OVERFLOW),
    )
    return [error for broken, error in rules if broken]


def buffer_end(job: Descriptor, array_size: int) -> int:
    """Return the end of the words of the buffer that a job accesses."""
    ends = [compute_end(job, array_size)]
    if job.load or job.fill:
        rows = job.load_base + job.load_head
        ends.append(
            rows + (job.load_rows - 1) * job.load_pitch_y + job.load_columns * job.load_words
        )
        if job.fill:
            ends.append(rows + job.load_rows * job.load_pitch_y + job.load_tail)
    if job.store_buffer:
        rows = job.store_rows - 1 + job.pair_rows
        corner = rows * job.store_pitch_y + (job.store_columns - 1) * job.store_pitch_x
        ends.append(job.store_base + corner + slices.stored_words(job, array_size))
    return max(ends)


def compute_end(job: Descriptor, array_size: int) -> int:
    """Return the end of the words of the buffer that a job computes with."""
    corner = (job.position_rows - 1) * job.step_y + (job.position_columns - 1) * job.step_x
    last_run = (job.runs_y - 1) * job.run_pitch_y + (job.runs_x - 1) * job.run_pitch_x
    is_matmul = job.operation == Operation.MATMUL
    channels = job.tiles * slices.width(job, array_size)
    words = job.run_words if is_matmul else min(job.run_words, channels)
    return job.input_base + corner + last_run + words + integer_slices.pair_offset(job)


def _is_unknown(job: Descriptor) -> bool:
    spans_wrongly = job.span and (job.operation != Operation.MATMUL or job.runs_x > 1)
    known = job.operation in set(Operation) and job.fence in set(Fence)
    known = known and job.factor in set(Factor)
    return bool(job.reserved) or spans_wrongly or _lacks_factor(job) or not known


def _lacks_factor(job: Descriptor) -> bool:
    """Return whether results are to be multiplied by what the job does not have."""
    if job.factor == Factor.VALUE:
        return not job.apply_table
    return job.factor == Factor.OPERAND and job.add_residual


def _has_zero(job: Descriptor) -> bool:
    used = [job.position_columns, job.position_rows, job.run_words, job.runs_x, job.runs_y]
    used += [job.tiles, job.channels]
    if job.load or job.fill:
        used += [job.load_rows, job.load_columns, job.load_words]
    if job.stores:
        used += [job.store_columns, job.store_rows, job.window_columns, job.window_rows]
    return 0 in used


def _breaks_span(job: Descriptor, hardware: Hardware) -> bool:
    """Return whether spanning runs are in the wrong banks, or too many for one slice."""
    if not job.span or job.runs_y == 1:
        return False
    reached = MOST_CROSSINGS * job.run_words
    crosses_many = reached < slices.width(job, hardware.array_size)
    crosses_many = crosses_many and job.runs_y > MOST_CROSSINGS + 1
    return (job.run_pitch_y - job.run_words) % hardware.banks != 0 or crosses_many


def _breaks_window(job: Descriptor) -> bool:
    return job.stores and (
        job.store_rows * job.window_rows > job.position_rows
        or job.store_columns * job.window_columns > job.position_columns
    )


def _breaks_gap(job: Descriptor) -> bool:
    """Return whether rows with fill around them do not fit their pitch."""
    return job.fill and job.load_columns * job.load_words > job.load_pitch_y


def _wraps(job: Descriptor) -> bool:
    """Return whether pitches are so large that an address could wrap around into memory."""
    return any(pitch >= integer_checks.PITCH_LIMIT for pitch in _pitches(job))


def _pitches(job: Descriptor) -> list[int]:
    """Return the pitches in memory that a job uses, in bytes."""
    pitches = [job.source_pitch_y, job.source_pitch_x] if job.load else []
    if job.store_memory or job.reads_operand:
        pitches += [job.destination_pitch_x, job.destination_pitch_y]
    return pitches


def _is_misaligned(job: Descriptor) -> bool:
    words = _pitches(job)
    if job.stores:
        words.append(job.parameters)
    if job.load:
        words.append(job.source)
    if job.store_memory:
        words.append(job.destination)
    if job.reads_operand:
        words.append(job.residual)
    lines = [job.profile]
    if job.stores and job.load_table:
        lines.append(job.coefficients)
    if job.operation in (Operation.MATMUL, Operation.DEPTHWISE):
        lines.append(job.weights)
    return any(word % WORD_BYTES for word in words) or any(line % LINE_BYTES for line in lines)
