"""What identifies a configuration."""

from flows import config
from tests.support.configurations import DEFAULT, changed


def test_hash_identifies_the_hardware_only():
    base = config.from_dict(DEFAULT)
    # Folders of simulators are named so: it must not change with the code.
    assert base.hash == "bfc5037b"
    assert config.from_dict(changed("stack_kib", 16)).hash == base.hash
    assert config.from_dict(changed("arena_kib", 100)).hash == base.hash
    for knob, value in (
        ("clock_hz", 50_000_000),
        ("memory.banks", 16),
        ("cpu.clock_divider", 2),
        ("uart.baud", 1_000_000),
        ("uart.fifo_depth", 32),
        ("engine.array_size", 16),
        ("engine.int8", False),
        ("address.uart", "0x10008000"),
    ):
        assert config.from_dict(changed(knob, value)).hash != base.hash, knob
    assert len(base.hash) == 8
