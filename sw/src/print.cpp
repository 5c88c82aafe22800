#include "heepstor/print.hpp"

#include "heepstor/console.hpp"

namespace heepstor::detail {
namespace {

constexpr int kMaxDigits = 6;
constexpr float kPowersOfTen[kMaxDigits + 1] = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f};

/// Prints with leading zeros to `width` digits (32 bits need at most 10).
void put_padded(std::uint32_t value, int width) {
  char digits[10];
  int count = 0;
  while (value != 0 || count < width) {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  while (count > 0) put(digits[--count]);
}

/// Divides in place and returns the remainder; 16 bits at a time, so that no 64-bit division (a
/// library function) is needed.
std::uint32_t divide(std::uint64_t& value, std::uint16_t divisor) {
  std::uint64_t quotient = 0;
  std::uint32_t remainder = 0;
  for (int shift = 48; shift >= 0; shift -= 16) {
    remainder = remainder << 16 | static_cast<std::uint32_t>(value >> shift & 0xFFFF);
    quotient |= static_cast<std::uint64_t>(remainder / divisor) << shift;
    remainder %= divisor;
  }
  value = quotient;
  return remainder;
}

/// Prints a finite, non-negative number below 2^31.
void put_fixed(float value, int digits) {
  auto whole = static_cast<std::uint32_t>(value);
  const float power = kPowersOfTen[digits];
  auto fraction = static_cast<std::uint32_t>((value - static_cast<float>(whole)) * power + 0.5f);
  if (fraction >= static_cast<std::uint32_t>(power)) {
    whole += 1;
    fraction = 0;
  }
  put_unsigned(whole);
  if (digits == 0) return;
  put('.');
  put_padded(fraction, digits);
}

/// Prints a finite, positive number as d.dddde+xx.
void put_scientific(float value) {
  constexpr int kDigits = 4;
  constexpr float kRoundsToTen = 9.99995f;
  int exponent = 0;
  for (; value >= kRoundsToTen; ++exponent) value *= 0.1f;
  for (; value < 1.0f; --exponent) value *= 10.0f;
  put_fixed(value, kDigits);
  put('e');
  put(exponent < 0 ? '-' : '+');
  put_padded(static_cast<std::uint32_t>(exponent < 0 ? -exponent : exponent), 2);
}

/// Prints the sign, and values that are not finite; returns whether that was all.
bool put_sign_or_special(float value) {
  if (is_nan(value)) {
    put("nan");
    return true;
  }
  if (to_bits(value) >> 31 != 0) put('-');
  if (__builtin_fabsf(value) == __builtin_inff()) {
    put("inf");
    return true;
  }
  return false;
}

constexpr float kFixedLimit = 2147483648.0f;

}  // namespace

void put(char character) { console::put(character); }

void put(const char* text) {
  while (*text != '\0') put(*text++);
}

void put(bool value) { put(value ? "true" : "false"); }

void put(Hex value) {
  for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[value.value >> shift & 0xF]);
}

void put(Fixed value) {
  if (put_sign_or_special(value.value)) return;
  const float magnitude = __builtin_fabsf(value.value);
  const int digits = value.digits < 0 ? 0 : value.digits > kMaxDigits ? kMaxDigits : value.digits;
  if (magnitude < kFixedLimit) {
    put_fixed(magnitude, digits);
  } else {
    put_scientific(magnitude);
  }
}

void put(float value) {
  constexpr float kSmallestFixed = 1e-3f;
  if (put_sign_or_special(value)) return;
  const float magnitude = __builtin_fabsf(value);
  if (magnitude == 0.0f || (magnitude >= kSmallestFixed && magnitude < kFixedLimit)) {
    put_fixed(magnitude, kMaxDigits);
  } else {
    put_scientific(magnitude);
  }
}

void put_signed(std::int32_t value) {
  auto magnitude = static_cast<std::uint32_t>(value);
  if (value < 0) {
    put('-');
    magnitude = 0u - magnitude;
  }
  put_unsigned(magnitude);
}

void put_unsigned(std::uint32_t value) { put_padded(value, 1); }

void put_unsigned(std::uint64_t value) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + divide(value, 10));
  } while (value != 0);
  while (count > 0) put(digits[--count]);
}

}  // namespace heepstor::detail
