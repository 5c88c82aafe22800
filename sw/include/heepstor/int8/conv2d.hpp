// Convolution of feature maps of 8-bit integers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/int8/dot.hpp"
#include "heepstor/int8/requantize.hpp"
#include "heepstor/int8/window.hpp"

namespace heepstor::int8 {

/// Sizes of a convolution.
struct Convolution {
  Axis rows;
  Axis columns;
  std::uint32_t images;
  std::uint32_t channels;
  std::uint32_t groups;
  std::uint32_t outputs;
  std::int32_t zero_point;  // of the maps
};

namespace detail {

/// Adds the products of a row of the window, whose columns follow one another in memory, or not.
inline void add_row(const std::int8_t* pixels, const std::int8_t* weights, const Inside& x,
                    const Convolution& conv, std::size_t depth, std::int32_t (&sums)[kLanes]) {
  const std::size_t taps = x.end - x.first;
  if (depth == conv.channels && conv.columns.dilation == 1) {
    return add_products(pixels, weights, taps * depth, conv.zero_point, sums);
  }
  const std::size_t step = conv.columns.dilation * conv.channels;
  for (std::size_t tap = 0; tap < taps; ++tap, pixels += step, weights += depth * kLanes) {
    add_products(pixels, weights, depth, conv.zero_point, sums);
  }
}

/// Computes the outputs of a position. Weights and biases of each group are those of whole blocks
/// of lanes; the last block may have fewer outputs.
template <class Form>
void convolve(const std::int8_t* map, const std::int8_t* weights, const std::int32_t* bias,
              const Form* forms, std::int8_t* out, const Convolution& conv, const Output& output,
              const Inside& y, const Inside& x) {
  const std::size_t depth = conv.channels / conv.groups;
  const std::size_t outputs = conv.outputs / conv.groups;
  const std::size_t pitch = conv.columns.size * conv.channels;
  const std::size_t row_weights = conv.columns.kernel * depth * kLanes;
  for (std::size_t group = 0; group < conv.groups; ++group, map += depth) {
    for (std::size_t first = 0; first < outputs; first += kLanes) {
      std::int32_t sums[kLanes];
      for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] = bias[lane];
      const std::int8_t* pixels = map + y.pixel * pitch + x.pixel * conv.channels;
      const std::int8_t* row = weights + y.first * row_weights + x.first * depth * kLanes;
      for (std::uint32_t tap = y.first; tap < y.end; ++tap) {
        add_row(pixels, row, x, conv, depth, sums);
        pixels += conv.rows.dilation * pitch;
        row += row_weights;
      }
      weights += conv.rows.kernel * row_weights;
      bias += kLanes;
      const std::size_t lanes = outputs - first < kLanes ? outputs - first : kLanes;
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        *out++ = requantized(sums[lane], *forms++, output);
      }
    }
  }
}

}  // namespace detail

/// Sums of products of weights with values without their zero point, over a window; padding counts
/// as zero. The bits of the record `IntegerConv2d`.
///
/// Weights: for each block of four outputs of a group (kernel rows, kernel columns, channels of the
/// group, 4). About 4 cycles a product on the cv32e40p.
template <class Form>
void conv2d(const std::int8_t* maps, const std::int8_t* weights, const std::int32_t* bias,
            const Form* forms, std::int8_t* out, const Convolution& conv, const Output& output) {
  const std::size_t image = conv.rows.size * conv.columns.size * conv.channels;
  for (std::uint32_t i = 0; i < conv.images; ++i, maps += image) {
    for (std::uint32_t row = 0; row < conv.rows.out; ++row) {
      const Inside y = inside(conv.rows, row);
      for (std::uint32_t column = 0; column < conv.columns.out; ++column, out += conv.outputs) {
        const Inside x = inside(conv.columns, column);
        detail::convolve(maps, weights, bias, forms, out, conv, output, y, x);
      }
    }
  }
}

}  // namespace heepstor::int8
