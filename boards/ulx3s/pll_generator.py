"""FuseSoC generator: the ECP5's PLL for the configured clock, as a Verilog module."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows.fusesoc import generator
from flows.synth import ecp5_pll


def generate(request: generator.Request) -> None:
    """Write the module and its core into the current folder."""
    parameters = request.parameters
    loaded = generator.configuration(request)
    name = parameters["module"]
    file = f"{name}.v"
    ecp5_pll.write(parameters["input_hz"], loaded.clock_hz, name, file)
    # The flow reads it separately from the SystemVerilog, as it instantiates primitives.
    types = {file: "verilogSource-primitives"}
    generator.write_core(request, f"PLL for {loaded.clock_hz} Hz", [file], file_types=types)


if __name__ == "__main__":
    generator.run(generate)
