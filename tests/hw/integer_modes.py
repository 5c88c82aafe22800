"""Chains of INT8 jobs, each for a mode of the engine."""

from dataclasses import replace

from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.descriptor import Descriptor
from tests.hw.engine_bench import MEMORY_BASE
from tests.hw.integer_jobs import IntegerMaker, after


def products(m: IntegerMaker) -> list[Descriptor]:
    """Matrix products of one position, of pairs, and with more than one tile."""
    size = m.hardware.array_size
    return [
        m.map_job(rows=1, columns=1, channels=4 * size + 8, outputs=3),
        after(m.map_job(rows=6, columns=3, channels=8, outputs=2 * size + 1, pairs=True)),
    ]


def convolutions(m: IntegerMaker) -> list[Descriptor]:
    """Padding is the zero point; a middle row is in both halves; strides."""
    return [
        m.map_job(kernel=3, padding=1, pairs=True),
        after(m.map_job(kernel=3, padding=1, rows=6, channels=4, pairs=True)),
        after(m.map_job(kernel=3, padding=1, rows=8, columns=7, stride=2, pairs=True)),
        after(m.map_job(kernel=3, padding=1, rows=4, channels=12)),
    ]


def spanning_convolutions(m: IntegerMaker) -> list[Descriptor]:
    """Slices go on from row to row of the kernel, in pairs where rows lie in such banks."""
    return [
        m.map_job(kernel=3, padding=1, span=True),
        after(
            m.map_job(kernel=3, padding=1, rows=6, channels=m.hardware.banks, span=True, pairs=True)
        ),
        after(m.map_job(kernel=5, padding=2, rows=6, channels=12, span=True)),
    ]


def depthwise(m: IntegerMaker) -> list[Descriptor]:
    """Kernels of one block and of several, of one row and of one column, strides, two tiles."""
    size, operation = m.hardware.array_size, Operation.DEPTHWISE
    jobs = [
        m.map_job(operation, kernel=3, padding=1, channels=size),
        m.map_job(operation, kernel=3, padding=1, rows=7, channels=size + 4, stride=2),
        m.map_job(operation, kernel=5, padding=2, channels=8, stride=2),
        m.map_job(operation, kernel=4, rows=6, channels=4, int4=True),
    ]
    row = m.map_job(operation, kernel=3, rows=4, channels=8)
    row = replace(row, runs_y=1)
    column = replace(m.map_job(operation, kernel=3, rows=4, channels=8), runs_x=1)
    jobs += [replace(job, weights=m.weights(job)) for job in (row, column)]
    return [after(job) for job in jobs]


def poolings(m: IntegerMaker) -> list[Descriptor]:
    """Averages and maxima, with and without pairs."""
    return [
        m.map_job(Operation.SUM, rows=5, columns=5, kernel=5, channels=13),
        after(m.map_job(Operation.SUM, rows=6, kernel=2, stride=2, channels=8, pairs=True)),
        after(m.map_job(Operation.MAX, kernel=3, padding=1, rows=8, channels=20, pairs=True)),
    ]


def windows(m: IntegerMaker) -> list[Descriptor]:
    """Largest results of windows of 2 x 2; of pairs, whose rows are two apart."""
    whole = m.map_job(rows=5, columns=7, channels=8)
    pairs = m.map_job(rows=8, columns=4, channels=8, pairs=True, window=2)
    return [m.results(whole, 2, 3, window=2), after(pairs)]


def operands(m: IntegerMaker) -> list[Descriptor]:
    """Sums with an operand, to memory and to the buffer, in place, of pairs, and with a table."""
    job = m.with_operand(m.map_job(rows=6, columns=3, channels=8, outputs=11, pairs=True))
    kept = replace(m.kept(job, 600), store_memory=True)
    table = replace(job, apply_table=True, load_table=True, coefficients=m.byte_table())
    return [job, after(kept), after(replace(kept, residual=job.destination)), after(table)]


def tables(m: IntegerMaker) -> list[Descriptor]:
    """Tables of bytes; one for numbers in between does not replace them."""
    job = m.map_job(rows=3, columns=3, channels=8, outputs=m.hardware.array_size + 2)
    first = replace(job, apply_table=True, load_table=True, coefficients=m.byte_table())
    number = replace(m.job(rows=2, columns=2), apply_table=True, load_table=True)
    number = replace(number, coefficients=m.table(), table_reach=4, table_fraction=22)
    again = m.elsewhere(replace(first, load_table=False, integer_low=-20, integer_high=30))
    return [first, after(number), again, after(m.elsewhere(number))]


def narrow_weights(m: IntegerMaker) -> list[Descriptor]:
    """INT4 weights of INT8 jobs and of FP32 ones, with tiles of which a few columns exist."""
    size = m.hardware.array_size
    small = m.map_job(kernel=2, channels=12, outputs=size + 1, int4=True, pairs=True)
    numbers = m.job(kernel=2, channels=5, outputs=size + 3)
    return [
        small,
        after(replace(numbers, int4_weights=True)),
        after(m.map_job(rows=2, columns=2, channels=4, outputs=3, int4=True)),
    ]


def extremes(m: IntegerMaker) -> list[Descriptor]:
    """Activations of -128 and weights of -127: the largest sums of eight."""
    job = m.map_job(rows=4, columns=2, channels=4 * m.hardware.array_size, pairs=True)
    memory = m.memory.memory
    activations = job.source, 8 * job.load_words * 4, b"\x80"
    weights = job.weights, 4 * m.hardware.array_size**2, b"\x81"
    for address, count, byte in (activations, weights):
        begin = address - MEMORY_BASE
        memory[begin : begin + count] = byte * count
    return [job]


def both_kinds(m: IntegerMaker) -> list[Descriptor]:
    """Numbers and integers in turn, without a wait for each other."""
    size = m.hardware.array_size
    jobs = []
    for index in range(6):
        make = m.map_job if index % 2 else m.job
        job = make(rows=2, columns=3, channels=8, outputs=size)
        place = {"load_base": 100 * index, "input_base": 100 * index, "accumulator": 8 * index}
        jobs.append(replace(job, **place))
    return jobs


def chunks(m: IntegerMaker) -> list[Descriptor]:
    """Sums that a second job goes on with, of pairs."""
    job = m.map_job(kernel=3, padding=1, rows=6, channels=8, pairs=True)
    first = replace(job, store_memory=False)
    second = replace(job, first=False, load=False, fill=False)
    return [first, after(replace(second, weights=m.weights(second)))]


MODES = (
    products,
    convolutions,
    spanning_convolutions,
    depthwise,
    poolings,
    windows,
    operands,
    tables,
    narrow_weights,
    extremes,
    both_kinds,
    chunks,
)
