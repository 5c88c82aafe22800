// Smooth and piecewise relatives of ReLU on the CPU.
#pragma once

#include <cstddef>

#include "heepstor/exponential.hpp"

namespace heepstor::detail {

struct Elu : OfFinite {
  float positive;
  float negative;
  float steepness;
  Expm1 expm1 = {};
  float lowest = kLowest;

  HEEPSTOR_INLINE float operator()(float x) const {
    const float argument = larger(smaller(x, 0.0f) * steepness, lowest);
    return fma(expm1(argument), negative, larger(x, 0.0f) * positive);
  }
};

/// ln(1 + exp(-|x|)).
struct LogOfSum {
  Power power = {};
  float highest = -kLowest;
  // ln(1 + e) / e for e in 0 .. 1, but its last coefficient, which is 1; relative error 2.2e-7.
  float coefficients[7] = {-0x1.1fab0ap-7f, 0x1.7087aep-5f, -0x1.be8eb8p-4f, 0x1.6d82bep-3f,
                           -0x1.f683d6p-3f, 0x1.54d42cp-2f, -0x1.fffb3ap-2f};

  HEEPSTOR_INLINE float operator()(float x) const {
    const float term = power(-smaller(__builtin_fabsf(x), highest));
    return fma(horner(coefficients, term), term, power.one) * term;
  }
};

struct Softplus : OfFinite {
  float beta;
  float inverse;
  float threshold;
  LogOfSum log_of_sum = {};

  HEEPSTOR_INLINE float operator()(float x) const {
    const float scaled = x * beta;
    // A number that the compiler knows nothing of: a branch would keep it from interleaving values.
    int is_curved = scaled <= threshold;
    asm("" : "+r"(is_curved));
    const float factor = static_cast<float>(is_curved) * inverse;
    return fma(log_of_sum(scaled), factor, larger(x, 0.0f));
  }
};

struct LogSigmoid : OfFinite {
  LogOfSum log_of_sum = {};

  HEEPSTOR_INLINE float operator()(float x) const { return smaller(x, 0.0f) - log_of_sum(x); }
};

/// clamp(x + 3, 0, 6) / 6.
struct Gate {
  float three = 3.0f;
  float six = 6.0f;
  float sixth = 1.0f / 6.0f;

  HEEPSTOR_INLINE float operator()(float x) const {
    return smaller(larger(x + three, 0.0f), six) * sixth;
  }
};

struct Hardsigmoid : OfFinite {
  Gate gate = {};

  HEEPSTOR_INLINE float operator()(float x) const { return gate(x); }
};

struct Hardswish : OfAny {
  Gate gate = {};

  HEEPSTOR_INLINE float operator()(float x) const { return canonical_result(gate(x) * x); }
};

inline constexpr Elu kElu = {{0.0f, kInfinity}, 1.0f, 1.0f, 1.0f};
inline constexpr Softplus kSoftplus = {{0.0f, kInfinity}, 1.0f, 1.0f, 20.0f};
inline constexpr LogSigmoid kLogSigmoid = {{-kInfinity, 0.0f}};
inline constexpr Hardsigmoid kHardsigmoid = {{0.0f, 1.0f}};
inline constexpr Hardswish kHardswish = {};

}  // namespace heepstor::detail

namespace heepstor {

/// out[i] = positive * x for x > 0, else negative * (exp(steepness * x) - 1), of n values x. `out`
/// may be `values`. Relative error 7e-7, for a steepness of 1. ELU, CELU and SELU are special
/// cases.
inline void elu(const float* values, float* out, std::size_t n, float positive, float negative,
                float steepness) {
  detail::Elu function = detail::from_memory(detail::kElu);
  function.below = -negative;
  function.positive = positive;
  function.negative = negative;
  function.steepness = steepness;
  detail::map(values, out, n, function);
}

/// The same for ln(1 + exp(beta * x)) / beta, or x where beta * x > threshold; beta > 0 and
/// threshold >= 0. Relative error 5e-7 for a beta of 1 and x > -87.
inline void softplus(const float* values, float* out, std::size_t n, float beta, float threshold) {
  detail::Softplus function = detail::from_memory(detail::kSoftplus);
  function.beta = beta;
  function.inverse = 1.0f / beta;
  function.threshold = threshold;
  detail::map(values, out, n, function);
}

/// The same for -ln(1 + exp(-x)). Relative error 5e-7 for x < 87.
inline void log_sigmoid(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kLogSigmoid));
}

/// The same for clamp(x + 3, 0, 6) / 6. Error 2e-7.
inline void hardsigmoid(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kHardsigmoid));
}

/// The same for x * clamp(x + 3, 0, 6) / 6. Error 3e-7 times |x|.
inline void hardswish(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kHardswish));
}

}  // namespace heepstor
