// Any function of one 8-bit integer.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heepstor::int8 {

/// out[i] = table[values[i] + 128], of n values. `out` may be `values`.
inline void look_up(const std::int8_t* values, const std::int8_t* table, std::int8_t* out,
                    std::size_t n) {
  constexpr std::size_t kTogether = 4;
  const std::int8_t* const middle = table + 128;
  for (; n >= kTogether; n -= kTogether, values += kTogether, out += kTogether) {
    const std::int8_t a = middle[values[0]], b = middle[values[1]];
    const std::int8_t c = middle[values[2]], d = middle[values[3]];
    out[0] = a, out[1] = b, out[2] = c, out[3] = d;
  }
  for (; n != 0; --n) *out++ = middle[*values++];
}

}  // namespace heepstor::int8
