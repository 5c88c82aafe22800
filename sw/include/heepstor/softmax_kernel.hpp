// Implementation of softmax.hpp, in a header so that it can be compiled for rows of known length.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/bits.hpp"

// Unroll factor of the next loop; ignored by GCC (tests on the host).
#ifdef __clang__
#define HEEPSTOR_PRAGMA(text) _Pragma(#text)
#define HEEPSTOR_UNROLL(count) HEEPSTOR_PRAGMA(clang loop unroll_count(count))
#else
#define HEEPSTOR_UNROLL(count)
#endif

// A row's length is a constant only if everything is inlined into one function.
#define HEEPSTOR_INLINE inline __attribute__((always_inline))

namespace heepstor::detail {

// Below this, exp() would leave the range of normal numbers.
inline constexpr float kLowest = -87.0f;

/// Constants of exp(). They are in memory: loading one takes one instruction, building it three.
struct Exponential {
  float log2_e;
  float minus_ln2;
  // 1.5 * 2^23: adding a number below 2^22 rounds it to an integer, which is then in the low bits.
  float rounder;
  float one;
  // exp(r) = 1 + r + c2 r^2 + ... + c5 r^5 for |r| <= ln(2) / 2, with the smallest maximum relative
  // error (1.05e-7), found by iteratively reweighted least squares.
  float c2;
  float c3;
  float c4;
  float c5;
};

inline constexpr Exponential kExponential = {0x1.715476p+0f, -0x1.62e430p-1f, 12582912.0f,
                                             1.0f,           0x1.fffdfcp-2f,  0x1.5557b0p-3f,
                                             0x1.572a64p-5f, 0x1.106252p-7f};

/// Hides a pointer's target from the compiler, so that it loads values instead of building them.
template <class T>
const T& from_memory(const T& value) {
  const T* pointer = &value;
  asm("" : "+r"(pointer));
  return *pointer;
}

// A single instruction in hardware, with one rounding, as in the reference.
inline float multiply_add(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

/// exp(x) for x <= 0 or NaN; the relative error is at most 4.1e-7. Only with `far`, x may be below
/// kLowest, which gives 0: most rows have no such value, and the check costs 3 cycles.
template <bool far>
inline float exp_negative(float x, const Exponential& c) {
  if (far && x < kLowest) return 0.0f;
  const float shifted = multiply_add(x, c.log2_e, c.rounder);
  const float r = multiply_add(shifted - c.rounder, c.minus_ln2, x);
  float power = multiply_add(r, c.c5, c.c4);
  power = multiply_add(power, r, c.c3);
  power = multiply_add(power, r, c.c2);
  power = multiply_add(power, r, c.one);
  power = multiply_add(power, r, c.one);
  return to_float(to_bits(power) + (to_bits(shifted) << 23));  // times 2^integer
}

/// Writes exp(logits[i] - maximum), and returns their sum.
///
/// This and the other loops process pairs, so that nothing waits for a value being loaded.
template <std::size_t unroll, bool far>
HEEPSTOR_INLINE float exponentials(const float* logits, float maximum, float* out, std::size_t n) {
  const Exponential c = from_memory(kExponential);
  float sum = 0.0f;
  const float* const pairs_end = logits + (n & ~std::size_t{1});
  HEEPSTOR_UNROLL(unroll)
  for (; logits != pairs_end; logits += 2, out += 2) {
    const float first = logits[0];
    const float second = logits[1];
    out[0] = exp_negative<far>(first - maximum, c);
    out[1] = exp_negative<far>(second - maximum, c);
    sum += out[0];
    sum += out[1];
  }
  if ((n & 1) != 0) {
    *out = exp_negative<far>(*logits - maximum, c);
    sum += *out;
  }
  return sum;
}

struct Range {
  float minimum;
  float maximum;
};

/// NaNs are ignored unless there is nothing else.
template <std::size_t unroll>
HEEPSTOR_INLINE Range range(const float* values, std::size_t n) {
  Range result{values[n - 1], values[n - 1]};
  const auto include = [&](float value) {
    result.minimum = __builtin_fminf(result.minimum, value);
    result.maximum = __builtin_fmaxf(result.maximum, value);
  };
  const float* const pairs_end = values + (n & ~std::size_t{1});
  HEEPSTOR_UNROLL(unroll)
  for (; values != pairs_end; values += 2) {
    include(values[0]);
    include(values[1]);
  }
  return result;
}

template <std::size_t unroll>
HEEPSTOR_INLINE void scale(float* values, float factor, std::size_t n) {
  float* const pairs_end = values + (n & ~std::size_t{1});
  HEEPSTOR_UNROLL(unroll)
  for (; values != pairs_end; values += 2) {
    const float first = values[0] * factor;
    const float second = values[1] * factor;
    values[0] = first;
    values[1] = second;
  }
  if ((n & 1) != 0) *values *= factor;
}

/// softmax() of a row of n values, with `unroll` pairs per iteration of each loop.
template <std::size_t unroll>
HEEPSTOR_INLINE void softmax(const float* logits, float* out, std::size_t n) {
  const auto [minimum, maximum] = range<unroll>(logits, n);
  const bool is_far = minimum - maximum < kLowest;
  const float sum = is_far ? exponentials<1, true>(logits, maximum, out, n)
                           : exponentials<unroll, false>(logits, maximum, out, n);
  if (is_nan(sum)) {
    for (std::size_t i = 0; i < n; ++i) out[i] = to_float(kCanonicalNanBits);
    return;
  }
  scale<unroll>(out, 1.0f / sum, n);
}

}  // namespace heepstor::detail
