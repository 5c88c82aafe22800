// FP32 numbers as bits, and back.
#pragma once

#include <cstdint>

namespace heepstor {

inline constexpr std::uint32_t kCanonicalNanBits = 0x7FC00000;

constexpr std::uint32_t to_bits(float value) { return __builtin_bit_cast(std::uint32_t, value); }
constexpr float to_float(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }
constexpr bool is_nan(float value) { return value != value; }

}  // namespace heepstor
