"""Compiled networks without layers on the engine, built for the host with sanitizers and run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from flows import config
from flows.repository import ROOT
from flows.toolchain import firmware
from modelgen.emit import emit_model, in_memory
from modelgen.ir.packing import output_element
from modelgen.plan.program import Program
from tests.support.runtime_host import FLAGS

MAIN = """
#include <cstdio>
#include <vector>
#include "model.hpp"
int main() {
  std::vector<model::Input> input(model::kInputSize);
  std::vector<model::Output> output(model::kOutputSize);
  while (std::fread(input.data(), sizeof(input[0]), input.size(), stdin) == input.size()) {
    if (!model::infer(input.data(), output.data()).ok()) return 1;
    std::fwrite(output.data(), sizeof(output[0]), output.size(), stdout);
  }
}
"""


def run_on_host(program: Program, rows: np.ndarray, folder: Path) -> np.ndarray:
    """Return the outputs of inferences, computed by the program's C++.

    Args:
        program: all of its layers are on the CPU.
        rows: of inputs; see `modelgen.ir.packing`.
        folder: for sources and objects.
    """
    emit_model(program, folder, "On the host.", formatted=False)
    (folder / "main.cpp").write_text(MAIN)
    firmware.write_headers(config.load(), folder)
    includes = [f"-I{folder}", f"-I{ROOT / 'sw' / 'include'}"]
    sources = ["main.cpp", "model.cpp", "model_data.S"]
    subprocess.run(["c++", *FLAGS, *includes, *sources, "-o", "run"], cwd=folder, check=True)
    done = subprocess.run([folder / "run"], input=in_memory(rows), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    outputs = np.frombuffer(done.stdout, output_element(program.graph).dtype)
    return outputs.reshape(len(rows), -1)
