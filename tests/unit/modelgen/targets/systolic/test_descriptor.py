"""A descriptor as bytes."""

from __future__ import annotations

import dataclasses
import struct

import pytest

from modelgen.targets.systolic.abi import DESCRIPTOR_WORDS, LAYOUT, Fence, Operation
from modelgen.targets.systolic.descriptor import Descriptor, link

BASE = 0x8000_0000


@pytest.mark.parametrize("name", LAYOUT)
def test_each_field_has_its_bits(name: str) -> None:
    """Changing one field changes only its bits."""
    word, low, width = LAYOUT[name]
    before = Descriptor()
    flipped = {"operation": Operation.MAX, "fence": Fence.ALL}.get(name, 1)
    after = dataclasses.replace(before, **{name: 0.5 if name == "slope" else flipped})
    words = [struct.unpack(f"<{DESCRIPTOR_WORDS}I", job.pack()) for job in (before, after)]
    changed = [old ^ new for old, new in zip(*words, strict=True)]
    assert [index for index, bits in enumerate(changed) if bits] == [word]
    assert changed[word] & ~(((1 << width) - 1) << low) == 0


def test_every_field_is_laid_out_once() -> None:
    names = {field.name for field in dataclasses.fields(Descriptor)}
    assert names == set(LAYOUT) | {"reserved"}
    taken = [(word, low + bit) for word, low, width in LAYOUT.values() for bit in range(width)]
    assert len(taken) == len(set(taken))


def test_pack_and_unpack() -> None:
    job = Descriptor(
        operation=Operation.DEPTHWISE,
        load=True,
        fence=Fence.ALL,
        run_words=9,
        slope=0.25,
        profile=BASE,
        reserved=((1, 1 << 31), (31, 5 << 9)),
    )
    assert Descriptor.unpack(job.pack()) == job


@pytest.mark.parametrize(
    ("name", "value"), [("run_words", 1 << 16), ("window_rows", 256), ("next", -1)]
)
def test_a_value_without_room_is_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name} of a descriptor is {value}"):
        dataclasses.replace(Descriptor(), **{name: value}).pack()


def test_link() -> None:
    image = link([Descriptor(run_words=1), Descriptor(run_words=2), Descriptor(run_words=3)], BASE)
    jobs = [Descriptor.unpack(image[start : start + 128]) for start in range(0, 384, 128)]
    assert [(job.run_words, job.next) for job in jobs] == [(1, BASE + 128), (2, BASE + 256), (3, 0)]
