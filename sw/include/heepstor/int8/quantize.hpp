// From FP32 to 8-bit integers, and back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/bits.hpp"
#include "heepstor/inlining.hpp"

namespace heepstor::int8 {

namespace detail {

/// The integer nearest to value / scale, ties away from zero, limited to the range of INT8 after
/// the zero point is added; NaN becomes the lowest.
HEEPSTOR_INLINE std::int8_t quantized(float value, float scale, std::int32_t zero_point) {
  constexpr float kBeyond = 512.0f;  // of all results
  const float quotient = value / scale;
  if (is_nan(quotient)) return -128;
  const float limited = __builtin_fmaxf(__builtin_fminf(quotient, kBeyond), -kBeyond);
  auto whole = static_cast<std::int32_t>(limited);
  const float rest = limited - static_cast<float>(whole);
  if (rest >= 0.5f) ++whole;
  if (rest <= -0.5f) --whole;
  whole += zero_point;
  return static_cast<std::int8_t>(whole < -128 ? -128 : whole > 127 ? 127 : whole);
}

}  // namespace detail

/// out[i] = values[i] / scale + zero_point, rounded, of n values: the bits of the record
/// `Quantize`.
inline void quantize(const float* values, std::int8_t* out, std::size_t n, float scale,
                     std::int32_t zero_point) {
  for (std::size_t i = 0; i < n; ++i) out[i] = detail::quantized(values[i], scale, zero_point);
}

/// out[i] = scale * (values[i] - zero_point), of n values: the bits of the record `Dequantize`.
inline void dequantize(const std::int8_t* values, float* out, std::size_t n, float scale,
                       std::int32_t zero_point) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = scale * static_cast<float>(values[i] - zero_point);
  }
}

}  // namespace heepstor::int8
