"""A hardware configuration: the values of all knobs, and what follows from them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelgen.hardware import Hardware


@dataclass(frozen=True)
class Memory:
    """Word-interleaved main memory: ``banks`` banks of ``bank_kib`` KiB."""

    banks: int
    bank_kib: int

    @property
    def bytes(self) -> int:
        """Size of the whole memory in bytes."""
        return self.banks * self.bank_kib * 1024


@dataclass(frozen=True)
class Uart:
    """Serial line: ``baud`` bits per second, ``fifo_depth`` characters each way."""

    baud: int
    fifo_depth: int


@dataclass(frozen=True)
class Engine:
    """Accelerator: sizes in processing elements, 32-bit words, words and rows."""

    array_size: int
    port_words: int
    buffer_words: int
    accumulator_depth: int


@dataclass(frozen=True)
class Address:
    """First byte address of every region."""

    boot_rom: int
    soc_ctrl: int
    uart: int
    timer: int
    engine: int
    debug: int
    memory: int


@dataclass(frozen=True)
class Config:
    """A checked configuration. ``arena_kib`` is None for "as much as the model needs"."""

    clock_hz: int
    memory: Memory
    stack_kib: int
    arena_kib: int | None
    uart: Uart
    engine: Engine
    address: Address

    @property
    def hash(self) -> str:
        """Eight hex digits that identify the hardware.

        Knobs of the software alone (stack, arena) are left out: they need no new hardware.
        The same number can be read from soc_ctrl and is ``kConfigHash`` in C++.
        """
        values = self.to_dict()
        del values["stack_kib"], values["arena_kib"]
        canonical = json.dumps(values, sort_keys=True).encode()
        return hashlib.sha256(canonical).hexdigest()[:8]

    @property
    def uart_divider(self) -> int:
        """Clock cycles of one bit on the serial line."""
        return round(self.clock_hz / self.uart.baud)

    def to_dict(self) -> dict[str, Any]:
        """All knobs as plain nested dictionaries; every value as a number, or None."""
        return dataclasses.asdict(self)

    def hardware(self) -> Hardware:
        """What the compiler has to know about the hardware."""
        from modelgen.hardware import Hardware

        return Hardware(
            array_size=self.engine.array_size,
            port_words=self.engine.port_words,
            buffer_words=self.engine.buffer_words,
            accumulator_depth=self.engine.accumulator_depth,
            memory_bytes=self.memory.bytes,
            stack_bytes=self.stack_kib * 1024,
            arena_bytes=None if self.arena_kib is None else self.arena_kib * 1024,
            clock_hz=self.clock_hz,
        )
