"""Many compiled networks in one firmware: the sources of each, and a main program that runs all.

Each network is emitted in the same way as a user's, into a separate folder, and compiled with `-D`
options that make its names unique (see `definitions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modelgen.emit import emit_model
from modelgen.ir.packing import input_words, output_words
from modelgen.plan.program import Program
from modelgen.targets.cpu import Cpu

_CODE_BYTES = 4096
"""Rough code size of a network's infer(), tables and profiles, without its layers on the CPU."""
_LAYER_BYTES = 512
_SHARED_NAMES = ("model", "model_weights", "model_parameters", "model_constants")
"""Global names that every emitted network defines."""

_MAIN = """// Runs networks in sequence and prints how many outputs of each are wrong.
//
// Generated: do not edit.
#include <cstddef>
#include <cstdint>

#include "heepstor/engine.hpp"
#include "heepstor/print.hpp"

{declarations}
namespace {{

struct Network {{
  heepstor::engine::Result (*infer)(const float*, float*);
  const float* inputs;
  const std::uint32_t* expected;
  std::uint32_t input_words;
  std::uint32_t output_words;
}};

constexpr std::uint32_t kInferences = {inferences};
constexpr Network networks[] = {{
{table}
}};

alignas(16) float output[{most_outputs}];

/// Runs all inferences of a network and returns the number of wrong outputs.
std::uint32_t count_mismatches(const Network& network) {{
  std::uint32_t mismatches = 0;
  for (std::uint32_t inference = 0; inference < kInferences; ++inference) {{
    for (std::uint32_t i = 0; i < network.output_words; ++i) output[i] = -1.0e30F;
    const auto result = network.infer(network.inputs + inference * network.input_words, output);
    heepstor::engine::report(result);
    if (!result.ok()) return kInferences * network.output_words;
    const std::uint32_t* expected = network.expected + inference * network.output_words;
    for (std::uint32_t i = 0; i < network.output_words; ++i) {{
      if (heepstor::to_bits(output[i]) != expected[i]) ++mismatches;
    }}
  }}
  return mismatches;
}}

}}  // namespace

int main() {{
  heepstor::engine::check_hardware();
  std::uint32_t index = 0;
  for (const Network& network : networks) {{
    heepstor::print("network ", index++, " ", count_mismatches(network), "\\n");
  }}
  return 0;
}}
"""


def memory_bytes(program: Program, inferences: int) -> int:
    """Return an estimate of the bytes of main memory of a network with its inputs and outputs."""
    graph = program.graph
    words = input_words(graph) + output_words(graph)
    code = _CODE_BYTES + _LAYER_BYTES * sum(
        len(s.layers) for s in program.segments if s.target == Cpu.name
    )
    return program.constant_bytes + program.arena.size + 4 * inferences * words + code


def network_name(index: int) -> str:
    """Return the name of a network and its folder."""
    return f"network_{index}"


def definitions(name: str) -> tuple[str, ...]:
    """Return the compiler options for a network's sources, which make its names unique."""
    return tuple(f"-D{shared}={shared.replace('model', name)}" for shared in _SHARED_NAMES)


def write(cases: Sequence[tuple[Program, np.ndarray, np.ndarray]], folder: Path) -> list[str]:
    """Write main.cpp, the data, and a folder of sources for each network.

    Args:
        cases: the program, inputs and golden outputs of each network: FP32, shape
            (inferences, ...), with the same number of inferences for all.
        folder: created if it does not exist.

    Returns:
        The names of the folders.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = [network_name(index) for index in range(len(cases))]
    declarations, table = [], []
    data = ["// Inputs and expected outputs.", '    .section .rodata.networks, "a", %progbits']
    for name, (program, inputs, expected) in zip(names, cases, strict=True):
        emit_model(program, folder / name, name, formatted=False)
        arrays = {f"{name}_inputs": inputs, f"{name}_expected": expected}
        for array, values in arrays.items():
            (folder / f"{array}.bin").write_bytes(np.ascontiguousarray(values, "<f4").tobytes())
            data += ["    .balign 16", f"    .globl {array}", f"{array}:"]
            data.append(f'    .incbin "{array}.bin"')
        declarations += [
            f"namespace {name} {{ heepstor::engine::Result infer(const float*, float*); }}",
            f'extern "C" const float {name}_inputs[];',
            f'extern "C" const std::uint32_t {name}_expected[];',
        ]
        sizes = inputs[0].size, expected[0].size
        table.append(
            f"    {{{name}::infer, {name}_inputs, {name}_expected, {sizes[0]}, {sizes[1]}}},"
        )
    main = _MAIN.format(
        declarations="\n".join(declarations) + "\n",
        table="\n".join(table),
        inferences=len(cases[0][1]),
        most_outputs=max(expected[0].size for _, _, expected in cases),
    )
    (folder / "main.cpp").write_text(main, encoding="utf-8")
    (folder / "networks.S").write_text("\n".join(data) + "\n", encoding="utf-8")
    return names
