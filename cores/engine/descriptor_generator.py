"""FuseSoC generator: the contract of the engine and its software as a SystemVerilog package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows.contract import description, systemverilog
from flows.fusesoc import generator

PACKAGE = "engine_descriptor_pkg"


def generate(request: generator.Request) -> None:
    """Write the package and its core into the current folder."""
    descriptor, registers = (
        request.files_root / request.parameters[name] for name in ("descriptor", "registers")
    )
    contract = description.load(descriptor, registers)
    Path(f"{PACKAGE}.sv").write_text(systemverilog.package(contract, PACKAGE), encoding="utf-8")
    generator.write_core(request, "The engine's descriptor", [f"{PACKAGE}.sv"])


if __name__ == "__main__":
    generator.run(generate)
