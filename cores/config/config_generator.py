"""FuseSoC generator: the hardware configuration as SystemVerilog, C++, linker script and JSON."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows import config
from flows.fusesoc import generator


def generate(request: generator.Request) -> None:
    """Write the generated files and their core into the current folder."""
    loaded = generator.configuration(request)
    config.write_sv_package(loaded, "heepstor_config_pkg.sv")
    config.write_cpp_header(loaded, "heepstor_config.hpp")
    config.write_linker_script(loaded, "link.ld")
    config.write_json(loaded, "heepstor_config.json")
    Path("heepstor_config_pkg.vlt").write_text(
        "// The package describes the whole SoC; no single core uses all of it.\n"
        "`verilator_config\n"
        'lint_off -rule UNUSEDPARAM -file "*heepstor_config_pkg.sv"\n',
        encoding="utf-8",
    )
    generator.write_core(
        request,
        f"Hardware configuration {loaded.hash}",
        [
            "heepstor_config_pkg.vlt",
            "heepstor_config_pkg.sv",
            "heepstor_config.hpp",
            "link.ld",
            "heepstor_config.json",
        ],
        include_paths={"heepstor_config.hpp": "."},
    )


if __name__ == "__main__":
    generator.run(generate)
