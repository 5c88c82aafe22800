// Pooling with windows of different sizes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/binary.hpp"
#include "heepstor/bits.hpp"

namespace heepstor {

/// A window along one axis: its first pixel, the one after its last, and what it counts for in the
/// divisor.
struct Span {
  std::uint32_t begin;
  std::uint32_t end;
  std::uint32_t count;
};

/// The sum of a window, times 1 / divisor.
struct Average : Add {
  static float finish(float total, float factor) { return canonical_result(total * factor); }
};

/// The largest value of a window, the first of equal ones; the canonical NaN if there is a NaN.
struct Largest : Maximum {
  static float finish(float total, float) {
    return is_nan(total) ? to_float(kCanonicalNanBits) : total;
  }
};

namespace detail {

/// A window of maps: its size in pixels, and values between neighbours.
struct Window {
  std::size_t rows;
  std::size_t columns;
  std::size_t row_pitch;
  std::size_t channels;
};

/// Reduces a window to one pixel, for `lanes` channels.
template <class Function, std::size_t lanes>
inline void reduce(const float* first, float* out, const Window& window, float factor) {
  float totals[lanes];
  for (std::size_t i = 0; i < lanes; ++i) totals[i] = first[i];
  const float* pixel = first + window.channels;
  std::size_t columns = window.columns - 1;
  for (std::size_t row = window.rows; row != 0; --row, columns = window.columns, pixel = first) {
    for (std::size_t column = columns; column != 0; --column, pixel += window.channels) {
      for (std::size_t i = 0; i < lanes; ++i) totals[i] = Function::apply(totals[i], pixel[i]);
    }
    first += window.row_pitch;
  }
  for (std::size_t i = 0; i < lanes; ++i) out[i] = Function::finish(totals[i], factor);
}

}  // namespace detail

/// Reduces each window of each channel of maps to one value.
///
/// `spans` are those of the rows of the result, and then of its columns. Pixels are taken row by
/// row.
template <class Function, std::size_t count>
inline void uneven_pool(const float* maps, float* out, std::size_t images, std::size_t rows,
                        std::size_t columns, std::size_t channels, std::size_t out_rows,
                        std::size_t out_columns, const Span (&spans)[count]) {
  const Span* const across = spans + out_rows;
  const std::size_t pitch = columns * channels;
  for (std::size_t image = 0; image < images; ++image, maps += rows * pitch) {
    for (std::size_t y = 0; y < out_rows; ++y) {
      for (std::size_t x = 0; x < out_columns; ++x) {
        const detail::Window window = {spans[y].end - spans[y].begin,
                                       across[x].end - across[x].begin, pitch, channels};
        const float factor = 1.0f / static_cast<float>(spans[y].count * across[x].count);
        const float* first = maps + spans[y].begin * pitch + across[x].begin * channels;
        std::size_t left = channels;
        for (; left >= 4; left -= 4, first += 4, out += 4) {
          detail::reduce<Function, 4>(first, out, window, factor);
        }
        for (; left != 0; --left) detail::reduce<Function, 1>(first++, out++, window, factor);
      }
    }
  }
}

}  // namespace heepstor
