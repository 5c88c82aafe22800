// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// Reads the 32-bit RISC-V ELF files that the firmware's linker writes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heepstor::sim {

// Bytes to load into memory at `address`; the rest of `size` is zero.
struct Segment {
  std::uint32_t address;
  std::uint32_t size;
  std::vector<std::uint8_t> bytes;
};

// A function or label, for messages.
struct Symbol {
  std::uint32_t address;
  std::uint32_t size;
  std::string name;
};

// A program: what to load, and the names of its functions.
struct Elf {
  std::uint32_t entry = 0;
  std::vector<Segment> segments;
  std::vector<Symbol> symbols;  // functions, by ascending address

  // Name of the function at an address, with the offset in it; "?" if unknown.
  std::string Describe(std::uint32_t address) const;
};

// Reads a file; throws UserError with the reason if it can't be run.
Elf ReadElf(const std::string& path);

}  // namespace heepstor::sim
