"""FuseSoC generator: the MMCM's settings for the configured clock, as a SystemVerilog package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows.fpga import mmcm
from flows.fusesoc import generator


def generate(request: generator.Request) -> None:
    """Write the package and its core into the current folder."""
    parameters = request.parameters
    loaded = generator.configuration(request)
    settings = mmcm.choose(parameters["input_hz"], loaded.clock_hz)
    name = parameters["package"]
    mmcm.write_package(settings, name, Path(f"{name}.sv"))
    generator.write_core(request, f"MMCM settings for {loaded.clock_hz} Hz", [f"{name}.sv"])


if __name__ == "__main__":
    generator.run(generate)
