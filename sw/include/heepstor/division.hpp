// Division without the divider, which would stall the pipeline.
#pragma once

#include <cstdint>

#include "heepstor/single.hpp"

namespace heepstor::detail {

/// dividend / divisor with a relative error of 1.3e-7, for finite dividends and divisors from
/// 2^-125 to 2^125. `one` is 1, which callers have in a register.
struct Quotient {
  /// Minus the bits of a number, this is its reciprocal, with a relative error of at most 0.0506.
  std::uint32_t magic = 0x7EF31000;

  HEEPSTOR_INLINE float operator()(float dividend, float divisor, float one) const {
    const float seed = to_float(magic - to_bits(divisor));
    const float residual = fma(-divisor, seed, one);
    const float factor = fma(fma(residual, residual, residual), seed, seed);
    const float estimate = dividend * factor;
    return fma(fma(-divisor, estimate, dividend), factor, estimate);
  }
};

}  // namespace heepstor::detail
