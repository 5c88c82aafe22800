"""Register descriptions (SystemRDL) as RTL, by PeakRDL-regblock, and as C++ constants."""

from __future__ import annotations

from pathlib import Path

from peakrdl_regblock import RegblockExporter
from peakrdl_regblock.cpuif.obi import OBI_Cpuif_flattened
from peakrdl_regblock.udps import ALL_UDPS
from systemrdl import RDLCompileError, RDLCompiler
from systemrdl.messages import MessagePrinter
from systemrdl.node import AddrmapNode, FieldNode, RegNode

from flows.errors import HeepstorError
from flows.system import interrupts


class _Collector(MessagePrinter):
    """Collects the compiler's messages for the exception."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def emit_message(self, lines: list[str]) -> None:
        self.lines += lines


def compile_rdl(path: str | Path) -> AddrmapNode:
    """Read a register description. Raises HeepstorError with the compiler's messages."""
    messages = _Collector()
    compiler = RDLCompiler(message_printer=messages)
    for udp in ALL_UDPS:
        compiler.register_udp(udp, soft=False)
    try:
        with interrupts.deferred():
            compiler.compile_file(str(path))
            return compiler.elaborate().top
    except (RDLCompileError, FileNotFoundError) as error:
        details = "\n".join(messages.lines) or str(error)
        raise HeepstorError(f"the register description {path} is not valid:\n{details}") from error


def write_rtl(path: str | Path, out_dir: str | Path, name: str) -> None:
    """Write ``<name>_regs.sv`` and ``<name>_regs_pkg.sv``: registers with an OBI port.

    Reset is asynchronous and active low (port ``arst_n``); the OBI signals are individual ports
    (``s_obi_*``).
    """
    RegblockExporter().export(
        compile_rdl(path),
        str(out_dir),
        cpuif_cls=OBI_Cpuif_flattened,
        module_name=f"{name}_regs",
        package_name=f"{name}_regs_pkg",
        default_reset_activelow=True,
        default_reset_async=True,
    )


def write_cpp_header(path: str | Path, out: str | Path) -> None:
    """Write a block's offsets, masks and shifts as constants in ``heepstor::regs::<block>``.

    Register FOO_BAR becomes kFooBarOffset; its field BAZ, kFooBarBazMask and kFooBarBazShift.
    """
    top = compile_rdl(path)
    block = top.inst_name.lower()
    lines = [
        f"// Generated from {Path(path).name}: do not edit.",
        "#pragma once",
        "",
        "#include <cstdint>",
        "",
        f"namespace heepstor::regs::{block} {{",
    ]
    for register in top.registers(unroll=True):
        lines += _register_lines(top, register)
    lines += ["", f"}}  // namespace heepstor::regs::{block}", ""]
    Path(out).write_text("\n".join(lines), encoding="utf-8")


def _register_lines(top: AddrmapNode, register: RegNode) -> list[str]:
    name = _constant_name(register.get_path_segment(array_suffix="_{index}"))
    offset = register.absolute_address - top.absolute_address
    title = " ".join((register.get_property("desc") or register.get_property("name")).split())
    lines = ["", f"// {title}", _constant(f"{name}Offset", f"0x{offset:02x}")]
    for field in register.fields():
        lines += _field_lines(name, field)
    return lines


def _field_lines(register_name: str, field: FieldNode) -> list[str]:
    name = register_name + _constant_name(field.inst_name)
    mask = ((1 << field.width) - 1) << field.low
    return [_constant(f"{name}Mask", f"0x{mask:08x}"), _constant(f"{name}Shift", str(field.low))]


def _constant(name: str, value: str) -> str:
    return f"inline constexpr std::uint32_t k{name} = {value}u;"


def _constant_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.lower().split("_"))
