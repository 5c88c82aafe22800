// Printing to the serial line: print("x ", 3, " ", hex(bits), " ", 0.5f, "\n").
#pragma once

#include <cstdint>
#include <type_traits>

#include "heepstor/bits.hpp"

namespace heepstor {

/// Prints as eight hexadecimal digits.
struct Hex {
  std::uint32_t value;
};
constexpr Hex hex(std::uint32_t value) { return {value}; }
constexpr Hex hex(float value) { return {to_bits(value)}; }

/// Prints with `digits` (0 to 6) decimals.
struct Fixed {
  float value;
  int digits;
};
constexpr Fixed fixed(float value, int digits) { return {value, digits}; }

namespace detail {
void put(char character);
void put(const char* text);
void put(bool value);
void put(Hex value);
void put(Fixed value);
void put(float value);
void put_signed(std::int32_t value);
void put_unsigned(std::uint32_t value);
void put_unsigned(std::uint64_t value);

template <class Integer, std::enable_if_t<std::is_integral_v<Integer>, int> = 0>
void put(Integer value) {
  if constexpr (sizeof(Integer) > sizeof(std::uint32_t)) {
    static_assert(std::is_unsigned_v<Integer>, "64-bit integers are printed unsigned");
    put_unsigned(static_cast<std::uint64_t>(value));
  } else if constexpr (std::is_signed_v<Integer>) {
    put_signed(value);
  } else {
    put_unsigned(static_cast<std::uint32_t>(value));
  }
}
}  // namespace detail

/// Prints all arguments in order: text, characters, integers, floats, hex(), fixed().
template <class... Values>
void print(Values... values) {
  (detail::put(values), ...);
}

}  // namespace heepstor
