"""The hardware's knobs, and a configuration: a value for each, and what follows from them.

The field below is the only declaration of a knob.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

from flows.config.knobs import Aligned, Kind, Knob, flat, schema
from modelgen.hardware import RANGES, Hardware
from modelgen.ranges import AtLeast, Between, MultipleOf, PowerOfTwo

REGION_BYTES = 4096
"""Size in bytes of every region of the address map except the main memory."""


@dataclass(frozen=True)
class Memory:
    """Word-interleaved main memory: ``banks`` banks of ``bank_kib`` KiB."""

    banks: Annotated[
        int,
        Knob(
            "word-interleaved banks of the main memory",
            PowerOfTwo(1, 32),
            unit="banks",
            relation="at least `engine.port_words`",
            constant="MemoryBanks",
        ),
    ]
    bank_kib: Annotated[int, Knob("size of each bank", MultipleOf(4, 4, 16384), unit="KiB")]

    @property
    def bytes(self) -> int:
        """Size of the whole memory in bytes."""
        return self.banks * self.bank_kib * 1024


@dataclass(frozen=True)
class Cpu:
    """The CPU with its floating-point unit."""

    clock_divider: Annotated[
        int,
        Knob(
            "the CPU's clock is `clock_hz` divided by this; everything else has the whole",
            Between(1, 8),
            constant="CpuClockDivider",
        ),
    ]


@dataclass(frozen=True)
class Uart:
    """Serial line, 8N1."""

    baud: Annotated[
        int,
        Knob(
            "rate of the serial line, 8N1",
            AtLeast(1),
            unit="bit/s",
            relation="`clock_hz / baud` from 8 (12 times a `cpu.clock_divider` above 1) to 65535, "
            "within 2 % of a whole number",
            constant="UartBaud",
        ),
    ]
    fifo_depth: Annotated[
        int,
        Knob(
            "characters buffered each way",
            PowerOfTwo(2, 256),
            unit="characters",
            constant="UartFifoDepth",
        ),
    ]


@dataclass(frozen=True)
class Engine:
    """Tensor accelerator."""

    array_size: Annotated[
        int,
        Knob(
            "S: rows and columns of the systolic array",
            RANGES["array_size"],
            unit="rows",
            constant="ArraySize",
        ),
    ]
    port_words: Annotated[
        int,
        Knob(
            "P: 32-bit words that the engine moves per cycle",
            RANGES["port_words"],
            unit="words",
            relation="8 needs an `engine.array_size` of 16, 24 or 32",
            constant="PortWords",
        ),
    ]
    buffer_words: Annotated[
        int,
        Knob(
            "size of the activation buffer",
            RANGES["buffer_words"],
            unit="words",
            constant="BufferWords",
        ),
    ]
    accumulator_depth: Annotated[
        int,
        Knob(
            "accumulator entries, each S words wide",
            RANGES["accumulator_depth"],
            unit="entries",
            constant="AccumulatorDepth",
        ),
    ]
    int8: Annotated[
        bool,
        Knob(
            "INT8 activations and INT4 weights, beside FP32 and INT8",
            RANGES["int8"],
            constant="Int8",
            kind=Kind.FLAG,
        ),
    ]


def _region(constant: str, meaning: str, relation: str = "") -> Knob:
    """Return the knob of a region's first address."""
    allowed = Aligned(REGION_BYTES)
    return Knob(meaning, allowed, relation=relation, constant=constant, kind=Kind.ADDRESS)


@dataclass(frozen=True)
class Address:
    """First byte address of every region."""

    boot_rom: Annotated[int, _region("BootRomBase", "first address of the boot ROM")]
    soc_ctrl: Annotated[int, _region("SocCtrlBase", "first address of SoC control")]
    uart: Annotated[int, _region("UartBase", "first address of the serial line's registers")]
    timer: Annotated[int, _region("TimerBase", "first address of the machine timer's registers")]
    engine: Annotated[int, _region("EngineBase", "first address of the engine's registers")]
    debug: Annotated[int, _region("DebugBase", "first address of the code run while halted")]
    memory: Annotated[
        int,
        _region(
            "MemoryBase",
            "first address of the main memory",
            "a multiple of the memory's size, rounded up to a power of two",
        ),
    ]


@dataclass(frozen=True)
class Config:
    """A checked configuration. ``arena_kib`` is None for "as much as the model needs"."""

    clock_hz: Annotated[
        int,
        Knob(
            "frequency of the clock; matters to the UART and to times in seconds",
            Between(1_000_000, 1_000_000_000),
            unit="Hz",
            constant="ClockHz",
        ),
    ]
    memory: Memory
    stack_kib: Annotated[
        int,
        Knob(
            "the CPU's stack, at the end of the main memory",
            Between(1, 1024),
            unit="KiB",
            relation="with `arena_kib` less than the memory",
            is_hardware=False,
        ),
    ]
    arena_kib: Annotated[
        int | None,
        Knob(
            "room for activations; auto: as much as the model needs",
            AtLeast(1),
            unit="KiB",
            is_hardware=False,
            kind=Kind.NUMBER_OR_AUTO,
        ),
    ]
    cpu: Cpu
    uart: Uart
    engine: Engine
    address: Address

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Config:
        """Make a configuration from nested dictionaries, one per section, of checked numbers."""
        return _section(cls, values)

    @property
    def hash(self) -> str:
        """Eight hex digits that identify the hardware.

        Knobs that affect only software (stack, arena) are left out: they need no new hardware.
        The hash can be read from soc_ctrl and is ``kConfigHash`` in C++.
        """
        canonical = json.dumps(_hardware_alone(self.to_dict()), sort_keys=True).encode()
        return hashlib.sha256(canonical).hexdigest()[:8]

    @property
    def uart_divider(self) -> int:
        """Clock cycles per bit on the serial line."""
        return round(self.clock_hz / self.uart.baud)

    @property
    def cpu_slowdown(self) -> float:
        """How many times as many clock cycles the CPU takes because of its own clock.

        Measured on a softmax, whose accesses to memory go through the bridges: 1.37 times the
        divider.
        """
        divider = self.cpu.clock_divider
        return 1.5 * divider if divider > 1 else 1.0

    @property
    def least_uart_divider(self) -> int:
        """Fewest clock cycles per bit with which programs keep up with the serial line."""
        return round(8 * self.cpu_slowdown)

    @property
    def stack_bytes(self) -> int:
        """Size of the CPU's stack in bytes."""
        return self.stack_kib * 1024

    @property
    def arena_bytes(self) -> int | None:
        """Size of the arena in bytes; None: as large as the model needs."""
        return None if self.arena_kib is None else self.arena_kib * 1024

    def to_dict(self) -> dict[str, Any]:
        """Return all knobs as nested dictionaries; every value is a number or None."""
        return dataclasses.asdict(self)

    def hardware(self) -> Hardware:
        """Return what the compiler must know about the hardware. Raises ModelError."""
        return Hardware(
            **dataclasses.asdict(self.engine),
            memory_bytes=self.memory.bytes,
            stack_bytes=self.stack_bytes,
            arena_bytes=self.arena_bytes,
            clock_hz=self.clock_hz,
        )


SCHEMA = schema(Config)
KNOBS = dict(flat(SCHEMA))
"""Every knob by its full name, such as "engine.array_size"."""


def _section(section: type, values: dict[str, Any]) -> Any:
    types = get_type_hints(section)
    return section(
        **{
            name: _section(types[name], value) if isinstance(value, dict) else value
            for name, value in values.items()
        }
    )


def _hardware_alone(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the knobs that identify the hardware."""
    return {
        name: _hardware_alone(value, f"{prefix}{name}.") if isinstance(value, dict) else value
        for name, value in values.items()
        if isinstance(value, dict) or KNOBS[prefix + name].is_hardware
    }
