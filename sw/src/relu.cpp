#include "heepstor/relu.hpp"

#include "heepstor/bits.hpp"

namespace heepstor {

void relu(const float* in, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const float value = in[i];
    if (is_nan(value)) {
      out[i] = to_float(kCanonicalNanBits);
    } else {
      out[i] = value < 0.0f ? 0.0f : value;
    }
  }
}

}  // namespace heepstor
