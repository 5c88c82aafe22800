"""Many compiled networks in one firmware: assembly that one small main program runs.

Networks without layers on the CPU are one chain of descriptors each; the linker fills in where
everything lies.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modelgen.descriptor import DESCRIPTOR_BYTES, LAYOUT
from modelgen.image import BASE, build_image
from modelgen.program import Program

_ADDRESSES = ("next", "source", "weights", "parameters", "destination", "residual", "profile")
_ADDRESS_WORDS = frozenset(LAYOUT[name][0] for name in _ADDRESSES)

_MAIN = """// Runs networks one after another and tells how many outputs of each are wrong.
//
// Generated; changes made here are lost.
#include <cstddef>
#include <cstdint>

#include "heepstor/engine.hpp"
#include "heepstor/print.hpp"

namespace {

struct Network {
  const heepstor::engine::Descriptor* chain;
  const std::uint32_t* output;
  const std::uint32_t* expected;
  std::uint32_t words;
};

std::uint32_t count_mismatches(const Network& network) {
  std::uint32_t mismatches = 0;
  for (std::uint32_t i = 0; i < network.words; ++i) {
    if (network.output[i] != network.expected[i]) ++mismatches;
  }
  return mismatches;
}

}  // namespace

extern "C" const Network networks[];
extern "C" const std::uint32_t network_count;

int main() {
  using heepstor::print;
  heepstor::engine::check_hardware();
  for (std::uint32_t i = 0; i < network_count; ++i) {
    const heepstor::engine::Result result = heepstor::engine::run(networks[i].chain);
    heepstor::engine::report(result);
    const Network& network = networks[i];
    print("network ", i, " ", result.ok() ? count_mismatches(network) : network.words, "\\n");
  }
  return 0;
}
"""


def memory_bytes(program: Program, values: np.ndarray) -> int:
    """Return the bytes of main memory that a network and its expected outputs take."""
    output = program.graph.tensors[program.graph.output].size
    return len(build_image(program, values).memory) + 4 * output


def write(cases: Sequence[tuple[Program, np.ndarray, np.ndarray]], folder: Path) -> None:
    """Write main.cpp and networks.S with their binary files.

    Args:
        cases: of each network the program, one batch of inputs, and the outputs that it must give.
        folder: is made if it does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        "// Networks as the engine reads them.",
        '    .section .data.networks, "aw", %progbits',
    ]
    table = ['    .section .rodata.networks, "a", %progbits', "    .balign 4"]
    table += ["    .globl network_count", "network_count:", f"    .word {len(cases)}"]
    table += ["    .globl networks", "networks:"]
    for index, (program, values, expected) in enumerate(cases):
        lines += _network(program, values, expected, index, folder)
        output = build_image(program, values).addresses.output - BASE
        table.append(
            f"    .word network_{index}, network_{index} + {output}, expected_{index}, "
            f"{expected.size}"
        )
    (folder / "networks.S").write_text("\n".join([*lines, *table]) + "\n", encoding="utf-8")
    (folder / "main.cpp").write_text(_MAIN, encoding="utf-8")


def _network(
    program: Program, values: np.ndarray, expected: np.ndarray, index: int, folder: Path
) -> list[str]:
    """Return the assembly of one network; its constants and inputs go into a binary file."""
    image = build_image(program, values)
    if len(image.chains) != 1 or len(program.steps) != 1:
        raise ValueError("a network of a bundle is one chain, without layers on the CPU")
    size = image.addresses.weights - BASE
    (folder / f"network_{index}.bin").write_bytes(bytes(image.memory[size:]))
    bits = np.ascontiguousarray(expected, "<f4").tobytes()
    (folder / f"expected_{index}.bin").write_bytes(bits)
    name = f"network_{index}"
    lines = ["    .balign 16", f"{name}:"]
    for start in range(0, size // DESCRIPTOR_BYTES * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES):
        words = struct.unpack("<32I", image.memory[start : start + DESCRIPTOR_BYTES])
        lines.append(f"    .word {', '.join(_word(name, i, word) for i, word in enumerate(words))}")
    lines += [f'    .incbin "{name}.bin"', "    .balign 16", f"expected_{index}:"]
    return [*lines, f'    .incbin "expected_{index}.bin"']


def _word(name: str, index: int, word: int) -> str:
    return f"{name} + {word - BASE}" if index in _ADDRESS_WORDS and word >= BASE else str(word)
