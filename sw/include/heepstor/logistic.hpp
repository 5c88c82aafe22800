// Sigmoid and its relatives on the CPU.
#pragma once

#include <cstddef>

#include "heepstor/division.hpp"
#include "heepstor/exponential.hpp"

namespace heepstor::detail {

struct Sigmoid : OfFinite {
  Power power = {};
  Quotient quotient = {};
  float lowest = -kHighest;
  float highest = -kLowest;

  HEEPSTOR_INLINE float operator()(float x) const {
    const float bounded = smaller(larger(x, lowest), highest);
    return quotient(power.one, power(-bounded) + power.one, power.one);
  }
};

struct Silu : Sigmoid {
  HEEPSTOR_INLINE float operator()(float x) const {
    const float dividend = larger(x, lowest);
    return quotient(dividend, power(-smaller(dividend, highest)) + power.one, power.one);
  }
};

/// -t / (t + 2) with t = exp(-2 x) - 1, for x >= 0.
struct Tanh : OfFinite {
  Expm1 expm1 = {};
  Quotient quotient = {};
  float highest = 44.0f;  // from where on it is 1
  float two = 2.0f;

  HEEPSTOR_INLINE float operator()(float x) const {
    const float term = expm1(smaller(__builtin_fabsf(x), highest) * -two);
    return __builtin_copysignf(quotient(term, term + two, expm1.one), x);
  }
};

/// x / (1 + exp(-u)) with u = 2 sqrt(2 / pi) (x + 0.044715 x^3).
struct GeluTanh : OfFinite {
  Power power = {};
  Quotient quotient = {};
  float lowest = -10.0f;  // from where on down it is 0
  float highest = 10.0f;
  float linear = -0x1.988454p+0f;
  float cubic = -0x1.2444a8p-4f;

  HEEPSTOR_INLINE float operator()(float x) const {
    const float dividend = larger(x, lowest);
    const float bounded = smaller(dividend, highest);
    const float argument = fma(bounded * bounded, cubic, linear) * bounded;
    return quotient(dividend, power(argument) + power.one, power.one);
  }
};

/// x n / (n + 2) with w = exp(x) and n = w (w + 2).
struct Mish : OfFinite {
  Power power = {};
  Quotient quotient = {};
  float lowest = kLowest;
  float highest = 30.0f;  // from where on it is x
  float two = 2.0f;

  HEEPSTOR_INLINE float operator()(float x) const {
    const float grown = power(larger(smaller(x, highest), lowest));
    const float term = (grown + two) * grown;
    return quotient(term, term + two, power.one) * x;
  }
};

inline constexpr Sigmoid kSigmoid = {{0.0f, 1.0f}};
inline constexpr Silu kSilu = {{{kNan, kInfinity}}};
inline constexpr Tanh kTanh = {{-1.0f, 1.0f}};
inline constexpr GeluTanh kGeluTanh = {{kNan, kInfinity}};
inline constexpr Mish kMish = {{kNan, kInfinity}};

}  // namespace heepstor::detail

namespace heepstor {

/// out[i] = 1 / (1 + exp(-x)) of n values x. `out` may be `values`. Relative error 5e-7 above -87.
inline void sigmoid(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kSigmoid));
}

/// The same for x / (1 + exp(-x)). Relative error 5e-7 above -87.
inline void silu(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kSilu));
}

/// The same for tanh(x). Relative error 7e-7.
inline void tanh(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kTanh));
}

/// The same for GELU's approximation 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). Error
/// 3e-7 plus 2e-7 times the result.
inline void gelu_tanh(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kGeluTanh));
}

/// The same for x tanh(ln(1 + exp(x))). Relative error 5e-7 above -87.
inline void mish(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kMish));
}

}  // namespace heepstor
