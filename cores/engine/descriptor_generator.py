"""FuseSoC generator: descriptor.rdl as the SystemVerilog structure that the engine reads."""

from pathlib import Path

from systemrdl.node import AddrmapNode

from flows.fusesoc import generator
from flows.toolchain import registers

PACKAGE = "engine_descriptor_pkg"


def generate(request: generator.Request) -> None:
    """Writes the package and its core into the current folder."""
    top = registers.compile_rdl(request.files_root / request.parameters["rdl"])
    Path(f"{PACKAGE}.sv").write_text(package_text(top), encoding="utf-8")
    generator.write_core(request, "The engine's descriptor", [f"{PACKAGE}.sv"])


def package_text(top: AddrmapNode) -> str:
    """The package with the packed structure ``descriptor_t``.

    Members are named <register>_<field>. Bit 32 * i + b of the structure is bit b of word i, so
    the last word's highest field comes first.
    """
    words = list(top.registers(unroll=True))
    members = [
        f"    logic [{field.width - 1}:0] {word.inst_name}_{field.inst_name};"
        for word in reversed(words)
        for field in sorted(word.fields(), key=lambda field: field.low, reverse=True)
    ]
    return "\n".join(
        [
            "/// The engine's descriptor as it lies in memory.",
            f"package {PACKAGE};",
            "",
            "  typedef struct packed {",
            *members,
            "  } descriptor_t;",
            "",
            "endpackage",
            "",
        ]
    )


if __name__ == "__main__":
    generator.run(generate)
