"""What the engine and its software agree on.

Generated from cores/engine/descriptor.rdl and engine.rdl: do not edit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

VERSION = 6
"""Version of registers and descriptors."""

DESCRIPTOR_WORDS = 32

DESCRIPTOR_ALIGNMENT = 16
"""Addresses of descriptors are multiples of so many bytes."""

MOST_CROSSINGS = 7
"""Runs that a spanning slice may go on to after the one in which it begins."""

BUFFER_LATENCY = 4
"""Cycles from a slice that is issued to the operands of the array."""

PRODUCT_LATENCY = 7
"""Cycles from operands to products, beyond the rows of the array."""

ACCUMULATE_LATENCY = 6
"""Cycles from a product to its sum, which may be used again then."""

STORE_LATENCY = 18
"""Cycles from reading a sum to its result."""

FUNCTION_LATENCY = 10
"""Added to it where the result is a function from the table."""

INTEGER_PRODUCT_LATENCY = 6
"""Cycles from operands to products in an INT8 job."""

INTEGER_ACCUMULATE_LATENCY = 2
"""Cycles from a product to its sum in an INT8 job."""

INTEGER_STORE_LATENCY = 7
"""Cycles from reading a sum to its result in an INT8 job."""

INTEGER_OPERAND_LATENCY = 3
"""Added to it where the result has an operand."""

SEGMENTS = 512
"""Entries of a table of a function, of 64 bits each."""


class Operation(IntEnum):
    """What a job makes of the words that it reads."""

    MATMUL = 1
    """Slices times array_size x array_size weights, on the array."""
    DEPTHWISE = 2
    """Each channel times a weight of its own, on the array's diagonal."""
    SUM = 3
    """Words are added in FP32, bypassing the array."""
    MAX = 4
    """The largest of the words, bypassing the array."""


class Fence(IntEnum):
    """Which earlier jobs a job waits for before it loads and computes."""

    NONE = 0
    """No job."""
    ALL_BUT_LAST = 1
    """All that report (store, write a profile, or come last) but the last one of them: until they
    have stored.
    """
    ALL = 2
    """All: until every one has been computed, and has stored what it stores."""


class Factor(IntEnum):
    """What results are multiplied by."""

    SLOPE = 0
    """Negative results by slope."""
    VALUE = 1
    """The table's function of a value by the value itself; needs apply_table."""
    OPERAND = 2
    """Results by the operand at residual, which is not added."""


class Error(IntEnum):
    """Why the chain was stopped."""

    NONE = 0
    """No error."""
    BAD_OPERATION = 1
    """Unknown operation, fence or factor, a factor without what it needs, a reserved bit is set,
    INT8 or INT4 on an engine without them, a field that the job's type does not have, pairs or
    kernel rows in the wrong banks, runs that span cannot cross, windows that reach beyond the
    positions, or rows wider than their pitch with fill. Found when the descriptor is read.
    """
    BAD_ADDRESS = 2
    """An address or a pitch is misaligned, a pitch is 2^31 bytes or more, or an access lies outside
    main memory. Found when the descriptor is read, or at the access, which is not made.
    """
    ZERO_DIMENSION = 3
    """One of the sizes that the job uses is zero. Found when the descriptor is read."""
    BUFFER_OVERFLOW = 4
    """A word outside the activation buffer. Found when the descriptor is read, or at the access,
    which is not made.
    """
    ACCUMULATOR_OVERFLOW = 5
    """An accumulator that does not exist. Found at the access, which is not made."""
    BAD_DESCRIPTOR = 6
    """The descriptor's own address is misaligned or outside main memory. Found before it is read.
    """
    BUSY = 7
    """A doorbell while a chain runs; the chain goes on."""
    CHAIN_TOO_LONG = 8
    """More than 65,536 descriptors. Found when the last one allowed is read."""
    TIME_LIMIT = 9
    """The chain still runs after LIMIT cycles."""
    ABORTED = 10
    """The chain was stopped by ABORT."""


LAYOUT: dict[str, tuple[int, int, int]] = {
    "next": (0, 0, 32),
    "operation": (1, 0, 8),
    "load": (1, 8, 1),
    "fill": (1, 9, 1),
    "first": (1, 10, 1),
    "store_memory": (1, 11, 1),
    "store_buffer": (1, 12, 1),
    "add_residual": (1, 13, 1),
    "span": (1, 14, 1),
    "scales_only": (1, 15, 1),
    "fence": (1, 16, 2),
    "apply_table": (1, 18, 1),
    "load_table": (1, 19, 1),
    "factor": (1, 20, 2),
    "int8": (1, 22, 1),
    "int4_weights": (1, 23, 1),
    "ties_even": (1, 24, 1),
    "source": (2, 0, 32),
    "source_pitch_x": (3, 0, 32),
    "source_pitch_y": (4, 0, 32),
    "load_columns": (5, 0, 16),
    "load_rows": (5, 16, 16),
    "load_words": (6, 0, 16),
    "load_pitch_y": (6, 16, 16),
    "load_base": (7, 0, 16),
    "load_head": (7, 16, 16),
    "load_tail": (8, 0, 16),
    "column_stride": (8, 16, 8),
    "zero_point": (8, 24, 8),
    "fill_value": (9, 0, 32),
    "input_base": (10, 0, 16),
    "accumulator": (10, 16, 16),
    "step_x": (11, 0, 16),
    "step_y": (11, 16, 16),
    "position_columns": (12, 0, 16),
    "position_rows": (12, 16, 16),
    "runs_x": (13, 0, 16),
    "runs_y": (13, 16, 16),
    "run_pitch_x": (14, 0, 16),
    "run_pitch_y": (14, 16, 16),
    "run_words": (15, 0, 16),
    "pair_rows": (15, 16, 16),
    "tiles": (16, 0, 16),
    "channels": (16, 16, 16),
    "weights": (17, 0, 32),
    "parameters": (18, 0, 32),
    "destination": (19, 0, 32),
    "destination_pitch_x": (20, 0, 32),
    "destination_pitch_y": (21, 0, 32),
    "residual": (22, 0, 32),
    "store_columns": (23, 0, 16),
    "store_rows": (23, 16, 16),
    "store_pitch_x": (24, 0, 16),
    "store_pitch_y": (24, 16, 16),
    "store_base": (25, 0, 16),
    "window_columns": (25, 16, 8),
    "window_rows": (25, 24, 8),
    "clamp_low": (26, 0, 32),
    "clamp_high": (27, 0, 32),
    "slope": (28, 0, 32),
    "profile": (29, 0, 32),
    "coefficients": (30, 0, 32),
    "table_reach": (31, 0, 4),
    "table_fraction": (31, 4, 5),
    "integer_low": (31, 16, 8),
    "integer_high": (31, 24, 8),
}
"""Of each field: word, lowest bit, bits."""

FLOATS = frozenset({"fill_value", "clamp_low", "clamp_high", "slope"})
"""Fields whose bits are an FP32 number."""

SIGNED = frozenset({"zero_point", "integer_low", "integer_high"})
"""Fields whose bits are an integer in two's complement."""


@dataclass(frozen=True)
class Fields:
    """The fields of a descriptor, without those that must be zero."""

    next: int = 0
    """Address of the next descriptor; 0 ends the chain."""
    operation: int = Operation.MATMUL
    """What a job makes of the words that it reads."""
    load: bool = False
    """Fetch activations into the buffer."""
    fill: bool = False
    """Write fill_value round the rows in the buffer."""
    first: bool = False
    """The first slice overwrites the accumulators; otherwise it is added."""
    store_memory: bool = False
    """Results go to memory."""
    store_buffer: bool = False
    """Results go to the activation buffer."""
    add_residual: bool = False
    """Add the operand at residual to the results, before function, factor and clamp."""
    span: bool = False
    """Slices go on from run to run; needs a matmul, runs_x of 1, and runs that begin in successive
    banks.
    """
    scales_only: bool = False
    """The parameters are scales alone, and nothing is added to the scaled results."""
    fence: int = Fence.NONE
    """Which earlier jobs a job waits for before it loads and computes."""
    apply_table: bool = False
    """Results become the table's function of them."""
    load_table: bool = False
    """Read the table at coefficients before anything is stored."""
    factor: int = Factor.SLOPE
    """What results are multiplied by."""
    int8: bool = False
    """Activations, sums and results are integers: INT8, INT32 and INT8."""
    int4_weights: bool = False
    """Two weights a byte, each of 4 bits, the lower one first; not on the diagonal."""
    ties_even: bool = False
    """INT8 results are rounded as FP32 rounds them: first to 24 bits, then to integers, ties to
    even.
    """
    source: int = 0
    """Address of the activations to load: FP32, or four INT8 a word."""
    source_pitch_x: int = 0
    """Bytes between columns of the activations in memory."""
    source_pitch_y: int = 0
    """Bytes between rows of the activations in memory."""
    load_columns: int = 0
    """Columns to load of each row."""
    load_rows: int = 0
    """Rows to load."""
    load_words: int = 0
    """Words of each column, its channels; columns lie side by side."""
    load_pitch_y: int = 0
    """Words of the buffer between rows."""
    load_base: int = 0
    """First word of the region in the buffer."""
    load_head: int = 0
    """Words before the first row."""
    load_tail: int = 0
    """Words to fill behind the last row and its gap."""
    column_stride: int = 0
    """Columns of the activations between outputs of an INT8 depthwise job; 0 in others."""
    zero_point: int = 0
    """Zero point of INT8 results."""
    fill_value: float = 0.0
    """Word, an FP32 number in Python, to fill head, gaps between rows, and tail with."""
    input_base: int = 0
    """Word of the buffer where the first position's first run begins."""
    accumulator: int = 0
    """First accumulator entry; tile t has the entries from there + t * position_columns *
    position_rows.
    """
    step_x: int = 0
    """Words of the buffer between output positions in a row."""
    step_y: int = 0
    """Words of the buffer between rows of output positions."""
    position_columns: int = 0
    """Columns of output positions, before pooling."""
    position_rows: int = 0
    """Rows of output positions, before pooling."""
    runs_x: int = 0
    """Runs in x that are read for an output position."""
    runs_y: int = 0
    """Runs in y that are read for an output position."""
    run_pitch_x: int = 0
    """Words of the buffer between runs in x."""
    run_pitch_y: int = 0
    """Words of the buffer between runs in y."""
    run_words: int = 0
    """Consecutive words of a run; channels, unless the operation is matmul."""
    pair_rows: int = 0
    """Stored rows between the two results of a pair, which an INT8 job computes at once; 0: no
    pairs.
    """
    tiles: int = 0
    """Tiles of array_size channels to compute."""
    channels: int = 0
    """Channels to store (N)."""
    weights: int = 0
    """Address of the weight stream: INT8 or INT4, in the order of use; of the last tile only the
    columns that exist.
    """
    parameters: int = 0
    """Address of the scales and biases: for each tile as many FP32 scales as it has columns, then
    as many biases, both in whole lines of 16 bytes; with scales_only there are no biases. INT8 jobs
    have multipliers, biases with shifts, and offsets, each in whole lines; with add_residual the
    sum's come before those of the first tile, and the summands' bounds, each a line of equal words.
    """
    destination: int = 0
    """Address of the results: FP32, or four INT8 a word."""
    destination_pitch_x: int = 0
    """Bytes between stored positions in a row, of destination and residual."""
    destination_pitch_y: int = 0
    """Bytes between stored rows, of destination and residual."""
    residual: int = 0
    """Address of the operand that is added, or that results are multiplied by: of the type and
    shape of the results.
    """
    store_columns: int = 0
    """Columns of stored positions, after pooling."""
    store_rows: int = 0
    """Rows of stored positions, after pooling."""
    store_pitch_x: int = 0
    """Words of the buffer between stored positions in a row."""
    store_pitch_y: int = 0
    """Words of the buffer between stored rows."""
    store_base: int = 0
    """Word of the buffer where the first result goes."""
    window_columns: int = 0
    """Columns of the max-pool window; windows neither overlap nor leave gaps."""
    window_rows: int = 0
    """Rows of the max-pool window."""
    clamp_low: float = -math.inf
    """Smallest result, FP32; -infinity clamps nothing."""
    clamp_high: float = math.inf
    """Largest result, FP32; +infinity clamps nothing."""
    slope: float = 1.0
    """Factor of negative results, FP32; 1.0 changes nothing."""
    profile: int = 0
    """Address of eight words for the counters at completion; 0 writes none."""
    coefficients: int = 0
    """Address of the table: for each segment 64 bits; in INT8 jobs the results for 0 to 127 and for
    -128 to -1, 256 bytes.
    """
    table_reach: int = 0
    """The table has a function of values below 2^table_reach in magnitude."""
    table_fraction: int = 0
    """Bits of its results behind the binary point."""
    integer_low: int = -128
    """Smallest INT8 result."""
    integer_high: int = 127
    """Largest INT8 result."""
