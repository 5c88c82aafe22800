"""Many compiled networks in one firmware: the sources of each, and a main program that runs all.

Each network is emitted in the same way as a user's, into a separate folder, and compiled with `-D`
options that make its names unique (see `definitions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modelgen.emit import SECTIONS, emit_model, in_memory
from modelgen.ir.packing import input_element, output_element, row_bytes
from modelgen.plan.program import Program
from modelgen.targets.cpu import Cpu

_CODE_BYTES = 4096
"""Rough code size of a network's infer(), tables and profiles, without its layers on the CPU."""
_LAYER_BYTES = 512
_SHARED_NAMES = ("model", *(f"model_{section}" for section in SECTIONS))
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
  heepstor::engine::Result (*infer)(const void*, void*);
  const unsigned char* inputs;
  const unsigned char* expected;
  std::uint32_t input_bytes;
  std::uint32_t output_bytes;
  std::uint32_t value_bytes;
}};

constexpr std::uint32_t kInferences = {inferences};
constexpr Network networks[] = {{
{table}
}};

alignas(16) unsigned char output[{most_bytes}];

/// Runs all inferences of a network and returns the number of wrong outputs.
std::uint32_t count_mismatches(const Network& network) {{
  std::uint32_t mismatches = 0;
  const std::uint32_t size = network.value_bytes;
  for (std::uint32_t inference = 0; inference < kInferences; ++inference) {{
    for (std::uint32_t i = 0; i < network.output_bytes; ++i) output[i] = 0xA5;
    const auto result = network.infer(network.inputs + inference * network.input_bytes, output);
    heepstor::engine::report(result);
    if (!result.ok()) return kInferences * network.output_bytes / size;
    const unsigned char* expected = network.expected + inference * network.output_bytes;
    for (std::uint32_t i = 0; i < network.output_bytes; i += size) {{
      bool differs = false;
      for (std::uint32_t byte = i; byte < i + size; ++byte) {{
        differs |= output[byte] != expected[byte];
      }}
      mismatches += differs;
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
    code = _CODE_BYTES + _LAYER_BYTES * sum(
        len(s.layers) for s in program.segments if s.target == Cpu.name
    )
    rows = inferences * sum(row_bytes(program.graph))
    return program.constant_bytes + program.arena.size + rows + code


def network_name(index: int) -> str:
    """Return the name of a network and its folder."""
    return f"network_{index}"


def definitions(name: str) -> tuple[str, ...]:
    """Return the compiler options for a network's sources, which make its names unique."""
    return tuple(f"-D{shared}={shared.replace('model', name)}" for shared in _SHARED_NAMES)


def write(cases: Sequence[tuple[Program, np.ndarray, np.ndarray]], folder: Path) -> list[str]:
    """Write main.cpp, the data, and a folder of sources for each network.

    Args:
        cases: the program, inputs and golden outputs of each network, shape (inferences, ...),
            with the same number of inferences for all.
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
            (folder / f"{array}.bin").write_bytes(in_memory(values))
            data += ["    .balign 16", f"    .globl {array}", f"{array}:"]
            data.append(f'    .incbin "{array}.bin"')
        graph = program.graph
        given, made = input_element(graph), output_element(graph)
        declarations += [
            f"namespace {name} {{ heepstor::engine::Result infer(const {given.cpp}*, {made.cpp}*); "
            "}",
            f'extern "C" const unsigned char {name}_inputs[];',
            f'extern "C" const unsigned char {name}_expected[];',
        ]
        arguments = f"static_cast<const {given.cpp}*>(in), static_cast<{made.cpp}*>(out)"
        call = f"[](const void* in, void* out) {{ return {name}::infer({arguments}); }}"
        sizes = ", ".join(map(str, (*row_bytes(graph), made.bytes)))
        table.append(f"    {{{call}, {name}_inputs, {name}_expected, {sizes}}},")
    main = _MAIN.format(
        declarations="\n".join(declarations) + "\n",
        table="\n".join(table),
        inferences=len(cases[0][1]),
        most_bytes=max(row_bytes(program.graph)[1] for program, _, _ in cases),
    )
    (folder / "main.cpp").write_text(main, encoding="utf-8")
    (folder / "networks.S").write_text("\n".join(data) + "\n", encoding="utf-8")
    return names
