// The error function and GELU on the CPU.
#pragma once

#include <cstddef>

#include "heepstor/elementwise.hpp"

namespace heepstor::detail {

/// A polynomial of 2 (x / limit)^2 - 1, for x in -limit .. limit.
struct EvenPolynomial : OfFinite {
  float lowest;
  float highest;
  float scale;
  float coefficients[14];
  float one = 1.0f;

  HEEPSTOR_INLINE float polynomial(float bounded) const {
    return horner(coefficients, fma(bounded * bounded, scale, -one));
  }
};

struct Erf : EvenPolynomial {
  HEEPSTOR_INLINE float operator()(float x) const {
    const float bounded = smaller(larger(x, lowest), highest);
    return polynomial(bounded) * bounded;
  }
};

/// x ((Phi(x) - 1/2) + 1/2), with the normal distribution Phi.
struct Gelu : EvenPolynomial {
  float half;

  HEEPSTOR_INLINE float operator()(float x) const {
    const float factor = larger(x, lowest);
    const float bounded = smaller(factor, highest);
    return fma(polynomial(bounded), bounded, half) * factor;
  }
};

/// erf(x) / x; relative error 2.4e-7.
inline constexpr Erf kErf = {
    {{-1.0f, 1.0f},
     -3.75f,
     3.75f,
     2.0f / (3.75f * 3.75f),
     {-0x1.0b6e96p-9f, 0x1.40e9a8p-8f, -0x1.d5300ap-9f, 0x1.4dbc7cp-8f, -0x1.06b7a2p-6f,
      0x1.c45c8ep-6f, -0x1.34fe2ap-5f, 0x1.afe702p-5f, -0x1.24dd1ap-4f, 0x1.7442c6p-4f,
      -0x1.ca8f0ap-4f, 0x1.1d346ep-3f, -0x1.8115acp-3f, 0x1.821b3cp-2f}}};

/// (Phi(x) - 1/2) / x; error 3e-7 / x.
inline constexpr Gelu kGelu = {
    {{kNan, kInfinity},
     -5.375f,
     5.375f,
     2.0f / (5.375f * 5.375f),
     {-0x1.46745ap-11f, 0x1.ec6f06p-10f, -0x1.13ae8ep-9f, 0x1.37f38cp-9f, -0x1.67f0e2p-8f,
      0x1.493c62p-7f, -0x1.d3dbc0p-7f, 0x1.3c7fcep-6f, -0x1.a22538p-6f, 0x1.07393ap-5f,
      -0x1.421846p-5f, 0x1.8ede9ap-5f, -0x1.0cc9bap-4f, 0x1.0d62a0p-3f}},
    0.5f};

}  // namespace heepstor::detail

namespace heepstor {

/// out[i] = erf(values[i]) of n values. `out` may be `values`. Relative error 5e-7.
inline void erf(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kErf));
}

/// The same for GELU, x Phi(x) with the normal distribution Phi: -1e-8 from -5.375 down, exactly
/// x from 5.375 up. Error 5.5e-7 plus 2e-7 times the result.
inline void gelu(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kGelu));
}

}  // namespace heepstor
