"""Values that are refused, and how."""

import pytest

from tests.support.configurations import changed, message_of


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("memory.banks", 6, "power of two from 1 to 32"),
        ("memory.banks", 2, "less than engine.port_words"),
        ("memory.bank_kib", 6, "multiple of 4"),
        ("stack_kib", 0, "stack_kib is 0"),
        (
            "stack_kib",
            1024,
            "take 1024 KiB, which leaves nothing of the memory's 1024 KiB for code and weights",
        ),
        ("arena_kib", 1100, "take 1108 KiB"),
        ("arena_kib", "much", 'or "auto"'),
        ("uart.baud", 0, "uart.baud is 0; expected an integer >= 1"),
        ("uart.baud", 1, "at this clock_hz and cpu.clock_divider expected 1526 to 12500000"),
        ("uart.baud", 11_800_000, "nearest exact rate"),
        ("uart.fifo_depth", 3, "power of two from 2 to 256"),
        ("cpu.clock_divider", 0, "from 1 to 8"),
        ("cpu.clock_divider", 8, "at this clock_hz and cpu.clock_divider expected 1526 to 1041666"),
        ("engine.array_size", 6, "engine.array_size is 6; expected a multiple of 4 from 4 to 32"),
        ("engine.array_size", 36, "expected a multiple of 4 from 4 to 32"),
        ("engine.port_words", 3, "a power of two from 1 to 8"),
        (
            "engine.port_words",
            8,
            "engine.port_words is 8, which needs an array_size of 16, 24 or 32",
        ),
        ("engine.int8", 1, "engine.int8 is 1; it must be true or false"),
        ("engine.int8", "yes", "engine.int8 is 'yes'; it must be true or false"),
        ("engine.buffer_words", 1000, "power of two from 256 to 65536"),
        ("engine.accumulator_depth", 8, "power of two from 16 to 4096"),
        ("engine.array_size", "8", "a whole number"),
        ("engine.array_size", True, "a whole number"),
        ("address.uart", "0x10000800", "multiple of 0x1000"),
        ("address.uart", "0x10000000", "overlaps"),
        ("address.uart", "here", "hexadecimal string"),
        ("address.uart", "-0x1000", "multiple of 0x1000"),
        ("address.uart", "0x100000000", "multiple of 0x1000 within 32 bits"),
        ("arena_kib", 0, 'arena_kib is 0; expected an integer >= 1 or "auto"'),
        ("stack_kib", "auto", "stack_kib is 'auto'; it must be a whole number"),
        ("address.memory", "0xfffc0000", "beyond the 32-bit address space"),
        ("address.memory", "0x80001000", "expected a multiple of 0x100000"),
        ("engine.aray_size", 8, "did you mean array_size?"),
        ("memory", 8, "memory must be a section"),
        ("clock_hz", 10, "clock_hz is 10"),
    ],
)
def test_impossible_values_are_refused(path, value, expected):
    message = message_of(changed(path, value))
    assert "test.hjson can't be built" in message
    assert expected in message
