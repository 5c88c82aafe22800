#include "slice.hpp"

namespace heepstor::software {
namespace {

constexpr std::uint32_t kExponentMask = 0xFF;
constexpr std::uint32_t kGuardBits = 2;

/// value / 2^shift, rounded half to even; shift < 64.
template <class Unsigned>
Unsigned shift_right_half_even(Unsigned value, std::uint32_t shift) {
  if (shift == 0) return value;
  const Unsigned is_odd = value >> shift & 1;
  return (value + (Unsigned{1} << (shift - 1)) - 1 + is_odd) >> shift;
}

}  // namespace

std::int32_t BitArithmetic::align(float activation) const {
  const std::uint32_t bits = to_bits(activation);
  const std::uint32_t biased = bits >> kMantissaBits & kExponentMask;
  const std::uint32_t fraction = bits & ((1u << kMantissaBits) - 1);
  const std::uint32_t mantissa = biased == 0 ? fraction : fraction | 1u << kMantissaBits;
  const std::uint32_t shift = exponent_ - (biased == 0 ? 1 : biased);
  const auto magnitude =
      static_cast<std::int32_t>(shift_right_half_even(mantissa << kGuardBits, shift));
  return bits >> 31 != 0 ? -magnitude : magnitude;
}

float BitArithmetic::normalize(std::int32_t high, std::int32_t low) const {
  const std::int64_t dot = std::int64_t{high} * (1 << kHalfBits) + low;
  if (dot == 0) return 0.0f;
  const std::uint32_t sign = dot < 0 ? 1u << 31 : 0;
  const auto magnitude = static_cast<std::uint64_t>(dot < 0 ? -dot : dot);
  const int leading = 63 - __builtin_clzll(magnitude);
  // Bits to cut off: those below the mantissa's 24, or below 2^-149, whichever are more.
  const int to_mantissa = leading - static_cast<int>(kMantissaBits);
  const int to_subnormal = 3 - static_cast<int>(exponent_);
  const int cut = to_mantissa > to_subnormal ? to_mantissa : to_subnormal;
  const auto mantissa = static_cast<std::uint32_t>(
      cut < 0 ? magnitude << -cut
              : shift_right_half_even(magnitude, static_cast<std::uint32_t>(cut)));
  // The mantissa's hidden bit and a carry from rounding each add one to the exponent field.
  const auto field = static_cast<std::uint32_t>(cut - to_subnormal);
  return to_float(sign | ((field << kMantissaBits) + mantissa));
}

}  // namespace heepstor::software
