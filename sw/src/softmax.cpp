#include "heepstor/softmax.hpp"

#include <cstdint>

#include "heepstor/bits.hpp"

namespace heepstor {
namespace {

constexpr float kLog2E = 0x1.715476p+0f;
constexpr float kMinusLn2 = -0x1.62e430p-1f;

// 1.5 * 2^23: a number of less than 2^22 added to it is rounded to an integer, which then stands in
// the low bits.
constexpr float kRounder = 12582912.0f;

// Below this exp() would leave the range of normal numbers.
constexpr float kLowest = -87.0f;

// exp(r) = 1 + r + c2 r^2 + ... + c5 r^5 for |r| <= ln(2) / 2: least largest relative error
// (1.05e-7), found by iteratively reweighted least squares.
constexpr float kC2 = 0x1.fffdfcp-2f;
constexpr float kC3 = 0x1.5557b0p-3f;
constexpr float kC4 = 0x1.572a64p-5f;
constexpr float kC5 = 0x1.106252p-7f;

// Hardware has this as one instruction, with one rounding; so has the reference.
inline float multiply_add(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

/// exp(x) for x <= 0 or NaN; relative error at most 4.1e-7. Wrong below kLowest.
inline float exp_negative(float x) {
  const float shifted = multiply_add(x, kLog2E, kRounder);
  const float r = multiply_add(shifted - kRounder, kMinusLn2, x);
  float power = multiply_add(r, kC5, kC4);
  power = multiply_add(power, r, kC3);
  power = multiply_add(power, r, kC2);
  power = multiply_add(power, r, 1.0f);
  power = multiply_add(power, r, 1.0f);
  return to_float(to_bits(power) + (to_bits(shifted) << 23));  // times 2^integer
}

/// Writes exp(logits[i] - maximum), and returns their sum. Only with `far` may there be differences
/// below kLowest, which give 0: most rows have none, and the check costs 3 cycles a value.
template <bool far>
float exponentials(const float* logits, float maximum, float* out, std::size_t n) {
  float sum = 0.0f;
#pragma GCC unroll 2
  for (std::size_t i = 0; i < n; ++i) {
    const float x = logits[i] - maximum;
    const float power = far && x < kLowest ? 0.0f : exp_negative(x);
    out[i] = power;
    sum += power;
  }
  return sum;
}

struct Range {
  float minimum;
  float maximum;
};

/// NaNs are left out, unless there is nothing else.
Range range(const float* values, std::size_t n) {
  Range result{values[0], values[0]};
#pragma GCC unroll 4
  for (std::size_t i = 1; i < n; ++i) {
    result.minimum = __builtin_fminf(result.minimum, values[i]);
    result.maximum = __builtin_fmaxf(result.maximum, values[i]);
  }
  return result;
}

void fill(float* out, float value, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = value;
}

}  // namespace

void softmax(const float* logits, float* out, std::size_t n) {
  if (n == 0) return;
  const auto [minimum, maximum] = range(logits, n);
  const float sum = minimum - maximum < kLowest ? exponentials<true>(logits, maximum, out, n)
                                                : exponentials<false>(logits, maximum, out, n);
  if (is_nan(sum)) {
    fill(out, to_float(kCanonicalNanBits), n);
    return;
  }
  const float factor = 1.0f / sum;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < n; ++i) out[i] *= factor;
}

}  // namespace heepstor
