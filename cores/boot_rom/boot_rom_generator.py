"""FuseSoC generator: the boot program, compiled and linked, as a SystemVerilog package."""

import sys
from pathlib import Path
from string import Template

from elftools.elf.elffile import ELFFile

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows import config
from flows.errors import HeepstorError
from flows.fusesoc import generator
from flows.toolchain import firmware
from flows.toolchain.riscv import Toolchain, Unit

# The parts of the run-time library that the compiler itself may call.
RUNTIME = ("string.cpp",)
FLAGS = ("-O2",)


def link(sources: list[Path], script_template: Path, chosen: config.Config, out: Path) -> Path:
    """Compile and link the boot program for a configuration; return the ELF file.

    Raises HeepstorError with the tools' messages, also if the program is larger than the ROM.
    """
    generated = out / "boot_rom_headers"
    firmware.write_headers(chosen, generated)
    script = out / "boot_rom.ld"
    values = {
        "rom_base": chosen.address.boot_rom,
        "rom_bytes": config.REGION_BYTES,
        "stack_top": chosen.address.memory + chosen.memory.bytes,
    }
    text = Template(script_template.read_text(encoding="utf-8")).substitute(
        {name: f"{value:#x}" for name, value in values.items()}
    )
    script.write_text(text, encoding="utf-8")
    files = [*sources, *(firmware.RUNTIME / name for name in RUNTIME)]
    units = [Unit(source, (firmware.INCLUDE, generated), FLAGS) for source in files]
    toolchain = Toolchain()
    elf = out / "boot_rom.elf"
    failure = toolchain.link(toolchain.compile(units), script, elf, out / "boot_rom.map")
    if failure is not None:
        raise HeepstorError(f"the boot ROM can't be linked: {failure}")
    return elf


def contents(elf: Path) -> list[int]:
    """Return the 32-bit words of the ROM, first address first."""
    with elf.open("rb") as file:
        code = ELFFile(file).get_section_by_name(".rom").data()
    code += bytes(-len(code) % 4)
    return [int.from_bytes(code[i : i + 4], "little") for i in range(0, len(code), 4)]


def package(words: list[int]) -> str:
    """Return a SystemVerilog package with the words, first address first."""
    listed = ",\n    ".join(f"32'h{word:08x}" for word in reversed(words))
    return (
        "/// Contents of the boot ROM.\n"
        "package boot_rom_pkg;\n"
        f"  localparam int unsigned Words = {len(words)};\n"
        f"  localparam logic [Words-1:0][31:0] Contents = {{\n    {listed}\n  }};\n"
        "endpackage\n"
    )


def generate(request: generator.Request) -> None:
    """Write the package and its core into the current folder."""
    sources = [request.files_root / name for name in request.parameters["sources"]]
    script = request.files_root / request.parameters["linker_script"]
    words = contents(link(sources, script, generator.configuration(request), Path.cwd()))
    Path("boot_rom_pkg.sv").write_text(package(words), encoding="utf-8")
    generator.write_core(request, "Contents of the boot ROM", ["boot_rom_pkg.sv"])


if __name__ == "__main__":
    generator.run(generate)
