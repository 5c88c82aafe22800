#include "slice.hpp"

#include "heepstor/bits.hpp"

namespace heepstor::software {
namespace {

constexpr std::uint32_t kMantissaBits = 23;
constexpr std::uint32_t kExponentMask = 0xFF;
constexpr std::uint32_t kGuardBits = 2;
constexpr std::uint32_t kHalfBits = 16;
constexpr std::uint32_t kHalfMask = (1u << kHalfBits) - 1;

// An aligned integer A stands for A * 2^(E - kIntegerWeight).
constexpr std::uint32_t kIntegerWeight = 150 + kGuardBits;

static_assert(kSmallestFpuExponent == kIntegerWeight - 126);

std::uint32_t biased_exponent(std::uint32_t bits) { return bits >> kMantissaBits & kExponentMask; }

float power_of_two(std::uint32_t biased) { return to_float(biased << kMantissaBits); }

/// value / 2^shift, rounded half to even; shift < 64.
template <class Unsigned>
Unsigned shift_right_half_even(Unsigned value, std::uint32_t shift) {
  if (shift == 0) return value;
  const Unsigned is_odd = value >> shift & 1;
  return (value + (Unsigned{1} << (shift - 1)) - 1 + is_odd) >> shift;
}

/// Aligns one activation to exponent E < kSmallestFpuExponent.
std::int32_t align_small(std::uint32_t bits, std::uint32_t exponent) {
  const std::uint32_t biased = biased_exponent(bits);
  const std::uint32_t fraction = bits & ((1u << kMantissaBits) - 1);
  const std::uint32_t mantissa = biased == 0 ? fraction : fraction | 1u << kMantissaBits;
  const std::uint32_t shift = exponent - (biased == 0 ? 1 : biased);
  const auto magnitude =
      static_cast<std::int32_t>(shift_right_half_even(mantissa << kGuardBits, shift));
  return bits >> 31 != 0 ? -magnitude : magnitude;
}

}  // namespace

void align(const float* activations, std::uint32_t lanes, AlignedSlice& slice) {
  std::uint32_t exponent = 1;
  for (std::uint32_t i = 0; i < lanes; ++i) {
    const std::uint32_t biased = biased_exponent(to_bits(activations[i]));
    if (biased > exponent) exponent = biased;
  }
  slice.exponent = exponent;
  slice.invalid = exponent == kExponentMask;
  if (slice.invalid) return;
  const bool small = exponent < kSmallestFpuExponent;
  const float scale = small ? 0.0f : power_of_two(127 + kIntegerWeight - exponent);
  for (std::uint32_t i = 0; i < lanes; ++i) {
    const auto integer = small
                             ? align_small(to_bits(activations[i]), exponent)
                             : static_cast<std::int32_t>(__builtin_lrintf(activations[i] * scale));
    slice.high[i] = integer >> kHalfBits;
    slice.low[i] = integer & static_cast<std::int32_t>(kHalfMask);
  }
}

float normalize(std::int32_t high, std::int32_t low, std::uint32_t exponent) {
  const std::int64_t dot = std::int64_t{high} * (1 << kHalfBits) + low;
  if (dot == 0) return 0.0f;
  const std::uint32_t sign = dot < 0 ? 1u << 31 : 0;
  const auto magnitude = static_cast<std::uint64_t>(dot < 0 ? -dot : dot);
  const int leading = 63 - __builtin_clzll(magnitude);
  // Bits that are cut off: below the 24 of a mantissa, or below 2^-149, whichever is more.
  const int to_mantissa = leading - static_cast<int>(kMantissaBits);
  const int to_subnormal = 3 - static_cast<int>(exponent);
  const int cut = to_mantissa > to_subnormal ? to_mantissa : to_subnormal;
  const auto mantissa = static_cast<std::uint32_t>(
      cut < 0 ? magnitude << -cut
              : shift_right_half_even(magnitude, static_cast<std::uint32_t>(cut)));
  // The mantissa's hidden bit, and a carry out of rounding, add one to the exponent's field.
  const auto field = static_cast<std::uint32_t>(cut - to_subnormal);
  return to_float(sign | ((field << kMantissaBits) + mantissa));
}

}  // namespace heepstor::software
