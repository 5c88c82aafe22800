"""The descriptor's layout in Python and in C++ against descriptor.rdl."""

from __future__ import annotations

import dataclasses
import struct

import pytest

from flows.contract.registers import compile_rdl
from flows.repository import ROOT
from modelgen.targets.systolic.abi import Fence, Operation
from modelgen.targets.systolic.descriptor import DESCRIPTOR_WORDS, LAYOUT, Descriptor, link

BASE = 0x8000_0000


def rdl_registers() -> list:
    return list(compile_rdl(ROOT / "cores/engine/descriptor.rdl").registers())


def members_of_the_structure() -> list[str]:
    source = (ROOT / "sw/include/heepstor/descriptor.hpp").read_text(encoding="utf-8")
    body = source.partition("struct alignas(kDescriptorAlignment) Descriptor {")[2]
    lines = (line.split() for line in body.partition("};")[0].splitlines())
    return [words[1] for words in lines if words[:1] == ["std::uint32_t"]]


def test_words_are_those_of_the_hardware() -> None:
    described = {register.absolute_address: register.inst_name for register in rdl_registers()}
    assert members_of_the_structure() == [described[4 * i] for i in range(DESCRIPTOR_WORDS)]


def test_fields_are_those_of_the_hardware() -> None:
    """descriptor.rdl cuts words where Python does; what it calls reserved has no name here."""
    described = {
        (register.absolute_address // 4, field.low, field.width)
        for register in rdl_registers()
        for field in register.fields()
        if not f"{register.inst_name} {field.inst_name}".count("reserved")
    }
    assert described == set(LAYOUT.values())


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
        run=9,
        slope=0.25,
        profile=BASE,
        reserved=((1, 1 << 31), (30, 5)),
    )
    assert Descriptor.unpack(job.pack()) == job


@pytest.mark.parametrize(("name", "value"), [("run", 1 << 16), ("window_rows", 256), ("next", -1)])
def test_a_value_without_room_is_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name} of a descriptor is {value}"):
        dataclasses.replace(Descriptor(), **{name: value}).pack()


def test_link() -> None:
    image = link([Descriptor(run=1), Descriptor(run=2), Descriptor(run=3)], BASE)
    jobs = [Descriptor.unpack(image[start : start + 128]) for start in range(0, 384, 128)]
    assert [(job.run, job.next) for job in jobs] == [(1, BASE + 128), (2, BASE + 256), (3, 0)]
