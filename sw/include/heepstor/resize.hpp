// Bilinear interpolation of feature maps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/bits.hpp"

namespace heepstor {

/// The two pixels that a position along one axis lies between, and their weights.
struct Taps {
  std::uint32_t first;
  std::uint32_t second;
  float first_weight;
  float second_weight;
};

namespace detail {

/// The four pixels around a position, from the top left to the bottom right, or their weights.
template <class T>
struct Corners {
  T a, b, c, d;
};

/// Interpolates `lanes` channels.
template <std::size_t lanes>
inline void blend(const Corners<const float*>& from, const Corners<float>& weights, float* out) {
  float totals[lanes];
  for (std::size_t i = 0; i < lanes; ++i) totals[i] = weights.a * from.a[i];
  for (std::size_t i = 0; i < lanes; ++i) {
    totals[i] = __builtin_fmaf(weights.b, from.b[i], totals[i]);
  }
  for (std::size_t i = 0; i < lanes; ++i) {
    totals[i] = __builtin_fmaf(weights.c, from.c[i], totals[i]);
  }
  for (std::size_t i = 0; i < lanes; ++i) {
    totals[i] = __builtin_fmaf(weights.d, from.d[i], totals[i]);
  }
  for (std::size_t i = 0; i < lanes; ++i) out[i] = canonical_result(totals[i]);
}

/// Interpolates all channels of a pixel, four at a time.
inline void blend(Corners<const float*> from, const Corners<float> weights, float* out,
                  std::size_t channels) {
  const auto advance = [&](std::size_t count) {
    from.a += count, from.b += count, from.c += count, from.d += count, out += count;
  };
  for (; channels >= 4; channels -= 4, advance(4)) blend<4>(from, weights, out);
  for (; channels != 0; --channels, advance(1)) blend<1>(from, weights, out);
}

}  // namespace detail

/// Interpolates maps of any size. `taps` are those of the rows of the result, and then of its
/// columns. The same FP32 operations in the same order as the record `Resize`: equal bit for bit.
template <std::size_t count>
inline void resize(const float* maps, float* out, std::size_t images, std::size_t rows,
                   std::size_t columns, std::size_t channels, std::size_t out_rows,
                   std::size_t out_columns, const Taps (&taps)[count]) {
  const Taps* const across = taps + out_rows;
  const std::size_t pitch = columns * channels;
  for (std::size_t image = 0; image < images; ++image, maps += rows * pitch) {
    for (std::size_t y = 0; y < out_rows; ++y) {
      const Taps row = taps[y];
      const float* const upper = maps + row.first * pitch;
      const float* const lower = maps + row.second * pitch;
      for (std::size_t x = 0; x < out_columns; ++x, out += channels) {
        const Taps column = across[x];
        const std::size_t left = column.first * channels;
        const std::size_t right = column.second * channels;
        detail::blend(
            {upper + left, upper + right, lower + left, lower + right},
            {row.first_weight * column.first_weight, row.first_weight * column.second_weight,
             row.second_weight * column.first_weight, row.second_weight * column.second_weight},
            out, channels);
      }
    }
  }
}

}  // namespace heepstor
