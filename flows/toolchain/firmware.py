"""Building firmware: device code and generated sources become an ELF file for the SoC."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from flows import config as configuration
from flows.config import Config
from flows.contract import cpp, description, registers
from flows.errors import HeepstorError
from flows.toolchain.riscv import ROOT, Toolchain, Unit

RUNTIME = ROOT / "sw" / "src"
INCLUDE = ROOT / "sw" / "include"
SERVER = ROOT / "sw" / "server" / "main.cpp"
"""The program that serves a model over the serial line."""
PROGRAM_ID = "heepstor_program_id"
"""Symbol in the linked program: a number that identifies its content."""

# In cores/; each becomes a header regs_<name>.hpp.
REGISTERS = (
    "engine/engine.rdl",
    "soc_ctrl/soc_ctrl.rdl",
    "timer/timer.rdl",
    "uart/uart.rdl",
)
OPERATORS = ("engine", "software")
OPTIMISATIONS = ("-O0", "-O1", "-O2", "-O3", "-Os")

_SOURCE_SUFFIXES = {".cpp", ".S"}
_SECTIONS = {"code": (".text",), "data": (".rodata", ".data", ".bss"), "weights": (".weights",)}
# The run-time library of a generated application.
_OWN_MAIN = {"main.cpp", "test_data.S"}
_OVERFLOW = ("will not fit in region", "not enough memory", "overlaps with")


@dataclass(frozen=True)
class Options:
    """Build options."""

    operators: str = "engine"
    """Where layers run: "engine" or "software" (on the CPU, with the same results)."""
    assertions: bool = True
    optimisation: str = "-O2"

    def __post_init__(self) -> None:
        _check_choice("operators", self.operators, OPERATORS)
        _check_choice("optimisation", self.optimisation, OPTIMISATIONS)

    @property
    def flags(self) -> tuple[str, ...]:
        """The compiler's flags for these options."""
        return (
            self.optimisation,
            *(("-DHEEPSTOR_OPERATORS_SOFTWARE",) if self.operators == "software" else ()),
            *(() if self.assertions else ("-DHEEPSTOR_NO_ASSERTIONS",)),
        )


@dataclass(frozen=True)
class Firmware:
    """A linked program. `size` is in bytes: code, data, weights, arena, stack, total, free."""

    elf: Path
    map: Path
    size: dict[str, int]


def build(
    sources_dir: str | Path,
    out_dir: str | Path,
    config: Config,
    options: Options | None = None,
    toolchain: Toolchain | None = None,
    main: Path | None = None,
    parts: Mapping[str, tuple[str, ...]] | None = None,
) -> Firmware:
    """Build the sources in a folder and the run-time library for a hardware configuration.

    Writes firmware.elf, firmware.map, size.json, and the configuration's headers and linker script
    in generated/. `main` replaces the folder's own main.cpp and its test data. `parts` are folders
    in `sources_dir` whose sources are also part of the firmware, with compiler options for each.
    Raises HeepstorError with the compiler's messages, or if the memory is too small.
    """
    options = options or Options()
    toolchain = toolchain or Toolchain()
    sources_dir, out_dir = Path(sources_dir).resolve(), Path(out_dir).resolve()
    generated = out_dir / "generated"
    script = _write_generated(config, generated)
    own = _sources_of(sources_dir) if main is None else _with_main(sources_dir, main)
    units = [Unit(source, (INCLUDE, generated), options.flags) for source in _sources_of(RUNTIME)]
    units += [Unit(source, (INCLUDE, generated, sources_dir), options.flags) for source in own]
    for name, flags in (parts or {}).items():
        part = sources_dir / name
        folders, all_flags = (INCLUDE, generated, part), (*options.flags, *flags)
        units += [Unit(source, folders, all_flags) for source in _sources_of(part)]
    objects = toolchain.compile(units)
    elf, map_file = out_dir / "firmware.elf", out_dir / "firmware.map"
    failure = toolchain.link(objects, script, elf, map_file, {PROGRAM_ID: _identify(objects)})
    if failure is not None:
        if any(text in failure for text in _OVERFLOW):
            failure = _explain_overflow(toolchain, objects, config, out_dir)
        raise HeepstorError(f"the firmware can't be linked: {failure}")
    size = measure(elf, config)
    (out_dir / "size.json").write_text(json.dumps(size, indent=2) + "\n", encoding="utf-8")
    return Firmware(elf, map_file, size)


def measure(elf: Path, config: Config) -> dict[str, int]:
    """Return the bytes of memory that each part of the linked firmware takes."""
    with elf.open("rb") as file:
        sections = {s.name: s["sh_size"] for s in ELFFile(file).iter_sections()}
    size = {part: sum(sections.get(n, 0) for n in names) for part, names in _SECTIONS.items()}
    size["arena"] = sections.get(".arena", 0)
    size["stack"] = config.stack_kib * 1024
    size["total"] = sum(size.values())
    size["free"] = config.memory.bytes - size["total"]
    return size


def program_id(elf: Path) -> int:
    """Return the number that identifies a linked program."""
    with elf.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection), elf
        symbols = table.get_symbol_by_name(PROGRAM_ID)
    assert symbols, elf
    return symbols[0]["st_value"]


def _identify(objects: list[Path]) -> int:
    """Return 31 bits of a hash over the objects' names, which are hashes of their inputs."""
    names = "".join(path.name for path in objects)
    return int.from_bytes(hashlib.sha256(names.encode()).digest()[:4], "little") & 0x7FFFFFFF


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise HeepstorError(f"{name} is {value!r}. Valid choices: {', '.join(allowed)}.")


def _sources_of(folder: Path) -> list[Path]:
    """Return the C++ and assembly files in a folder, sorted by name."""
    found = sorted(path for path in folder.iterdir() if path.suffix in _SOURCE_SUFFIXES)
    if not found:
        raise HeepstorError(f"{folder} has no C++ sources; run the stage that generates them first")
    return found


def _with_main(folder: Path, main: Path) -> list[Path]:
    """Return the model's sources in a folder with another program to run it."""
    return [main, *(path for path in _sources_of(folder) if path.name not in _OWN_MAIN)]


def _write_generated(config: Config, folder: Path) -> Path:
    """Write a configuration's headers and linker script; return the script."""
    write_headers(config, folder)
    script = folder / "link.ld"
    configuration.write_linker_script(config, script)
    return script


def write_headers(config: Config, folder: Path) -> None:
    """Write the generated C++ headers: configuration, registers, and the engine's contract."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration.write_cpp_header(config, folder / "heepstor_config.hpp")
    for name in REGISTERS:
        rdl = ROOT / "cores" / name
        registers.write_cpp_header(rdl, folder / f"regs_{rdl.stem}.hpp")
    cpp.write_header(description.load(), folder)


def _explain_overflow(
    toolchain: Toolchain, objects: list[Path], config: Config, out_dir: Path
) -> str:
    """Link again with a large enough memory, to see how much is missing."""
    roomy = dataclasses.replace(
        config, memory=dataclasses.replace(config.memory, banks=1, bank_kib=1 << 20)
    )
    script, elf = out_dir / "generated" / "roomy.ld", out_dir / "roomy.elf"
    configuration.write_linker_script(roomy, script)
    try:
        symbols = {PROGRAM_ID: _identify(objects)}
        failure = toolchain.link(objects, script, elf, out_dir / "roomy.map", symbols)
        if failure is not None:
            return failure
        return _overflow_message(measure(elf, config), config)
    finally:
        for path in (script, elf, out_dir / "roomy.map"):
            path.unlink(missing_ok=True)


def _overflow_message(size: dict[str, int], config: Config) -> str:
    memory = config.memory
    missing_kib = -(-size["total"] // 1024) - memory.bytes // 1024
    parts = ", ".join(f"{part} {size[part]:,}" for part in ("code", "data", "weights", "arena"))
    return (
        f"not enough memory: {size['total']:,} bytes needed, {memory.bytes:,} available; "
        f"{-size['free']:,} bytes are missing\n"
        f"  ({parts}, stack {size['stack']:,})\n"
        f"Raise memory.banks ({memory.banks}) or memory.bank_kib ({memory.bank_kib}) in "
        f"heepstor_cfg.hjson for {missing_kib} KiB more, or lower stack_kib ({config.stack_kib})."
    )
