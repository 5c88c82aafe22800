// Access to the registers of peripherals.
#pragma once

#include <cstdint>

namespace heepstor {

inline std::uint32_t read_register(std::uint32_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

inline void write_register(std::uint32_t address, std::uint32_t value) {
  *reinterpret_cast<volatile std::uint32_t*>(address) = value;
}

}  // namespace heepstor
