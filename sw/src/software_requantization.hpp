// From INT32 sums to INT8 results, as the engine's store path makes them.
#pragma once

#include <cstdint>

namespace heepstor::software {

/// The signed halves of a word of offsets: for sums below zero, and for others.
constexpr std::int32_t offset_of(std::int32_t offsets, bool is_negative) {
  return is_negative ? offsets >> 16 : static_cast<std::int16_t>(offsets);
}

/// Within bounds; if they contradict each other, the lower one decides.
constexpr std::int32_t bounded(std::int32_t value, std::int32_t low, std::int32_t high) {
  if (value < low) return low;
  return value > high ? high : value;
}

/// `value` / 2^shift, rounded to nearest; halves up.
constexpr std::int32_t divided(std::int64_t value, std::uint32_t shift) {
  return (static_cast<std::int32_t>(value >> (shift - 1)) + 1) >> 1;
}

/// `value` / 2^shift as FP32 gives it: rounded to 24 bits, then to an integer, halves to even.
/// Rounding to 24 bits makes halves of what is at most half a unit of the last bit away from one.
constexpr std::int32_t divided_as_fp32(std::int64_t value, std::uint32_t shift) {
  constexpr std::int32_t kMantissaBits = 24;
  const std::uint64_t magnitude = value < 0 ? -static_cast<std::uint64_t>(value) : value;
  const auto whole = static_cast<std::int32_t>(magnitude >> shift);
  const std::int64_t half = std::int64_t{1} << (shift - 1);
  const std::int64_t above = static_cast<std::int64_t>(magnitude & (2 * half - 1)) - half;
  // log2 of the integer; integers of 256 and more are all clamped.
  std::int32_t exponent = -1;
  while (exponent < 8 && whole >> (exponent + 1) != 0) ++exponent;
  const std::int32_t room = static_cast<std::int32_t>(shift) - kMantissaBits + exponent;
  const std::int64_t unit = room < 0 ? 0 : std::int64_t{1} << room;
  const bool is_half = above <= unit && above >= -unit;
  const std::int32_t rounded = whole + (is_half ? whole & 1 : above > 0);
  return value < 0 ? -rounded : rounded;
}

/// Parameters of a channel, as they are in memory.
struct Requantization {
  std::int32_t scale;    // shift and multiplier, see multiplier_of() and shift_of()
  std::int32_t bias;     // added to the sum
  std::int32_t offsets;  // in units of 2^15 of the product: below zero, and above

  static constexpr std::uint32_t kMultiplierBits = 26;
  static constexpr std::uint32_t kMultiplierMask = (1u << kMultiplierBits) - 1;

  static constexpr std::int32_t multiplier_of(std::int32_t scale) {
    return scale & static_cast<std::int32_t>(kMultiplierMask);
  }

  /// 24 to 55, from the word's upper bits.
  constexpr std::uint32_t shift() const {
    return 24 + (((static_cast<std::uint32_t>(scale) >> kMultiplierBits) + 8) & 31);
  }

  /// The sum with its bias, limited to 27 bits.
  constexpr std::int32_t biased(std::int32_t sum) const {
    constexpr std::int32_t kLimit = 1 << 26;
    std::int32_t total = 0;
    if (__builtin_add_overflow(sum, bias, &total)) return bias < 0 ? -kLimit : kLimit - 1;
    return bounded(total, -kLimit, kLimit - 1);
  }

  /// The sum as an integer, before zero point and bounds.
  constexpr std::int32_t operator()(std::int32_t sum, bool ties_even) const {
    const std::int32_t x = biased(sum);
    const std::int64_t product = std::int64_t{x} * multiplier_of(scale) +
                                 std::int64_t{offset_of(offsets, x < 0)} * (1 << 15);
    return ties_even ? divided_as_fp32(product, shift()) : divided(product, shift());
  }
};

/// Zero point and bounds of results.
struct Range {
  std::int32_t zero_point;
  std::int32_t low;
  std::int32_t high;

  constexpr std::int32_t operator()(std::int32_t value) const {
    return bounded(value + zero_point, low, high);
  }
};

/// The sum of results and an operand: the line before the parameters, as it is in memory.
struct OperandSum {
  std::int32_t first;    // shift - 16 in the upper bits, multiplier of results
  std::int32_t second;   // multiplier of operands
  std::int32_t offsets;  // in units of 2^6: below zero, and above
  std::int8_t zero_point;
  std::int8_t operand_zero_point;
  std::int8_t low;
  std::int8_t high;

  /// The range of results before the sum.
  constexpr Range range() const { return {zero_point, low, high}; }

  /// The sum as an integer, before the job's zero point and bounds.
  constexpr std::int32_t operator()(std::int32_t value, std::int32_t operand) const {
    std::int64_t total =
        std::int64_t{value - zero_point} * Requantization::multiplier_of(first) +
        std::int64_t{operand - operand_zero_point} * Requantization::multiplier_of(second);
    total += offset_of(offsets, total < 0) * (1 << 6);
    const std::uint32_t upper =
        static_cast<std::uint32_t>(first) >> Requantization::kMultiplierBits;
    return divided(total, 16 + (upper & 15));
  }
};
static_assert(sizeof(OperandSum) == 16);

}  // namespace heepstor::software
