// From FP32 to 8-bit integers, and back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/bits.hpp"
#include "heepstor/inlining.hpp"
#include "heepstor/int8/requantize.hpp"

namespace heepstor::int8 {

/// How numbers are divided by a scale and rounded; see `modelgen.arithmetic.integer.quantization`.
enum class Division { kTiesAway, kTiesEven, kReciprocal };

namespace detail {

/// The integer nearest to value / scale, or to value * scale if `scale` is its reciprocal, limited
/// to the range of INT8 after the zero point is added; NaN becomes the lowest.
template <Division division>
HEEPSTOR_INLINE std::int8_t quantized(float value, float scale, std::int32_t zero_point) {
  constexpr float kBeyond = 512.0f;  // of all results
  const Output output = {zero_point, -128, 127};
  const float quotient = division == Division::kReciprocal ? value * scale : value / scale;
  if (is_nan(quotient)) return -128;
  if constexpr (division != Division::kTiesAway) return nearest(quotient, output);
  const float limited = __builtin_fmaxf(__builtin_fminf(quotient, kBeyond), -kBeyond);
  auto whole = static_cast<std::int32_t>(limited);
  const float rest = limited - static_cast<float>(whole);
  if (rest >= 0.5f) ++whole;
  if (rest <= -0.5f) --whole;
  return clamped(whole, output);
}

}  // namespace detail

/// out[i] = values[i] / scale + zero_point, rounded, of n values: the bits of the record
/// `Quantize`.
template <Division division>
void quantize(const float* values, std::int8_t* out, std::size_t n, float scale,
              std::int32_t zero_point) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = detail::quantized<division>(values[i], scale, zero_point);
  }
}

/// out[i] = scale * (values[i] - zero_point), of n values: the bits of the record `Dequantize`.
inline void dequantize(const std::int8_t* values, float* out, std::size_t n, float scale,
                       std::int32_t zero_point) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = scale * static_cast<float>(values[i] - zero_point);
  }
}

}  // namespace heepstor::int8
