// FP32 numbers as bits, and back.
#pragma once

#include <cstdint>

namespace heepstor {

inline constexpr std::uint32_t kCanonicalNanBits = 0x7FC00000;

constexpr std::uint32_t to_bits(float value) { return __builtin_bit_cast(std::uint32_t, value); }
/// An integer as a word, its sign repeated.
constexpr std::uint32_t to_bits(std::int8_t value) { return static_cast<std::uint32_t>(value); }
constexpr float to_float(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }
constexpr bool is_nan(float value) { return value != value; }

/// A result of the FPU with its NaN made canonical: RISC-V's produces no other, a host's may.
constexpr float canonical_result(float value) {
#ifdef __riscv
  return value;
#else
  return is_nan(value) ? to_float(kCanonicalNanBits) : value;
#endif
}

}  // namespace heepstor
