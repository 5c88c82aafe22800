// Means of 8-bit integers over any dimensions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/int8/requantize.hpp"

namespace heepstor::int8 {

/// A dimension of a tensor: its size, and elements between neighbours.
struct Extent {
  std::uint32_t size;
  std::uint32_t stride;
};

namespace detail {

inline std::int32_t total(const std::int8_t* values, const Extent* extent, const Extent* end) {
  std::int32_t sum = 0;
  const std::size_t stride = extent->stride;
  if (extent + 1 == end) {
    for (std::uint32_t n = extent->size; n != 0; --n, values += stride) sum += *values;
  } else {
    for (std::uint32_t n = extent->size; n != 0; --n, values += stride) {
      sum += total(values, extent + 1, end);
    }
  }
  return sum;
}

/// Calls body(values) for each place of the dimensions, the last one fastest.
template <class Body>
void each(const std::int8_t* values, const Extent* extent, const Extent* end, const Body& body) {
  for (std::uint32_t i = 0; i < extent->size; ++i, values += extent->stride) {
    if (extent + 1 == end) {
      body(values);
    } else {
      each(values, extent + 1, end, body);
    }
  }
}

}  // namespace detail

/// Averages: the bits of the records `IntegerMean` and `Fp32Mean`. `extents` are `kept` dimensions
/// of the result, then those that are averaged; `offset` is the number of averaged values times
/// their zero point.
template <class Form, std::size_t count>
void mean(const std::int8_t* values, std::int8_t* out, std::size_t kept, std::int32_t offset,
          const Form& form, const Output& output, const Extent (&extents)[count]) {
  detail::each(values, extents, extents + kept, [&](const std::int8_t* first) {
    const std::int32_t sum = detail::total(first, extents + kept, extents + count) - offset;
    *out++ = requantized(sum, form, output);
  });
}

}  // namespace heepstor::int8
