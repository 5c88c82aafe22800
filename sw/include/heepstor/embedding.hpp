// Rows of a table, chosen by numbers.
#pragma once

#include <cstddef>

#include "heepstor/move.hpp"

namespace heepstor {

/// Copies, for each of `count` ids, its row of a table of `rows` rows of n values.
///
/// Ids are whole numbers. One that is out of range gives the nearest row, NaN the first: nothing
/// outside the table is ever read.
inline void embedding(const float* ids, const float* table, float* out, std::size_t count,
                      std::size_t rows, std::size_t n) {
  const auto last = static_cast<float>(rows - 1);
  for (std::size_t i = 0; i < count; ++i, out += n) {
    const float id = ids[i];
    const auto inside = id > 0.0f && id < last ? static_cast<std::size_t>(id) : std::size_t{0};
    detail::copy_run(table + (id >= last ? rows - 1 : inside) * n, out, n);
  }
}

}  // namespace heepstor
