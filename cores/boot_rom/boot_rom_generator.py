"""FuseSoC generator: the boot program, assembled, as a SystemVerilog package."""

from pathlib import Path

from elftools.elf.elffile import ELFFile

from flows import config, generator
from flows.riscv import Toolchain, Unit


def assemble(source: Path, memory_base: int) -> list[int]:
    """The 32-bit words of the program's .text section, filled up with zeros."""
    unit = Unit(source, (), (f"-DMEMORY_BASE={memory_base:#x}",))
    (compiled,) = Toolchain().compile([unit])
    with compiled.open("rb") as file:
        code = ELFFile(file).get_section_by_name(".text").data()
    code += bytes(-len(code) % 4)
    return [int.from_bytes(code[i : i + 4], "little") for i in range(0, len(code), 4)]


def package(words: list[int]) -> str:
    """SystemVerilog package with the words, first address first."""
    listed = ",\n    ".join(f"32'h{word:08x}" for word in reversed(words))
    return (
        "/// Contents of the boot ROM.\n"
        "package boot_rom_pkg;\n"
        f"  localparam int unsigned Words = {len(words)};\n"
        f"  localparam logic [Words-1:0][31:0] Contents = {{\n    {listed}\n  }};\n"
        "endpackage\n"
    )


def generate(request: generator.Request) -> None:
    """Writes the package and its core into the current folder."""
    source = request.files_root / request.parameters["source"]
    words = assemble(source, config.load().address.memory)
    Path("boot_rom_pkg.sv").write_text(package(words), encoding="utf-8")
    generator.write_core(request, "Contents of the boot ROM", ["boot_rom_pkg.sv"])


if __name__ == "__main__":
    generator.run(generate)
