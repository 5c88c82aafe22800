"""FuseSoC generator: a SystemRDL description becomes RTL with an OBI port."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows.contract import registers
from flows.fusesoc import generator

WAIVERS = """\
// PeakRDL-regblock's output: unused signals are accepted in generated code, and each member of its
// unpacked structs has one driver (Verilator looks at the struct as a whole).
`verilator_config
lint_off -rule MULTIDRIVEN -file "*{name}_regs.sv"
lint_off -rule UNUSEDSIGNAL -file "*{name}_regs.sv"
lint_off -rule UNUSEDPARAM -file "*{name}_regs_pkg.sv"
"""


def generate(request: generator.Request) -> None:
    """Write the register block and its core into the current folder."""
    name = request.parameters["name"]
    rdl = request.files_root / request.parameters["rdl"]
    registers.write_rtl(rdl, Path.cwd(), name)
    Path(f"{name}_regs.vlt").write_text(WAIVERS.format(name=name), encoding="utf-8")
    generator.write_core(
        request,
        f"Registers generated from {rdl.name}",
        [f"{name}_regs.vlt", f"{name}_regs_pkg.sv", f"{name}_regs.sv"],
    )


if __name__ == "__main__":
    generator.run(generate)
