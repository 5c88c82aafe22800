// From INT32 sums to INT8 results, as the engine's store path makes them.
#pragma once

#include <cstdint>

namespace heepstor::software {

/// The halves of a word of offsets: for products below zero, from -3 * 2^14 to 2^14 - 1, and for
/// others, from -2^14 to 3 * 2^14 - 1.
constexpr std::int32_t offset_of(std::uint32_t offsets, bool is_negative) {
  const auto half = static_cast<std::int32_t>(is_negative ? offsets >> 16 : offsets & 0xFFFF);
  return half < (is_negative ? 1 << 14 : 3 << 14) ? half : half - (1 << 16);
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
/// Rounding to 24 bits makes halves of what is less than half a unit of the last bit away from one,
/// and, as the hardware does it, of what is exactly half a unit below.
constexpr std::int32_t divided_as_fp32(std::int64_t value, std::uint32_t shift) {
  constexpr std::uint32_t kMantissaBits = 24;
  const auto whole = static_cast<std::int32_t>(value >> shift);
  const std::int64_t half = std::int64_t{1} << (shift - 1);
  const std::int64_t above = (value & (2 * half - 1)) - half;
  // One more than log2 of the integer; integers of 256 and more are all clamped.
  const std::int32_t magnitude = whole < 0 ? ~whole : whole;
  std::uint32_t exponent = 0;
  while (exponent < 8 && magnitude >> exponent != 0) ++exponent;
  const std::int64_t unit = std::int64_t{1} << (shift - kMantissaBits - 1 + exponent);
  const bool is_half = above < unit && above >= -unit;
  return whole + (is_half ? whole & 1 : above >= 0);
}

/// Parameters of a channel, as they are in memory.
struct Requantization {
  std::uint32_t multiplier;
  std::int32_t bias;      // added to the sum; in the upper two bits the place of the shift
  std::uint32_t offsets;  // in units of 2^16 of the product: below zero, and others

  static constexpr std::uint32_t kBiasBits = 30;

  /// 30, 37, 44 or 51.
  static constexpr std::uint32_t shift_of(std::int32_t bias) {
    return 30 + 7 * (static_cast<std::uint32_t>(bias) >> kBiasBits);
  }

  static constexpr std::int32_t bias_of(std::int32_t bias) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(bias) << (32 - kBiasBits)) >>
           (32 - kBiasBits);
  }

  static constexpr std::int64_t with_offset(std::int64_t product, std::uint32_t offsets) {
    return product + std::int64_t{offset_of(offsets, product < 0)} * (1 << 16);
  }

  /// Whether x has more than 27 bits; its result is beyond all bounds.
  static constexpr bool is_beyond(std::int64_t x) {
    constexpr std::int64_t kLimit = 1 << 26;
    return x < -kLimit || x >= kLimit;
  }

  static constexpr std::int32_t beyond(std::int64_t x) { return x < 0 ? -(1 << 20) : 1 << 20; }

  /// The sum as an integer, before zero point and bounds.
  constexpr std::int32_t operator()(std::int32_t sum, bool ties_even) const {
    const std::int64_t x = std::int64_t{sum} + bias_of(bias);
    if (is_beyond(x)) return beyond(x);
    const std::int64_t value = with_offset(x * std::int64_t{multiplier}, offsets);
    return ties_even ? divided_as_fp32(value, shift_of(bias)) : divided(value, shift_of(bias));
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

/// The sum of results and an operand: the lines before the parameters, as they are in memory. All
/// words of a line are equal.
struct OperandSum {
  static constexpr std::uint32_t kWords = 4;

  std::uint32_t multiplier[kWords];  // of operands, 26 bits
  std::int32_t bias[kWords];         // multiplier of results, and the place of the shift
  std::uint32_t offsets[kWords];     // for sums of products below zero, and others
  std::uint32_t summand[kWords];     // bounds of results, 9 bits each; zero point of operands

  /// The range of results, without their zero point, before the sum.
  constexpr Range range() const {
    const auto bounds = static_cast<std::int32_t>(summand[0]);
    return {0, static_cast<std::int32_t>(summand[0] << 9) >> 23, bounds >> 23};
  }

  /// The sum of a result, without its zero point, and an operand as an integer, before the job's
  /// zero point and bounds.
  constexpr std::int32_t operator()(std::int32_t value, std::int32_t operand) const {
    constexpr std::int64_t kScale = 1 << 8;
    constexpr std::uint32_t kFactorMask = (1 << 26) - 1;
    const std::int64_t factor = Requantization::bias_of(bias[0]);
    if (Requantization::is_beyond(factor)) return Requantization::beyond(factor);
    const std::int32_t less = operand - static_cast<std::int8_t>(summand[0]);
    const std::int64_t total =
        value * factor + less * static_cast<std::int64_t>(multiplier[0] & kFactorMask);
    return divided(Requantization::with_offset(total * kScale, offsets[0]),
                   Requantization::shift_of(bias[0]));
  }
};
static_assert(sizeof(OperandSum) == 64);

}  // namespace heepstor::software
