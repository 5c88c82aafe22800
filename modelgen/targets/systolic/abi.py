"""What the engine and its software agree on.

Generated from cores/engine/descriptor.rdl and engine.rdl: do not edit.
"""

from __future__ import annotations

from enum import IntEnum

VERSION = 2
"""Version of registers and descriptors."""


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


class Error(IntEnum):
    """Why the chain was stopped."""

    NONE = 0
    """No error."""
    BAD_OPERATION = 1
    """Unknown operation or fence, a reserved bit is set, runs that span cannot cross, windows that
    reach beyond the positions, or rows wider than their pitch with fill. Found when the descriptor
    is read.
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
