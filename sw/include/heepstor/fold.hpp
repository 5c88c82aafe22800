// Folding many values into one: sums, products, extrema.
#pragma once

#include <cstddef>

namespace heepstor {

/// Folds n values, `step` apart, into four partial results, of every fourth value, and these into
/// one: (0, 1), (2, 3), then both.
///
/// The four are independent of each other, so that no instruction waits for the one before it; and
/// sums are rounded a quarter as often.
///
/// @param identity what all four begin with
/// @param include  (partial result, value) -> partial result
/// @param combine  (partial result, partial result) -> partial result
template <class Include, class Combine>
inline float fold(const float* values, std::size_t n, std::size_t step, float identity,
                  const Include& include, const Combine& combine) {
  float partial[4] = {identity, identity, identity, identity};
  for (; n >= 4; n -= 4, values += 4 * step) {
    for (std::size_t i = 0; i < 4; ++i) partial[i] = include(partial[i], values[i * step]);
  }
  for (std::size_t i = 0; i < n; ++i) partial[i] = include(partial[i], values[i * step]);
  return combine(combine(partial[0], partial[1]), combine(partial[2], partial[3]));
}

}  // namespace heepstor
